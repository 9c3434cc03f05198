r"""Every neuron keeps its balance, whatever the potential of its layer.

(a) $Q(w_j)-Q(a_j)$ of the eight hidden neurons of a 4-8-1 ReLU network against $-\log\mathcal L$ ($|x|^{3/2}$),
constant while $Q$ itself grows (gray: its largest value in a neuron). (b) The largest change of a balance, relative to
the largest $Q$ of a neuron, on ReLU networks (powers) and on one of squared ReLU with three layers whose potentials are
hyperbolic entropy, $x^2/2$ and cosh: the solver's error, and nothing else. Black dashes: the claims' tolerance.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.homogeneous import mixed, sides, two_layers

EXPERIMENTS = [two_layers, mixed]
CLAIMS = ["homogeneous/balance", "homogeneous/balance-of-mixtures"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9)
    path = data[two_layers].only(p=1.5, draw=0)
    into, out_of = sides(path)
    progress = -np.asarray(path.log_loss)
    some = progress > 0.1
    for j, look in enumerate(plotting.looks(into.shape[1])):
        left.semilogx(progress[some], (into - out_of)[some, j], color=look["color"], linestyle=look["linestyle"])
    largest = np.maximum(into, out_of).max(axis=1)
    left.semilogx(progress[some], largest[some], color="0.7", linewidth=2.5, zorder=0)
    left.text(13, 3.6, "largest $Q$ of a neuron", color="0.45", fontsize=8)
    left.set(xlabel=r"$-\log\mathcal{L}$", ylabel="balance $Q(w_j)-Q(a_j)$ of each neuron", ylim=(-0.8, 4.2))
    runs = [(f"ReLU, $p={case.p:g}$", path) for case, path in data[two_layers]]
    runs += [("squared ReLU,\nthree potentials", data[mixed].only(network="squared relu, depth 3"))]
    for (label, path), look in zip(runs, plotting.looks(len(runs)), strict=True):
        into, out_of = sides(path)
        balance, scale = into - out_of, max(into.max(), out_of.max())
        drift = np.abs(balance - balance[0]).max(axis=1) / scale
        progress = -np.asarray(path.log_loss)
        some = (progress > 0.1) & (drift > 0)
        right.loglog(progress[some], drift[some], **{**look, "markevery": 12}, label=label)
    right.axhline(1e-6, **plotting.PREDICTED)
    right.set(xlabel=r"$-\log\mathcal{L}$", ylabel="largest change of a balance, relative", ylim=(1e-16, 1e-5))
    right.legend(loc="lower left", fontsize=7)
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
