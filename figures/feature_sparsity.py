r"""The potential decides how many neurons share the work, and how they share it.

5-$m$-1 ReLU networks, 8 samples, four draws of start and data (six at $m=8$), at $\log\mathcal L=-100$, against the
width $m$; means with 95 % intervals; gray: at the start, the same for every potential. (a) The participation ratio
$N=(\sum s_j)^2/\sum s_j^2$ of the strengths $s_j=|a_j|\,\|w_j\|$; of 32 neurons 3.5 count under hyperbolic entropy, 5.2
under $p=3/2$, 13 under $p=2$, 27 under $p=3$ and 25 under cosh. (b) Neurons with $s_j$ above a tenth of the largest.
(c) The share of weights below a tenth of their layer's largest. (d) The mean $|\cos(w_i,w_j)|$ over pairs of neurons,
weighted by $s_is_j$.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._features import ORDER, active, aligned, by_potential, participation, sparsity
from mirrorflow.content.checks.features_width import WIDTHS, arrived, widths

EXPERIMENTS = [widths]
CLAIMS = [
    "features/potentials",
    "features/potentials-and-activity",
    "features/potentials-and-weights",
    "features/alignment",
    "features/width",
]
NAMES = {"entropy": "hyperbolic entropy", "p=1.5": "$p=3/2$", "p=2": "$p=2$", "p=3": "$p=3$", "cosh": "cosh"}
PANELS = {
    "participation ratio $N$": participation,
    "active neurons": active,
    "share of small weights": sparsity,
    "alignment of neurons": aligned,
}
COUNTS = (2, 4, 8, 16, 32)


def draw(data):
    figure, axes = plotting.canvas(2, 2, height=5.0, sharex=True)
    looks = dict(zip(ORDER, plotting.looks(len(ORDER)), strict=True))
    for panel, (words, quantity) in zip(axes.flat, PANELS.items(), strict=True):
        against_width(panel, data[widths], quantity, looks)
        panel.set_ylabel(words)
    for panel in axes[0]:
        panel.set_yscale("log")
        panel.set_yticks(COUNTS, [str(count) for count in COUNTS])
        panel.set_yticks([], minor=True)
    for panel in axes[1]:
        panel.set(xlabel="width $m$", ylim=(0, None))
    panel.set_xscale("log")
    panel.set_xticks(WIDTHS, [str(m) for m in WIDTHS])
    panel.set_xticks([], minor=True)
    handles, words = panel.get_legend_handles_labels()
    figure.legend(handles, words, loc="outside lower center", ncols=len(words), fontsize=7.5, columnspacing=1.2)
    plotting.letters(axes)
    return figure


def against_width(panel, runs, quantity, looks):
    """Means and intervals over the draws at each width, side by side, and the mean at the start."""
    complete = [arrived(runs.where(width=m)) for m in WIDTHS]
    at_end = [by_potential(some, quantity) for some in complete]
    at_start = [np.mean(by_potential(some, lambda path: quantity(path, 0))["p=2"]) for some in complete]
    panel.plot(WIDTHS, at_start, color="0.7", linewidth=3, zorder=0, label="start")
    for place, (name, look) in enumerate(looks.items()):
        means, halves = np.array([mf.observe.interval(found[name]) for found in at_end]).T
        shifted = np.array(WIDTHS) * 1.035 ** (place - 2)
        panel.errorbar(
            shifted, means, halves, **{**look, "linewidth": 1.2}, capsize=2, elinewidth=0.9, label=NAMES[name]
        )


if __name__ == "__main__":
    plotting.main()
