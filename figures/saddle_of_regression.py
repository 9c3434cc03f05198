r"""How long the saddle at 0 holds a diagonal network.

Regression (300 samples, 100 features, five of them relevant) with $x=\prod_{i=1}^Lw_i$ from $x=0$: one factor is 0,
the others have size $s$. (a) Loss over time for $L=3$: the smaller $s$, the later gradient flow begins, by orders of
magnitude; sign flow does not care. (b) Time until some $|x_i|$ reaches 0.005, and $\nabla R(0.005)/\|\nabla
f(0)\|_\infty^{q-1}$ of the induced potential (dashes). It worsens with depth for gradient flow ($s^{-(L-2)}$).
(c) The same for $L=3$ on diabetes data (20 patients, 64 features).
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.steepest_saddles import SIZES, law, saddles
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [saddles]
CLAIMS = ["steepest/saddle-of-regression", "steepest/escape-of-regression"]
NAMES = {1.0: "sign flow", 2.0: "gradient flow"}


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.8)
    runs = data[saddles]
    for q, look in zip(NAMES, plotting.looks(2), strict=True):
        for size, alpha in zip(SIZES, (0.4, 0.7, 1.0), strict=True):
            run = runs.only(data="planted", depth=3, q=q, size=size)
            time, share = np.asarray(run["time"])[1:], np.asarray(run["share"])[1:]
            axes[0].semilogx(time, share, color=look["color"], linestyle=look["linestyle"], alpha=alpha)
            if q == 2:
                axes[0].text(time[-1], 1.02, f"{size:g}", ha="center", va="bottom", fontsize=7)
    axes[0].set(xlabel=TIME, ylabel="$f(x_t)/f(0)$", title="$L=3$", xlim=(1e-2, 2e4), ylim=(0, 1.12))
    axes[0].text(0.35, 0.5, "sign flow", rotation=90, ha="right", va="center", fontsize="small")
    axes[0].text(4, 1.02, "$s=$", ha="center", va="bottom", fontsize=7)
    axes[0].text(13, 0.5, "gradient flow", rotation=90, ha="right", va="center", fontsize="small")
    for axis, name, depths in ((axes[1], "planted", (2, 3, 4)), (axes[2], "diabetes", (3,))):
        for q, look in zip(NAMES, plotting.looks(2), strict=True):
            for depth in depths:
                label = f"{NAMES[q]}, $q={q:g}$" if depth == depths[0] else None
                _times(axis, runs.where(data=name, depth=depth, q=q), look, label)
        axis.set(xlabel="size $s$ of the factors", ylabel="escape time (loss units)", ylim=(1e-2, 1e7))
    axes[1].legend(loc="upper right")
    axes[1].set_title("planted")
    axes[2].set_title("diabetes")
    plotting.letters(axes)
    return figure


def _times(axis, runs, look, label):
    size = np.array([case.size for case, _ in runs])
    time = np.array([float(run["escape"]) for _, run in runs])
    axis.loglog(size, time, linestyle="none", marker=look["marker"], color=look["color"], markersize=4, label=label)
    plotting.predicted(axis, size, [law(case, run) for case, run in runs], label=None)
    at, shift = (-1, (4, 3)) if runs[0].case.q == 2 else (0, (4, {4: 2, 3: -6}.get(runs[0].case.depth, -4)))
    axis.annotate(
        f"$L={runs[0].case.depth}$", (size[at], time[at]), shift, textcoords="offset points", color=look["color"],
        fontsize=7,
    )  # fmt: skip


if __name__ == "__main__":
    plotting.main()
