r"""Noise and decay eat the balance of $m\odot w$, and resets restore it.

Ten weights under steps of 0.1 with noisy gradients and the penalty $0.05(m^2+w^2)$: $m^2-w^2$ of each weight after
every step, without resets and with one every ten steps, begun from $\beta=\frac12$. Dashes are
$\beta\prod((1-2\eta\alpha)^2-\eta^2g_k^2)$ for one of the weights.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_sign_in import BALANCE, STEP, STRENGTH, balances

EXPERIMENTS = [balances]
CLAIMS = ["sparse-optimizers/sign-in-balance", "sparse-optimizers/balance-shrinks-without-resets"]


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE, height=2.7)
    runs = data[balances].where(strength=STRENGTH)
    for (case, run), look in zip(runs, plotting.looks(2), strict=True):
        left = run["m"] ** 2 - run["w"] ** 2
        steps = np.arange(len(left))
        axis.plot(steps, left, color=look["color"], linestyle="-", linewidth=0.8, alpha=0.6)
        label = "without resets" if case.resets == "never" else "with a reset every ten steps"
        axis.plot([], [], color=look["color"], linestyle="-", label=label)
        if case.resets == "never":
            factor = (1 - 2 * STEP * STRENGTH) ** 2 - (STEP * run["slopes"][:, 0]) ** 2
            plotting.predicted(axis, steps, BALANCE * np.concatenate([[1.0], np.cumprod(factor)]))
    axis.set(xlabel="step $k$", ylabel=r"balance $m^2-w^2$ (weight units)", ylim=(0, 0.66))
    axis.legend(loc="upper right", fontsize=7)
    return figure


if __name__ == "__main__":
    plotting.main()
