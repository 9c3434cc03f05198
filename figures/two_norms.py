r"""From the least $\ell_2$ to the least $\ell_1$ norm, by scale and depth.

Limits of mirror flow of $u^D-v^D$ from $u=v=\alpha$ on one regression (20 samples, 64 features). (a) Distance of the
limit from the interpolator of least $\ell_2$ norm, with the slope $\alpha^{-4}$ of $D=2$ (dashes).
(b) Distance from the interpolator of least $\ell_1$ norm: deeper differences reach it at larger $\alpha$.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.mirror_flow_limits import SCALES, distance, scales

EXPERIMENTS = [scales]
CLAIMS = ["mirror-flow/large-scale", "mirror-flow/depth"]


def draw(data):
    figure, axes = plotting.canvas(1, 2, height=2.8)
    for (depth, alphas), look in zip(SCALES.items(), plotting.looks(len(SCALES)), strict=True):
        runs = [data[scales].only(depth=depth, alpha=alpha) for alpha in alphas]
        for axis, norm in zip(axes, ("ℓ2", "ℓ1"), strict=True):
            axis.plot(alphas, [distance(run, norm) for run in runs], **look, linewidth=1.0, label=f"$D={depth}$")
    axes[0].set(xscale="log", yscale="log")
    axes[1].set(xscale="log", ylim=(0, None))
    last = distance(data[scales].only(depth=2, alpha=10.0), "ℓ2")
    line = np.array([1.0, 30.0])
    plotting.predicted(axes[0], line, last * (line / 10) ** -4.0)
    for axis, norm in zip(axes, ("2", "1"), strict=True):
        axis.set(
            xlabel=r"scale of the start $\alpha$", ylabel=rf"$\|x_\infty-x_{{\ell_{norm}}}\|/\|x_{{\ell_{norm}}}\|$"
        )
    axes[0].legend()
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
