"""Weight decay and damping, as a derivation reads them."""

from typing import Any, NamedTuple

import numpy as np
import sympy

from .. import _checks
from ..decay import AbstractDecay, Coupled, Decoupled, SquaredNorm
from ..schedules import AbstractSchedule, Piecewise
from ._numbers import fraction

RATE = sympy.Symbol("lambda", positive=True)
DAMPING = sympy.Symbol("tau", positive=True)
TIME = sympy.Symbol("t", positive=True)


class DecayRate(NamedTuple):
    """θ̇ = … − rate·θ, after the direction map, or as a gradient before it (`coupled`)."""

    rate: sympy.Expr
    coupled: bool


def decay_rate(decay: Any) -> DecayRate | None:
    """The rate of a decay: an object of `mf.decay`, "coupled" or "decoupled" (rate λ), or an expression (decoupled).

    `Coupled(α)` and `Decoupled(2α)` decay at the rate 2α (theory page 00); a strength that follows a schedule is the
    symbol λ, whose integral stands in the law.
    """
    found = _decay_rate(decay)
    # No decay at all: laws need not be homogeneous, and time is no part of the state.
    return None if found is None or found.rate == 0 else found


def _decay_rate(decay: Any) -> DecayRate | None:
    if decay is None:
        return None
    if isinstance(decay, str):
        kind = _checks.one_of("decay", decay, ("coupled", "decoupled", "l2"))
        return DecayRate(RATE, kind != "decoupled")
    if isinstance(decay, Coupled):
        if not isinstance(decay.penalty, SquaredNorm):
            raise ValueError("decay: laws are derived under the penalty ‖θ‖²; derive.commutes takes any penalty.")
        return DecayRate(2 * _strength(decay.strength), True)
    if isinstance(decay, Decoupled):
        return DecayRate(_strength(decay.strength), False)
    if isinstance(decay, AbstractDecay):
        raise ValueError(f"decay must be Coupled or Decoupled, got {type(decay).__name__}.")
    return DecayRate(_expression("decay", decay), False)


def damping(momentum: Any) -> sympy.Expr | None:
    """The damping τ(t) of θ̈+τθ̇=−∇𝓛: a number, an expression (3/t is Nesterov's), "heavy-ball" (τ) or "nesterov"."""
    if momentum is None:
        return None
    if isinstance(momentum, str):
        word = _checks.one_of("momentum", momentum, ("heavy-ball", "nesterov"))
        return DAMPING if word == "heavy-ball" else 3 / TIME
    found = _expression("momentum", momentum)
    if any(symbol.name == "t" for symbol in found.free_symbols):
        found = found.subs({symbol: TIME for symbol in found.free_symbols if symbol.name == "t"})
    return found


def _strength(schedule: AbstractSchedule) -> sympy.Expr:
    if isinstance(schedule, Piecewise) and np.size(schedule.values) == 1:
        return fraction(np.ravel(schedule.values)[0])
    return RATE


def _expression(name: str, value: Any) -> sympy.Expr:
    if isinstance(value, sympy.Expr) and not value.is_number:
        return sympy.nsimplify(value, rational=True) if value.has(sympy.Float) else value
    number = float(_checks.nonnegative(name, _as_float(value)))
    exactly = isinstance(value, sympy.Expr) and not value.has(sympy.Float)
    return value if exactly else fraction(number)


def _as_float(value: Any) -> Any:
    return float(value) if isinstance(value, sympy.Expr) and value.is_extended_real else value
