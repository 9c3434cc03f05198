r"""The potential decides how many neurons share the work.

5-$m$-1 ReLU networks, 16 samples, six draws of start and data, at $\log\mathcal L=-100$. (a) The participation ratio
$N=(\sum s_j)^2/\sum s_j^2$ of the strengths $s_j=|a_j|\,\|w_j\|$ at width 10, with its 95 % interval; dots: the draws;
gray: at the start. (b) On the way, means over the draws. (c) Against the width $m$; gray: all neurons alike.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._features import ORDER, by_potential, interval, participation
from mirrorflow.content.checks.features_width import WIDTHS, widths

EXPERIMENTS = [widths]
CLAIMS = ["features/potentials", "features/width"]
NAMES = {"entropy": "hyp. entropy", "p=1.5": "$p=3/2$", "p=2": "$p=2$", "p=3": "$p=3$", "cosh": "cosh"}


def draw(data):
    figure, (left, middle, right) = plotting.canvas(1, 3, height=2.8)
    looks = dict(zip(ORDER, plotting.looks(len(ORDER)), strict=True))
    narrow = data[widths].where(width=10)
    at_start = by_potential(narrow, lambda path: participation(path, 0))["p=2"].mean()
    left.axhline(at_start, color="0.6", linewidth=2.5, zorder=0)
    for place, (name, values) in enumerate(by_potential(narrow, participation).items()):
        mean, half = interval(values)
        left.plot(place + np.linspace(-0.15, 0.15, len(values)), values, ".", color=looks[name]["color"], alpha=0.5)
        left.errorbar(place, mean, half, marker=looks[name]["marker"], color=looks[name]["color"], capsize=4)
    left.set_xticks(range(len(ORDER)), [NAMES[name].replace(" ", "\n") for name in ORDER], fontsize=7)
    left.set(ylabel="participation ratio $N$ at width 10", ylim=(0, 10.5), xlabel="potential")
    progress = by_potential(narrow, lambda path: -np.asarray(path.log_loss))
    ratios = by_potential(narrow, lambda path: np.asarray(mf.observe.participation_ratio(path)))
    for name in ORDER:
        style = {**looks[name], "markevery": 8, "markersize": 3.5}
        middle.semilogx(progress[name].mean(axis=0)[1:], ratios[name].mean(axis=0)[1:], **style, label=NAMES[name])
    middle.set(xlabel=r"$-\log\mathcal{L}$", ylabel="participation ratio $N$ at width 10", ylim=(0, 10.5))
    by_width = {m: by_potential(data[widths].where(width=m), participation) for m in WIDTHS}
    for name in ORDER:
        some = [m for m in WIDTHS if name in by_width[m]]
        means, halves = np.array([interval(by_width[m][name]) for m in some]).T
        right.errorbar(some, means, halves, **{**looks[name], "markersize": 3.5}, capsize=3, label=NAMES[name])
    right.plot(WIDTHS, WIDTHS, color="0.6", linewidth=2.5, zorder=0)
    right.set(xscale="log", yscale="log", xlabel="width $m$", ylabel="participation ratio $N$")
    right.set_xticks(WIDTHS, [str(m) for m in WIDTHS])
    right.set_xticks([], minor=True)
    right.set_yticks((2, 5, 10, 20, 40), ("2", "5", "10", "20", "40"))
    right.set_yticks([], minor=True)
    middle.legend(fontsize=6.5)
    plotting.letters((left, middle, right))
    return figure


if __name__ == "__main__":
    plotting.main()
