r"""Sign descent finds a sparse classifier if the network is deep.

80 separable samples of 100 normal features, of which features 50 to 52 (shaded) make the label; $x=\prod_{i=1}^Lw_i$
trained by sign descent from $x=0$ (logistic loss, 2000 steps of $10^{-3}$). Bars show $|x_i|/\|x\|_\infty$ of one
draw, dashes their mean off the support. With $L=1$ most features that do not matter are as large as those that do;
with $L=10$ the support stands out.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.steepest_classification import FEATURES, SUPPORT, classifiers, off_support

EXPERIMENTS = [classifiers]
CLAIMS = ["steepest/depth-learns-sparse"]


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.3, sharey=True)
    blue, orange = (look["color"] for look in plotting.looks(2))
    for axis, depth in zip(axes, (1, 3, 10), strict=True):
        run = data[classifiers].only(depth=depth, draw=0)
        sizes, features = np.abs(run["direction"]), np.arange(FEATURES)
        axis.axvspan(SUPPORT[0] - 0.5, SUPPORT[-1] + 0.5, color="0.88", linewidth=0)
        for chosen, color in ((~np.isin(features, SUPPORT), blue), (np.isin(features, SUPPORT), orange)):
            axis.vlines(features[chosen], 0, sizes[chosen], color=color, linewidth=1.1)
            axis.plot(features[chosen], sizes[chosen], "o" if color == blue else "s", color=color, markersize=2.2)
        axis.axhline(
            off_support(run), color="black", linewidth=0.9, linestyle=(0, (4, 2)), label="mean off\nthe support"
        )
        axis.set(xlabel="feature $i$", title=f"$L={depth}$", xlim=(-1, FEATURES), ylim=(0, 1.08))
    axes[0].set_ylabel(r"$|x_i|/\|x\|_\infty$")
    axes[2].legend(loc="center left", handlelength=1.8)
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
