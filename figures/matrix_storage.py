r"""What matrices remember of decay: its sum alone where everything commutes, and when it was spent where not.

(a) Decay 0.8 until $t=1$ against 0.4 until $t=2$: the distance of the two $X_t$, in units of what half of the decay
would change in the end; from $t=2$ on (grey) neither has any. It vanishes for $UU^T$ with measurements that share an
eigenbasis; otherwise some of it stays.
(b) Measurements that share an eigenbasis: the nuclear norm of the limit falls to the least of all solutions (a linear
program) with the decay spent; dashes: the minimum of the potential that theory names, by Newton's method.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.matrices_storage import (
    ARMS,
    KINDS,
    OTHERS,
    SPENT,
    elsewhere,
    least_nuclear,
    limits,
    minimizer,
    storage,
)
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [storage, elsewhere, limits]
CLAIMS = [
    "matrices/storage",
    "matrices/storage-in-general",
    "matrices/storage-elsewhere",
    "matrices/least-nuclear-norm",
]
LABELS = ("$UU^T$, commuting", "$UU^T$", "$UV^T$", "$W_0+BA$", "$K^TQ$")


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    for kind, label, look in zip((*KINDS, *OTHERS), LABELS, plotting.looks(5), strict=True):
        runs = data[storage if kind in KINDS else elsewhere]
        first, second, half = (runs.only(kind=kind, arm=arm) for arm in ARMS)
        x, other, less = (np.asarray(path.x) for path in (first, second, half))
        unit = np.linalg.norm(less[-1] - x[-1])
        distance = np.linalg.norm(other - x, axis=(1, 2))[1:] / unit
        left.loglog(first.time[1:], distance, color=look["color"], linestyle=look["linestyle"], label=label)
    left.axvline(2.0, color="0.6", linewidth=0.7)
    left.set(xlabel=TIME, ylabel="distance of equal decay", ylim=(1e-10, 10))
    left.legend(loc="lower left", fontsize=7)
    runs = [data[limits].only(spent=spent) for spent in SPENT]
    least = least_nuclear(runs[0])
    measured = [np.linalg.norm(np.asarray(run["path"].x)[-1], "nuc") / least for run in runs]
    grid = np.linspace(0.0, SPENT[-1], 41)
    predicted = [np.linalg.norm(minimizer(runs[0], spent), "nuc") / least for spent in grid]
    right.plot(SPENT, measured, "o", color=plotting.COLOURS[0], label="end of the flow")
    plotting.predicted(right, grid, predicted, label=r"$\arg\min R_a$")
    right.axhline(1.0, color="0.6", linewidth=0.7)
    right.set(xlabel=r"decay spent $\int\alpha$", ylabel=r"$\|X_\infty\|_*$ over the least")
    right.legend()
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
