r"""What decay does to matrices: from Frobenius-like towards nuclear-like, and it lasts.

The ratio $\|X\|_*/\|X\|_F$ over time, which is $\sqrt{\mathrm{rank}}$ for equal singular values and 1 for rank one;
decay is on for $t<2$ (grey). (a) $X=UV^T$ fitted to 24 measurements of an $8\times8$ matrix of rank 2. (b) A softmax
layer $X=K^TQ$, two draws (the second thin). (c) Low-rank adaptation $W_0+BA$ of a change of rank 1, strongest decay,
three draws: with 40 measurements the ratio goes on falling after the decay has ended, with 24 it need not. None of the
three commutes, so that no theorem covers them: all is measured.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.regularized_attention import attention
from mirrorflow.content.checks.regularized_matrices import OFF, adaptation, adapter_ratio, matrices
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [matrices, attention, adaptation]
CLAIMS = ["regularized/matrix-ratio", "regularized/attention-ratio", "regularized/adapter-ratio"]


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.7)
    found = data[matrices].where(product="UVᵀ")
    for (case, path), look in zip(found, plotting.looks(len(found)), strict=True):
        ratio = mf.observe.nuclear_frobenius_ratio(path)
        _line(axes[0], path.time, ratio, look)
        _name(axes[0], ratio[-1], case.strength, look)
    strengths = (0.0, 0.05, 0.2)
    for strength, look in zip(strengths, plotting.looks(3), strict=True):
        for case, path in data[attention].where(strength=strength):
            ratio = mf.observe.nuclear_frobenius_ratio(path)
            _line(axes[1], path.time, ratio, look, linewidth=1.3 if case.draw == 0 else 0.7)
            if case.draw == 0:
                _name(axes[1], ratio[-1], strength, look)
    for measurements, look in zip((40, 24), plotting.looks(2), strict=True):
        for case, run in data[adaptation].where(strength=0.3, measurements=measurements):
            label = f"{measurements} measurements" if case.draw == 0 else None
            _line(axes[2], run["path"].time[1:], adapter_ratio(run), look, label)
    for axis, title in zip(axes, ("$X=UV^T$", "$X=K^TQ$", r"$BA$ of $W_0+BA$, $\alpha=0.3$"), strict=True):
        axis.axvspan(0, OFF, color="0.9", linewidth=0, zorder=0)
        axis.set(xlabel=TIME, ylabel=r"$\|\cdot\|_*/\|\cdot\|_F$", title=title)
    for axis in axes[:2]:
        axis.set_xlim(-1, 27)
        axis.set_xticks([0, 10, 20])
    axes[2].legend(fontsize=7)
    plotting.letters(axes)
    return figure


def _name(axis, height, strength, look):
    axis.annotate(
        rf"$\alpha={strength:g}$", (20, float(height)), (3, 0), textcoords="offset points", va="center",
        color=look["color"], fontsize=7,
    )  # fmt: skip


def _line(axis, time, ratio, look, label=None, linewidth=1.3):
    axis.plot(
        np.asarray(time), ratio, color=look["color"], linestyle=look["linestyle"], linewidth=linewidth, label=label
    )


if __name__ == "__main__":
    plotting.main()
