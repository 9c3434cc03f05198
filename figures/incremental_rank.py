r"""Rank is learned one by one, and theory says when.

Gradient flow on $UU^T$ from factors of size $s$, 40 measurements of a $5\times5$ matrix of rank 3. (a) Singular values
from $s=10^{-60}$, held in graded factors to full relative accuracy; dashes: $s^{2e_i}$ with the exponents computed
without an equation, from the minima of each rank and the growth next to them. (b) The effective rank becomes a
staircase in $\tau=t/\log(1/s)$ as $s$ falls. (c) What is left between arrival (at $\sigma_k=e^{-10}$) and prediction
stays bounded, so that it vanishes in $\tau$; it settles late where two rates of growth are close.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.matrices import DECADES, SIDE, arrivals, ranks

EXPERIMENTS = [ranks]
CLAIMS = ["matrices/arrival-times", "matrices/exponents", "matrices/plateaus", "matrices/rank-on-plateaus"]
SHOWN = 60


def draw(data):
    figure, (left, middle, right) = plotting.canvas(1, 3, height=2.7)
    runs = {decades: data[ranks].only(product="UUᵀ", draw=0, decades=decades) for decades in DECADES}
    run = runs[SHOWN]
    tau, logs = np.asarray(run["tau"]), np.asarray(run["logs"]) / np.log(10)
    times, rates = np.asarray(run["times"]), np.asarray(run["rates"])
    corners = np.concatenate([[0.0], times, tau[-1:]])  # of UUᵀ, whose rates change at arrivals only
    falls = np.concatenate([np.zeros((1, SIDE)), np.cumsum(np.diff(corners)[:, None] * rates, axis=0)])
    for i, look in enumerate(plotting.looks(SIDE)):
        left.plot(tau, logs[:, i], color=look["color"], linestyle="-", linewidth=2.2, label=rf"$\sigma_{i + 1}$")
        predicted = -2 * SHOWN * np.clip(1 - falls[:, i], 0, None)
        plotting.predicted(left, corners, predicted, label=None)
    left.set(xlabel=r"$\tau=t/\log(1/s)$", ylabel=r"$\log_{10}\sigma_i(X_t)$", ylim=(logs.min() - 8, 12))
    left.legend(
        ncols=2, loc="upper right", bbox_to_anchor=(1.02, 0.62), fontsize=7, columnspacing=0.8, handlelength=1.2
    )
    for decades, look in zip((DECADES[0], DECADES[-1]), plotting.looks(2), strict=True):
        found = runs[decades]
        rank = mf.observe.effective_rank(found["path"])
        label = rf"$s=10^{{-{decades}}}$"
        middle.plot(found["tau"], rank, color=look["color"], linestyle=look["linestyle"], label=label)
    for time in times:
        middle.axvline(time, **plotting.PREDICTED)
    middle.set(xlabel=r"$\tau=t/\log(1/s)$", ylabel="effective rank of $X_t$", ylim=(0.9, 3.3))
    middle.legend(loc="lower right", fontsize=7)
    shifts = np.array([arrivals(found, d * np.log(10)) - times * d * np.log(10) for d, found in runs.items()])
    for k, look in enumerate(plotting.looks(len(times))):
        right.plot(DECADES, shifts[:, k], **look, label=f"rank {k + 1}")
    right.set(xlabel=r"$\log_{10}(1/s)$", ylabel=r"$t_k-\tau_k\log(1/s)$", xlim=(0, 250))
    right.legend(fontsize=7)
    plotting.letters((left, middle, right))
    return figure


if __name__ == "__main__":
    plotting.main()
