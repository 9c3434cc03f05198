r"""How the loss falls: not like $1/t$, but for $p=2$.

Mirror flow of $|x|^p/p$ on separable data to $\log t=10^5$. (a) $t\,\mathcal L$ against $\log t$ for five exponents,
and the predicted power $(\log t)^{p-2}$ (black dashes, drawn through the last point). (b) The exponents fitted from
$\log t=10^3$ on, of two data sets, against $p$; the line is $p-2$.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.max_margin_rates import LATE, more_powers

EXPERIMENTS = [more_powers]
CLAIMS = ["max-margin/loss-rate"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.7)
    for (case, path), look in zip(data[more_powers].where(draw=3), plotting.looks(5), strict=True):
        log_time, height = _height(path)
        left.loglog(log_time, height, **{**look, "markevery": 5}, label=f"$p={case.p:g}$")
        law = height[-1] * (log_time / log_time[-1]) ** (case.p - 2)
        plotting.predicted(left, log_time[LATE], law[LATE], label=None)
    for draw_number, look in zip((3, 4), plotting.looks(2), strict=True):
        runs = data[more_powers].where(draw=draw_number)
        fitted = [mf.observe.fit_exponent(*(part[LATE] for part in _height(path))).exponent for _, path in runs]
        style = {"linestyle": "none", "marker": look["marker"], "color": look["color"], "markerfacecolor": "white"}
        style["markersize"] = 8 if draw_number == 3 else 4
        right.plot([case.p for case, _ in runs], fitted, **style, label=f"data set {draw_number - 2}")
    plotting.predicted(right, [1.3, 3.1], [-0.7, 1.1], label="$p-2$")
    left.set(xlabel="log time of the loss, $\\log t$", ylabel=r"$t\,\mathcal{L}$ (sum of losses)")
    right.set(xlabel="exponent $p$ of the potential", ylabel=r"exponent of $t\,\mathcal{L}$ in $\log t$")
    left.legend(loc="upper left", fontsize=7)
    right.legend(loc="upper left")
    plotting.letters((left, right))
    return figure


def _height(path):
    log_time = np.asarray(path.log_time)
    return log_time, np.exp(np.asarray(path.log_loss) + log_time)


if __name__ == "__main__":
    plotting.main()
