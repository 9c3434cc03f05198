r"""Margins never fall for other potentials, deeper networks and the logistic loss.

Each margin over its last value, once $\mathcal L<1$. (a) $\log(1/\mathcal L)/r^L$ with $r=Q_1^{-1}(\sum Q_1(\theta_i))$
for potentials that no paper treats, cosh among them (4-8-1 ReLU). (b) $\log(1/\mathcal L)/Q^{L/\alpha}$ for hyperbolic
entropy ($\alpha=1$), the hyperbolic-aware potential ($\alpha=2$) and, with $-\log(e^\mathcal L-1)$, for the logistic
loss ($|x|^{3/2}$). (c) Three and four layers, gradient flow: degrees $L=3$ (leaky ReLU), 4 (linear) and 7 (squared
ReLU).
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.homogeneous_margins import PLAIN, deep, entropic, family, logistic

EXPERIMENTS = [family, entropic, logistic, deep]
CLAIMS = [
    "homogeneous/general-form",
    "homogeneous/monotone-entropies",
    "homogeneous/monotone-logistic",
    "homogeneous/monotone-deep",
]
NAMES = {"|x|³/3+x²/2": r"$|x|^3/3+x^2/2$", "x⁴/40+x²/2": r"$x^4/40+x^2/2$", "cosh x+x²": r"$\cosh x+x^2$"}


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.7)
    panels = [
        [(NAMES.get(case.potential, r"$\cosh x$"), path, None) for case, path in data[family]],
        [(case.potential, path, PLAIN[case.potential][1]) for case, path in data[entropic].where(draw=0)]
        + [("logistic loss", data[logistic].only(p=1.5, draw=0), 1.5)],
        [(case.network, path, 2.0) for case, path in data[deep].where(p=2.0)],
    ]
    for panel, shown in zip(axes, panels, strict=True):
        for (label, path, alpha), look in zip(shown, plotting.looks(len(shown)), strict=True):
            progress, margin = -np.asarray(path.log_loss), np.asarray(mf.observe.smoothed_margin(path, alpha=alpha))
            small = progress > (0.4 if label == "logistic loss" else 0.1)
            style = {**look, "markevery": 12, "markersize": 3.5}
            panel.semilogx(progress[small], margin[small] / margin[-1], **style, label=label)
        panel.set(xlabel=r"$-\log\mathcal{L}$", ylim=(0, 1.5), yticks=np.linspace(0, 1, 6))
        panel.legend(loc="upper left", fontsize=6, labelspacing=0.3)  # above the curves, which leave no room below
    axes[0].set(ylabel="margin over its last value")
    axes[1].set(ylabel="margin over its last value")
    axes[2].set(ylabel="margin over its last value")
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
