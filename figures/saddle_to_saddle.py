r"""From saddle to saddle: the predicted jumps, and how slowly they are approached.

Gradient flow on $u\odot v$ in its dual, on the diabetes data (20 patients, 64 features). (a) The coefficients against
$\tau=t/\lambda_\mu$ for $\mu=e^{-4480}$ (lines), and the path computed without an equation (black dashes).
(b) The shift of the jumps times $\log(1/\mu)$, which is level where the shift is $C/\log(1/\mu)$ (dashes: its last
value).
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.mirror_flow_saddles import JUMPS, LOGS, jump_times, saddles

EXPERIMENTS = [saddles]
CLAIMS = ["mirror-flow/plateaus", "mirror-flow/inactive-coordinates", "mirror-flow/jump-times"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    run = data[saddles].only(data="diabetes", log=LOGS[-1])
    tau, x = np.asarray(run["tau"]), np.asarray(run["path"].x)
    steps = np.asarray(run["plateaus"])[np.searchsorted(run["jumps"], tau, side="right").clip(max=JUMPS)]
    shown = np.flatnonzero(np.any(steps != 0, axis=0))
    for k, look in zip(shown, plotting.looks(len(shown)), strict=True):
        left.plot(tau, x[:, k], color=look["color"], linewidth=2.0, label=f"$x_{{{k + 1}}}$")
        plotting.predicted(left, tau, steps[:, k], label="predicted" if k == shown[-1] else None)
    left.set(xlabel=r"$\tau=t/\lambda_\mu$", ylabel="coefficient")
    left.legend()
    runs = [data[saddles].only(data="diabetes", log=log) for log in LOGS]
    shifts = np.array(
        [log * (jump_times(r) - np.asarray(r["jumps"])[:JUMPS]) for log, r in zip(LOGS, runs, strict=True)]
    )
    for k, look in enumerate(plotting.looks(JUMPS)):
        right.semilogx(LOGS, shifts[:, k], **look, label=f"jump {k + 1}")
        plotting.predicted(right, LOGS, np.full(len(LOGS), shifts[-1, k]), label=None)
    right.set(xlabel=r"$\log(1/\mu)$", ylabel=r"$\log(1/\mu)\,(\tau_\mu-\tau)$")
    right.legend()
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
