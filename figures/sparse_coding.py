r"""Sparse coding with $x=u^{2k}-v^{2k}$: decay for a while makes the code sparser.

A signal of length 12 that is two of 24 atoms, from $x=0$ with $u_0^{2k}=v_0^{2k}=0.05$; decay
$\alpha(u^{2k}+v^{2k})$ is on for $t<1$. (a) $\|x_\infty\|_1$ in units of the least $\ell_1$ norm of all codes
(dashes), against the decay spent. (b) Distance to the code that the signal was made of, without decay (thin) and with
$\int\alpha=\frac{1}{2}$. Decay lowers the scale of $u^2-v^2$ as
$e^{-4A}$, those of higher powers as powers of $A$.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.regularized_coding import POWERS, SPENT, coding, excess
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [coding]
CLAIMS = ["regularized/sparse-coding-limit", "regularized/sparse-coding-bias"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    for k, look in zip(POWERS, plotting.looks(len(POWERS)), strict=True):
        runs = data[coding].where(k=k)
        norms = [excess(run, run["path"].x[-1]) for _, run in runs]
        left.plot(
            SPENT, norms, color=look["color"], marker=look["marker"], linestyle="-", label=f"$u^{2 * k}-v^{2 * k}$"
        )
        for spent, width in ((SPENT[0], 0.8), (SPENT[-1], 1.8)):
            run = runs.only(spent=spent)
            distance = np.linalg.norm(np.asarray(run["path"].x) - np.asarray(run["truth"]), axis=1)
            right.loglog(
                np.asarray(run["path"].time)[1:], distance[1:], color=look["color"], linestyle=look["linestyle"],
                linewidth=width, label=f"$k={k}$" if spent else None,
            )  # fmt: skip
    plotting.predicted(left, [SPENT[0], SPENT[-1]], [1.0, 1.0], label=r"least $\ell_1$ norm")
    left.set(xlabel=r"decay spent $\int\alpha$", ylabel=r"$\|x_\infty\|_1$ / least norm")
    right.axvspan(right.get_xlim()[0], 1.0, color="0.9", linewidth=0, zorder=0)
    right.set(xlabel=TIME, ylabel=r"$\|x_t-x^*\|_2$", xlim=(0.02, 600))
    left.legend(loc="upper right")
    right.legend(loc="lower left")
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
