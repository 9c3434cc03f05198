r"""Resets keep the signs of a sparse network moving.

Networks 64-64-64-10 on handwritten digits from random masks, momentum and weight decay; means over eight draws.
(a) Share of weights whose sign is not that of the start, at density 0.1, against steps. (b) The same at the end for
each layer. (c) Share of test images told right at three densities, with 95 % intervals. Without resets the decay eats
the balance of $m\odot w$ and signs freeze; with them it flips about as many signs as plain training.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._digit_networks import SIZES
from mirrorflow.content.checks.sparse_optimizers_digits import (
    DENSITIES,
    SAVES,
    STEPS,
    WAYS,
    flipped,
    sparse,
    told_right,
)

EXPERIMENTS = [sparse]
CLAIMS = [
    "sparse-optimizers/sign-in-flips",
    "sparse-optimizers/sign-in-flips-near-output",
    "sparse-optimizers/resets-flip-signs",
    "sparse-optimizers/sign-in-accuracy",
]


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.7)
    steps = np.linspace(0, STEPS, SAVES)
    for place, (way, look) in enumerate(zip(WAYS, plotting.looks(3), strict=True)):
        runs = data[sparse].where(way=way, density=0.1)
        axes[0].plot(steps, np.mean([_whole(run) for _, run in runs], axis=0), **look, markersize=3, label=way)
        points = {layer: mf.observe.interval(flipped(runs, layer)) for layer in SIZES}
        _bars(axes[1], place, points.values(), look)
        right = [mf.observe.interval(told_right(data[sparse].where(density=d), way)) for d in DENSITIES]
        _bars(axes[2], place, right, look)
    axes[0].set(xlabel="step", ylabel="share of signs flipped", ylim=(0, None))
    axes[0].legend(fontsize=7)
    axes[1].set_xticks(range(len(SIZES)), SIZES)
    axes[1].set(xlabel="layer", ylabel="share of signs flipped")
    axes[2].set_xticks(range(len(DENSITIES)), [f"{density:g}" for density in DENSITIES])
    axes[2].set(xlabel="density", ylabel="told right", ylim=(0.4, 1.0))
    for axis in axes[1:]:
        axis.grid(False, axis="x")
    plotting.letters(axes)
    return figure


def _whole(run):
    sizes = {name: np.prod(shape) for name, shape in SIZES.items()}
    return sum(sizes[name] * run["flips"][name] for name in SIZES) / sum(sizes.values())


def _bars(axis, place, points, look):
    for column, (mean, width) in enumerate(points):
        axis.bar(column + 0.26 * (place - 1), mean, 0.24, yerr=width, color=look["color"], alpha=0.85,
                 error_kw={"elinewidth": 0.8})  # fmt: skip


if __name__ == "__main__":
    plotting.main()
