"""The functions of one parameter in which a mirror flow's laws and brackets are polynomials.

Along the mirror flow of a separable potential R each parameter moves as θ̇ = m(θ)·F with the inverse metric m = 1/R''
and a force F that is a function of all parameters. A function c(θ) then moves as ċ = c'(θ)m(θ)·F, and its *speed* c'm
is simple for the functions that laws are made of: θ itself has speed m, the dual R' has speed 1, and the balance
function Q = θR'−R has speed θ (theory page 04).
"""

import functools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import numpy as np
import sympy

from .. import potentials
from ..potentials._inverse_function import inverse_function
from ._numbers import fraction
from ._ring import PRIME

Sample = dict[sympy.Symbol, int]


@dataclass(frozen=True)
class Coordinate:
    """A function `expression` of the parameter, its `symbol`, and its `speed`, which None means is not known."""

    symbol: sympy.Symbol
    expression: sympy.Expr
    speed: sympy.Expr | None


@dataclass(frozen=True)
class Chart:
    """The coordinates of one parameter.

    `coordinates`: what laws may be made of, θ first. `closed`: coordinates whose speeds are polynomials in each other,
    with θ among them, or empty where none are known; `sample` draws consistent residues for them.
    """

    coordinates: tuple[Coordinate, ...]
    closed: tuple[Coordinate, ...] = ()
    sample: Callable[[random.Random], Sample] = field(default=lambda generator: {})

    @property
    def theta(self) -> sympy.Symbol:
        """The parameter."""
        return self.coordinates[0].symbol


def euclidean_chart(theta: sympy.Symbol, *, rational: bool = False) -> Chart:
    """θ̇ = F; with 1/θ and log|θ| as well where `rational`."""
    own = Coordinate(theta, theta, sympy.Integer(1))
    if not rational:
        return Chart((own,), (own,), lambda generator: {theta: _any(generator)})
    inverse, logarithm = _named("i", theta), _named("log", theta)
    more = (Coordinate(inverse, 1 / theta, -(inverse**2)), Coordinate(logarithm, sympy.log(sympy.Abs(theta)), inverse))

    def sample(generator: random.Random) -> Sample:
        at = _any(generator)
        return {theta: at, inverse: pow(at, -1, PRIME), logarithm: _any(generator)}

    return Chart((own, *more), (own,), sample)


class _Formulas(NamedTuple):
    """R', 1/R'' and Q without its constant, of a positive number `size`; `even` where θ may be negative."""

    dual: sympy.Expr
    inverse_metric: sympy.Expr
    balance: sympy.Expr
    even: bool


SIZE = sympy.Symbol("size", positive=True)


def charts(potential: potentials.AbstractPotential, thetas: Iterable[sympy.Symbol]) -> list[Chart]:
    """The coordinates of parameters that follow the mirror flow of `potential`.

    **Raises:** `ValueError` for a potential without a closed form, or one on ℝ whose metric is not even.
    """
    if isinstance(potential, potentials.Quadratic):
        return [euclidean_chart(theta) for theta in thetas]
    formulas = _formulas(_closed_form(potential, SIZE), float(potential.domain[0]) < 0)
    return [_chart(potential, formulas, theta) for theta in thetas]


@functools.lru_cache(maxsize=64)  # arrays that have the same potential
def _formulas(value: sympy.Expr, even: bool) -> _Formulas:
    dual = sympy.simplify(sympy.diff(value, SIZE))
    balance = sympy.expand(sympy.simplify(SIZE * dual - value))
    balance = balance - sympy.Add(*[term for term in sympy.Add.make_args(balance) if not term.has(SIZE)])
    return _Formulas(dual, sympy.simplify(1 / sympy.diff(value, SIZE, 2)), balance, even)


def _chart(potential: potentials.AbstractPotential, formulas: _Formulas, theta: sympy.Symbol) -> Chart:
    even, balance = formulas.even, formulas.balance
    speed, polynomial = _speed(formulas.inverse_metric, SIZE, theta, even)
    found = [Coordinate(theta, theta, speed)]
    if not _is_polynomial(balance, SIZE) or even:
        # |θ|^p is as good as its multiple (1−1/p)|θ|^p, and simpler to read.
        scale, function = balance.as_coeff_Mul()
        scale = scale if function.is_Pow and function.base == SIZE else sympy.Integer(1)
        found.append(Coordinate(_named("Q", theta), _extended(balance / scale, theta, 1, even), theta / scale))
    found.append(Coordinate(_named("z", theta), _extended(formulas.dual, theta, -1, even), sympy.Integer(1)))
    closed, sample = _closed(potential, theta, speed, polynomial)
    return Chart(tuple(found), closed, sample)


def _extended(function: sympy.Expr, theta: sympy.Symbol, parity: int, even: bool) -> sympy.Expr:
    """A function of θ>0 on the whole domain, as an even (1) or odd (−1) one; by its own formula where that is so."""
    if not even:
        return function.subs(SIZE, theta)
    real = sympy.Symbol("real", real=True)
    formula = function.subs(SIZE, real)
    if formula.subs(real, -real) == parity * formula:
        return formula.subs(real, theta)
    mirrored = function.subs(SIZE, sympy.Abs(theta))
    return mirrored if parity > 0 else sympy.sign(theta) * mirrored


def _closed_form(potential: potentials.AbstractPotential, size: sympy.Symbol) -> sympy.Expr:
    """R of a positive number, which says everything: on ℝ the metric has to be even."""
    kind = type(potential).__name__
    if any(np.ndim(leaf) for leaf in jax.tree.leaves(potential)):
        raise ValueError(f"metric: {kind} must have the same numbers for all entries of an array, got {potential!r}.")
    theta = sympy.Symbol("theta", real=True)
    value = _exact(potential.expression(theta))
    if value.has(inverse_function):
        raise ValueError(f"metric: {kind} has no closed form here; give one that has, or the inverse metric.")
    if float(potential.domain[0]) < 0:
        curvatures = [
            sympy.diff(value.subs(theta, side * size), size, 2).subs(size, at).evalf(30)
            for at in (sympy.Rational(7, 10), sympy.Rational(13, 10))
            for side in (1, -1)
        ]
        if max(abs(a - b) for a, b in zip(curvatures[::2], curvatures[1::2], strict=True)) > 1e-20:
            raise ValueError(f"metric: {kind} on ℝ must have an even metric R''(−x)=R''(x), got {potential!r}.")
        # A tilt changes neither R'' nor Q, and would make sign(θ)R'(|θ|) jump at 0.
        value = value - sympy.limit(sympy.diff(value.subs(theta, size), size), size, 0) * theta
    return value.subs(theta, size)


def _speed(inverse_metric: sympy.Expr, size: sympy.Symbol, theta: sympy.Symbol, even: bool) -> tuple[sympy.Expr, bool]:
    """The inverse metric as a polynomial in θ, or a symbol of its own."""
    plain = inverse_metric.subs(size, theta)
    if _is_polynomial(inverse_metric, size) and (not even or sympy.expand(plain - plain.subs(theta, -theta)) == 0):
        return sympy.expand(plain), True
    return _named("m", theta), False


def _closed(
    potential: potentials.AbstractPotential, theta: sympy.Symbol, speed: sympy.Expr, polynomial: bool
) -> tuple[tuple[Coordinate, ...], Callable[[random.Random], Sample]]:
    own = Coordinate(theta, theta, speed)
    if polynomial:
        return (own,), lambda generator: {theta: _any(generator)}
    if isinstance(potential, potentials.Power):
        return _power(potential, theta, speed)
    if isinstance(potential, potentials.HyperbolicEntropy):
        return _hyperbolic_entropy(potential, own, speed)
    if isinstance(potential, potentials.Cosh):
        return _cosh(own, speed)
    if isinstance(potential, potentials.HyperbolicAware):
        return _hyperbolic_aware(potential, own, speed)
    return (), lambda generator: {}


def _power(potential: potentials.Power, theta: sympy.Symbol, speed: sympy.Expr):
    """m=|θ|^{2−p}/(p−1) and 1/θ: ṁ=(2−p)m²/θ·F; with p−1=a/b, θ=±s^b and m=s^{b−a}/(p−1)."""
    p = fraction(potential.p)
    inverse = _named("i", theta)
    closed = (
        Coordinate(theta, theta, speed),
        Coordinate(speed, sympy.Abs(theta) ** (2 - p) / (p - 1), (2 - p) * speed**2 * inverse),
        Coordinate(inverse, 1 / theta, -(inverse**2) * speed),
    )
    top, bottom = int((p - 1).p), int((p - 1).q)

    def sample(generator: random.Random) -> Sample:
        root, sign = _any(generator), generator.choice((1, -1))
        at = sign * pow(root, bottom, PRIME) % PRIME
        metric = pow(root, bottom - top, PRIME) * bottom * pow(top, -1, PRIME) % PRIME
        return {theta: at, speed: metric, inverse: pow(at, -1, PRIME)}

    return closed, sample


def _hyperbolic_entropy(potential: potentials.HyperbolicEntropy, own: Coordinate, speed: sympy.Expr):
    """m=√(θ²+ρ²) has ṁ=θF; θ=ρ(s−1/s)/2 and m=ρ(s+1/s)/2 with s=e^{R'}."""
    scale = _residue(fraction(potential.scale))
    closed = (own, Coordinate(speed, sympy.sqrt(own.symbol**2 + fraction(potential.scale) ** 2), own.symbol))
    half = pow(2, -1, PRIME)

    def sample(generator: random.Random) -> Sample:
        root = _any(generator)
        inverse = pow(root, -1, PRIME)
        return {
            own.symbol: scale * (root - inverse) * half % PRIME,
            speed: scale * (root + inverse) * half % PRIME,
        }

    return closed, sample


def _cosh(own: Coordinate, speed: sympy.Expr):
    """m=1/cosh θ and S=sinh θ: ṁ=−m³S·F, Ṡ=F; θ and e^θ are algebraically independent."""
    sinh = _named("S", own.symbol)
    closed = (
        own,
        Coordinate(speed, 1 / sympy.cosh(own.symbol), -(speed**3) * sinh),
        Coordinate(sinh, sympy.sinh(own.symbol), sympy.Integer(1)),
    )
    half = pow(2, -1, PRIME)

    def sample(generator: random.Random) -> Sample:
        root = _any(generator)
        inverse = pow(root, -1, PRIME)
        cosh = (root + inverse) * half % PRIME
        return {
            own.symbol: _any(generator),
            sinh: (root - inverse) * half % PRIME,
            speed: pow(cosh, -1, PRIME),
        }

    return closed, sample


def _hyperbolic_aware(potential: potentials.HyperbolicAware, own: Coordinate, speed: sympy.Expr):
    """m=1+α|θ|: ṁ=±αm·F, the sign of θ being a constant of the cell."""
    sign = _named("s", own.symbol)
    alpha = fraction(potential.alpha)
    closed = (
        own,
        Coordinate(speed, 1 + alpha * sympy.Abs(own.symbol), alpha * sign * speed),
        Coordinate(sign, sympy.sign(own.symbol), sympy.Integer(0)),
    )

    def sample(generator: random.Random) -> Sample:
        size, side = _any(generator), generator.choice((1, -1))
        return {
            own.symbol: side * size % PRIME,
            speed: (1 + _residue(alpha) * size) % PRIME,
            sign: side % PRIME,
        }

    return closed, sample


def _exact(expression: sympy.Expr) -> sympy.Expr:
    """With the simplest fractions: 0.3 as 3/10, where the double's own fraction has 16 digits and more."""
    return expression.replace(
        lambda part: part.is_Float or (part.is_Rational and part.q > 2**20), lambda part: fraction(float(part))
    )


def _residue(value: sympy.Rational) -> int:
    return int(value.p) * pow(int(value.q), -1, PRIME) % PRIME


def _any(generator: random.Random) -> int:
    return generator.randrange(2, PRIME - 1)


def _named(letter: str, theta: sympy.Symbol) -> sympy.Symbol:
    return sympy.Symbol(f"{letter}[{theta}]", real=True)


def _is_polynomial(expression: sympy.Expr, symbol: sympy.Symbol) -> bool:
    return bool(expression.is_polynomial(symbol))
