r"""What neurons of the first layer look for, potential by potential.

A 64-8-1 ReLU network that tells 3 from 5 (20 images, the mean image taken away), at $\log\mathcal L=-30$ from the same
start: one row for each potential, its eight neurons by strength; under each image the strength $|a_j|\,\|w_j\|$ over
that of the strongest, with the sign of its vote (+ for 3). Colors run over the largest weight of each neuron. First
row: the start. Under $p=2$ and $p=3$ the neurons of one vote come to be copies of each other, and under $p=3$ all of
them count; under $p=3/2$ and hyperbolic entropy three do, each with a few pixels.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._digits import PAIR
from mirrorflow.content.checks.features_digits import digits

EXPERIMENTS = [digits]
CLAIMS = ["features/digits"]
ROWS = {"start": "start", "entropy": "hyperbolic\nentropy", "p=1.5": "$p=3/2$", "p=2": "$p=2$", "p=3": "$p=3$"}


def draw(data):
    runs = data[digits].where(task=PAIR, draw=0)
    figure, axes = plotting.canvas(len(ROWS), 8, height=5.2)
    for row, (name, words) in zip(axes, ROWS.items(), strict=True):
        at = 0 if name == "start" else -1
        path = runs.only(potential="p=2" if name == "start" else name)
        into, votes = np.asarray(path.x[0])[at], np.asarray(path.x[1])[at, 0]
        strengths = np.asarray(mf.observe.unit_strengths(path))[at]
        for panel, j in zip(row, np.argsort(-strengths), strict=True):
            image, largest = into[j].reshape(8, 8), np.abs(into[j]).max()
            panel.imshow(image, cmap="PuOr", vmin=-largest, vmax=largest)
            panel.set(xticks=[], yticks=[])
            panel.grid(False)
            for spine in panel.spines.values():
                spine.set_visible(False)
            sign = "+" if votes[j] > 0 else "−"
            panel.set_xlabel(f"{sign} {strengths[j] / strengths.max():.2g}", fontsize=7.5, labelpad=2)
        row[0].set_ylabel(words, rotation=0, ha="right", va="center")
    return figure


if __name__ == "__main__":
    plotting.main()
