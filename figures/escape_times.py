"""How long a saddle holds a flow.

Time for $x=\\prod_i w_i$, all factors equal, to grow from $x_0$ to $0.1$ on a slope of 1. Markers are integrated,
dashes are the formula. Sign flow ($q=1$) leaves in a time that no longer depends on $x_0$; gradient flow needs
$\\frac12\\log(1/x_0)$ for two factors and a power $x_0^{2/L-1}$ of the start for more.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.steepest_escape import DEPTHS, LEVEL, escape

EXPERIMENTS = [escape]
CLAIMS = ["steepest/escape-time", "steepest/escape-exponent", "steepest/escape-logarithm", "steepest/escape-sign-flow"]


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.7, sharey=True)
    for axis, q in zip(axes, (1.0, 1.5, 2.0), strict=True):
        runs = data[escape].where(q=q)
        for (case, result), look in zip(runs, plotting.looks(len(runs)), strict=True):
            starts = np.asarray(result["start"])
            axis.loglog(
                starts,
                result["time"],
                linestyle="none",
                marker=look["marker"],
                color=look["color"],
                markersize=4,
                label=f"$L={case.depth}$",
            )
            line = mf.predict.escape_time(case.depth, q, starts, np.full(starts.shape, LEVEL))
            plotting.predicted(axis, starts, np.asarray(line), label="predicted" if case.depth == DEPTHS[-1] else None)
        name = {1.0: ", sign flow", 2.0: ", gradient flow"}.get(q, "")
        axis.set(xlabel="start $x_0$", title=f"$q={q:g}${name}", ylim=(0.1, 1e10))
        axis.set_xticks([1e-18, 1e-12, 1e-6])
    axes[0].set_ylabel("escape time (loss units)")
    axes[0].legend(loc="upper left")
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
