r"""The loss falls exponentially once the decay is off, and never if it is not.

Regression with orthonormal rows (40 samples, 100 features) on $m\odot w$. (a) Decay 0.2 until $t=1$: from then on the
loss stays below $e^{-2\rho_\infty\Lambda(t-T)}f_T$ (dashes). (b) Decay $0.3/(1+t)^2$ for ever:
the loss falls as $t^{-4}$ (dotted, a slope) and crosses the exponential bound (dashes) that is stated without the
condition that the decay has ended.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.regularized import OFF, ends
from mirrorflow.content.checks.regularized_rates import SHARPNESS, rates
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [rates]
CLAIMS = [
    "regularized/limit-after-switch-off",
    "regularized/rate-after-switch-off",
    "regularized/rate-while-decaying",
    "regularized/rate-of-endless-decay",
]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    look = plotting.looks(1)[0]
    runs = data[rates]
    for axis, name, since in ((left, "switched off", OFF), (right, "never ending", 0.0)):
        run = runs.only(decay=name)
        time, loss = np.asarray(run["path"].time), np.asarray(run["path"].loss)
        first = int(np.argmax(time >= since))
        axis.plot(time, loss, color=look["color"], label="measured")
        bound = np.log(loss[first]) - _rate(run) * (time[first:] - time[first])
        plotting.predicted(axis, time[first:], np.exp(np.maximum(bound, -700)), label="exponential bound")
        axis.set(yscale="log", xlabel=TIME, ylabel="loss $f-f^*$")
    left.axvspan(0, OFF, color="0.9", linewidth=0)
    left.text(OFF + 0.4, 1.6 * left.get_ylim()[0], "decay on for $t<1$", fontsize="small", color="0.35")
    late = time[time >= 20]
    right.plot(late, 6 * loss[time >= 20][0] * (late / late[0]) ** -4, color="0.3", linestyle=(0, (1, 1.5)))
    right.text(110, 6 * loss[time >= 20][0] * (80 / late[0]) ** -4, r"$\propto t^{-4}$")
    right.set(xscale="log", xlim=(0.1, 1000), ylim=(1e-17, 10))
    left.legend(loc="upper right")
    right.legend(loc="lower left")
    plotting.letters((left, right))
    return figure


def _rate(run):
    u, v = ends(run["path"].parameters)
    return 2 * np.min(u * v) * np.exp(-4 * run["total"]) * SHARPNESS


if __name__ == "__main__":
    plotting.main()
