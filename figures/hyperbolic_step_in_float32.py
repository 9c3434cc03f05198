r"""In single precision the quick form of the hyperbolic step breaks where a step is large.

Largest relative error over 200 weights between 1 and 2, $\gamma=10^{-5}$, of
$\theta\cosh(\eta u)-\sqrt{\theta^2+\gamma^2}\sinh(\eta u)$ in single precision, and of the step as the package takes
it, which changes to $\gamma\sinh(\operatorname{asinh}(\theta/\gamma)-\eta u)$ at $\eta u=1$. The line has the slope of
$\varepsilon e^{2\eta u}$, $\varepsilon=2^{-24}$.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_horst_forms import EXPONENTS, single

EXPERIMENTS = [single]
CLAIMS = ["sparse-optimizers/horst-in-float32"]


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE, height=2.6)
    (run,) = (result for _, result in data[single])
    for name, words, look in zip(("cosh", "package"), ("cosh and sinh", "the package"), plotting.looks(2), strict=True):
        axis.plot(EXPONENTS, run[name], **look, label=words)
    plotting.predicted(axis, EXPONENTS, 2.0**-24 * np.exp(2 * EXPONENTS), label=r"$\varepsilon e^{2\eta u}$")
    axis.set(yscale="log", xlabel=r"size of the step $\eta u$", ylabel="relative error")
    axis.legend(loc="upper left")
    return figure


if __name__ == "__main__":
    plotting.main()
