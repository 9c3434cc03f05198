r"""Decay is stored: how much was spent counts, not when.

Sparse regression on $m\odot w$ with decay $\alpha=1$ until $t=\frac12$, $\alpha=\frac12$ until $t=1$, and
$\alpha=\frac12$ until $t=\frac12$. (a) The decay spent: the first two meet at $t=1$. (b) The balance $m_t^2-w_t^2$
of all coordinates, which keeps what was spent after the decay has ended ($e^{-4A_t}$, dashes). (c) Distance from the
path of the first: the second comes to the same limit, to the accuracy of integration (of its dual variable), the
third, which spent half, to another.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.regularized_limits import storage
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [storage]
CLAIMS = ["regularized/storage", "regularized/storage-in-the-dual"]
LABELS = {
    "2λ for T": r"$\alpha=1$, $t<\frac{1}{2}$",
    "λ for 2T": r"$\alpha=\frac{1}{2}$, $t<1$",
    "λ for T": r"$\alpha=\frac{1}{2}$, $t<\frac{1}{2}$",
}


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=2.6)
    runs = data[storage]
    first = np.asarray(runs.only(arm="2λ for T")["mirror flow"].x)
    for (arm, label), look in zip(LABELS.items(), plotting.looks(3), strict=True):
        run = runs.only(arm=arm)
        line = {"color": look["color"], "linestyle": look["linestyle"], "label": label}
        time, spent = np.asarray(run["path"].time), np.asarray(run["spent"])
        m, w = np.asarray(run["path"].parameters).swapaxes(0, 1)
        axes[0].plot(time, spent, **line)
        balance = m**2 - w**2
        axes[1].semilogy(time, balance.min(axis=1), **line)
        axes[1].semilogy(time, balance.max(axis=1), **line | {"label": None})
        plotting.predicted(axes[1], time, np.exp(-4 * spent), label=None)
        if arm != "2λ for T":
            distance = np.linalg.norm(np.asarray(run["mirror flow"].x) - first, axis=1)
            axes[2].loglog(time[1:], distance[1:], **line)
    for axis in axes[:2]:
        axis.set(xlabel=TIME, xlim=(0, 2))
    axes[0].set(ylabel=r"decay spent $A_t=\int_0^t\alpha$", ylim=(0, 0.9))
    axes[0].legend(loc="upper right", ncols=1)
    axes[1].set(ylabel="balance $m_t^2-w_t^2$", ylim=(0.1, 1.0))
    axes[1].set_yticks([0.1, 0.2, 0.5, 1.0], ["0.1", "0.2", "0.5", "1"])
    axes[1].minorticks_off()
    axes[2].set(xlabel=TIME, ylabel=r"$\|x_t-x_t^{(\alpha=1)}\|_2$")
    axes[2].legend(loc="lower left")
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
