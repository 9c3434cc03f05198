r"""From a few strong neurons to many of one strength.

5-10-1 ReLU networks, 16 samples, six draws of start and data, powers $|x|^p/p$ at $\log\mathcal L=-100$. (a) Strengths
$s_j=|a_j|\,\|w_j\|$ of the ten neurons over their sum, sorted; means and 95 % intervals over the draws; gray: at first.
(b) How the contributions $|a_j|\,\sigma(z_{ij})$ of neurons to samples, over the largest of their sample, are
distributed: the share of pairs $(i,j)$ that give more than a level. (c) Numbers of neurons with $s_j$ above a tenth of
the largest, over the draws.
"""

import jax.numpy as jnp
import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._features import POWERS, by_potential
from mirrorflow.content.checks.features import powers

EXPERIMENTS = [powers]
CLAIMS = ["features/sparsity-of-neurons", "features/active-neurons"]
LEVELS = np.linspace(0, 1, 101)


def sorted_shares(path, at=-1):
    """The strengths over their sum, the largest first."""
    strengths = np.asarray(mf.observe.unit_strengths(path))[at]
    return -np.sort(-strengths / strengths.sum())


def above(path):
    """For each level the share of (sample, neuron) with a contribution above it, relative to the sample's largest."""
    network = path.flow.problem.network
    theta = tuple(jnp.asarray(w[-1]) for w in path.x)
    signals = np.maximum(np.asarray(network.entering(theta, path.flow.problem.inputs)[0]), 0)
    given = signals * np.abs(np.asarray(theta[1]))
    relative = given / given.max(axis=1, keepdims=True)
    return (relative.ravel()[:, None] > LEVELS).mean(axis=0)


def draw(data):
    figure, (left, middle, right) = plotting.canvas(1, 3, height=2.7)
    ranks = 1 + np.arange(10)
    start = by_potential(data[powers], lambda path: sorted_shares(path, 0))[POWERS[0]].mean(axis=0)
    left.plot(ranks, start, color="0.6", linewidth=2.5, zorder=0)
    shares, given = by_potential(data[powers], sorted_shares), by_potential(data[powers], above)
    counts = by_potential(data[powers], lambda path: int(mf.observe.active_units(path, 0.1)[-1]))
    for place, (name, look) in enumerate(zip(POWERS, plotting.looks(3), strict=True)):
        label = f"${name}$"
        mean, half = mf.observe.interval(shares[name])
        left.errorbar(ranks, mean, half, **look, label=label, capsize=2, linewidth=1.2, elinewidth=0.8)
        middle.plot(LEVELS, given[name].mean(axis=0), color=look["color"], linestyle=look["linestyle"], label=label)
        heights = np.bincount(counts[name], minlength=11)[1:]
        offset = 0.27 * (place - 1)
        right.bar(ranks + offset, heights, width=0.25, color=look["color"], label=label)
    left.set(xlabel="neuron, by strength", ylabel=r"$s_j/\sum_k s_k$", xticks=(1, 4, 7, 10))
    middle.set(xlabel="level", ylabel="share of pairs above the level", xlim=(0, 1), ylim=(0, None))
    right.set(xlabel=r"neurons with $s_j\geq\max s/10$", ylabel="draws", xticks=(1, 4, 7, 10))
    for panel in (left, middle, right):
        panel.legend()
    plotting.letters((left, middle, right))
    return figure


if __name__ == "__main__":
    plotting.main()
