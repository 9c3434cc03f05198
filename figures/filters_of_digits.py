r"""Filters of a convolutional network, and what neurons that tell ten digits apart look for.

(a) The six $3\times3$ filters of a network that tells 3 from 5 (10 images) at $\log\mathcal L=-30$, from one start, by
strength (under each, over that of the strongest): one is left under $p=3/2$, all six under $p=3$. (b) The eight
strongest of 16 neurons of a 64-16-10 network for ten digits (20 images, margins $q_{ic}=f_{y_i}-f_c$); under each the
digit that it speaks for most, and its strength.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._digits import FILTERS, TEN
from mirrorflow.content.checks.features_digits import digits

EXPERIMENTS = [digits]
CLAIMS = ["features/digits", "features/weights-of-digits"]
ROWS = {"start": "start", "p=1.5": "$p=3/2$", "p=2": "$p=2$", "p=3": "$p=3$"}


def draw(data):
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(plotting.DOUBLE, 5.4))
    left, right = figure.subfigures(2, 1, height_ratios=(4, 3))
    images = left.subplots(4, 6)
    for row, name in zip(images, ROWS, strict=True):
        weights, strengths, _ = found(data[digits].where(task=FILTERS, draw=0), name)
        show(row, weights[:, 0], strengths, ROWS[name])
    neurons = right.subplots(3, 8)
    for row, name in zip(neurons, ("start", "p=1.5", "p=2"), strict=True):
        weights, strengths, votes = found(data[digits].where(task=TEN, draw=0), name)
        show(row, weights.reshape(-1, 8, 8), strengths, ROWS[name], votes)
    images[0, 0].set_title("(a)", loc="left", fontweight="bold")
    neurons[0, 0].set_title("(b)", loc="left", fontweight="bold")
    return figure


def found(runs, name):
    """Weights into the first layer's units, their strengths, and the class that each one raises most."""
    at = 0 if name == "start" else -1
    path = runs.only(potential="p=2" if name == "start" else name)
    into, out_of = (np.asarray(weights)[at] for weights in path.x)
    return into, np.asarray(mf.observe.unit_strengths(path))[at], out_of.argmax(axis=0)


def show(row, images, strengths, words, votes=None):
    """The strongest units as images, colors over the largest weight of each."""
    for panel, j in zip(row, np.argsort(-strengths)[: len(row)], strict=True):
        largest = np.abs(images[j]).max()
        panel.imshow(images[j], cmap="PuOr", vmin=-largest, vmax=largest)
        panel.set(xticks=[], yticks=[])
        panel.grid(False)
        for spine in panel.spines.values():
            spine.set_visible(False)
        digit = "" if votes is None else f"“{votes[j]}” "
        panel.set_xlabel(f"{digit}{strengths[j] / strengths.max():.2g}", fontsize=7.5, labelpad=2)
    row[0].set_ylabel(words, rotation=0, ha="right", va="center")


if __name__ == "__main__":
    plotting.main()
