r"""$\alpha$ takes HAM from the least $\ell_2$ norm to the least $\ell_1$ norm.

Where HAM with $\beta=0$ ends from $\theta=0$ on one underdetermined regression (6 samples, 10 features).
(a) Distance from the interpolators of least $\ell_2$ and of least $\ell_1$ norm, relative to their norms. (b) The ten
weights at the end; dashes are $\arg\min\{R_\alpha(\theta):A\theta=b\}$.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_bias import ALPHAS, away, shapes

EXPERIMENTS = [shapes]
CLAIMS = ["sparse-optimizers/ham-bias", "sparse-optimizers/ham-shape"]


def draw(data):
    import mirrorflow as mf

    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    runs = data[shapes]
    for norm, look in zip(("2", "1"), plotting.looks(2), strict=True):
        left.plot(ALPHAS, [away(run, f"ℓ{norm}") for _, run in runs], **look, label=rf"from least $\ell_{norm}$ norm")
    left.set(xscale="log", xlabel=r"$\alpha$", ylabel="relative distance", ylim=(0, None))
    left.legend()
    ends = np.stack([run["end"] for _, run in runs])
    problem = mf.problems.LinearRegression(runs[0].result["design"], runs[0].result["target"])
    told = [mf.predict.bregman_projection(problem, mf.potentials.HyperbolicAware(a), np.zeros(10)).x for a in ALPHAS]
    for weight, look in enumerate(plotting.looks(ends.shape[1])):
        right.plot(ALPHAS, ends[:, weight], color=look["color"], linestyle="-", linewidth=1.8, alpha=0.75)
        plotting.predicted(right, ALPHAS, np.stack(told)[:, weight], label="least $R_\\alpha$" if weight == 0 else None)
    right.axhline(0, color="0.3", linewidth=0.6)
    right.set(xscale="log", xlabel=r"$\alpha$", ylabel=r"weight $\theta_i$ at the end")
    right.legend()
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
