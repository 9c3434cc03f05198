r"""How a neuron moves in $d=1$: along the level lines of what its flow conserves.

Paths of $(a,w)$ from the rim (coloured; blue where they end at the teacher, $aw=1$, orange where they flip on the way,
grey where they fail) over level lines of the conserved quantity (dashed): $a^2-w^2$ for plain gradient flow,
$\sqrt{4a^2+\beta_1^2}-\sqrt{4w^2+\beta_2^2}$ for $m\odot w$. The line through the saddle $(0,0)$ is drawn solid: paths
with $a_0<0<w_0$ above it flip.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sign_flips_diagrams import PAIRS, level, portrait
from mirrorflow.content.figures._outcomes import pair

EXPERIMENTS = [portrait]
CLAIMS = ["sign-flips/level-lines"]
COLOURS = {"fails": "#8C8C8C", "learns": "#0072B2", "flips and learns": "#E69F00"}


def draw(data):
    from matplotlib.lines import Line2D

    figure, axes = plotting.canvas(1, 3, height=2.9, sharey=True)
    a, w = np.meshgrid(np.linspace(-1.1, 1.6, 200), np.linspace(-1.1, 1.6, 200))
    for axis, (case, result) in zip(axes, data[portrait], strict=True):
        values = level(a, w, PAIRS[case.flow])
        black = {"colors": "black", "zorder": 5, "negative_linestyles": "dashed"}
        axis.contour(a, w, values, levels=np.linspace(-1.6, 1.6, 9)[[0, 1, 2, 3, 5, 6, 7, 8]], linewidths=0.5,
                     linestyles="dashed", **black)  # fmt: skip
        axis.contour(a, w, values, levels=[0.0], linewidths=0.9, **black)
        for x in np.asarray(result["x"]):
            learned = abs(x[-1, 0] * x[-1, 1] - 1) < 1e-2 and x[-1, 1] > 0
            outcome = ("flips and learns" if x[0, 0] < 0 else "learns") if learned else "fails"
            axis.plot(x[:, 0], x[:, 1], color=COLOURS[outcome], linewidth=1.6, linestyle="-")
            axis.plot(*x[0], "o", color=COLOURS[outcome], markersize=2.5)
        teacher = np.linspace(0.6, 1.7, 50)
        axis.plot(teacher, 1 / teacher, color="#009E73", linewidth=2.5, alpha=0.6, linestyle="-")
        axis.set(xlabel="outer weight $a$", title=pair(case.flow), xlim=(-1.1, 1.6), ylim=(-1.1, 1.6), aspect="equal")
    axes[0].set_ylabel("inner weight $w$")
    handles = [Line2D([], [], color=colour, linestyle="-", label=f"path: {word}") for word, colour in COLOURS.items()]
    handles += [
        Line2D([], [], color="#009E73", linestyle="-", alpha=0.6, linewidth=2.5, label="teacher $aw=1$"),
        Line2D([], [], color="black", linewidth=0.6, linestyle="--", label="conserved (predicted)"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=7.5)
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
