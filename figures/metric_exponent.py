"""Which flows can leave and cross the origin.

The metric exponent $m=q(L-1)/L$ of $x=\\prod_i w_i$ with equal factors, fitted to measured speeds $\\dot x=L|x|^m$
(markers) and predicted (dashes). For $m<1$ the origin is crossed freely, at $m=1$ it is approached exponentially, for
$m>1$ the flow stalls there. Only sign flow stays below 1 at every depth.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.steepest_escape import POWERS, growth

EXPERIMENTS = [growth]
CLAIMS = ["steepest/metric-exponent"]
DEEPEST = 8


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE, height=2.8)
    axis.axhspan(0.4, 1.0, color="0.93", zorder=0)
    axis.axhline(1.0, color="0.5", linewidth=0.8)
    depths = np.arange(2, DEEPEST + 1)
    for q, look in zip(POWERS, plotting.looks(len(POWERS)), strict=True):
        runs = data[growth].where(q=q)
        fitted = [mf.observe.fit_exponent(result["x"], result["speed"]).exponent for _, result in runs]
        axis.plot(
            [case.depth for case, _ in runs],
            fitted,
            linestyle="none",
            marker=look["marker"],
            color=look["color"],
            markersize=6,
        )
        plotting.predicted(axis, depths, q * (depths - 1) / depths)
        end = q * (DEEPEST - 1) / DEEPEST
        axis.annotate(
            f"$q={q:g}$", (DEEPEST, end), (5, 0), textcoords="offset points", va="center", color=look["color"]
        )
    axis.text(DEEPEST, 0.45, "$m<1$: the origin is crossed", ha="right", va="bottom", fontsize="small", color="0.35")
    axis.text(2, 1.93, "$m>1$: the flow stalls at the origin", ha="left", va="top", fontsize="small", color="0.35")
    axis.set(xlabel="depth $L$", ylabel="metric exponent $m$", xlim=(1.7, DEEPEST + 1.4), ylim=(0.4, 2.0))
    axis.set_xticks(depths)
    return figure


if __name__ == "__main__":
    plotting.main()
