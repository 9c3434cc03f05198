r"""On digits NanoAdam forgets less than Adam at one learning rate, but learns less too.

Networks 64-64-64-10, eight draws. (a) Share of the 10 % largest gradients that sit on the 10 % smallest weights, on the
digits 5 to 9, in a network that knows 0 to 4 and in one that knows nothing; 0.1 is chance. Weight decay in
pre-training puts the large gradients on large weights. (b) Test images of the old and of the new digits told right
after 300 steps on the new ones, at five learning rates from 2e-4 to 4e-3 (marks from small to large).
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_tuning import FINE, RATES, pretrained, tuned

EXPERIMENTS = [pretrained, tuned]
CLAIMS = [
    "sparse-optimizers/large-gradients-on-small-weights",
    "sparse-optimizers/nano-adam-forgets-less",
    "sparse-optimizers/nano-adam-forgets-less-for-as-much-learned",
]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    columns = [(decay, layer) for decay in (0.0, 1.0) for layer in (0, 1)]
    for place, (when, look) in enumerate(zip(("from scratch", "fine-tuning"), plotting.looks(2), strict=True)):
        for column, (decay, layer) in enumerate(columns):
            shares = [run[when][layer][0] for _, run in data[pretrained].where(decay=decay)]
            mean, width = mf.observe.interval(shares)
            style = {"color": look["color"], "alpha": 0.85, "error_kw": {"elinewidth": 0.8}}
            label = when if column == 0 else None
            left.bar(column + 0.36 * (place - 0.5), mean, 0.33, yerr=width, label=label, **style)
    plotting.predicted(left, [-0.5, 3.5], [0.1, 0.1], label="chance")
    words = [f"{('first', 'second')[layer]},\n{'no ' if decay == 0 else ''}decay" for decay, layer in columns]
    left.set_xticks(range(4), words, fontsize=7)
    left.set(ylabel="largest gradients on smallest weights", ylim=(0, 0.16), xlabel="hidden layer, in pre-training")
    left.grid(False, axis="x")
    left.legend(fontsize=7, loc="upper right", ncols=2)
    for name, look in zip(FINE, plotting.looks(2), strict=True):
        points = np.array([_right(data[tuned].where(optimizer=name, rate=rate)) for rate in RATES])
        right.plot(points[:, 0], points[:, 1], color=look["color"], linestyle=look["linestyle"], label=name)
        for (old, new), size in zip(points, (2, 3, 4, 5.5, 7), strict=True):
            right.plot(old, new, color=look["color"], marker=look["marker"], markersize=size)
    right.set(xlabel="old digits told right", ylabel="new digits told right")
    right.legend(loc="lower left")
    plotting.letters((left, right))
    return figure


def _right(runs):
    """The means over draws of what is told right, old and new."""
    return [np.mean([run[which] for _, run in runs]) for which in ("old", "new")]


if __name__ == "__main__":
    plotting.main()
