r"""On handwritten digits too: the smaller $p$, the fewer neurons share the work.

3 or 5 with a 64-8-1 ReLU network, 3 or 5 with six $3\times3$ filters and a dense layer, and ten digits with a 64-16-10
network and the margins $q_{ic}=f_{y_i}-f_c$; at $\log\mathcal L=-30$. Means with 95 % intervals over the draws (dots);
gray: at the start, the same for every potential. (a) The participation ratio of the strengths of neurons or filters
over their number: 0.28, 0.48 and 0.81 for $p=3/2$, 2 and 3 with 64-8-1, 0.26, 0.66 and 0.96 with filters, 0.62 and 0.81
for ten digits. (b) The share of them with a tenth of the largest strength. (c) The share of weights below a tenth of
their layer's largest. (d) The mean $|\cos(w_i,w_j)|$ over pairs, weighted by $s_is_j$.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._digits import FILTERS, PAIR, TEN
from mirrorflow.content.checks._features import ORDER, active, aligned, by_potential, participation, sparsity
from mirrorflow.content.checks.features_digits import digits

EXPERIMENTS = [digits]
CLAIMS = [
    "features/digits",
    "features/weights-of-digits",
    "features/alignment-on-digits",
]
TASKS = {PAIR: ("3 or 5\n64-8-1", 8), FILTERS: ("3 or 5\nsix filters", 6), TEN: ("ten digits\n64-16-10", 16)}
NAMES = {"entropy": "hyperbolic entropy", "p=1.5": "$p=3/2$", "p=2": "$p=2$", "p=3": "$p=3$"}
PANELS = {
    "participation ratio, share": (participation, True),
    "active, share": (active, True),
    "share of small weights": (sparsity, False),
    "alignment": (aligned, False),
}


def draw(data):
    figure, axes = plotting.canvas(2, 2, height=5.0, sharex=True)
    looks = dict(zip(ORDER, plotting.looks(len(ORDER)), strict=True))
    for panel, (words, (quantity, over_number)) in zip(axes.flat, PANELS.items(), strict=True):
        for place, (task, (_, number)) in enumerate(TASKS.items()):
            by_task(panel, place, data[digits].where(task=task), quantity, number if over_number else 1, looks)
        panel.set(ylabel=words, ylim=(0, 1.12))
    panel.set_xticks(range(len(TASKS)), [words for words, _ in TASKS.values()])
    for panel in axes[1]:
        panel.set(xlabel="task", xlim=(-0.5, 2.5))
    for panel in axes.flat:
        panel.grid(axis="x", visible=False)
    handles = [
        axes[0, 0].errorbar([], [], [], color=looks[n]["color"], marker=looks[n]["marker"], linestyle="none", capsize=3)
        for n in NAMES
    ]
    figure.legend(handles, NAMES.values(), loc="outside lower center", ncols=len(NAMES))
    plotting.letters(axes)
    return figure


def by_task(panel, place, runs, quantity, number, looks):
    """One group of columns: each potential's draws, mean and interval, over the mean at the start."""
    at_start = np.mean(by_potential(runs, lambda path: quantity(path, 0) / number)["p=2"])
    panel.plot([place - 0.4, place + 0.4], [at_start] * 2, color="0.7", linewidth=3, linestyle="-", zorder=0)
    found = by_potential(runs, lambda path: quantity(path) / number)
    names = [name for name in NAMES if name in found]
    for offset, name in zip(0.2 * (np.arange(len(names)) - (len(names) - 1) / 2), names, strict=True):
        values, color = found[name], looks[name]["color"]
        panel.plot([place + offset - 0.05] * len(values), values, ".", color=color, alpha=0.5, markersize=3.5)
        mean, half = mf.observe.interval(values)
        panel.errorbar(place + offset, mean, half, marker=looks[name]["marker"], color=color, capsize=3)


if __name__ == "__main__":
    plotting.main()
