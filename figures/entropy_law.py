r"""The constant of the margin gap is an entropy, of the samples' part of it.

Mirror flow of $|x|^p/p$ on separable data (12 samples, 8 features; two data sets, filled and open markers). (a) The two
parts of the gap $1-\gamma(x)/\gamma^*$ at $\log t=10^5$, times $\log t$: the part of the samples is
$H(p)-H_\infty(p)$ of the shares $p=\lambda^*/\sum\lambda^*$ for every exponent (black dashes); the part of the features
joins it at $p=\frac{3}{2}$ and outgrows it below. (b) Both parts against $\log t$ for the first data set: the features'
part falls like $(\log t)^{-\min(2p-2,\,2)}$ (black dashes), the samples' part like $1/\log t$ (grey).
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.max_margin_rates import entropies, more_powers, split

EXPERIMENTS = [more_powers]
CLAIMS = ["max-margin/entropy-law", "max-margin/entropy-law-of-the-gap", "max-margin/features-part"]
DRAWS = (3, 4)


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9)
    _constants(left, data[more_powers])
    _decay(right, data[more_powers].where(draw=DRAWS[0]))
    plotting.letters((left, right))
    return figure


def _constants(axis, runs):
    samples, features = plotting.looks(2)
    for draw_number in DRAWS:
        found = [(case.p, split(path, case.p)) for case, path in runs.where(draw=draw_number)]
        exponents = np.array([p for p, _ in found])
        first = draw_number == DRAWS[0]
        for name, look in (("samples", samples), ("features", features)):
            heights = [getattr(parts, name)[-1] * log_time[-1] for _, (parts, _, log_time) in found]
            style = {"color": look["color"], "marker": look["marker"], "linestyle": ":", "linewidth": 0.8}
            style |= {"markerfacecolor": look["color"] if first else "white"}
            axis.semilogy(exponents, heights, **style, label=f"{name}' part" if first else None)
        law = [entropies(best.shares) for _, (_, best, _) in found]
        plotting.predicted(axis, exponents, law, label=r"$H-H_\infty$" if first else None)
    axis.set(xlabel="exponent $p$ of the potential", ylabel=r"part of the gap $\times\log t$", ylim=(1e-6, 30))
    axis.legend(loc="lower left")


def _decay(axis, runs):
    for (case, path), look in zip(runs, plotting.looks(len(runs)), strict=True):
        parts, _, log_time = split(path, case.p)
        axis.loglog(log_time, parts.features, **{**look, "markevery": 4}, label=f"$p={case.p:g}$")
        slope = parts.features[-1] * (log_time / log_time[-1]) ** -min(2 * case.p - 2, 2.0)
        plotting.predicted(axis, log_time, slope, label=None)
        if case.p == 2:
            axis.loglog(log_time, parts.samples, color="0.5", linewidth=1.0, label="samples, $p=2$")
    axis.set(xlabel="log time of the loss, $\\log t$", ylabel="part of the relative margin gap")
    axis.legend(loc="lower left", fontsize=7)


if __name__ == "__main__":
    plotting.main()
