r"""HAM crosses zero, and its exponential half alone cannot.

Ten weights of an underdetermined regression, half of which start with a wrong sign; $\beta=0$, $\alpha=5$, steps of
$10^{-4}$. (a) HAM; dashes are the closed form $\operatorname{sign}(z)(e^{\alpha|z|}-1)/\alpha$ with $z$ from the
integral of the gradient. (b) The exponential step alone from the same start: weights of the wrong sign die at 0.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers import STEP, crossings, from_integral

EXPERIMENTS = [crossings]
CLAIMS = ["sparse-optimizers/ham-closed-form", "sparse-optimizers/exponential-keeps-signs"]
ALPHA = 5.0


def draw(data):
    figure, axes = plotting.canvas(1, 2, height=2.8, sharey=True)
    for axis, step in zip(axes, ("HAM", "exponential"), strict=True):
        run = data[crossings].only(step=step, alpha=ALPHA)
        theta = run["theta"]
        time = STEP * np.arange(len(theta))
        told = from_integral(theta[0], run["slopes"], ALPHA)
        wrong = data[crossings].only(step="HAM", alpha=ALPHA)["theta"][-1] * theta[0] < 0
        for weight in range(theta.shape[1]):
            colour = plotting.COLOURS[4] if wrong[weight] else plotting.COLOURS[0]
            axis.plot(time, theta[:, weight], color=colour, linestyle="-", linewidth=1.8, alpha=0.75)
            if step == "HAM":
                plotting.predicted(axis, time[1:], told[:, weight], label=None)
        axis.axhline(0, color="0.3", linewidth=0.6)
        axis.set(xlabel=r"time $\eta k$ (loss units)", title=f"{step} step" if step == "exponential" else step)
    for colour, label in ((4, "flips under HAM"), (0, "keeps its sign")):
        axes[0].plot([], [], color=plotting.COLOURS[colour], linestyle="-", label=label)
    plotting.predicted(axes[0], [], [], label="closed form")
    axes[0].legend(loc="upper right", ncols=3, fontsize=7, columnspacing=1.0)
    axes[0].set_ylim(-1.7, 3.3)
    axes[0].set_ylabel(r"weight $\theta_i$")
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
