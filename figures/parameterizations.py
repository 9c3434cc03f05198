r"""Which interpolator a mirror flow ends at: parameterizations in two coordinates.

Gradient flow on nine maps side by side (regression $A\in R^{3\times 4}$), two of the four coordinates shown. (a) The
paths of $m\odot w$, $u^3-v^3$ and $\log u-\log v$ from one start (colours) and the mirror flows that theory says they
are (dashes). (b) What the order of two impulses changes in $x$: nothing for commuting maps (dashes),
while $UV^T$ and a mask that a neuron shares depend on it.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.mirror_flow_reparameterizations import ALL, KNOWN, OTHERS, POINTS, SIZE, impulses, twins

EXPERIMENTS = [twins, impulses]
CLAIMS = [
    "mirror-flow/reparameterizations",
    "mirror-flow/order-of-impulses",
    "mirror-flow/order-of-impulses-in-general",
]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=3.0)
    run = data[twins].only(draw=0)
    twin = np.asarray(run["mirror flow"].x).reshape(POINTS, -1, SIZE)
    names = ("m⊙w", "u³−v³", "log u − log v")
    labels = (r"$m\odot w$", "$u^3-v^3$", r"$\log u-\log v$")
    for name, label, look in zip(names, labels, plotting.looks(3), strict=True):
        k = list(KNOWN).index(name)
        left.plot(run["x"][:, k, 0], run["x"][:, k, 1], color=look["color"], linewidth=2.2, label=label)
        left.plot(*run["x"][-1, k, :2], look["marker"], color=look["color"], markersize=6)
        plotting.predicted(left, twin[:, k, 0], twin[:, k, 1], label="predicted" if name == names[-1] else None)
    left.set(xlabel="$x_1$", ylabel="$x_2$")
    left.legend()
    one, other = (np.asarray(data[impulses].only(first=first)["end"]) for first in (0, 1))
    groups = {"commuting": list(KNOWN), "$UV^T$": ["UVᵀ"], "one mask": ["one mask for a neuron"]}
    assert set(OTHERS) | set(KNOWN) == set(ALL)
    for (label, members), look in zip(groups.items(), plotting.looks(3), strict=True):
        which = [ALL.index(name) for name in members]
        x, y = one[which].ravel(), other[which].ravel()
        right.plot(x, y - x, look["marker"], color=look["color"], label=label, markersize=4.5)
    plotting.predicted(right, [one.min(), one.max()], [0, 0], label="predicted")
    right.set(xlabel="$x$ after $c_1$, then $c_2$", ylabel="difference to the other order")
    right.legend()
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
