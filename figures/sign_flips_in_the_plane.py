r"""Who learns the teacher in $d=2$: $w$ turns by itself, and the balance flips $a$.

Every cell is one neuron followed to the end from $a_0$ and a $w_0$ of length $\|w_0\|$, $120^\circ$ away from the
teacher. From $a_0>0$ all learn. From $a_0<0$ plain gradient flow needs $\|w_0\|>|a_0|$. Dashed: where
$\sqrt{4a^2+\beta_1^2}-\beta_1=\sum_j(\sqrt{4w_j^2+\beta_2^2}-\beta_2)$, which for equal balances already lies beyond
$|a_0|=\|w_0\|$ (dotted), because $w_0$ is along no axis.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.sign_flips_diagrams import ANGLE, PAIRS, SIZES, over_starts
from mirrorflow.content.figures._outcomes import cells, key, pair

EXPERIMENTS = [over_starts]
CLAIMS = ["sign-flips/diagram-of-starts"]  # those of --full: it takes as long


def draw(data):
    runs = data[over_starts].where(dimension=2)
    figure, axes = plotting.canvas(1, 3, height=2.4, sharey=True)
    size = np.linspace(1e-6, 1, 200)
    w = size[:, None] * np.array([np.cos(ANGLE), np.sin(ANGLE)])
    for axis, (case, result) in zip(axes, runs, strict=True):
        cells(axis, SIZES, (SIZES + 1) / 2, result["outcome"])
        plotting.predicted(axis, -np.asarray(mf.predict.separatrix(w, PAIRS[case.flow])), size)
        plotting.predicted(axis, [0, 0], [0, 1])
        if case.flow != "plain":
            axis.plot(-size, size, color="black", linewidth=0.7, linestyle=":")
        axis.set(xlabel="outer weight $a_0$", title=pair(case.flow), xlim=(-1, 1), ylim=(0, 1))
    axes[0].set_ylabel(r"length $\|w_0\|$")
    key(figure)
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
