r"""The smallest neuron of a student learns the neuron that is new.

A student knows two neurons and has 12 of size $\varepsilon$ besides; the target has one neuron more. Only the smallest
is trained: distance $\|a_jw_j-\tilde a\tilde w\|$ at the end against $\varepsilon$, 16 draws each. With the sign of the
new neuron it gets as near as the other small ones let it (dashes: slope 1), with the other sign it stays at 0.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_nano import SIZES, new_neuron

EXPERIMENTS = [new_neuron]
CLAIMS = ["sparse-optimizers/nano-learns-a-new-neuron"]


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE, height=2.8)
    for (case, run), look in zip(data[new_neuron], plotting.looks(2), strict=True):
        for row, size in zip(run["error"], SIZES, strict=True):
            spread = size * np.exp(np.linspace(-0.08, 0.08, len(row)))
            axis.plot(
                spread, row, color=look["color"], marker=look["marker"], markersize=3, linestyle="none", alpha=0.5
            )
        label = f"{case.sign} sign, median"
        axis.plot(SIZES, np.median(run["error"], axis=1), color=look["color"], marker=look["marker"], label=label)
    last = np.median(data[new_neuron].only(sign="same")["error"], axis=1)[0]
    plotting.predicted(axis, SIZES, last * SIZES / SIZES[0] / 1.6, label="slope 1")
    axis.set(
        xscale="log", yscale="log", xlabel=r"size $\varepsilon$ of the small neurons", ylabel="distance at the end"
    )
    axis.set_xticks(SIZES, [f"{size:g}" for size in SIZES])
    axis.minorticks_off()
    axis.legend(loc="center left", fontsize=7)
    return figure


if __name__ == "__main__":
    plotting.main()
