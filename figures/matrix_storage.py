r"""What matrices remember of decay: its sum where all commutes, otherwise also its time.

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
    SPENT,
    least_nuclear,
    limits,
    minimizer,
    storage,
)
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [storage, limits]
CLAIMS = [
    "matrices/storage",
    "matrices/storage-in-general",
    "matrices/least-nuclear-norm",
]
LABELS = ("$UU^T$, commuting", "$UU^T$", "$UV^T$")


def apart(runs, kind):
    """Times, and the distance of the arms of equal decay in units of what half of it changes in the end."""
    first, second, half = (runs.only(kind=kind, arm=arm) for arm in ARMS)
    x, other, less = (np.asarray(path.x) for path in (first, second, half))
    unit = np.linalg.norm(less[-1] - x[-1])
    return np.asarray(first.time)[1:], np.linalg.norm(other - x, axis=(1, 2))[1:] / unit


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    for kind, label, look in zip(KINDS, LABELS, plotting.looks(len(KINDS)), strict=True):
        time, distance = apart(data[storage], kind)
        left.loglog(time, distance, color=look["color"], linestyle=look["linestyle"], label=label)
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
