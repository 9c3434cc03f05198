r"""Where an entropy law has not set in, a sample of the support has not joined yet.

200 separable data sets (12 samples, 6 features), hyperbolic entropy to $\log t=10^5$. The samples' part of the margin
gap times $\log t$, less the law $H(p)-H_\infty(p)$, against the least multiplier of the $\ell_1$ solution times
$A=\log(2\log t/\rho\gamma^*)\approx12$. A sample of the support collects $A\lambda^*_i+O(1)$ of dual, so that it has
not joined while $A\lambda^*_i$ is small (left of the line). Open markers: an entry of the solution is below 1 %.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.max_margin_many import LOG_END, constants, entropies, late_entropies

EXPERIMENTS = [late_entropies]
CLAIMS = ["max-margin/late-samples"]


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE * 1.3, height=2.9)
    ((_, found),) = data[late_entropies]
    measured, bests = constants(found, 1.0, "samples")
    apart = np.abs(measured - [entropies(best.shares) for best in bests])
    least = np.array([np.log(2 * LOG_END / best.margin) * best.multipliers[best.support].min() for best in bests])
    thin = np.array([np.abs(best.direction)[best.dual_slacks < 1e-9].min() < 0.01 for best in bests])
    look = plotting.looks(1)[0]
    style = {"linestyle": "none", "marker": look["marker"], "color": look["color"], "markersize": 3.5}
    axis.loglog(least[~thin], np.maximum(apart[~thin], 1e-6), **style, label="all entries above 1 %")
    axis.loglog(least[thin], np.maximum(apart[thin], 1e-6), **style, markerfacecolor="white", label="a thin entry")
    axis.axvline(2.0, **plotting.PREDICTED)
    axis.set(xlabel=r"least multiplier $\min_i\lambda^*_i\,A$", ylabel="distance from the entropy law")
    axis.legend(loc="lower left")
    return figure


if __name__ == "__main__":
    plotting.main()
