r"""Filters of a convolutional network, and how many of them count.

(a) The six $3\times3$ filters of a network that tells 3 from 5 (30 images) at $\log\mathcal L=-30$, from one start, by
strength (under each, over that of the strongest). (b) The participation ratio of neurons or channels against
$-\log\mathcal L$ for the three tasks, over their number: fully connected 64-8-1, six filters, and 64-16-10 for ten
digits; means over four draws. Solid: $p=2$; the other lines as named.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._digits import FILTERS, PAIR, TASKS, TEN
from mirrorflow.content.checks._features import POWERS, by_potential
from mirrorflow.content.checks.features_digits import digits

EXPERIMENTS = [digits]
CLAIMS = ["features/digits"]
TITLES = {PAIR: "3 or 5, 64-8-1", FILTERS: "3 or 5, six filters", TEN: "ten digits, 64-16-10"}


def draw(data):
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(plotting.DOUBLE, 4.6))
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.15, 1))
    images = upper.subplots(len(POWERS), 6)
    for row, name in zip(images, POWERS, strict=True):
        path = data[digits].only(task=FILTERS, draw=0, potential=name)
        filters, strengths = np.asarray(path.x[0])[-1, :, 0], np.asarray(mf.observe.unit_strengths(path))[-1]
        for panel, j in zip(row, np.argsort(-strengths), strict=True):
            largest = np.abs(filters[j]).max()
            panel.imshow(filters[j], cmap="PuOr", vmin=-largest, vmax=largest)
            panel.set(xticks=[], yticks=[])
            panel.grid(False)
            for spine in panel.spines.values():
                spine.set_visible(False)
            panel.set_xlabel(f"{strengths[j] / strengths.max():.2g}", fontsize=7.5, labelpad=2)
        row[0].set_ylabel(f"${name}$", rotation=0, ha="right", va="center")
    panels = lower.subplots(1, 3, sharey=True)
    for panel, task in zip(panels, TASKS, strict=True):
        runs = data[digits].where(task=task)
        progress = by_potential(runs, lambda path: -np.asarray(path.log_loss))
        ratios = by_potential(runs, shares)
        for name, look in zip(POWERS, plotting.looks(3), strict=True):
            style = {**look, "markevery": 5, "markersize": 3.5}
            panel.plot(progress[name].mean(axis=0), ratios[name].mean(axis=0), **style, label=f"${name}$")
        panel.set(xlabel=r"$-\log\mathcal{L}$", ylim=(0, 1), xlim=(-4, 30))
        panel.set_title(TITLES[task], fontsize=8.5)
    panels[0].set(ylabel="participation ratio\nover the number")
    panels[0].legend(fontsize=7, loc="lower left")
    images[0, 0].set_title("(a)", loc="left", fontweight="bold")
    panels[0].set_title("(b)", loc="left", fontweight="bold")
    return figure


def shares(path):
    """The participation ratio over the number of neurons or channels."""
    return np.asarray(mf.observe.participation_ratio(path)) / mf.observe.unit_strengths(path).shape[1]


if __name__ == "__main__":
    plotting.main()
