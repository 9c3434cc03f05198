"""Random models and flows, and the derivative of a function along a flow, from the definitions of the flows alone.

Nothing here uses the engine. Velocities are computed from the loss's duals G_k = ∂𝓛/∂φ_k with mpmath; a law is one iff
its derivative, with the rate, vanishes for every G at every θ, which is tried for random ones with 40 digits.
"""

import dataclasses
import random

import hypothesis.strategies as st
import mpmath
import sympy

import mirrorflow as mf

DIGITS = 40
EUCLIDEAN = sympy.Integer(2)
LAMBDA = sympy.Symbol("lambda", positive=True)
TIME = sympy.Symbol("t", positive=True)
SYMBOLS = sympy.symbols("a b c d e f", real=True)
POSITIVE = sympy.symbols("a b c d e f", positive=True)

# The inverse metric 1/R'' of each potential, written out from the table of theory page 01.
POTENTIALS = {
    "quadratic": (mf.potentials.Quadratic(), False, lambda x: mpmath.mpf(1)),
    "power 3": (mf.potentials.Power(3.0), False, lambda x: 1 / (2 * abs(x))),
    "power 3/2": (mf.potentials.Power(1.5), False, lambda x: 2 * mpmath.sqrt(abs(x))),
    "hyperbolic entropy": (mf.potentials.HyperbolicEntropy(0.5), False, lambda x: mpmath.sqrt(x**2 + 0.25)),
    "cosh": (mf.potentials.Cosh(), False, lambda x: 1 / mpmath.cosh(x)),
    "hyperbolic-aware": (mf.potentials.HyperbolicAware(2.0), False, lambda x: 1 + 2 * abs(x)),
    "negative entropy": (mf.potentials.NegativeEntropy(), True, lambda x: x),
    "log barrier": (mf.potentials.LogBarrier(), True, lambda x: x**2),
}


@dataclasses.dataclass(frozen=True)
class Flow:
    """A gradient, mirror or steepest flow (`q`), with decay at the rate λ, or with momentum."""

    potentials: tuple[str, ...] = ()
    q: sympy.Expr = EUCLIDEAN
    decay: str | None = None
    damping: sympy.Expr | None = None

    def arguments(self, variables):
        """What `conservation_laws` is given."""
        given = {"decay": self.decay}
        if self.damping is not None:
            return {"momentum": self.damping}
        if self.potentials:
            given["metric"] = {v.name: POTENTIALS[name][0] for v, name in zip(variables, self.potentials, strict=False)}
        if self.q != 2:
            given["geometry"] = self.q
        return given

    def positive(self, i):
        """Whether θ_i lives on a half-line."""
        return bool(self.potentials) and POTENTIALS[self.potentials[i]][1]

    def metric(self, i, x):
        """The i-th inverse metric at x."""
        return POTENTIALS[self.potentials[i]][2](x) if self.potentials else mpmath.mpf(1)

    def velocity(self, theta, force, decay, q):
        """θ̇ of a flow of first order, with ∇𝓛 = `force`, at the rate `decay`."""
        coupled, found = self.decay == "coupled", []
        for i, (x, pull) in enumerate(zip(theta, force, strict=True)):
            inside = pull + decay * x if coupled else pull
            moved = -mpmath.sign(inside) * abs(inside) ** (q - 1) if inside != 0 else mpmath.mpf(0)
            found.append(self.metric(i, x) * moved - (decay * x if self.decay == "decoupled" else 0))
        return found


class Checker:
    """The derivatives of laws along a flow of a model, as numbers."""

    def __init__(self, features, variables, flow):
        self.variables, self.flow = tuple(variables), flow
        self.features = tuple(features)
        rows = [[sympy.diff(phi, x) for x in variables] for phi in features]
        self.slopes = sympy.lambdify(self.variables, rows, "mpmath")

    def worst(self, law, seed, draws=8):
        """The largest |dh/dt + rate·h|, relative to the sum of the sizes of its terms, over random θ, G, λ, t and q."""
        generator = random.Random(seed)
        # Signs are constant around a point where no θ_i is 0.
        slopes = [sympy.diff(law.expression, x).replace(sympy.DiracDelta, lambda *at: 0) for x in law.variables]
        free = sorted(self.flow.q.free_symbols, key=str)
        gradient = sympy.lambdify([*law.variables, *free], [*slopes, law.expression], "mpmath")
        rate = sympy.lambdify([LAMBDA, TIME, *free], law.rate, "mpmath")
        with mpmath.workdps(DIGITS):
            timed = TIME in law.variables
            return max(self._relative(gradient, rate, generator, timed) for _ in range(draws))

    def _relative(self, gradient, rate, generator, timed):
        def number(positive=False):
            side = 1 if positive else generator.choice((1, -1))
            return side * mpmath.mpf(generator.randrange(300, 1900)) / 1000

        theta = [number(self.flow.positive(i) or x.is_positive) for i, x in enumerate(self.variables)]
        decay, time = number(True), number(True)
        exponent = mpmath.mpf(generator.randrange(1100, 1900)) / 1000 if self.flow.q.free_symbols else None
        q = exponent or mpmath.mpf(self.flow.q.p) / self.flow.q.q
        duals = [number() if generator.random() < 0.8 else mpmath.mpf(0) for _ in self.features]
        rows = self.slopes(*theta)
        force = [mpmath.fsum(g * row[i] for g, row in zip(duals, rows, strict=True)) for i in range(len(theta))]
        state = theta
        if self.flow.damping is not None:
            speed = [number() for _ in theta]
            tau = sympy.lambdify([TIME], self.flow.damping, "mpmath")(time)
            motion = speed + [-tau * s - pull for s, pull in zip(speed, force, strict=True)]
            state = theta + speed
        else:
            motion = self.flow.velocity(theta, force, decay, q)
        if timed:
            state, motion = [*state, time], [*motion, mpmath.mpf(1)]
        free = [exponent] if exponent else []
        *slopes, value = gradient(*state, *free)
        terms = [slope * step for slope, step in zip(slopes, motion, strict=True)]
        terms.append(rate(decay, time, *free) * value)
        size = mpmath.fsum(map(abs, terms))
        return abs(mpmath.fsum(terms)) / size if size else mpmath.mpf(0)


def coefficients():
    """Small rational numbers."""
    return st.sampled_from([sympy.Rational(1), sympy.Rational(-1), sympy.Rational(2), sympy.Rational(-1, 2), 3])


@st.composite
def monomials(draw, variables):
    """c·∏θ_i^{k_i} in one to three of the variables."""
    chosen = draw(st.lists(st.sampled_from(variables), min_size=1, max_size=min(3, len(variables)), unique=True))
    powers = [draw(st.sampled_from([1, 1, 1, 2])) for _ in chosen]
    return draw(coefficients()) * sympy.Mul(*(x**k for x, k in zip(chosen, powers, strict=True)))


@st.composite
def polynomials(draw, variables, terms=3):
    """A sum of a few monomials."""
    made = sympy.Add(*(draw(monomials(variables)) for _ in range(draw(st.integers(1, terms)))))
    return made if made.free_symbols else variables[0] * variables[-1]


@st.composite
def functions(draw, variables):
    """A polynomial, a quotient, or a polynomial inside exp, √(1+·²) or log(1+·²)."""
    inner = draw(polynomials(variables, 2))
    kind = draw(st.sampled_from(["plain", "plain", "plain", "over", "inverse", "exp", "sqrt", "log"]))
    if kind == "over":
        return inner / (1 + draw(st.sampled_from(variables)) ** 2)
    if kind == "inverse":
        return inner + 1 / draw(st.sampled_from(variables))
    return {"exp": sympy.exp, "sqrt": lambda p: sympy.sqrt(1 + p**2), "log": lambda p: sympy.log(1 + p**2)}.get(
        kind, lambda p: p
    )(inner)


@st.composite
def models(draw, features=functions, most=5, of=3):
    """(features, variables)"""
    variables = list(SYMBOLS[: draw(st.integers(2, most))])
    return [draw(features(variables)) for _ in range(draw(st.integers(1, of)))], variables
