r"""How fast a mirror flow converges: at least as fast as Polyak and Łojasiewicz say.

The loss of one regression (4 samples, 12 features) under five mirror flows from one start (lines), and the bounds
$e^{-\sigma\Lambda t}$ with $\Lambda=2\sigma_{\min}(A)^2$ and $\sigma$ the least inverse metric on the box that the
path stays in (black dashes). For the quadratic potential the bound has the exact slope.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.mirror_flow import BOUNDED, losses, rate, table

EXPERIMENTS = [table]
CLAIMS = ["mirror-flow/exponential-rate"]
LABELS = ("quadratic", "hyperbolic entropy", "cosh", r"$\log u-\log v$", "negative entropy")


def draw(data):
    figure, axes = plotting.canvas(1, len(BOUNDED), height=2.3, sharey=True)
    run = data[table].only(draw=0)
    for axis, name, label, look in zip(axes, BOUNDED, LABELS, plotting.looks(len(BOUNDED)), strict=True):
        time, logs = losses(run, name)
        axis.semilogy(time, np.exp(logs), color=look["color"])
        plotting.predicted(axis, time, np.exp(-rate(run, name) * time))
        axis.set(xlabel="time $t$", title=label, ylim=(1e-16, 3))
    axes[0].set_ylabel("$f(x_t)/f(x_0)$")
    return figure


if __name__ == "__main__":
    plotting.main()
