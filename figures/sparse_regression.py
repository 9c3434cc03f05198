r"""Finding five of a hundred coordinates from forty samples.

Distance to the planted $x^*$ over time, two draws each; every schedule spends the same $\int\alpha=5$ until $t=40$.
(a) Decay on the factors of $m\odot w$ (balance 1): every decaying schedule ends nearer to $x^*$ than constant decay
does. (b) The arms it is compared with: an $\ell_1$ penalty on $m$ or on $x$ itself, and a balanced start
($m_0^2=w_0^2$), which cannot change signs: it stays beyond $\sqrt{n}$ for $n$ wrong signs of $x_0$ on the support
(dashes), and finds $x^*$ when all signs are right.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.regularized_sparse import sparse_arms
from mirrorflow.content.figures._labels import TIME, schedule_label

EXPERIMENTS = [sparse_arms]
CLAIMS = [
    "regularized/decaying-schedules-best",
    "regularized/balanced-keeps-signs",
    "regularized/balanced-never-close",
    "regularized/balanced-with-right-signs",
]
SCHEDULES = ("constant", "1/k", "1/k²", "0.95^k")
ARMS = (
    ("ℓ1 on m", "1/k²", r"$\ell_1$ on $m$"),
    ("ℓ1 on x", "1/k²", r"$\ell_1$ on $x$"),
    ("balanced", "0.95^k", "balanced"),
    ("balanced, signs right", "0.95^k", "balanced, right signs"),
)
DRAWS = (0, 1)


def draw(data):
    figure, axes = plotting.canvas(1, 2, height=2.9, sharey=True)
    runs = data[sparse_arms]
    for name, look in zip(SCHEDULES, plotting.looks(len(SCHEDULES)), strict=True):
        _arm(axes[0], runs, "m, w", name, look, schedule_label(name))
    for (arm, schedule, label), look in zip(ARMS, plotting.looks(len(ARMS)), strict=True):
        _arm(axes[1], runs, arm, schedule, look, label)
        for draw in DRAWS if arm == "balanced" else ():
            wrong = float(runs.only(arm=arm, schedule=schedule, draw=draw)["wrong"])
            label = r"$\sqrt{n}$, $n$ signs wrong" if draw == 0 else None
            plotting.predicted(axes[1], [1e-3, 40.0], np.full(2, np.sqrt(wrong)), label=label)
    axes[0].set(ylabel=r"$\|x_t-x^*\|_2$", title=r"decay on $m$ and $w$")
    axes[1].set(title="other arms")
    for axis in axes:
        axis.set(xlabel=TIME, xlim=(1e-3, 40))
        axis.legend(loc="lower left")
    plotting.letters(axes)
    return figure


def _arm(axis, runs, arm, schedule, look, label):
    for draw in DRAWS:
        run = runs.only(arm=arm, schedule=schedule, draw=draw)
        axis.loglog(
            np.asarray(run["path"].time)[1:],
            run["distance"][1:],
            color=look["color"],
            linestyle=look["linestyle"],
            label=label if draw == 0 else None,
        )


if __name__ == "__main__":
    plotting.main()
