r"""What weight decay makes balanced flows regularize towards.

Where $x=\prod_{i=1}^Lw_i$ comes to rest on $\frac12(x-b)^2$ (markers), against the target $b$. (a) Coupled decay
$\alpha=0.05$: stationary points of $f+\alpha L\sum|x|^{2/L}$ (dashes), for every $q$. (b) Decoupled decay, $L=2$:
stationary points of $f+\frac Lp\alpha^{p-1}\sum|x|^{p/L}$, $p=q/(q-1)$ (dashes); the published reading, $f+\alpha M$
(dots), is another curve for $q<2$. (c) Decoupled decay $\alpha=0.8$ of sign flow: the box $|x|\le\alpha^{-L}$.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.steepest_decay import (
    TARGETS,
    boxed,
    outside_the_sign,
    resting,
    resting_coupled,
    stationary,
    towards_drift,
)

EXPERIMENTS = [resting_coupled, resting, boxed]
CLAIMS = [
    "steepest/coupled-regularizer",
    "steepest/stationary-points",
    "steepest/regularizes-towards-M",
    "steepest/decay-at-2",
    "steepest/box",
]
DOTTED = {"color": "0.35", "linestyle": (0, (1, 1.5)), "linewidth": 1.3}


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.7)
    for depth, look in zip((2, 3), plotting.looks(2), strict=True):
        _rest(axes[0], data[resting_coupled].only(depth=depth, q=1.0), look, f"$L={depth}$, sign flow")
        force = _coupled(depth)
        plotting.predicted(axes[0], TARGETS, TARGETS - stationary(force), label=None)
        _rest(axes[2], data[boxed].only(depth=depth), look, f"$L={depth}$")
        plotting.predicted(axes[2], TARGETS, np.maximum(0, TARGETS - 0.8**-depth), label=None)
    for (q, strength), look in zip(((1.5, 0.5), (2.0, 0.1)), plotting.looks(2), strict=True):
        x = data[resting].only(depth=2, q=q, strength=strength)
        _rest(axes[1], x, look, rf"$q={q:g}$, $\alpha={strength:g}$")
        if q < 2:
            drift = stationary(towards_drift(2, q, strength))
            axes[1].plot(TARGETS, TARGETS - drift, **DOTTED)
            axes[1].annotate(
                "published", (TARGETS[-1], (TARGETS - drift)[-1]), (0, 3), textcoords="offset points", ha="right"
            )
        plotting.predicted(axes[1], TARGETS, TARGETS - stationary(outside_the_sign(2, q, strength)), label=None)
    titles = ("coupled", "decoupled, $L=2$", "decoupled, sign flow")
    for axis, title in zip(axes, titles, strict=True):
        axis.set(xlabel="target $b$", ylabel="shrinkage $b-x$", title=title)
        axis.legend(loc="upper left")
    axes[0].set_ylim(0, 0.25)
    axes[1].set_ylim(0, 0.85)
    plotting.letters(axes)
    return figure


def _rest(axis, x, look, label):
    axis.plot(
        TARGETS, TARGETS - np.asarray(x), linestyle="none", marker=look["marker"], color=look["color"], label=label
    )


def _coupled(depth):
    return lambda x: 0.05 * 2 * x ** (2 / depth - 1)


if __name__ == "__main__":
    plotting.main()
