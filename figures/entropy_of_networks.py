r"""What of the linear rates is left for networks: shares and slacks, not the gap.

4-8-1 ReLU networks, 10 samples, at $\log\mathcal L=-3000$. (a) The shares $e^{-q_i}/\sum e^{-q}$ of the samples against
the multipliers of the KKT conditions (non-negative least squares). (b) The samples' part of the gap times $\log t$
(filled), which is the entropy $H-H_\infty$ of the multipliers, and the whole gap's constant (open), which is much
larger: the weights' part. (c) Exponents with which neurons' strengths $|a_j|\,\|w_j\|$ grow in $\log t$ against
$\|v_j\|/\|v_1\|$, $p=2$: two-layer networks are $\ell_1$ over neurons, with a slack for each.
"""

from mirrorflow import plotting
from mirrorflow.content.checks.homogeneous_rates import entropies, gap_constant, long, shares, slack_of_neurons

EXPERIMENTS = [long]
CLAIMS = [
    "homogeneous/shares-are-multipliers",
    "homogeneous/entropy-law-of-the-gap",
    "homogeneous/slack-of-neurons",
]


def draw(data):
    figure, (left, middle, right) = plotting.canvas(1, 3, height=2.7)
    looks = dict(zip((1.75, 2.0), plotting.looks(2), strict=True))
    for case, path in data[long]:
        look, first = looks[case.p], case.draw == 1
        style = {"linestyle": "none", "marker": look.get("marker") or "o", "color": look["color"], "markersize": 4}
        multipliers, weights, margins = shares(path)
        left.plot(multipliers, weights, **style, label=f"$p={case.p:g}$" if first else None)
        law = entropies(multipliers)
        part = weights @ (margins - margins.min())
        middle.semilogy(law, part, **style, label=f"samples' part, $p={case.p:g}$" if first else None)
        label = f"whole gap, $p={case.p:g}$" if first else None
        middle.semilogy(law, gap_constant(case, path), **style, fillstyle="none", label=label)
    found = slack_of_neurons(data[long])
    right.plot(found.predicted, found.measured, "o", markersize=4)
    lines = ((left, (0, 0.7)), (middle, (0.3, 0.8)), (right, (0.7, 1.05)))
    for panel, ends in lines:
        plotting.predicted(panel, ends, ends)
    left.set(xlabel=r"multiplier $\lambda_i/\sum\lambda$", ylabel=r"share $e^{-q_i}/\sum e^{-q}$")
    middle.set(xlabel=r"entropy $H-H_\infty$", ylabel=r"gap $\cdot\log t$", ylim=(0.2, 1000))
    right.set(xlabel=r"pull $\|v_j\|/\|v_1\|$", ylabel=r"exponent of $|a_j|\,\|w_j\|$ in $\log t$")
    for panel in (left, middle, right):
        panel.legend(loc="upper left", fontsize=6)
    plotting.letters((left, middle, right))
    return figure


if __name__ == "__main__":
    plotting.main()
