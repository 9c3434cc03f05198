r"""Margins and norms of ReLU networks under powers.

A 4-8-1 ReLU network, 10 samples, exponential loss, to $\log\mathcal L=-300$. (a) The margin
$\log(1/\mathcal L)/Q^{L/p}$ over its last value never falls. Dots: half of $\alpha=p$ in its place, over its largest
value, does fall. (b) $\|\theta\|_p$ against $\log t$, over its last value; black dashes: the slope $1/L=1/2$.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._networks import entries
from mirrorflow.content.checks.homogeneous import two_layers

EXPERIMENTS = [two_layers]
CLAIMS = ["homogeneous/monotone"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9)
    runs = data[two_layers]
    for (case, path), look in zip(runs, plotting.looks(len(runs)), strict=True):
        log_loss, log_time = np.asarray(path.log_loss), np.asarray(path.log_time)
        small = log_loss < -0.1
        margin = np.asarray(mf.observe.smoothed_margin(path, alpha=case.p))[small]
        other = np.asarray(mf.observe.smoothed_margin(path, alpha=case.p / 2))[small]
        left.semilogx(
            -log_loss[small], margin / margin[-1], **{**look, "markevery": 12}, label=rf"$\alpha=p={case.p:g}$"
        )
        label = rf"$\alpha=p/2={case.p / 2:g}$"
        left.semilogx(-log_loss[small], other / other.max(), color=look["color"], linestyle=":", label=label)
        size = (np.abs(entries(path)) ** case.p).sum(axis=1) ** (1 / case.p)
        late = log_time > 1
        right.loglog(log_time[late], size[late] / size[-1], **{**look, "markevery": 12}, label=f"$p={case.p:g}$")
    times = np.array([3.0, 300.0])
    plotting.predicted(right, times, (times / 300) ** 0.5, label=r"$(\log t)^{1/L}$")
    left.set(xlabel=r"$-\log\mathcal{L}$", ylabel=r"margin $\log(1/\mathcal{L})/Q^{L/\alpha}$, relative")
    right.set(xlabel=r"log time of the loss, $\log t$", ylabel=r"$\|\theta\|_p$ over its last value")
    left.legend(loc="lower center", fontsize=7)
    right.legend()
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
