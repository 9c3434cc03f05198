r"""HORST finds the sparse truth where gradients are noisy.

Regression on 40 samples with 100 features, of which five are $\pm1$ (black ticks). (a) The twenty largest weights of
AdamW and of HORST, gradient noise 0.05, $\lambda=0.2$. (b) $\|\theta\|_1$, for which the truth has 5, with noise and
without, after 16000 steps: without noise HORST is no sparser than AdamW, and driven by the gradient it is AdamW.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_horst_toy import toys

EXPERIMENTS = [toys]
CLAIMS = [
    "sparse-optimizers/horst-toy",
    "sparse-optimizers/horst-toy-by-gradient",
    "sparse-optimizers/horst-without-noise",
    "sparse-optimizers/horst-needs-noise",
]
COLOUR = {"HORST": 0, "AdamW": 1, "driven by the gradient": 2}


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=3.0)
    runs = data[toys]
    for name, look in zip(("AdamW", "HORST"), (plotting.looks(2)[1], plotting.looks(1)[0]), strict=True):
        run = runs.only(optimizer=name, noise=0.05)
        order = np.argsort(-np.abs(run["theta"]))[:20]
        left.plot(np.arange(1, 21), np.abs(run["theta"][order]), **look, linewidth=0.9, label=name)
    left.plot(np.arange(1, 21), np.sort(np.abs(run["truth"]))[::-1][:20], "k_", markersize=9, label="truth", zorder=5)
    left.set(xlabel="rank of the weight", ylabel=r"$|\theta_i|$", ylim=(-0.03, None), xticks=(1, 5, 10, 15, 20))
    left.legend()
    labels = []
    for place, (case, run) in enumerate(runs):
        colour = plotting.COLOURS[COLOUR[case.optimizer]]
        right.barh(-place, run["norm"], color=colour, alpha=0.8, height=0.7)
        noise = "noise" if case.noise else "no noise"
        labels.append(f"{case.optimizer.replace('driven', 'HORST, driven')} · {noise}")
    right.axvline(5, **plotting.PREDICTED)
    right.set_yticks(-np.arange(len(labels)), labels, fontsize=7)
    right.set(xlabel=r"$\|\theta\|_1$ at the end", ylabel="optimizer · gradients")
    right.grid(False, axis="y")
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
