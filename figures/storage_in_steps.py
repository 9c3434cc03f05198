r"""Steps of PILoT store what decay has done, up to their size.

Limits of PILoT on one underdetermined regression, the decay 0.4 until $t=1$, 0.2 until $t=2$, 0.2 until $t=1$, or none.
(a) The ten weights at the end; dashes are the limits of the flow, which depend on $\int\alpha$ alone. (b) The distance
between the ends of the first two, and of the first and the third, against the step size.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_pilot import ARMS, RATES, limit_of, stored

EXPERIMENTS = [stored]
CLAIMS = ["sparse-optimizers/pilot-storage", "sparse-optimizers/pilot-rest"]
WORDS = {"strong": "0.4 until 1", "long": "0.2 until 2", "weak": "0.2 until 1", "none": "none"}


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9)
    (run,) = (result for _, result in data[stored])
    order = np.argsort(-np.abs(run["none"][-1]))
    place = np.arange(1, len(order) + 1)
    for (name, (strength, off)), look, shift in zip(
        ARMS.items(), plotting.looks(4), (-0.2, 0.2, 0.0, 0.0), strict=True
    ):
        style = {"color": look["color"], "marker": look["marker"], "linestyle": "none"}
        left.plot(place + shift, run[name][-1][order], **style, label=WORDS[name])
        told = limit_of(run, strength * off)[order]
        left.hlines(told, place - 0.35, place + 0.35, color="black", linewidth=0.8)
    left.axhline(0, color="0.3", linewidth=0.6)
    left.set(xlabel="weight, by its size without decay", ylabel=r"$\theta_i$ at the end", xticks=place)
    left.legend(fontsize=7, title="decay", title_fontsize=7)
    for other, words, look in zip(
        ("long", "weak"), (r"equal $\int\alpha$", r"half of $\int\alpha$"), plotting.looks(2), strict=True
    ):
        gap = np.max(np.abs(run["strong"] - run[other]), axis=1)
        right.loglog(RATES, gap, color=look["color"], marker=look["marker"], linestyle="none", label=words)
        if other == "long":
            plotting.predicted(right, RATES, gap[-1] * RATES / RATES[-1], label="slope 1")
    right.set(xlabel=r"step size $\eta$", ylabel="distance of the limits")
    right.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
    right.minorticks_off()
    right.legend(fontsize=7)
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
