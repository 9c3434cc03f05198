r"""Nuclear over Frobenius norm, when the decay ends and long after.

$\|X\|_*/\|X\|_F$ against the strength of a decay that lasts until $t=2$: when it ends (hollow) and at $t=20$ (full).
Sensing by $UU^T$ and $UV^T$: a strong decay leaves less than fits, and part of what it gained is lost again. Low-rank
adaptation ($\|BA\|$, 40 measurements) and a softmax layer $K^TQ$: the ratio mostly goes on falling. Draws apart.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.matrices_ratio import ATTENTION_SWITCH, ratio
from mirrorflow.content.checks.regularized_attention import attention
from mirrorflow.content.checks.regularized_matrices import STRENGTHS, SWITCH, adaptation, adapter_ratio, matrices

EXPERIMENTS = [matrices, adaptation, attention]
CLAIMS = ["matrices/keeps-falling", "matrices/lasting-share", "matrices/attention-keeps-falling"]
ADAPTED, ATTENDED = (0.0, 0.1, 0.3), (0.0, 0.05, 0.2)


def draw(data):
    figure, axes = plotting.canvas(1, 4, height=2.4)
    for axis, product in zip(axes, ("UUᵀ", "UVᵀ"), strict=False):
        pairs = [ratio(data[matrices].only(product=product, strength=strength)) for strength in STRENGTHS]
        _pairs(axis, STRENGTHS, np.array(pairs), plotting.COLOURS[0])
    for number in (0, 1, 2):
        runs = [data[adaptation].only(measurements=40, strength=strength, draw=number) for strength in ADAPTED]
        pairs = [adapter_ratio(run)[[SWITCH - 1, -1]] for run in runs]
        _pairs(axes[2], ADAPTED, np.array(pairs), plotting.COLOURS[number])
    for number in (0, 1):
        runs = [data[attention].only(strength=strength, draw=number) for strength in ATTENDED]
        pairs = [ratio(path, ATTENTION_SWITCH) for path in runs]
        _pairs(axes[3], ATTENDED, np.array(pairs), plotting.COLOURS[number])
    for axis, title in zip(axes, ("$UU^T$", "$UV^T$", "$BA$ of $W_0+BA$", "$K^TQ$"), strict=True):
        axis.set(xlabel=r"decay $\alpha$, $t<2$", title=title)
    axes[0].set_ylabel(r"$\|\cdot\|_*/\|\cdot\|_F$")
    for axis in axes[1:]:
        axis.set_ylabel(" ")
    axes[0].plot([], [], "o", color="0.3", markerfacecolor="white", label="$t=2$")
    axes[0].plot([], [], "o", color="0.3", label="$t=20$")
    axes[0].legend(fontsize=7)
    plotting.letters(axes)
    return figure


def _pairs(axis, strengths, pairs, colour):
    """A hollow and a full mark for each strength, joined by an arrow of time."""
    for strength, (switched, ended) in zip(strengths, pairs, strict=True):
        axis.plot([strength, strength], [switched, ended], "-", color=colour, linewidth=1.0)
    axis.plot(strengths, pairs[:, 0], "o", color=colour, markerfacecolor="white")
    axis.plot(strengths, pairs[:, 1], "o", color=colour)


if __name__ == "__main__":
    plotting.main()
