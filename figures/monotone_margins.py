r"""Margins that never decrease, and one that would.

Flows from a random start on separable data to $t=200$. (a) The margin $\log(1/\mathcal L)/Q^{1/\alpha}$, relative to
its last value, once $\mathcal L<1$: it rises for each potential with its own $\alpha$ ($p$ for powers, 1 for hyperbolic
entropy, 2 for hyperbolic-aware). Cosh has no finite $\alpha$; there $Q_1^{-1}(Q)$ takes the place of $Q^{1/\alpha}$.
(b) One sample, logistic loss, gradient flow: $\log(1/\mathcal L)/\|x\|$ falls towards 1, while
$-\log(e^{\mathcal L}-1)/\|x\|$ is 1 all along.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.max_margin import BALANCED, balances, early, one_sample, smoothed_logarithm, spread

EXPERIMENTS = [early, one_sample]
CLAIMS = ["max-margin/monotone", "max-margin/logistic-naive-margin"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9)
    runs = data[early].where(loss="exponential")
    for (case, path), look in zip(runs, plotting.looks(len(runs)), strict=True):
        logs, small = smoothed_logarithm(path)
        alpha = BALANCED[case.potential][1]
        size = spread(path) if alpha is None else balances(path, path.flow.potential) ** (1 / alpha)
        margin = (logs / size)[small]
        left.semilogx(
            np.asarray(path.time)[small], margin / margin[-1], **{**look, "markevery": 12}, label=case.potential
        )
    left.set(xlabel="time $t$ of the loss", ylabel="margin over its last value", xlim=(0.05, None))
    left.legend(loc="lower right", fontsize=7)
    path = data[one_sample].only(loss="logistic")
    logs, small = smoothed_logarithm(path)
    x, (first, second) = np.abs(np.asarray(path.x))[small, 0], plotting.looks(2)
    naive = -np.asarray(path.log_loss)[small] / x
    right.plot(x, naive, color=first["color"], linestyle=first["linestyle"], label=r"$\log(1/\mathcal{L})/\|x\|$")
    right.plot(
        x,
        logs[small] / x,
        color=second["color"],
        linestyle=second["linestyle"],
        label=r"$-\log(e^\mathcal{L}-1)/\|x\|$",
    )
    right.plot([1, 2, 3], [1.161, 1.032, 1.008], "k.", markersize=5, label="theory: 1.161, 1.032, 1.008")
    right.set(xlabel=r"size $\|x\|$ of the classifier (units of $1/\|z\|$)", ylabel="margin", ylim=(0.98, 1.25))
    right.legend()
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
