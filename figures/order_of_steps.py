r"""The order of two steps matters, by a term of the second order.

A sign step $S_\eta$ and a hyperbolic step $H_\eta$ ($\gamma=0.3$) on thirty random weights. (a) Norm of the commutator
$H_\eta S_\eta-S_\eta H_\eta$ against the step size, and of what is left of it after its leading term
$\eta^2us\,\theta/\sqrt{\theta^2+\gamma^2}$, with lines of slopes 2 and 3. (b) The commutator over $\eta^2$, weight by
weight, at the smallest step size.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_horst import SCALE, STEPS, leading, orders

EXPERIMENTS = [orders]
CLAIMS = ["sparse-optimizers/horst-commutator"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    (run,) = (result for _, result in data[orders])
    whole = np.asarray(run["commutator"])
    rest = whole - STEPS[:, None] ** 2 * leading(run)
    for values, words, slope, look in zip(
        (whole, rest), ("commutator", "without its leading term"), (2, 3), plotting.looks(2), strict=True
    ):
        size = np.linalg.norm(values, axis=1)
        left.loglog(STEPS, size, color=look["color"], marker=look["marker"], linestyle="none", label=words)
        plotting.predicted(left, STEPS, size[-1] * (STEPS / STEPS[-1]) ** slope, label=None)
    plotting.predicted(left, [], [], label="slopes 2 and 3")
    left.set(xlabel=r"step size $\eta$", ylabel=r"$\|H_\eta S_\eta-S_\eta H_\eta\|$")
    left.set_xticks(STEPS, [f"{step:g}" for step in STEPS])
    left.minorticks_off()
    left.legend(loc="upper left")
    theta, scaled = run["theta"], whole[-1] / STEPS[-1] ** 2 / np.abs(run["slope"])
    right.plot(theta, scaled, color=plotting.COLOURS[0], marker="o", linestyle="none", label="thirty weights")
    line = np.linspace(-2.5, 2.5, 200)
    plotting.predicted(right, line, line / np.sqrt(line**2 + SCALE**2), label=r"$\theta/\sqrt{\theta^2+\gamma^2}$")
    right.set(xlabel=r"weight $\theta$", ylabel=r"commutator$/(\eta^2us)$")
    right.legend(loc="upper left")
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
