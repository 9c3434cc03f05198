r"""Which balances flip the sign of $a$.

Every cell is one neuron followed to the end with its own balances $\beta_1$ of $a$ and $\beta_2$ of $w$, from $a_0<0$
and $\|w_0\|=\frac12$, along the teacher in $d=1$ and $120^\circ$ away from it in $d=2$. Dashed: the $\beta_1$ above
which $a$ flips, $(4a_0^2-S^2)/2S$ with $S=\sum_j(\sqrt{4w_j^2+\beta_2^2}-\beta_2)$; dotted: $\beta_1=\beta_2$.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.sign_flips_diagrams import BALANCES, over_balances
from mirrorflow.content.figures._outcomes import cells, key

EXPERIMENTS = [over_balances]
CLAIMS = ["sign-flips/diagram-of-balances"]  # those of --full: it takes as long


def draw(data):
    runs = data[over_balances]
    figure, axes = plotting.canvas(1, 4, height=2.3, sharey=True)
    for axis, (case, result) in zip(axes, runs, strict=True):
        cells(axis, BALANCES, BALANCES, result["outcome"])
        beta2 = np.geomspace(BALANCES[0], BALANCES[-1], 200)
        edge = np.asarray(mf.predict.separating_balance(np.tile(result["start"], (len(beta2), 1)), beta2))
        seen = edge > 0
        plotting.predicted(axis, edge[seen], beta2[seen])
        axis.plot(beta2, beta2, color="black", linewidth=0.7, linestyle=":")
        limits = (BALANCES[0], BALANCES[-1])
        axis.set(xscale="log", yscale="log", xlim=limits, ylim=limits, aspect="equal")
        axis.set(xlabel=r"balance $\beta_1$ of $a$", title=f"$d={case.dimension}$, $a_0={case.a:g}$")
    axes[0].set_ylabel(r"balance $\beta_2$ of $w$")
    key(figure, shown=(0, 2))
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
