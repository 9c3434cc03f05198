r"""Where the sign may be smoothed, and what that costs.

Sign flow on $x=w_1w_2$ for a sparse regression. (a) Balance $|w_1|-|w_2|$ of ten coordinates: smoothing
$\mathrm{sign}(\partial_xf)$ keeps it (dashes: its start), smoothing the gradients of the factors breaks it by up
to a fifth, however narrow the smoothing ($\varepsilon=10^{-3}$ here). (b) Largest change of the path when the width is
halved: proportional to $\varepsilon$ (dashes, slope 1). (c) Steps that an explicit solver takes along
$\partial_if=0$: inversely proportional (dashes, slope −1).
"""

import itertools

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.steepest import balances
from mirrorflow.content.checks.steepest_smoothing import WIDTHS, smoothed, widths
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [smoothed, widths]
CLAIMS = [
    "steepest/smoothing-in-x",
    "steepest/smoothing-in-w",
    "steepest/order-of-smoothing",
    "steepest/steps-of-sliding",
]


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.6)
    looks = plotting.looks(2)
    for where, look, label in zip("wx", looks[::-1], ("in $w$", "in $x$"), strict=True):
        path = data[smoothed].only(where=where, width=1e-3)
        lines = axes[0].plot(
            np.asarray(path.time), balances(path, 1.0)[:, 0], color=look["color"], linestyle="-", linewidth=1.1
        )
        lines[0].set_label(label)
    plotting.predicted(axes[0], [0, 1], [0.3, 0.3], label=None)
    axes[0].set(xlabel=TIME, ylabel="balance $|w_1|-|w_2|$", xlim=(0, 1))
    axes[0].legend(title="smoothed")
    runs = [data[widths].only(width=width) for width in WIDTHS]
    paths = [np.asarray(run["x"]) for run in runs]
    change = [np.abs(wide - narrow).max() for wide, narrow in itertools.pairwise(paths)]
    _law(axes[1], np.array(WIDTHS[:-1]), change, 1.0, looks[0])
    _law(axes[2], np.array(WIDTHS), [float(run["steps"]) for run in runs], -1.0, looks[0])
    axes[1].set_yticks([1e-3, 2e-3, 5e-3], ["0.001", "0.002", "0.005"])
    axes[2].set_yticks([5e3, 1e4, 2e4, 4e4], ["5 000", "10 000", "20 000", "40 000"])
    for axis in axes[1:]:
        axis.yaxis.minorticks_off()
    axes[1].set_ylabel(r"$\max_t\|x_t^{\varepsilon}-x_t^{\varepsilon/2}\|_\infty$")
    axes[2].set_ylabel("steps of Tsit5")
    plotting.letters(axes)
    return figure


def _law(axis, width, measured, slope, look):
    axis.loglog(width, measured, linestyle="none", marker=look["marker"], color=look["color"], markersize=5)
    middle = np.exp(np.mean(np.log(measured)))
    plotting.predicted(axis, width, middle * (width / np.exp(np.mean(np.log(width)))) ** slope, label=None)
    axis.set(xlabel=r"width $\varepsilon$ ($10^{-3}$ units of $\nabla f$)")
    axis.set_xticks(WIDTHS[::2], [f"{1e3 * one:g}" for one in WIDTHS[::2]])
    axis.xaxis.minorticks_off()


if __name__ == "__main__":
    plotting.main()
