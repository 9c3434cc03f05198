r"""Under noise HORST rests as under an $\ell_1$ penalty, AdamW as in a box.

Mean weight on $\frac12(\theta-b)^2$ with gradient noise $\frac12$ against the goal $b$, $\lambda=\frac12$ and
$\gamma=0.1$. HORST balances $u=-\lambda\theta/\sqrt{\theta^2+\gamma^2}$: small goals end at 0, large ones are moved by
a constant. AdamW balances $u=-\lambda\theta$ and stays within $1/\lambda$. Dashes are the two balances.
"""

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_horst_bias import (
    DECAY,
    GOALS,
    balance_of_forces,
    linear,
    noisy,
    smoothed_sign,
)

EXPERIMENTS = [noisy]
CLAIMS = ["sparse-optimizers/horst-rest", "sparse-optimizers/adamw-rest"]


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE, height=3.0)
    axis.plot(GOALS, GOALS, color="0.75", linewidth=0.8, linestyle="-")
    axis.text(2.9, 3.35, r"$\theta=b$", color="0.5", fontsize=8, rotation=33, ha="right")
    axis.axhspan(-1 / DECAY, 1 / DECAY, color="0.94", zorder=0)
    axis.text(-3.9, 1 / DECAY - 0.1, r"$|\theta|\leq1/\lambda$", color="0.4", fontsize=8, va="top")
    for (case, run), look in zip(data[noisy], plotting.looks(2), strict=True):
        axis.plot(
            GOALS,
            run["mean"],
            color=look["color"],
            marker=look["marker"],
            markersize=3,
            linestyle="none",
            label=case.optimizer,
        )
    plotting.predicted(axis, GOALS, balance_of_forces(smoothed_sign), label="balances of $u$")
    plotting.predicted(axis, GOALS, balance_of_forces(linear), label=None)
    axis.set(xlabel="goal $b$", ylabel=r"mean weight $\theta$")
    axis.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    plotting.main()
