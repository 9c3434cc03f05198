r"""How fast flows descend, and what an endless decay leaves.

(a) Steepest flows on $x=w_1w_2$ and a strongly convex loss whose curvatures are alike: the loss (markers) and its bound
$e^{-2\sigma\mu B^{q-2}t}$ (dashes), which is nearly reached at first. (b) A quasi-convex loss, which is not convex
above the dotted line, on $m\odot w$: with decay $0.3/(1+t)^3$, whose integral is finite, it falls to 0 at a critical
point; with decay 0.3 for ever it stays away.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.regularized_convergence import saturating
from mirrorflow.content.checks.steepest_convergence import SIZE, strongly_convex
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [strongly_convex, saturating]
CLAIMS = ["steepest/linear-rate", "regularized/quasi-convex-convergence"]
LABELS = {"finite": r"$\alpha=0.3/(1+t)^3$", "infinite": r"$\alpha=0.3$"}


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    for q, look in zip((1.0, 1.5, 2.0), plotting.looks(3), strict=True):
        run = data[strongly_convex].only(depth=2, q=q, curvatures="alike")
        time, loss = np.asarray(run["time"])[1:], np.asarray(run["loss"])
        rate = 2 * float(run["convexity"]) * SIZE**q * float(run["slope"]) ** (q - 2)
        marks = {"color": look["color"], "marker": look["marker"], "linestyle": "none", "markersize": 3.5}
        left.plot(time[::2], loss[1::2] / loss[0], **marks, label=f"$q={q:g}$")
        plotting.predicted(left, time, np.exp(-rate * time), label=None)
    left.set(xscale="log", xlabel=TIME, ylabel="$f(x_t)/f(x_0)$", ylim=(0, 1.05))
    left.legend(loc="lower left")
    for (name, label), look in zip(LABELS.items(), plotting.looks(2), strict=True):
        path = data[saturating].only(spending=name)["path"]
        time = np.asarray(path.time)[1:]
        right.loglog(time, np.asarray(path.loss)[1:], color=look["color"], linestyle=look["linestyle"], label=label)
    right.axhline(1 - 1.5**-0.5, color="0.3", linewidth=0.9, linestyle=(0, (1, 2)))
    right.set(xlabel=TIME, ylabel="loss $f(x_t)$")
    right.legend(loc="lower left")
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
