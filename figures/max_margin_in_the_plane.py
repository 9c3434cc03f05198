r"""One data set, four horizons, four directions.

Four samples in the plane, flows from $x=0$ to $\log t=10^5$; grey: where all margins are at least 1. The path
$x_t/\min_im_i$ (coloured, from the square on) ends where the smallest ball of the horizon touches the grey region
(black dashes; dot: the convex program's solution). Thin lines: the level sets of $R$ of sizes 1, 3 and 10 through that
direction, shrunk to it, which tend to the ball. Quadratic and power 3 are their own horizon.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.max_margin import best_of
from mirrorflow.content.checks.max_margin_plane import PLANE, SIGNED, in_the_plane

EXPERIMENTS = [in_the_plane]
CLAIMS = ["max-margin/in-the-plane"]
TITLES = {
    "quadratic": r"quadratic: $\ell_2$",
    "power 3": r"power 3: $\ell_3$",
    "entropy": r"hyperbolic entropy: $\ell_1$",
    "cosh": r"cosh: $\ell_\infty$",
}
LOW, HIGH = -0.4, 1.4


def draw(data):
    figure, axes = plotting.canvas(1, 4, height=2.2, sharex=True, sharey=True)
    line = np.linspace(LOW, HIGH, 281)
    grid = np.stack(np.meshgrid(line, line), axis=-1)
    looks = plotting.looks(len(PLANE))
    for axis, (name, (potential, p)), look in zip(axes, PLANE.items(), looks, strict=True):
        path = data[in_the_plane].only(potential=name)
        best, x = best_of(path, p), np.asarray(path.x)
        margins = (x @ SIGNED.T).min(axis=1)
        scaled = x[margins > 0] / margins[margins > 0][:, None]
        axis.contourf(line, line, (grid @ SIGNED.T).min(axis=-1), levels=[1, 100], colors=["#E4E4E4"])
        _levels(axis, potential(), best.solution, line, grid)
        ball = np.linalg.norm(grid, ord=p, axis=-1) / np.linalg.norm(best.solution, ord=p)
        axis.contour(line, line, ball, levels=[1], colors="black", linewidths=0.9, linestyles=[(0, (4, 2))])
        axis.plot(*scaled.T, color=look["color"])
        axis.plot(*scaled[0], marker="s", color=look["color"])
        axis.plot(*best.solution, marker="o", color="black", markersize=4, zorder=6)
        axis.set(xlabel="$x_1$", title=TITLES[name], aspect="equal", xlim=(LOW, HIGH), ylim=(LOW, HIGH))
    axes[0].set_ylabel("$x_2$")
    return figure


def _levels(axis, potential, touched, line, grid):
    """Level sets of R at three sizes, shrunk to pass through the solution."""
    for size, grey in ((1.0, "0.75"), (3.0, "0.6"), (10.0, "0.45")):
        density = np.asarray(_energy(potential, size * grid)).sum(axis=-1)
        level = float(np.asarray(_energy(potential, size * touched)).sum())
        axis.contour(line, line, density, levels=[level], colors=[grey], linewidths=0.7)


def _energy(potential, x):
    """R with R(0)=0, one number for each coordinate."""
    import jax

    zero = potential.value(np.zeros(1))
    flat = jax.vmap(lambda entry: potential.value(entry[None]) - zero)(np.ravel(np.asarray(x, float)))
    return np.asarray(flat).reshape(np.shape(x))


if __name__ == "__main__":
    mf.enable_float64()
    plotting.main()
