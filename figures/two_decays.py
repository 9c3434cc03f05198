r"""Coupled and decoupled weight decay are different flows below $q=2$.

Two factors on a sparse regression. (a) Sign flow: the balance $|w_1|-|w_2|$ of ten coordinates under decoupled decay
follows $e^{-\int\alpha}$ (dashes), under coupled decay it does not; decay ends at $t=0.5$ (grey). (b) Largest distance
from that law over $0\le t\le8$, relative to the start: AdamW comes to it as the memory $\tau=\eta/(1-\beta_2)$ of its
mean squares goes to 0, Adam with L2 does not; the right-most points are the default $\beta_2$ at $\eta=10^{-3}$. (c)
What they learn there: coupled decay of two factors is an $\ell_1$ penalty and leaves fewer features.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.steepest import OFF, balances, two_decays
from mirrorflow.content.checks.steepest_discrete import MEMORIES, adams, distance
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [two_decays, adams]
CLAIMS = [
    "steepest/balance-coupled-below-2",
    "steepest/adamw-balance",
    "steepest/adamw-balance-short-memory",
    "steepest/adam-with-l2-balance",
    "steepest/adam-learns-sparse",
]
OPTIMIZERS = ("AdamW", "Adam with L2")


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.7)
    looks = plotting.looks(2)
    for kind, look in zip(("decoupled", "coupled"), looks, strict=True):
        path = data[two_decays].only(depth=2, q=1.0, decay=kind)
        lines = axes[0].plot(
            np.asarray(path.time), balances(path, 1.0)[:, 0], color=look["color"], linestyle="-", linewidth=1.0
        )
        lines[0].set_label(kind)
    time = np.asarray(path.time)
    plotting.predicted(axes[0], time, 0.3 * np.exp(-0.8 * np.minimum(time, OFF)), label=None, linewidth=1.4)
    axes[0].axvspan(0, OFF, color="0.9", linewidth=0, zorder=0)
    axes[0].set(xlabel=TIME, ylabel="balance $|w_1|-|w_2|$", ylim=(-0.02, 0.42))
    axes[0].legend(loc="upper right")
    for optimizer, look in zip(OPTIMIZERS, looks, strict=True):
        off = [distance(data[adams].only(optimizer=optimizer, memory=memory)) for memory in MEMORIES]
        axes[1].loglog(list(MEMORIES), off, color=look["color"], marker=look["marker"], label=optimizer)
        x = np.asarray(data[adams].only(optimizer=optimizer, memory=1.0).x)[-1]
        shift = -0.15 if optimizer == "AdamW" else 0.15
        axes[2].vlines(np.arange(len(x)) + shift, 0, x, color=look["color"], linewidth=1.2)
        axes[2].plot(
            np.arange(len(x)) + shift, x, look["marker"], color=look["color"], markersize=4,
            label=rf"{optimizer}, $\|x\|_1={np.abs(x).sum():.1f}$",
        )  # fmt: skip
    axes[1].set(xlabel=r"memory $\tau$ (time of the flow)", ylabel="distance from the law", ylim=(5e-3, 6))
    axes[1].legend(loc="lower right")
    axes[2].axhline(0, color="0.5", linewidth=0.7)
    axes[2].set(xlabel="feature", ylabel="coefficient $x_i$ at $t=8$", xticks=np.arange(len(x)))
    low, high = axes[2].get_ylim()
    axes[2].set_ylim(low, high + 0.35 * (high - low))
    axes[2].legend(loc="upper left", fontsize=7)
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
