r"""Behind a normalization the gradient of a sparse layer is larger.

A layer of 400 neurons with 400 inputs at the start, every neuron with the same number of weights: size of the gradient
that reaches what it gives, relative to the dense layer, against sparsity. Without normalization sparsity changes
nothing. The line is $(1-s)^{-1/2}$; behind batch normalization the ratio is above it where few weights are left
(dots: $\sqrt{(n-2)/(k-2)}$, $k$ of $n$ weights).
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_skew import FAN_INS, FEATURES, PUBLISHED, SPARSITIES, at_start, ratios

EXPERIMENTS = [at_start]
CLAIMS = [
    "sparse-optimizers/skew-at-start",
    "sparse-optimizers/skew-of-few-weights",
    "sparse-optimizers/skew-needs-normalization",
    "sparse-optimizers/skew-behind-layer-normalization",
]
WORDS = {"batch": "batch normalization", "layer": "layer normalization", "none": "none"}


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE, height=3.0)
    (run,) = (result for _, result in data[at_start])
    share = 1 - SPARSITIES[1:]
    for (kind, words), look in zip(WORDS.items(), plotting.looks(3), strict=True):
        style = {"color": look["color"], "marker": look["marker"], "linestyle": "none"}
        axis.plot(share, ratios(run, kind), **style, label=words)
    axis.plot([1 - s for s in PUBLISHED], list(PUBLISHED.values()), "kx", markersize=5, label="published", zorder=6)
    line = np.geomspace(0.027, 0.55, 100)
    plotting.predicted(axis, line, line**-0.5, label="$(1-s)^{-1/2}$")
    few = np.sqrt((FEATURES - 2) / (line * FEATURES - 2))
    plotting.predicted(axis, line, few, label=r"$\sqrt{(n-2)/(k-2)}$", linestyle=":")
    axis.set(xscale="log", yscale="log", xlabel="share of weights $1-s$", ylabel="gradient relative to dense")
    axis.set_xticks(FAN_INS[1:] / FEATURES, [f"{share:g}" for share in FAN_INS[1:] / FEATURES])
    axis.set_yticks([1, 2, 4, 6], ["1", "2", "4", "6"])
    axis.minorticks_off()
    axis.invert_xaxis()
    axis.legend(loc="upper left", fontsize=7)
    return figure


if __name__ == "__main__":
    plotting.main()
