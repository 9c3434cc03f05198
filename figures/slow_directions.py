r"""A direction that is reached like $1/\log\log t$.

$R''=1+\log(1+x^2)$, so that $R\sim x^2\log|x|$ and the horizon is $\ell_2$; 40 data sets to $\log t=10^5$. (a) The
distance of $x_t/\|x_t\|$ from the $\ell_2$ max-margin direction against $\log t$, of six data sets with fewer support
vectors than features; black dashes: $\|P(x^*\log|x^*|)\|/(\log\|x_t\|-\frac12)$. (b) The same at $\log t=10^5$, of all
data sets, against that law.
"""

import numpy as np
from matplotlib.ticker import FixedLocator, NullFormatter

from mirrorflow import plotting
from mirrorflow.content.checks.max_margin_exponents import LOG_TIMES, away, logarithmic

EXPERIMENTS = [logarithmic]
CLAIMS = ["max-margin/logarithmic-direction"]
SHOWN = 6


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9)
    ((_, found),) = data[logarithmic]
    distances, expected = away(found)
    law = expected[:, None] / (np.log(np.linalg.norm(found["x"], axis=2)) - 0.5)
    moved = np.flatnonzero(expected > 0.05)
    for index, look in zip(moved, plotting.looks(SHOWN), strict=False):
        left.loglog(LOG_TIMES, distances[index], **{**look, "markevery": 4})
        plotting.predicted(left, LOG_TIMES, law[index], label=None)
    look = plotting.looks(1)[0]
    right.loglog(law[moved, -1], distances[moved, -1], linestyle="none", marker=look["marker"], color=look["color"])
    ends = np.array([law[moved, -1].min(), law[moved, -1].max()])
    plotting.predicted(right, ends, ends, label="the law")
    left.set(xlabel="log time of the loss, $\\log t$", ylabel=r"distance from the $\ell_2$ direction")
    right.set(xlabel="the law at $\\log t=10^5$", ylabel="measured at $\\log t=10^5$")
    for axis in (left.yaxis, right.xaxis, right.yaxis):
        axis.set_major_locator(FixedLocator([0.005, 0.01, 0.02, 0.05]))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    right.legend(loc="upper left")
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
