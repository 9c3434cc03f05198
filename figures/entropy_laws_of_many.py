r"""The constant of the margin gap is an entropy, on every data set.

Separable data sets drawn at random, each followed to $\log t=10^5$; one marker is one data set. (a) The relative margin
gap times $\log t$ against the law: $H(p)-H_\infty(p)$ for powers and for hyperbolic entropy,
$(1+\gamma^*)[(H-H_\infty)(p)/\gamma^*+(H-H_\infty)(|c|)]$ for cosh. For $p=\frac{3}{2}$ and for hyperbolic entropy off
the support of the $\ell_1$ solution the samples' part of the gap is shown. (b) How far each is from the law: below
$10^{-3}$ where the law is that of a power or of cosh; hyperbolic entropy approaches it in powers of $\log t$ that the
data decide (data sets that have not settled, or have a tie, are left out).
"""

import numpy as np
from matplotlib.ticker import FixedLocator, NullFormatter

from mirrorflow import plotting
from mirrorflow.content.checks.max_margin_many import (
    constants,
    entropies,
    has_settled,
    many_cosh,
    many_entropies,
    many_powers,
    untied,
)

EXPERIMENTS = [many_powers, many_cosh, many_entropies]
CLAIMS = ["max-margin/entropy-law-of-many", "max-margin/cosh-law-of-many", "max-margin/entropy-law-of-l1"]
NAMES = {"powers": r"$p=\frac{3}{2},\,2,\,3$", "cosh": "cosh", "full": "entropy, full support", "any": "entropy, any"}


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=3.0)
    points = laws(data)
    for (name, (law, found)), look in zip(points.items(), plotting.looks(len(points)), strict=True):
        style = {"linestyle": "none", "marker": look["marker"], "color": look["color"], "markerfacecolor": "none"}
        style |= {"markersize": 3.5, "markeredgewidth": 0.8}
        left.loglog(law, found, **style, label=NAMES[name])
        right.loglog(law, np.maximum(np.abs(found / law - 1), 1e-7), **style)
    ends = np.array([min(law.min() for law, _ in points.values()), max(law.max() for law, _ in points.values())])
    plotting.predicted(left, ends, ends, label="the law")
    left.set(xlabel="the law: entropies of the multipliers", ylabel=r"gap $\times\log t$ at $\log t=10^5$")
    right.set(xlabel="the law: entropies of the multipliers", ylabel="relative deviation from the law")
    for axis in (left.xaxis, left.yaxis, right.xaxis):
        axis.set_major_locator(FixedLocator([0.1, 0.2, 0.5, 1, 2, 5]))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    left.legend(loc="upper left")
    plotting.letters((left, right))
    return figure


def laws(data):
    """What theory says and what was measured, by kind of flow."""
    found = {"powers": ([], []), "cosh": ([], []), "full": ([], []), "any": ([], [])}
    for case, runs in data[many_powers]:
        measured, bests = constants(runs, case.p, "gap" if case.p >= 2 else "samples")
        _add(found["powers"], [entropies(best.shares) for best in bests], measured)
    for _, runs in data[many_cosh]:
        measured, bests = constants(runs, np.inf)
        law = [_of_cosh(best) for best in bests]
        _add(found["cosh"], law, measured)
    for case, runs in data[many_entropies]:
        measured, bests = constants(runs, 1.0, "gap" if case.support == "full" else "samples")
        kept = [has_settled(best) and untied(best) for best in bests]
        _add(found[case.support], np.array([entropies(best.shares) for best in bests])[kept], measured[kept])
    return {name: (np.concatenate(law), np.concatenate(value)) for name, (law, value) in found.items()}


def _add(pair, law, measured):
    pair[0].append(np.asarray(law))
    pair[1].append(np.asarray(measured))


def _of_cosh(best):
    return (1 + best.margin) * (entropies(best.shares) / best.margin + entropies(np.abs(best.dual)))


if __name__ == "__main__":
    plotting.main()
