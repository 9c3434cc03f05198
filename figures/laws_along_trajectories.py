r"""Derived laws hold along the flow of networks on random data, and altered ones do not.

Largest drift over all laws of a network, relative to the sum of their terms' sizes, along one integrated flow each.
Solid: the derived laws, which only the solver's error moves; dashed: the same laws with one term of the other sign. (a)
Gradient flow. (b) The same with decoupled decay on three random steps, against $h(\theta_0)e^{-c\int\lambda}$, $c$ the
degree of the law. (c) Mirror flow, every array with a potential of its own. (d) Heavy-ball momentum against
$h_0e^{-\tau t}$, and sign flow, whose sign map is smoothed.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks import conservation_laws_paths as gradient
from mirrorflow.content.checks import conservation_laws_paths_mirror as mirror
from mirrorflow.content.checks import conservation_laws_paths_momentum as momentum
from mirrorflow.content.checks import conservation_laws_paths_steepest as steepest
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [gradient.gradient, mirror.mirror, momentum.momentum, steepest.steepest]
CLAIMS = [
    "conservation-laws/along-gradient-flow",
    "conservation-laws/along-mirror-flow",
    "conservation-laws/along-heavy-ball",
    "conservation-laws/along-steepest-flow",
]
FLOOR = 1e-17
DASHES = (0, (2, 1.5))
LABELS = {"UVᵀ": "$UV^\\top$", "non-negative factorization": "non-negative", "convex-input network": "convex input"}
CLAIMED = {
    gradient.gradient: gradient.along_gradient_flow,
    mirror.mirror: mirror.along_mirror_flow,
    momentum.momentum: momentum.along_heavy_ball,
    steepest.steepest: steepest.along_steepest_flow,
}


def draw(data):
    figure, panels = plotting.canvas(2, 2, height=5.0, sharey=True)
    chosen = [
        [(gradient.gradient, {"decay": "none"}, gradient.TIMES, "{}")],
        [(gradient.gradient, {"decay": "on a schedule"}, gradient.TIMES, "{}")],
        [(mirror.mirror, {}, mirror.TIMES, "{}")],
        [
            (momentum.momentum, {}, momentum.TIMES, "momentum, {}"),
            (steepest.steepest, {"q": 1.0}, steepest.TIMES, "sign, {}"),
        ],
    ]
    for panel, runs in zip(panels.ravel(), chosen, strict=True):
        looks = iter(plotting.looks(7))
        for experiment, fields, time, words in runs:
            _curves(panel, data[experiment].where(**fields)[0], experiment, time, words, looks)
        if panel is panels[0, 0]:
            panel.plot([], [], color="0.4", linestyle="-", linewidth=1.2, label="derived laws")
            panel.plot([], [], color="0.4", linestyle=DASHES, linewidth=1.2, label="one sign changed")
        panel.set(yscale="log", ylim=(FLOOR, 10))
        # Between the two bundles of curves nothing is drawn, but for sign flow on the left of (d).
        place = {"loc": "center right", "bbox_to_anchor": (1.0, 0.66)} if len(runs) > 1 else {"loc": (0.1, 0.44)}
        panel.legend(ncols=2, fontsize=7.5, handlelength=1.8, columnspacing=1.2, **place)
    for panel in panels[:, 0]:
        panel.set_ylabel("relative drift of laws")
    figure.supxlabel(TIME, fontsize=9)
    for panel, words in zip(
        panels.ravel(), ("gradient flow", "decay", "mirror flow", "momentum and sign flow"), strict=True
    ):
        panel.set_title(words, loc="right")
    plotting.letters(panels)
    return figure


def _curves(panel, run, experiment, time, words, looks):
    claim = CLAIMED[experiment]
    right, wrong = claim(*run), claim(*run, altered=True)
    for name, look in zip(right, looks, strict=False):
        for parts, dashes, label in ((right, "-", words.format(LABELS.get(name, name))), (wrong, DASHES, None)):
            drift = np.abs(parts[name].measured).max(axis=0)
            panel.plot(
                time[1:],
                np.maximum(drift[1:], FLOOR),
                color=look["color"],
                linestyle=dashes,
                label=label,
                linewidth=1.2,
                marker=look["marker"],
                markevery=10,
                markersize=3,
            )


if __name__ == "__main__":
    plotting.main()
