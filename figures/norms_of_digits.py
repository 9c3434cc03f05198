r"""Norms, margins and neurons on handwritten digits, on the way.

One draw of each task to $\log\mathcal L=-30$; tasks by dashes: 3 or 5 fully connected (solid), with filters (dashed),
ten digits (dotted, $p=2$ alone). (a) Smoothed margins $\log(1/\mathcal L)/Q^{2/p}$ over their last values, which never
fall. (b) $\|\theta\|_1/\sqrt{n}\|\theta\|_2$ of all $n$ parameters: 1 where all are of one size, about 0.8 at a
Gaussian start; the smaller $p$, the sparser. (c) The participation ratio of neurons or filters over their number.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._digits import FILTERS, PAIR, TEN
from mirrorflow.content.checks._networks import entries
from mirrorflow.content.checks.features_digits import along

EXPERIMENTS = [along]
CLAIMS = ["features/margin-of-digits", "features/balance-of-filters"]
DASHES = {PAIR: "-", FILTERS: (0, (5, 1.5)), TEN: (0, (1, 1))}
TITLES = {PAIR: "64-8-1", FILTERS: "filters", TEN: "ten digits"}


def draw(data):
    from matplotlib.lines import Line2D

    figure, (left, middle, right) = plotting.canvas(1, 3, height=2.9)
    colors = dict(zip(("p=1.5", "p=2"), plotting.COLOURS, strict=False))
    for case, path in data[along]:
        style = {"color": colors[case.potential], "linestyle": DASHES[case.task]}
        progress, rows = -np.asarray(path.log_loss), entries(path)
        small = progress > 0
        margin = np.asarray(mf.observe.smoothed_margin(path, alpha=float(case.potential.removeprefix("p="))))
        left.plot(progress[small], margin[small] / margin[-1], **style)
        sizes = np.linalg.norm(rows, axis=1) * np.sqrt(rows.shape[1])
        middle.plot(progress, np.abs(rows).sum(axis=1) / sizes, **style)
        units = mf.observe.unit_strengths(path).shape[1]
        right.plot(progress, np.asarray(mf.observe.participation_ratio(path)) / units, **style)
    left.set(ylabel="margin over its last value", ylim=(0, 1.05))
    middle.set(ylabel=r"$\|\theta\|_1/\sqrt{n}\,\|\theta\|_2$", ylim=(0, 1))
    right.set(ylabel="participation ratio, share", ylim=(0, 1.05))
    for panel in (left, middle, right):
        panel.set_xlabel(r"$-\log\mathcal{L}$")
    potentials = [Line2D([], [], color=color) for color in colors.values()]
    tasks = [Line2D([], [], color="0.3", linestyle=dashes) for dashes in DASHES.values()]
    words = ["$p=3/2$", "$p=2$", *TITLES.values()]
    figure.legend(potentials + tasks, words, loc="outside lower center", ncols=5)
    plotting.letters((left, middle, right))
    return figure


if __name__ == "__main__":
    plotting.main()
