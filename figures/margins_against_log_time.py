"""Each potential finds the margin of its horizon.

Separable data (12 samples, 8 features, exponential loss), started at 0. (a) The relative margin gap
$1-\\gamma(x_t)/\\gamma^*$ in each potential's own norm against $\\log t$: powers $p$ close it like $1/\\log t$,
hyperbolic entropy ($\\ell_1$) as slowly as the data's dual slack says, cosh ($\\ell_\\infty$) with a larger constant.
Black dashes: the entropy law $(H-H_\\infty)/\\log t$ for $p=2$ and its form for cosh. (b) The size of $x$ in the same
norms, relative to $\\log t/\\gamma^*$ (for cosh $\\log t/(1+\\gamma^*)$), which tends to 1.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.max_margin import best_of, powers
from mirrorflow.content.checks.max_margin_rates import cosh, entropic, entropies

EXPERIMENTS = [powers, entropic, cosh]
CLAIMS = [
    "max-margin/direction",
    "max-margin/margin-gap",
    "max-margin/norm-growth",
    "max-margin/one-horizon",
    "max-margin/cosh-growth",
    "max-margin/cosh-margin",
]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9)
    shown = [
        (r"$p=\frac{3}{2}$", 1.5, data[powers].only(p=1.5, draw=0)),
        ("$p=2$", 2.0, data[powers].only(p=2.0, draw=0)),
        ("$p=3$", 3.0, data[powers].only(p=3.0, draw=0)),
        (r"entropy, $\rho=1$", 1.0, data[entropic].only(scale=1.0, draw=0)),
        ("cosh", np.inf, data[cosh].only(draw=0)),
    ]
    for (label, p, path), look in zip(shown, plotting.looks(len(shown)), strict=True):
        best, log_time = best_of(path, p), np.asarray(path.log_time)
        gap = mf.observe.margin_certificate(path.x, best).gap
        style = {**look, "markevery": 5, "markersize": 3.5}
        left.loglog(log_time, gap, **style, label=label)
        size = [float(mf.potentials.Lp(p)(x)) for x in np.asarray(path.x)]
        unit = log_time / (1 + best.margin if np.isinf(p) else best.margin)
        right.semilogx(log_time, size / unit, **style, label=label)
        law = {2.0: entropies(best.shares), np.inf: _of_cosh(best)}.get(p)
        if law is not None:
            late = log_time >= 30
            plotting.predicted(left, log_time[late], law / log_time[late], label="entropy law" if p == 2 else None)
    right.axhline(1.0, **plotting.PREDICTED)
    left.set(xlabel="log time of the loss, $\\log t$", ylabel=r"relative margin gap $1-\gamma(x_t)/\gamma^*$")
    right.set(xlabel="log time of the loss, $\\log t$", ylabel=r"$\phi(x_t)$ over its predicted growth", ylim=(0, 2.5))
    left.legend(loc="lower left")
    plotting.letters((left, right))
    return figure


def _of_cosh(best):
    return (1 + best.margin) * (entropies(best.shares) / best.margin + entropies(np.abs(best.dual)))


if __name__ == "__main__":
    plotting.main()
