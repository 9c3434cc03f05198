r"""What decay does to the range: dual domains and what can be reached in them.

The dual $-\ell_t=-\int_0^t f'$ against the decay spent $A_t$, from runs that end where a factor leaves its domain
(crosses: the last point reached). (a) For $\log u-\log v$ the domain (grey) shrinks as decay is spent, and is empty
from $A=(u_0^2+v_0^2)/4$ on. (b) For $u^4-v^4$ it grows; the published form (dots) has it shrinking. (c) What shrinks
there is the $x$ that the same dual, 0.15, can reach: markers are integrated, dashes the closed form.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks import regularized_range as range_
from mirrorflow.content.checks.regularized_range import FIRST, SECOND, blow_up, logarithms, reach

EXPERIMENTS = [logarithms, blow_up, reach]
CLAIMS = [
    "regularized/log-domain",
    "regularized/log-potential",
    "regularized/blow-up-delayed",
    "regularized/printed-range",
    "regularized/reachable-shrinks",
]


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.7)
    _logs(axes[0], data[logarithms])
    _powers(axes[1], data[blow_up])
    _reached(axes[2], data[reach])
    plotting.letters(axes)
    return figure


def _run(axis, spent, dual, look, label):
    axis.plot(spent, dual, color=look["color"], linestyle=look["linestyle"], label=label)
    axis.plot(spent[-1], dual[-1], marker="X", markersize=6, color=look["color"], linestyle="none", zorder=6)


def _logs(axis, runs):
    spent = np.array([0.0, (FIRST**2 + SECOND**2) / 4])
    low, high = -(FIRST**2) / 2 + spent, SECOND**2 / 2 - spent
    axis.fill_between(spent, low, high, color="0.9", linewidth=0)
    for edge in (low, high):
        plotting.predicted(axis, spent, edge, label=None)
    for (case, run), look in zip(runs, plotting.looks(len(runs)), strict=True):
        path, dual = run["path"], -np.asarray(run["integral"])[:, 0]
        time = np.append(range_.LOGS.at_edges(path.time[: range_.POINTS]), path.time[-1])
        slopes = [float(path.flow.problem.gradient(x)[0]) for x in (path.x[range_.POINTS - 1], path.x[-1])]
        dual = np.append(dual, dual[-1] - np.mean(slopes) * (time[-1] - time[-2]))
        pull = {"down": "$f=x$", "up": "$f=-x$"}.get(case.pull, r"$f=\frac{1}{2}(x-\frac{1}{2})^2$")
        _run(axis, case.strength * time, dual, look, rf"{pull}, $\alpha={case.strength:g}$")
    axis.set(xlabel="decay spent $A_t$", ylabel=r"dual $-\ell_t$", title=r"$\log u-\log v$", ylim=(-1.05, 0.4))
    axis.legend(loc="lower right", fontsize=7)


def _powers(axis, runs):
    first = range_.START**-2 / 8
    spent = np.array([0.0, 0.3])
    axis.fill_between(spent, 0, first + spent, color="0.9", linewidth=0)
    plotting.predicted(axis, spent, first + spent, label=None)
    axis.plot(spent, first - spent, color="0.4", linestyle=(0, (1, 2)), linewidth=1.2)
    axis.text(0.185, first - 0.18, "published", ha="left", va="bottom", fontsize="small", color="0.3")
    found = runs.where(k=2)
    for (case, path), look in zip(found, plotting.looks(len(found)), strict=True):
        time = np.asarray(path.time)
        _run(axis, case.strength * time, time, look, rf"$\alpha={case.strength:g}$")
    axis.set(xlabel="decay spent $A_t$", ylabel=r"dual $-\ell_t$", title="$u^4-v^4$", ylim=(0, 0.6))
    axis.legend(loc="upper left", fontsize=7)


def _reached(axis, runs):
    for k, look in zip((2, 3), plotting.looks(2), strict=True):
        found = runs.where(k=k)
        x = [float(path.x[-1, 0]) for _, path in found]
        strengths = [case.strength for case, _ in found]
        label = f"$u^{2 * k}-v^{2 * k}$"
        axis.plot(strengths, x, linestyle="none", marker=look["marker"], color=look["color"], label=label)
        line = np.linspace(0, strengths[-1], 101)
        plotting.predicted(axis, line, range_.reached(k, range_.DUAL * line), label=None)
    axis.set(xlabel=r"strength of decay $\alpha$", ylabel=r"$x$ where $-\ell=0.15$", ylim=(0, None))
    axis.legend()


if __name__ == "__main__":
    plotting.main()
