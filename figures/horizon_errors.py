r"""How slowly a potential takes the shape of its horizon.

(a) At one direction, the relative difference between the gauge of the level set of $R$ through $x$ and the horizon,
against $\log(\|x\|/\rho)$, up to $\|x\|=e^{650}$: potentials with a logarithm, $|x|\log|x|$ (hyperbolic entropy) and
$|x|^\alpha\log|x|$, come closer like $1/\log\|x\|$ only (black dashes). (b) Sums of powers, and the balance function
$Q=\sqrt{x^2+\rho^2}$ of hyperbolic entropy, come closer like powers of $\|x\|$, the latter like
$\rho^2/\|x\|^2$. Along a flow $\|x_t\|\sim\log t$, so that the first are of order $1/\log\log t$.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.max_margin_exponents import SHAPES, shapes

EXPERIMENTS = [shapes]
CLAIMS = ["max-margin/horizon-errors"]
LABELS = {
    "entropy": "hyperbolic entropy",
    "x² log": r"$x^2\log(1+|x|)$",
    "x³ᐟ² log": r"$|x|^{3/2}\log(1+|x|)$",
    "x³+x²": r"$|x|^3+x^2$",
    "balance": "$Q$ of hyperbolic entropy",
}


def draw(data):
    figure, axes = plotting.canvas(1, 2, height=2.9)
    looks = dict(zip(SHAPES, plotting.looks(len(SHAPES)), strict=True))
    for axis, kind in zip(axes, ("log", "size"), strict=True):
        for case, found in data[shapes]:
            if SHAPES[case.shape][2] != kind:
                continue
            abscissa, errors = np.asarray(found["abscissa"]), np.asarray(found["errors"])
            axis.loglog(abscissa, errors, **{**looks[case.shape], "markevery": 4}, label=LABELS[case.shape])
            plotting.predicted(
                axis, abscissa, errors[-1] * (abscissa / abscissa[-1]) ** SHAPES[case.shape][3], label=None
            )
        axis.legend(loc="lower left")
    axes[0].set(xlabel=r"$\log(\|x\|/\rho)$", ylabel="gauge of the level set over horizon, less 1")
    axes[1].set(xlabel=r"$\|x\|$", ylabel="gauge of the level set over horizon, less 1")
    axes[0].set_ylim(bottom=2e-4)
    plotting.letters(axes)
    return figure


if __name__ == "__main__":
    plotting.main()
