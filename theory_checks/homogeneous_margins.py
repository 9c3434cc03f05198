"""Page 04, networks: margins relative to Q that never fall, in the published form and in the general one."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._networks import PUBLISHED, VARIABLES, drawn, entries, followed, rises
from .homogeneous import two_layers

MONOTONE = PUBLISHED + " (monotone margin)"
NEVER = mf.tolerance(1e-9, because="between saved points it rises by 1e-5 or more; the solver's error is far below")


@mf.claim(
    "homogeneous/monotone",
    on=two_layers,
    statement=r"\log(1/\mathcal L)/Q^{L/p} \text{ never decreases once } \mathcal L<1,\quad R=\sum|\theta_i|^p/p",
    source=MONOTONE,
    status="proved",
    tolerance=NEVER,
    figure="margins-of-networks",
    variables=VARIABLES,
)
def monotone(case, path, factor=1.0):
    """The largest fall between saved points, relative to the largest margin."""
    return rises(mf.observe.smoothed_margin(path, alpha=factor * case.p), path.log_loss)


monotone.control("half of α=p", factor=0.5)


# --- potentials that are no powers ---------------------------------------------------------------------------------

PLAIN = {
    "hyperbolic entropy, ρ=0.3": (lambda: mf.potentials.HyperbolicEntropy(0.3), 1.0),
    "hyperbolic entropy, ρ=1": (lambda: mf.potentials.HyperbolicEntropy(1.0), 1.0),
    "hyperbolic-aware": (lambda: mf.potentials.HyperbolicAware(2.0), 2.0),
}


@mf.experiment(cases=mf.cases.grid(potential=tuple(PLAIN), draw=(0, 1)), slow=True)
def entropic(case, key):
    """A 4-8-1 ReLU network and 10 samples to log 𝓛=−300."""
    return followed(*drawn(jax.random.fold_in(key, case.draw), (4, 8, 1), 10), PLAIN[case.potential][0]())


@mf.claim(
    "homogeneous/monotone-entropies",
    on=entropic,
    statement=r"\log(1/\mathcal L)/Q^{L/\alpha} \text{ never decreases once } \mathcal L<1:\ \alpha=1 \text{ with } "
    r"Q=\sum\sqrt{\theta_i^2+\rho^2},\ \alpha=2 \text{ for the hyperbolic-aware potential}",
    source=MONOTONE,
    status="proved",
    tolerance=NEVER,
    figure="general-margins",
    variables=VARIABLES,
)
def monotone_entropies(case, path, factor=1.0):
    """The largest fall between saved points."""
    return rises(mf.observe.smoothed_margin(path, alpha=factor * PLAIN[case.potential][1]), path.log_loss)


monotone_entropies.control("half of α", factor=0.5)


@mf.claim(
    "homogeneous/entropy-without-its-constant",
    on=entropic,
    across=True,
    statement=r"\log(1/\mathcal L)/(Q^2-n^2\rho^2)^{L/2} \text{ never decreases once } \mathcal L<1,\ "
    r"n \text{ parameters, hyperbolic entropy}",
    source=PUBLISHED + " (general form)",
    status="derived here",
    tolerance=NEVER,
    variables={r"\rho": "scale of the hyperbolic entropy", **VARIABLES},
    notes="By Cauchy–Schwarz Σθ²/√(θ²+ρ²) ≤ (Q²−n²ρ²)/Q, which is stronger than α=1. Q−nρ, which is Q with R(0)=0, has "
    "the constant 2 where weights are small.",
)
def without_constant(runs, root=True, degree=2.0):
    """The largest fall between saved points; `root`: √(Q²−n²ρ²), else Q−nρ."""
    parts = {}
    for case, path in runs:
        if not case.potential.startswith("hyperbolic entropy"):
            continue
        rows, scale = entries(path), float(path.flow.layer_potentials[0].scale)
        excess = (np.sqrt(rows**2 + scale**2) - scale).sum(axis=1)  # Q−nρ
        size = np.sqrt(excess * (excess + 2 * scale * rows.shape[1])) if root else excess
        margin = -np.asarray(path.log_loss) / size**degree
        parts[f"{case.potential}, draw {case.draw}"] = rises(margin, path.log_loss)
    return parts


without_constant.control("Q−nρ, the Q of the normalization R(0)=0", root=False)
without_constant.control("an exponent of 4 in place of L=2", degree=4.0)


class Family(eqx.Module):
    """R = a|x|^p/p + b·x²/2 + c·(cosh x−1), one program for all numbers."""

    a: Any
    p: Any
    b: Any
    c: Any

    def __call__(self, x):
        """R(x)"""
        return self.a * jnp.abs(x) ** self.p / self.p + self.b * x**2 / 2 + self.c * 2 * jnp.sinh(x / 2) ** 2


MEMBERS = {
    r"|x|³/3+x²/2": (1.0, 3.0, 1.0, 0.0),
    r"x⁴/40+x²/2": (0.1, 4.0, 1.0, 0.0),
    r"cosh x+x²": (0.0, 3.0, 2.0, 1.0),
    r"cosh x": (0.0, 3.0, 0.0, 1.0),
}


@mf.experiment(cases=mf.cases.grid(potential=tuple(MEMBERS)), slow=True)
def family(case, key):
    """Potentials that no paper treats, on a 4-8-1 ReLU network and 8 samples to log 𝓛=−100."""
    numbers = Family(*(jnp.asarray(number) for number in MEMBERS[case.potential]))
    potential = mf.potentials.Custom(value=numbers, dual_chart=False)
    return followed(*drawn(key, (4, 8, 1), 8), potential, end=-100.0, save=60)


@mf.claim(
    "homogeneous/general-form",
    on=family,
    statement=r"r = Q_1^{-1}\Big(\sum_i Q_1(\theta_i)\Big):\quad \log(1/\mathcal L)/r^L \text{ never decreases once } "
    r"\mathcal L<1, \text{ if } x^2\phi''(x)/Q_1(x) \text{ does not decrease in } |x|",
    source=PUBLISHED + " (general form)",
    status="derived here",
    tolerance=NEVER,
    figure="general-margins",
    variables={r"\phi, Q_1": "R and Q of one coordinate", **VARIABLES},
    notes="A sum of potentials |x|^p, x² and cosh has x²φ''/Q₁ between theirs, with weights that move to the largest.",
)
def general_form(case, path, degree=None):
    """The largest fall between saved points."""
    if degree is None:
        return rises(mf.observe.smoothed_margin(path), path.log_loss)
    general = np.asarray(mf.observe.smoothed_margin(path))
    radius = (-np.asarray(path.log_loss) / general) ** (1 / path.flow.problem.degree)
    return rises(-np.asarray(path.log_loss) / radius**degree, path.log_loss)


general_form.control("an exponent of 3 in place of L=2", degree=3.0)


# --- deeper networks, and the logistic loss ------------------------------------------------------------------------

DEEP = {
    "leaky relu, depth 3": ("leaky relu", (4, 8, 6, 1)),
    "linear, depth 4": ("linear", (4, 5, 5, 5, 1)),
    "squared relu, depth 3": ("squared relu", (4, 10, 8, 1)),
}


@mf.experiment(cases=mf.cases.grid(network=tuple(DEEP), p=(1.5, 2.0)), slow=True)
def deep(case, key):
    """Powers on deeper networks and 6 samples to log 𝓛=−300."""
    activation, sizes = DEEP[case.network]
    problem, start = drawn(key, sizes, 6, activation=activation, share=0.98)
    return followed(problem, start, mf.potentials.Power(case.p))


@mf.claim(
    "homogeneous/monotone-deep",
    on=deep,
    statement=r"\log(1/\mathcal L)/Q^{L/p} \text{ never decreases once } \mathcal L<1,\ L \text{ from 3 to 7}",
    source=MONOTONE,
    status="proved",
    tolerance=NEVER,
    figure="general-margins",
    variables=VARIABLES,
    notes="Leaky and squared ReLU and linear layers, from near a teacher's weights, which classify the data. Deep ReLU "
    "networks can stall on many surfaces at once, and are in the tests where they do not.",
)
def monotone_deep(case, path, factor=1.0):
    """The largest fall between saved points."""
    return rises(mf.observe.smoothed_margin(path, alpha=factor * case.p), path.log_loss)


monotone_deep.control("half of α=p", factor=0.5)


@mf.claim(
    "homogeneous/balance-deep",
    on=deep,
    statement=r"Q_l(w_j)/k-Q_{l+1}(a_j) \text{ is constant for every hidden neuron, relative to the largest } Q,"
    r"\ \text{ to } \log\mathcal L=-300",
    source=PUBLISHED + " (balance from convex duality)",
    status="proved",
    tolerance=mf.tolerance(1e-6, because="the solver's tolerance is 1e-8 a step, and steps end at kinks"),
    variables=VARIABLES,
)
def balance_deep(case, path, power=None):
    """At all points."""
    from .homogeneous import drift, sides

    return drift(*sides(path, power=power))


balance_deep.control("cubes of weights", power=3.0)


@mf.experiment(cases=mf.cases.grid(p=(1.5, 2.0), draw=(0, 1)), slow=True)
def logistic(case, key):
    """The logistic loss on a 4-8-1 ReLU network and 10 samples to log 𝓛=−300."""
    problem, start = drawn(jax.random.fold_in(key, case.draw), (4, 8, 1), 10, loss="logistic")
    return followed(problem, start, mf.potentials.Power(case.p))


@mf.claim(
    "homogeneous/monotone-logistic",
    on=logistic,
    statement=r"-\log(e^{\mathcal L}-1)/Q^{L/p} \text{ never decreases once } \mathcal L<\log 2,\quad "
    r"\mathcal L=\sum\log(1+e^{-q_i})",
    source=MONOTONE + ", logistic loss",
    status="proved",
    tolerance=NEVER,
    figure="general-margins",
    variables=VARIABLES,
)
def monotone_logistic(case, path, factor=1.0):
    """The largest fall between saved points."""
    margin = mf.observe.smoothed_margin(path, alpha=factor * case.p)
    return rises(margin, path.log_loss, below=np.log(np.log(2)))


monotone_logistic.control("half of α=p", factor=0.5)
