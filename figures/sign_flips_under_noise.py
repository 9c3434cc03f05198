r"""What noise, finite steps, decay and resets do to balances and to flips.

(a) $m^2-w^2$ of one weight under the penalty $0.05(m^2+w^2)$, without resets and with one every 2 units of time; dashes
are $\beta e^{-4\alpha t}$. (b, c) Share of 256 starts in $d=2$, $a_0<0$ and $\beta=1$ for every
weight, whose $a$ has flipped by $t=400$, with 95 % intervals; "noise" is batches of 8 fresh samples, decay is
$\alpha=0.01$. (b) $a_0=-\|w_0\|$, where the flow flips in the end: large noisy steps hasten it. (c) $|a_0|$ five per
cent above its value $a_*$ on the separatrix, where the flow does not flip.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sign_flips_steps import BALANCE, COUNT, EVERY, STRENGTH, decayed, flipped, uniform
from mirrorflow.content.figures._labels import TIME

EXPERIMENTS = [decayed, uniform]
CLAIMS = ["sign-flips/balance-under-noise", "sign-flips/uniform-under-noise", "sign-flips/resets-under-decay"]
SHORT = {
    "steps 0.05": r"$\eta=0.05$",
    "steps 0.5": r"$\eta=0.5$",
    "steps 0.05, batches of 8": r"$\eta=0.05$, noise",
    "steps 0.2, batches of 8": r"$\eta=0.2$, noise",
    "steps 0.5, batches of 8": r"$\eta=0.5$, noise",
}


def draw(data):
    figure, axes = plotting.canvas(1, 3, height=3.0, width_ratios=(1, 1, 1))
    for (case, path), look in zip(data[decayed], plotting.looks(2), strict=True):
        theta, time = np.asarray(path.parameters), np.asarray(path.time)
        label = "with resets" if case.resets else "without"
        axes[0].plot(time, theta[:, 0, 0] ** 2 - theta[:, 1, 0] ** 2, color=look["color"], label=label)
        pieces = [(0, time[-1])] if not case.resets else [(k * EVERY, (k + 1) * EVERY) for k in range(4)]
        for first, last in pieces:
            t = np.linspace(first, last, 30)
            told = BALANCE * np.exp(-4 * STRENGTH * (t - first))
            plotting.predicted(axes[0], t, told, label="predicted" if case.resets and first == 0 else None)
    axes[0].set(xlabel=TIME, ylabel=r"balance $m^2-w^2$ (weight units)", ylim=(0, 0.8))
    axes[0].legend(loc="lower left")
    titles = {"equal": r"$a_0=-\|w_0\|$", "beyond": r"$|a_0|=1.05\,a_*$"}
    for axis, (start, title) in zip(axes[1:], titles.items(), strict=True):
        _shares(axis, data[uniform].where(start=start))
        axis.set(title=title, xlim=(0, 1), xlabel="share of starts that flipped")
    axes[1].set_ylabel("steps $\\eta$, samples, decay, resets", fontsize=8)
    axes[2].sharey(axes[1])
    axes[2].tick_params(labelleft=False)
    plotting.letters(axes)
    return figure


def _shares(axis, runs):
    labels = []
    for place, (case, result) in enumerate(runs):
        share = flipped(result).mean()
        width = 1.96 * np.sqrt(max(share * (1 - share), 1 / COUNT) / COUNT)
        colour = plotting.COLOURS[0 if case.decay == 0 else 4]
        axis.barh(-place, share, xerr=width, color=colour, alpha=0.75 if not case.resets else 0.4, height=0.7,
                  error_kw={"elinewidth": 0.8})  # fmt: skip
        also = (", decay" if case.decay else "") + (", resets" if case.resets else "")
        labels.append(SHORT[case.way] + also)
    axis.set_yticks(-np.arange(len(labels)), labels, fontsize=7)
    axis.grid(False, axis="y")


if __name__ == "__main__":
    plotting.main()
