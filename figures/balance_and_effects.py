r"""What decay does to the bias of $m\odot w$: it moves it, and it changes its shape.

(a) The balance $m_t^2-w_t^2$ of sparse regression under five schedules of weight decay (smallest and largest of 100
coordinates, which coincide) and $e^{-4A_t}$ (dashes). (b) The potential $R_{\rho_t}$ of one coordinate as decay is
spent: its minimum (dots, found by Brent's method) moves to 0 as $e^{-4A}m_0w_0$ (dashes), its shape from a parabola to
$|x|$. (c) Norms of the limit of underdetermined regressions (20 samples, 64 features), in units of the least norm
of all interpolators: the more decay was spent before it ended, the more $\ell_1$-like the limit.
"""

import numpy as np
import scipy.optimize

from mirrorflow import plotting
from mirrorflow.content.checks.regularized import PANELS, SCHEDULES, ends, schedules
from mirrorflow.content.checks.regularized_limits import SPENT, limits, norms
from mirrorflow.content.figures._labels import TIME, schedule_label

EXPERIMENTS = [schedules, limits]
CLAIMS = ["regularized/balance", "regularized/argmin", "regularized/type-of-bias"]
LEVELS = (0.0, 0.15, 0.3, 0.6)


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.7)
    _balances(axes[0], data[schedules])
    _shapes(axes[1], data[schedules].only(schedule="constant"))
    _norms(axes[2], data[limits])
    plotting.letters(axes)
    return figure


def _balances(axis, runs):
    for name, look in zip(SCHEDULES, plotting.looks(len(SCHEDULES)), strict=True):
        run = runs.only(schedule=name)
        m, w = np.asarray(run["path"].parameters).swapaxes(0, 1)
        balance = PANELS.at_edges(m**2 - w**2)
        extremes = np.stack([balance.min(axis=1), balance.max(axis=1)], axis=1)
        (line, _) = axis.semilogy(
            PANELS.edges, extremes, linestyle="none", marker=look["marker"], markersize=3.5, color=look["color"]
        )
        line.set_label(schedule_label(name))
        plotting.predicted(axis, run["path"].time, np.exp(-4 * np.asarray(run["spent"])), label=None)
    axis.legend(loc="upper right", handlelength=1.0, handletextpad=0.2, fontsize=7, ncols=2, columnspacing=0.8)
    axis.set(xlabel=TIME, ylabel="balance $m_t^2-w_t^2$", ylim=(1.2e-2, 4))


def _shapes(axis, run):
    u, v = (part[np.argmax(np.abs(run["path"].x[0]))] for part in ends(run["path"].parameters))
    x = np.linspace(-1.2, 1.2, 401)
    for spent, look in zip(LEVELS, plotting.looks(len(LEVELS)), strict=True):
        rho = u * v * np.exp(-4 * spent)

        def value(x, rho=rho):
            return 0.5 * (x * np.arcsinh(x / rho) - np.hypot(x, rho) - x * np.log(u / v))

        least = scipy.optimize.minimize_scalar(value).x
        label = f"$A={spent:g}$"
        axis.plot(x, value(x) - value(least), color=look["color"], linestyle=look["linestyle"], label=label)
        axis.plot(least, 0, marker="o", markersize=4, color=look["color"], zorder=6)
        plotting.predicted(axis, np.full(2, 0.5 * (u**2 - v**2) * np.exp(-4 * spent)), [-0.1, 0.1], label=None)
    axis.set(xlabel="coordinate $x$", ylabel=r"$R_{\rho_t}(x)-\min R_{\rho_t}$", ylim=(-0.1, 1.4), xlim=(-1.2, 1.2))
    axis.legend(loc="upper right", handlelength=2.4, fontsize=7)


def _norms(axis, runs):
    for name, look in zip(("synthetic", "diabetes"), plotting.looks(2), strict=True):
        found = np.array([norms(runs.only(data=name, start="0", spent=spent)) for spent in SPENT])
        for column, dashes in ((0, "-"), (1, (0, (1, 1)))):
            axis.plot(
                SPENT, found[:, column], color=look["color"], marker=look["marker"], linestyle=dashes,
                label=rf"$\ell_{column + 1}$, {name}",
            )  # fmt: skip
    axis.axhline(1.0, color="black", linewidth=0.9, linestyle=(0, (4, 2)))
    axis.set(xlabel=r"decay spent $\int\alpha$", ylabel=r"norm of $x_\infty$ / least norm")
    axis.legend(loc="best", fontsize=7)


if __name__ == "__main__":
    plotting.main()
