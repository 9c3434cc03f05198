r"""Among the solutions, each potential picks the one its level lines touch.

Regression with one sample and two features: every point of the grey line fits. From $x=0$ mirror flow moves (coloured)
to the solution at which $D_R(\cdot,0)$ is least (black dot, found without a flow); thin lines are levels of $R$, the
dashed one goes through the limit. Quadratic: the nearest point. Hyperbolic entropy of a small scale: the corner of an
$\ell_1$ ball, with one coefficient nearly 0. Cosh of large data: towards the corner of a cube, with equal coefficients.
"""

import jax.numpy as jnp
import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.mirror_flow_plane import DESIGN, PLANE, TARGET, plane

EXPERIMENTS = [plane]
CLAIMS = ["mirror-flow/limit-in-the-plane"]
TITLES = {"quadratic": "quadratic", "entropy": r"hyperbolic entropy, $\rho=10^{-2}$", "cosh": "cosh"}


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.6)
    for (name, make), axis, look in zip(PLANE.items(), axes, plotting.looks(3), strict=True):
        potential, path = make(), data[plane].only(potential=name)
        limit = np.asarray(mf.predict.bregman_projection(path.flow.problem, potential, np.zeros(2)).x)
        side = 1.25 * float(np.abs(TARGET / DESIGN).min() + np.abs(limit).max())
        _levels(axis, potential, limit, side)
        solutions = np.linspace(-side, side, 2)
        axis.plot(solutions, (TARGET[0] - DESIGN[0, 0] * solutions) / DESIGN[0, 1], color="0.6", linewidth=2.0)
        x = np.asarray(path.x)
        axis.plot(x[:, 0], x[:, 1], "-", color=look["color"], linewidth=2.2, marker=look["marker"], markevery=[0])
        axis.plot(*limit, "o", color="black", markersize=5, zorder=6)
        axis.set(
            title=TITLES[name],
            xlabel="$x_1$ (units of the target)",
            ylabel="$x_2$",
            xlim=(-0.3 * side, side),
            ylim=(-0.3 * side, side),
        )
        axis.set_aspect("equal")
        axis.grid(False)
    plotting.letters(axes)
    return figure


def _levels(axis, potential, limit, side):
    grid = np.linspace(-0.3 * side, side, 161)
    points = np.stack(np.meshgrid(grid, grid), axis=-1)
    # R = xz−Q of each coordinate, less its value at 0
    heights = np.asarray(jnp.asarray(points) * potential.mirror_map(points) - potential.balance_density(points))
    heights = heights.sum(axis=-1) + float(potential.balance_function(np.zeros(2)))
    touched = float(potential.value(limit) - potential.value(np.zeros(2)))
    levels = touched * np.array([0.15, 0.4, 0.7, 1.4, 2.0])
    axis.contour(grid, grid, heights, levels=levels, colors="0.75", linewidths=0.6)
    axis.contour(grid, grid, heights, levels=[touched], colors="black", linewidths=1.0, linestyles="dashed")


if __name__ == "__main__":
    plotting.main()
