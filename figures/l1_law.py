r"""The $\ell_1$ law of hyperbolic entropy: exponents and constants from the linear program.

Separable data sets with fewer samples than features, hyperbolic entropy to $\log t=10^5$; one marker is one coordinate
of one data set that has settled. (a) The slope of its dual $z_j$ against $A=\max|z|$, from $\log t=10^4$ on, against
$c_j=\sum\lambda^*_iy_iz_{ij}$: the share $|x_j|/\|x\|_1$ falls like $(\log t)^{-\delta_j}$ with $\delta_j=1-|c_j|$.
(b) The dual itself at $\log t=10^5$ against $Ac_j+\langle\mu,Z_j\rangle$, open markers, and against $Ac_j$ alone, dots:
what the constant of the law contributes.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.max_margin_l1 import constant_law, many_entropies, settled, slopes

EXPERIMENTS = [many_entropies]
CLAIMS = ["max-margin/l1-slopes", "max-margin/l1-constant"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=3.0)
    pairs = [pair for _, found in data[many_entropies].where(support="any") for pair in settled(found)]
    off = np.concatenate([best.dual_slacks > 1e-9 for _, best in pairs])
    dual = np.concatenate([best.dual for _, best in pairs])
    steep = np.concatenate([slopes(x) for x, _ in pairs])
    reached = np.concatenate([np.arcsinh(x[-1]) for x, _ in pairs])
    first, second = plotting.looks(2)
    for chosen, look, label in ((~off, second, "on the support"), (off, first, "off the support")):
        style = _style(look)
        left.plot(dual[chosen], steep[chosen], **style, label=label)
        for history, dots in ((1.0, {}), (0.0, {"marker": ".", "markersize": 2.5})):
            law = np.concatenate([constant_law(x, best, history=history) for x, best in pairs])
            right.plot(law[chosen], reached[chosen], **{**style, **dots}, label=label if history else None)
    plotting.predicted(left, [-1, 1], [-1, 1], label="slope $=c_j$")
    plotting.predicted(right, [-14, 14], [-14, 14], label="the law")
    left.set(xlabel=r"$c_j$ of the linear program", ylabel="measured slope of $z_j$")
    right.set(xlabel=r"$Ac_j+\langle\mu,Z_j\rangle$ (dots: $Ac_j$)", ylabel=r"measured $z_j$ at $\log t=10^5$")
    left.legend(loc="upper left")
    right.legend(loc="upper left")
    plotting.letters((left, right))
    return figure


def _style(look):
    style = {"linestyle": "none", "marker": look["marker"], "color": look["color"]}
    return style | {"markerfacecolor": "none", "markersize": 4, "markeredgewidth": 0.8}


if __name__ == "__main__":
    plotting.main()
