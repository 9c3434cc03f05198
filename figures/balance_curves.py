r"""Factors leave the origin along the curves of their balance law.

Steepest flow on $x=w_1w_2$ for a sparse regression, ten coordinates that start at $x=0.05$ with balance 0.3. (a) The
factors of every coordinate (colours) move along $|w_1|^q-|w_2|^q=0.3$ (dashes), the curve that is their own for each
$q$. (b) Under decoupled decay $\alpha=0.8$ until $t=0.5$ (grey) the balance of all coordinates decays as
$e^{-q\int\alpha}$ (dashes) and keeps what is left.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.steepest import OFF, POWERS, balances, decaying, networks
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [networks, decaying]
CLAIMS = ["steepest/balance", "steepest/balance-decoupled"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=3.0)
    for q, look in zip(POWERS, plotting.looks(len(POWERS)), strict=True):
        _factors(left, data[networks].only(depth=2, q=q), q, look)
        path = data[decaying].only(depth=2, q=q)
        time = np.asarray(path.time)
        measured = balances(path, q)[:, 0]
        marks = {"color": look["color"], "marker": look["marker"], "linestyle": "none", "markersize": 3.5}
        right.plot(time[::2], measured[::2].min(axis=1), **marks, label=f"$q={q:g}$")
        right.plot(time[::2], measured[::2].max(axis=1), **marks)
        plotting.predicted(right, time, 0.3 * np.exp(-q * 0.8 * np.minimum(time, OFF)), label=None)
    left.set(xlabel="smaller factor $w_2$", ylabel="larger factor $w_1$")
    left.legend(loc="upper center", ncols=3, columnspacing=1.0, handlelength=2.0)
    left.set_ylim(0, 1.12 * left.get_ylim()[1])
    right.axvspan(0, OFF, color="0.9", linewidth=0, zorder=0)
    right.set(xlabel=TIME, ylabel="balance $|w_1|^q-|w_2|^q$", ylim=(0, 0.32))
    right.legend(loc="lower left")
    plotting.letters((left, right))
    return figure


def _factors(axis, path, q, look):
    large, small = np.asarray(path.parameters).swapaxes(0, 1)
    axis.plot(small, large, color=look["color"], linestyle="-", linewidth=2.6, alpha=0.75)
    axis.plot(small[-1], large[-1], linestyle="none", marker=look["marker"], color=look["color"], label=f"$q={q:g}$")
    curve = np.linspace(small.min(), small.max(), 400)
    plotting.predicted(axis, curve, (np.abs(curve) ** q + 0.3) ** (1 / q), label=None)


if __name__ == "__main__":
    plotting.main()
