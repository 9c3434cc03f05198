"""How outcomes of neurons are drawn: one colour for each, the same in every figure."""

from typing import Any

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sign_flips_diagrams import OUTCOMES

SHADES = ("#D9D9D9", "#9CCBE8", "#F3C46B")


def cells(axis, x, y, outcome):
    """Measured outcomes as cells around the points (x, y)."""
    from matplotlib.colors import ListedColormap

    axis.pcolormesh(x, y, np.asarray(outcome), cmap=ListedColormap(SHADES), vmin=-0.5, vmax=2.5, shading="nearest")
    axis.grid(False)


def key(figure, shown=(0, 1, 2)):
    """One legend for all panels, below them."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(color=SHADES[i], label=f"measured: {OUTCOMES[i]}".replace("a>0", "$a>0$")) for i in shown
    ]
    handles.append(Line2D([], [], **plotting.PREDICTED, label="predicted boundary"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8)


def pair(flow):
    """β=(1,½) as mathematics."""
    return (
        "plain gradient flow"
        if flow == "plain"
        else "$" + flow.replace("β", r"\beta").replace("½", r"\frac{1}{2}") + "$"
    )
