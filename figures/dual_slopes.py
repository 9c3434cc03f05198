r"""Hyperbolic entropy: the data decide how slowly $\ell_1$ is reached.

Separable data, hyperbolic entropy to $\log t=10^5$ (three data sets, two scales). (a) Shares $|x_j|/\|x\|_1$ of the
coordinates off the support of the $\ell_1$ solution, at $\rho=1$: they should fall like $(\log t)^{-\delta_j}$, with
the dual slack $\delta_j$ of the linear program (black dashes, drawn through the last point). (b) In the dual the law
is cleaner: slopes of $z_j=\mathrm{asinh}(x_j/\rho)$ against $A=\max|z|$, fitted from $\log t=10^4$ on, against
$c_j=\sum_i\lambda^*_iy_iz_{ij}$, all coordinates; on the support $c_j=\pm1$.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.max_margin import best_of
from mirrorflow.content.checks.max_margin_rates import dual_slopes, entropic, shares

EXPERIMENTS = [entropic]
CLAIMS = ["max-margin/dual-slopes"]
SHOWN = 6


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9)
    _shares(left, data[entropic].where(scale=1.0))
    _slopes(right, data[entropic])
    plotting.letters((left, right))
    return figure


def _shares(axis, runs):
    curves = []
    for _, path in runs:
        best, (parts, log_time) = best_of(path, 1.0), shares(path)
        curves += [(best.dual_slacks[j], log_time, parts[:, j]) for j in np.flatnonzero(best.dual_slacks > 1e-6)]
    curves.sort(key=lambda curve: curve[0])
    chosen = [curves[i] for i in np.unique(np.linspace(0, len(curves) - 1, SHOWN).round().astype(int))]
    for (slack, log_time, part), look in zip(chosen, plotting.looks(len(chosen)), strict=True):
        axis.loglog(log_time, part, **{**look, "markevery": 4}, label=rf"$\delta={slack:.2f}$")
        plotting.predicted(axis, log_time, part[-1] * (log_time / log_time[-1]) ** -slack, label=None)
    axis.set_ylim(bottom=1e-9)
    axis.set(xlabel="log time of the loss, $\\log t$", ylabel=r"share $|x_j|/\|x\|_1$")
    axis.legend(loc="lower left", fontsize=7)


def _slopes(axis, runs):
    for scale, look in zip((1.0, 0.1), plotting.looks(2), strict=True):
        style = {"linestyle": "none", "marker": look["marker"], "color": look["color"], "markerfacecolor": "white"}
        for index, (_, path) in enumerate(runs.where(scale=scale)):
            label = rf"$\rho={scale:g}$" if index == 0 else None
            axis.plot(best_of(path, 1.0).dual, dual_slopes(path), **style, label=label)
    plotting.predicted(axis, [-1.1, 1.1], [-1.1, 1.1], label="slope $=c_j$")
    axis.set(xlabel=r"$c_j=\sum_i\lambda^*_iy_iz_{ij}$ of the linear program", ylabel="measured slope of $z_j$")
    axis.legend(loc="upper left")


if __name__ == "__main__":
    plotting.main()
