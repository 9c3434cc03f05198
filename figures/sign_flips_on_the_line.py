r"""Who learns the teacher in $d=1$: the sign of $a$ can be repaired, that of $w$ cannot.

Every cell is one neuron $a\,\mathrm{relu}(wz)$ followed to the end from $(a_0,w_0)$. Dashed: the $|a_0|$ at which
$\sqrt{4a^2+\beta_1^2}-\beta_1=\sqrt{4w^2+\beta_2^2}-\beta_2$ ($a^2=w^2$ for plain gradient flow), left of which $a$
does not flip, and the axes $a_0=0$ and $w_0=0$. A larger balance on $a$ moves the boundary beyond $|a_0|=|w_0|$, a
smaller one moves it inwards. Where $w_0<0$ every flow fails.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.sign_flips_diagrams import PAIRS, SIZES, over_starts
from mirrorflow.content.figures._outcomes import cells, key, pair

EXPERIMENTS = [over_starts]
CLAIMS = ["sign-flips/diagram-of-starts"]  # those of --full: it takes as long


def draw(data):
    runs = data[over_starts].where(dimension=1)
    figure, axes = plotting.canvas(1, 3, height=2.9, sharey=True)
    w = np.linspace(1e-6, 1, 200)
    for axis, (case, result) in zip(axes, runs, strict=True):
        cells(axis, SIZES, SIZES, result["outcome"])
        plotting.predicted(axis, -np.asarray(mf.predict.separatrix(w[:, None], PAIRS[case.flow])), w)
        plotting.predicted(axis, [0, 1], [0, 0])
        plotting.predicted(axis, [0, 0], [0, 1])
        axis.set(xlabel="outer weight $a_0$", title=pair(case.flow), xlim=(-1, 1), ylim=(-1, 1), aspect="equal")
    axes[0].set_ylabel("inner weight $w_0$")
    key(figure)
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
