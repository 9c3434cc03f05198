r"""Velocities leave room for laws that are none until their brackets are counted.

Every column is one network, sorted by its number of parameters $D$ (the ticks): how its $D$ dimensions divide into what
the velocities of all losses span ($\dim W$, dark), what only their Lie brackets add (hatched), and what is left for
conservation laws (light). Black dots: $D$ minus the laws that were found. Where they meet the light bars' foot the list
is complete. (a) Factorizations $UV^\top$ under gradient flow and (d) with momentum ($D$ with velocities and time) need
brackets, (b) ReLU networks never do, (c) entropic flow of non-negative factors needs more of them than (a).
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks import conservation_laws, conservation_laws_mirror, conservation_laws_momentum
from mirrorflow.content.checks import conservation_laws_networks as networks

TABLES = {
    "$UV^\\top$, gradient flow": (conservation_laws.two_layers, {}),
    "ReLU networks with biases": (networks.relu, {"biases": True}),
    "$UV^\\top\\geq 0$, entropic flow": (conservation_laws_mirror.nonnegative, {}),
    "$UV^\\top$, momentum": (conservation_laws_momentum.two_layers, {}),
}
EXPERIMENTS = [experiment for experiment, _ in TABLES.values()]
CLAIMS = [
    "conservation-laws/two-layers",
    "conservation-laws/relu",
    "conservation-laws/nonnegative-factorization",
    "conservation-laws/momentum",
]


def draw(data):
    figure, panels = plotting.canvas(2, 2, height=4.6)
    for panel, (name, (experiment, case)) in zip(panels.ravel(), TABLES.items(), strict=True):
        run = data[experiment].only(**case)
        _bars(panel, {key: np.asarray(run[key]) for key in ("parameters", "velocities", "closure", "found")})
        panel.set_title(name, loc="right")
    panels[0, 0].legend(loc="upper left")
    figure.supylabel("dimensions", fontsize=9)
    for panel in panels.ravel():
        panel.set_xlabel("networks, sorted by their $D$")
    plotting.letters(panels)
    return figure


def _bars(panel, columns):
    order = np.lexsort([columns["closure"], columns["parameters"]])
    whole, spanned, closed, found = (columns[key][order] for key in ("parameters", "velocities", "closure", "found"))
    at = np.arange(len(order))
    look = {"width": 0.86, "linewidth": 0.3, "edgecolor": "black"}
    panel.bar(at, spanned, color="#0072B2", label=r"velocities, $\dim W$", **look)
    panel.bar(at, closed - spanned, bottom=spanned, color="#E69F00", hatch="/////", label="their brackets", **look)
    panel.bar(at, whole - closed, bottom=closed, color="#E8EEF2", label="left for laws", **look)
    panel.plot(at, whole - found, "o", color="black", markersize=2.6, label="$D$ − laws found")
    marked = at[:: max(1, len(at) // 6)]
    panel.set_xticks(marked, [str(whole[i]) for i in marked])
    panel.set(xlim=(-0.8, len(order) - 0.2), ylim=(0, None))
    panel.tick_params(axis="x", length=0)
    panel.grid(visible=False, axis="x")


if __name__ == "__main__":
    plotting.main()
