r"""Real data: the limit of a regularized flow, predicted without a flow.

Diabetes progression (20 patients, 64 features: the variables, their products and squares), $m\odot w$ from $x=0$.
(a) The limit of the flow (markers) without decay and after $\int\alpha=1$, features sorted by the latter, and the
interpolator that minimizes $R_{\rho_\infty}$, found by Newton's method on the dual (black dots). Decay makes the same
fit sparser. (b) The part of $\nabla R(x_\infty)$ that lies outside the range of $A^T$, which is 0 at the minimum, with
the corrected scale $\rho_\infty=u_0v_0e^{-4A}$ and with the printed one, $2u_0v_0e^{-2A}$, on both data sets.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.regularized_limits import SPENT, limits, outside_range

EXPERIMENTS = [limits]
CLAIMS = ["regularized/limit", "regularized/printed-limit", "regularized/type-of-bias"]
FORMS = {"printed": {"factor": 2.0, "exponent": 2.0}, "corrected": {}}


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8, gridspec_kw={"width_ratios": [3, 2]})
    _coefficients(left, data[limits].where(data="diabetes", start="0"))
    _residuals(right, data[limits].where(start="random"))
    plotting.letters((left, right))
    return figure


def _coefficients(axis, runs):
    order = np.argsort(-np.abs(runs.only(spent=SPENT[-1])["path"].x[-1]))
    for spent, look in zip((SPENT[0], SPENT[-1]), plotting.looks(2), strict=True):
        run, rank = runs.only(spent=spent), 1 + np.arange(len(order))
        style = {"linestyle": "none", "marker": look["marker"], "color": look["color"], "markersize": 5.5}
        style |= {"markerfacecolor": "white", "markeredgewidth": 1.3}
        axis.plot(rank, np.asarray(run["path"].x[-1])[order], **style, label=rf"$\int\alpha={spent:g}$")
        label = "predicted" if spent == SPENT[-1] else None
        axis.plot(rank, np.asarray(run["limit"])[order], ".", color="black", markersize=2.5, label=label)
    axis.set(xlabel="feature, by size after decay", ylabel=r"coefficient $x_\infty$", xlim=(0, len(order) + 1))
    axis.legend()


def _residuals(axis, runs):
    for name, look in zip(("synthetic", "diabetes"), plotting.looks(2), strict=True):
        for words, form in FORMS.items():
            off = [outside_range(runs.only(data=name, spent=spent), **form) for spent in SPENT]
            label = name if words == "printed" else None
            axis.semilogy(SPENT, off, color=look["color"], marker=look["marker"], linewidth=1.0, label=label)
    axis.text(1.0, 3.0, "printed", ha="right")
    axis.text(1.0, 1e-11, "corrected", ha="right")
    axis.set(xlabel=r"decay spent $\int\alpha$", ylim=(1e-16, 1e2))
    axis.set_ylabel(r"$\|(I-P)\nabla R(x_\infty)\|/\|\nabla R(x_\infty)\|$")
    axis.legend(loc="center", bbox_to_anchor=(0.5, 0.62))


if __name__ == "__main__":
    plotting.main()
