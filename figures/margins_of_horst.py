r"""A hyperbolic step makes the $\ell_1$ margin large, Adam that of $\ell_\infty$.

Twelve separable samples in eight dimensions, steps on the logarithm of the exponential loss. (a) Share of the largest
$\ell_1$ margin that is reached, (b) of the largest $\ell_\infty$ margin. HORST, whose hyperbolic step is driven by
Adam's direction, comes near the largest $\ell_1$ margin and stays a little below it; driven by the gradient it gets
there.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_horst_margins import SAVES, separable, share

EXPERIMENTS = [separable]
CLAIMS = [
    "sparse-optimizers/horst-l1-margin",
    "sparse-optimizers/adam-linf-margin",
    "sparse-optimizers/horst-margin",
]
NAMES = {"driven by the gradient": "HORST, driven by the gradient"}


def draw(data):
    figure, axes = plotting.canvas(1, 2, height=2.9, sharey=True)
    for (case, run), look in zip(data[separable], plotting.looks(4), strict=True):
        for axis, p in zip(axes, (1.0, np.inf), strict=True):
            label = NAMES.get(case.optimizer, case.optimizer)
            axis.plot(SAVES, share(run, p), **look, linewidth=1.1, markersize=3, label=label)
    for axis, p in zip(axes, ("1", r"\infty"), strict=True):
        axis.axhline(1, **plotting.PREDICTED)
        axis.set(xscale="log", xlabel="steps", ylim=(0, 1.05), title=rf"$p={p}$")
    axes[0].set_ylabel(r"margin $\gamma_p(\theta)/\gamma_p^*$")
    axes[0].legend(loc="lower right", fontsize=7)
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
