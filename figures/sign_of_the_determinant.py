r"""A sign in the way: square factors, once balanced, keep the sign of $\det UV^T$.

The smallest singular value $\sigma_5\approx s^{2e_5}$ of $X=UV^T$, $U,V$ square, from $s=10^{-30}$ (thin) and
$10^{-60}$ (thick), four draws of 40 measurements. It grows or falls at the rate of the smallest singular value of
$\nabla f$ on each plateau, by the signs of two determinants (black dashes, no equation); at $e_5=1$ the factors are no
longer balanced and the sign may change. Grey: growth whatever the sign. What is left is $O(1)/\log(1/s)$.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.matrices_determinant import DECADES, DRAWS, squares

EXPERIMENTS = [squares]
CLAIMS = ["matrices/sign-of-the-determinant"]


def draw(data):
    figure, axes = plotting.canvas(1, len(DRAWS), height=2.2, sharey=True)
    for number, axis in zip(DRAWS, axes, strict=True):
        for decades, width in zip(DECADES, (0.8, 1.8), strict=True):
            run = data[squares].only(draw=number, decades=decades)
            tau = np.asarray(run["tau"])
            exponent = -np.asarray(run["last"]) / (2 * decades * np.log(10))
            axis.plot(tau, exponent, color=plotting.COLOURS[0], linestyle="-", linewidth=width)
        axis.plot(tau, run["unsigned"], color="0.6", linestyle="-", linewidth=1.0, zorder=1)
        plotting.predicted(axis, tau, run["predicted"], label=None)
        axis.set(xlabel=r"$\tau=t/\log(1/s)$")
    axes[0].set(ylabel="exponent $e_5$")
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
