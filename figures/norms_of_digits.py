r"""Norms and margins on handwritten digits, potential by potential.

One draw of each task to $\log\mathcal L=-30$. (a) Smoothed margins $\log(1/\mathcal L)/Q^{L/\alpha}$ over their last
values, which never fall; tasks by dashes: 3 or 5 fully connected (solid), with filters (dashed), ten digits (dotted).
(b) $\|\theta\|_1/\sqrt{n}\|\theta\|_2$ of all $n$ parameters: 1 where all are of one size, about 0.8 at a Gaussian
start; the smaller $p$, the sparser. (c) $\|\theta\|_2$ against $\log t$, and how $(\log t)^{1/2}$ grows (black dashes).
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._digits import FILTERS, PAIR, TEN
from mirrorflow.content.checks._features import POWERS
from mirrorflow.content.checks._networks import entries
from mirrorflow.content.checks.features_digits import EXPONENTS, digits

EXPERIMENTS = [digits]
CLAIMS = ["features/margin-of-digits"]
DASHES = {PAIR: "-", FILTERS: (0, (5, 1.5)), TEN: (0, (1, 1))}


def draw(data):
    figure, (left, middle, right) = plotting.canvas(1, 3, height=2.8)
    colours = dict(zip(POWERS, (look["color"] for look in plotting.looks(3)), strict=True))
    for case, path in data[digits].where(draw=0):
        if case.potential not in POWERS:
            continue
        style = {"color": colours[case.potential], "linestyle": DASHES[case.task]}
        label = f"${case.potential}$" if case.task == PAIR else None
        progress, log_time = -np.asarray(path.log_loss), np.asarray(path.log_time)
        rows = entries(path)
        small = progress > 0.5
        margin = np.asarray(mf.observe.smoothed_margin(path, alpha=EXPONENTS[case.potential]))
        left.plot(progress[small], margin[small] / margin[-1], **style, label=label)
        size = np.linalg.norm(rows, axis=1)
        middle.plot(progress, np.abs(rows).sum(axis=1) / size / np.sqrt(rows.shape[1]), **style, label=label)
        late = log_time > 1
        right.loglog(log_time[late], size[late], **style, label=label)
    times = np.array([5.0, 30.0])
    plotting.predicted(right, times, 1.2 * times**0.5, label="slope 1/2")
    left.set(xlabel=r"$-\log\mathcal{L}$", ylabel="margin over its last value", ylim=(0, 1.05))
    middle.set(xlabel=r"$-\log\mathcal{L}$", ylabel=r"$\|\theta\|_1/\sqrt{n}\,\|\theta\|_2$", ylim=(0, 1))
    right.set(xlabel=r"$\log t$", ylabel=r"$\|\theta\|_2$")
    left.legend(loc="lower right")
    right.legend(fontsize=7)
    plotting.letters((left, middle, right))
    return figure


if __name__ == "__main__":
    plotting.main()
