"""What a decay does to the balance laws of an orbit, and to x."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from ..decay import AbstractDecay, Coupled, Decoupled, SquaredNorm
from ..schedules import Piecewise
from ._numbers import fraction
from ._orbit import Law, Orbit
from ._penalty import symbolic_penalty
from ._setting import Setting
from ._vanish import plain

ALPHA = sympy.Symbol("alpha", positive=True)
SPENT = sympy.Symbol("A", nonnegative=True)
TIME = sympy.Symbol("t", nonnegative=True)


@dataclass(frozen=True)
class SymbolicDecay:
    """A pull −α·rates on the parameters, α=`strength`, ∫α=`spent`; `coupled`: added before the direction map.

    `rates`: ∂h/∂θ_i for a coupled decay, θ_i for a decoupled one; `squares`: whether h=‖θ‖².
    """

    coupled: bool
    strength: sympy.Expr
    spent: sympy.Expr
    rates: Mapping[sympy.Symbol, sympy.Expr]
    squares: bool


def symbolic_decay(decay: Any, asked: Setting) -> SymbolicDecay | None:
    """The decay in the positive symbols of an orbit.

    **Raises:** `ValueError` for what is no decay, or has a penalty without symbols.
    """
    if decay is None:
        return None
    own = asked.variables
    if decay in ("coupled", "decoupled", "l2"):
        strength, spent, coupled, penalty = ALPHA, SPENT, decay != "decoupled", "l2"
    elif isinstance(decay, Coupled | Decoupled):
        strength, spent = _strength(decay)
        coupled, penalty = isinstance(decay, Coupled), decay
    else:
        raise ValueError(
            f"decay must be 'coupled', 'decoupled', mf.decay.Coupled(…) or mf.decay.Decoupled(…), got {decay!r}."
        )
    squares = not isinstance(decay, Coupled) or isinstance(decay.penalty, SquaredNorm)
    h = symbolic_penalty(penalty, own)
    rates = {v: h.diff(v) if coupled else v for v in own}
    return None if strength == 0 else SymbolicDecay(coupled, strength, spent, rates, squares)


def _strength(decay: AbstractDecay) -> tuple[sympy.Expr, sympy.Expr]:
    """α and A: numbers for a constant strength, else symbols."""
    schedule: Any = decay.strength
    if isinstance(schedule, Piecewise) and len(schedule.values) == 1:
        alpha = fraction(schedule.values[0])
        return alpha, alpha * TIME
    return ALPHA, SPENT


def in_sizes(decay: SymbolicDecay, curve: Orbit) -> dict[sympy.Symbol, sympy.Expr]:
    """The rates in the symbols of the orbit, by its symbols."""
    by_name = {size.name: size for size in curve.magnitudes}
    placed = {v: by_name[v.name] for v in decay.rates}
    return {placed[v]: sympy.simplify(rate.xreplace(placed)) for v, rate in decay.rates.items()}


@dataclass(frozen=True)
class Level:
    """The level of a law under decay: a `symbol`, d/dA of it, and its `value` when ∫α is A=`SPENT`."""

    symbol: sympy.Expr
    rate: sympy.Expr
    value: sympy.Expr


def levels(curve: Orbit, decay: SymbolicDecay) -> tuple[Level, ...]:
    """The level of each law; laws whose levels stay equal share a symbol.

    d(law)/dA = −Σ_i ∂(law)/∂θ_i·rate_i must be a multiple of the law, or a number.

    **Raises:** `ValueError` where it is neither: then the law is lost.
    """
    rates, found = in_sizes(decay, curve), {}
    made = [_level(law, rates) for law in curve.laws]
    return tuple(found.setdefault(each.value, each) for each in made)


def law_rate(law: Law, rates: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    """d(law)/dA"""
    return -sympy.Add(*(sympy.expand(law.expression.diff(v) * rate) for v, rate in rates.items()))


def _level(law: Law, rates: Mapping[sympy.Symbol, sympy.Expr]) -> Level:
    rate = law_rate(law, rates)
    symbol = sympy.Dummy("Lambda", real=True, positive=None if law.moving.has(sympy.log) else True)
    if not rate.free_symbols & set(rates):
        rate = sympy.simplify(rate)
        return Level(law.level if rate == 0 else symbol, rate, law.level + rate * SPENT)
    share = sympy.simplify(rate / law.expression)
    if share.free_symbols & set(rates):
        raise ValueError(
            f"The decay does not keep the law {plain(law.expression)}: its rate {plain(rate)} is no multiple of it."
        )
    if law.level == 0:
        return Level(law.level, sympy.Integer(0), law.level)
    return Level(symbol, share * symbol, law.level * sympy.exp(share * SPENT))


def pull_on_x(curve: Orbit, decay: SymbolicDecay) -> sympy.Expr:
    """Σ_i ∂g/∂θ_i·rate_i in the symbols of the orbit, for the branch of positive sign."""
    rates = in_sizes(decay, curve)
    return sympy.simplify(sympy.Add(*(slope * rates[v] for v, slope in curve.slopes.items())))
