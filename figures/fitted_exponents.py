r"""Every rate of linear models, fitted, against the exponent that theory gives.

Separable data sets drawn at random, each followed to $\log t=10^5$; fits from $\log t=10^4$ on, one marker a data set,
bars its 95 % interval. (a) The exponents of the norm ($\|x\|_p\sim\log t$) and of $t\mathcal L\asymp(\log t)^{p-2}$ in
$\log t$, less the exponent that theory gives. (b) Cosh: slopes of $\|x\|_\infty$ and $-\log\mathcal L$ in $\log t$
against the $\ell_\infty$ margin of each data set, with $1/(1+\gamma^*)$ and $\gamma^*/(1+\gamma^*)$ in black.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.max_margin_exponents import (
    LATE,
    LOG_TIMES,
    cosh_slopes,
    fits,
    lanes,
    loss_exponents_of,
    many_cosh,
    many_powers,
    norms,
)

EXPERIMENTS = [many_powers, many_cosh]
CLAIMS = ["max-margin/norm-exponents", "max-margin/loss-exponents", "max-margin/cosh-exponents"]
POWERS = (1.5, 2.0, 3.0)


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=3.0)
    _powers(left, data[many_powers])
    _cosh(right, data[many_cosh])
    plotting.letters((left, right))
    return figure


def _powers(axis, runs):
    looks = plotting.looks(2)
    for column, p in enumerate(POWERS):
        ((_, found),) = runs.where(p=p, loss="exponential")
        law = mf.predict.loss_exponents(1.0, p).log_time
        rows = (("norm", fits(LOG_TIMES[LATE], norms(found, p)), 1.0), ("loss", loss_exponents_of(found), law))
        for shift, (name, (exponents, half_widths), predicted) in enumerate(rows):
            at = column + 0.4 * shift + np.linspace(-0.15, 0.15, len(exponents))
            look = {"color": looks[shift]["color"], "marker": looks[shift]["marker"], "linestyle": "none"}
            look |= {"markersize": 3, "elinewidth": 0.8, "capsize": 1.5}
            words = r"$\|x\|_p$" if name == "norm" else r"$t\mathcal{L}$"
            axis.errorbar(at, exponents - predicted, half_widths, **look, label=words if column == 0 else None)
    axis.axhline(0, **plotting.PREDICTED)
    axis.set_yscale("symlog", linthresh=1e-4)
    axis.set_xticks(np.arange(3) + 0.2, [rf"$p={p:g}$" for p in POWERS])
    axis.set(xlabel="potential $|x|^p/p$", ylabel="fitted exponent less the predicted one")
    axis.legend(loc="lower right")


def _cosh(axis, runs):
    ((_, found),) = runs
    margins = np.array([best.margin for _, best in lanes(found, np.inf)])
    labels = (r"$\|x\|_\infty$", r"$-\log\mathcal{L}$")
    for slopes, look, label in zip(cosh_slopes(found), plotting.looks(2), labels, strict=True):
        axis.plot(margins, slopes, linestyle="none", marker=look["marker"], color=look["color"], label=label)
    line = np.linspace(0, 1.1 * margins.max(), 200)
    plotting.predicted(axis, line, 1 / (1 + line), label="theory")
    plotting.predicted(axis, line, line / (1 + line), label=None)
    axis.set(xlabel=r"$\ell_\infty$ margin $\gamma^*$ of the data", ylabel="slope in $\\log t$", ylim=(0, 1.3))
    axis.legend(loc="upper right", ncols=3)


if __name__ == "__main__":
    plotting.main()
