r"""Steps of size $\tau$ carry a law of the flow away in proportion to $\tau$ at a fixed time.

Regression by a linear network 3-4-2. (a) The drift of $W_1W_1^\top-W_2^\top W_2$ until $T=2$ under gradient descent and
under batches of 3 of the 12 samples (mean of 16 runs) against the step size, with lines of slope 1. (b) The drift of
the ten laws under 200 stochastic steps of random sizes between 0.001 and 0.05 (colours): it is $\sum_i\tau_i^2h(g_i)$
(dashes), $g_i$ the gradients of the batches, exactly and at every step, as the laws are of degree 2.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks import conservation_laws_discrete as discrete

EXPERIMENTS = [discrete.slopes, discrete.walks]
CLAIMS = ["conservation-laws/discrete-slope", "conservation-laws/discrete-drift"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=3.0)
    for (case, run), look in zip(data[discrete.slopes], plotting.looks(2), strict=True):
        steps, drifts = np.asarray(run["step"]), np.asarray(run["drift"])
        left.loglog(steps, drifts, color=look["color"], marker=look["marker"], linestyle="none", label=case.steps)
        label = "slope 1" if case.steps == "SGD" else None
        plotting.predicted(left, steps, drifts[-1] * steps / steps[-1], label=label)
    left.set(xlabel=r"step size $\tau$", ylabel=r"$\max|h(\theta_T)-h(\theta_0)|$")
    left.legend(loc="upper left")
    _walk(right, *data[discrete.walks].where(steps="SGD")[0])
    left.set_title("drift of laws until $T=2$", loc="right")
    right.set_title("random steps of SGD", loc="right")
    plotting.letters((left, right))
    return figure


def _walk(panel, case, run):
    told = discrete.discrete_drift_by_steps(case, run)
    colours = plotting.looks(len(told.measured))
    for drift, expected, look in zip(told.measured, told.predicted, colours, strict=True):
        panel.plot(np.arange(1, len(drift) + 1), drift, color=look["color"], linestyle="-", linewidth=2.4, alpha=0.7)
        plotting.predicted(panel, np.arange(1, len(drift) + 1), expected, label=None)
    panel.plot([], [], color="0.4", linestyle="-", linewidth=2.4, label="ten laws")
    plotting.predicted(panel, [], [], label=r"$\sum\tau_i^2\,h(g_i)$")
    panel.set(xlabel="step $k$", ylabel=r"$h(\theta_k)-h(\theta_0)$")
    low, high = panel.get_ylim()
    panel.set_ylim(low, high + 0.22 * (high - low))
    panel.legend(loc="upper right", ncols=2)


if __name__ == "__main__":
    plotting.main()
