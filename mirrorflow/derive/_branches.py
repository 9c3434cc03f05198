"""The orbit of one coordinate as a whole: its branches, the values of x on them, and whether the origin is crossed."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from ._eliminate import points, speed_of
from ._orbit import Orbit, orbit, positive_on_q, tidy
from ._powers import antiderivative, monomial
from ._vanish import plain


@dataclass(frozen=True)
class Branches:
    """An orbit on which x is a coordinate.

    `curve`: the branch on which formulas are derived; `x`: the symbol of x there (positive if x is), `speed`: S(x) in
    closed form or None; `low`, `high`: the values of x that the orbit reaches on that branch; `mirrored`: whether the
    same formulas hold in |x| on the other side; `crossing`: whether x passes from one side to the other, a truth value
    or a condition on q; `regular`: whether it does so at positive speed.
    """

    curve: Orbit
    x: sympy.Symbol
    speed: sympy.Expr | None
    low: sympy.Expr
    high: sympy.Expr
    mirrored: bool
    crossing: Any
    regular: bool


def branches(
    feature: sympy.Expr, variables: Sequence[sympy.Symbol], q: sympy.Expr, start: Any, side: int | None
) -> Branches:
    """Solve the orbit; `side` picks the sign of the last parameter where x cannot change its own.

    **Raises:** `ValueError` where the orbit cannot be solved.
    """
    variables, start, curve = _from_smallest(feature, variables, q, start)
    _check_moving(curve)
    low, high = sorted_ends(curve)
    if variables[-1].is_positive or not _leads_through(curve):
        _refuse_side(side)
        return _alone(curve, low, high)
    other = orbit(feature, variables, q, start, sign=-1)
    odd = sympy.simplify(other.x.xreplace({other.parameter: curve.parameter}) + curve.x) == 0
    even = sympy.simplify(other.speed.xreplace({other.parameter: curve.parameter}) - curve.speed) == 0
    at_zero = end(curve.speed, curve.parameter, sympy.Integer(0), "+", curve)
    if odd and even:
        x = sympy.Dummy("x", positive=True)
        regular = bool(at_zero.is_positive)
        crossing = True if regular else reached(curve, q)
        return Branches(curve, x, speed_of(curve, x), low, high, True, crossing, regular)
    _refuse_side(side)
    if not at_zero.is_positive:
        return _alone(curve, low, high)
    return _joined(curve, other)


def _from_smallest(feature: sympy.Expr, variables: Sequence[sympy.Symbol], q: sympy.Expr, start: Any):
    """The curve by the size of a parameter that comes down to 0, the last one unless another must be taken."""
    if not isinstance(start, Mapping):
        curve = orbit(feature, variables, q, start)
        if curve.low != 0 or _leads_through(curve) or len(variables) == 1:
            return variables, start, curve
        start = _point_of(curve, variables)
    first = None
    for i in range(len(variables)):
        order = (
            *variables[: len(variables) - 1 - i],
            *variables[len(variables) - i :],
            variables[len(variables) - 1 - i],
        )
        curve = orbit(feature, order, q, start)
        if _leads_through(curve):
            return order, start, curve
        first = first or (order, start, curve)
    assert first is not None
    return first


def _leads_through(curve: Orbit) -> bool:
    """Whether the parameter comes down to 0 at a finite x, where it may change its sign."""
    return curve.low == 0 and not end(curve.x, curve.parameter, sympy.Integer(0), "+", curve).is_infinite


def _point_of(curve: Orbit, variables: Sequence[sympy.Symbol]) -> dict[sympy.Symbol, sympy.Expr]:
    """A point of the branch."""
    middle = sympy.Integer(1) if curve.high == sympy.oo else curve.high / 2
    by_name = {v.name: size.xreplace({curve.parameter: middle}) for v, size in curve.magnitudes.items()}
    return {v: by_name[v.name] for v in variables}


def _alone(curve: Orbit, low: sympy.Expr, high: sympy.Expr) -> Branches:
    positive = bool(low.is_nonnegative)
    x = sympy.Dummy("x", positive=True) if positive else sympy.Dummy("x", real=True)
    return Branches(curve, x, speed_of(curve, x), low, high, False, False, False)


def _joined(curve: Orbit, other: Orbit) -> Branches:
    """Two branches that meet at positive speed with one formula for S."""
    ends = [*sorted_ends(curve), *sorted_ends(other)]
    low, high = sympy.Min(*ends), sympy.Max(*ends)
    x = sympy.Dummy("x", positive=True) if low.is_nonnegative else sympy.Dummy("x", real=True)
    speeds = [speed_of(each, x) for each in (curve, other)]
    if speeds[0] is None or speeds[1] is None or sympy.simplify(speeds[0] - speeds[1]) != 0:
        raise ValueError("The orbit could not be solved: no one formula for S holds on both sides of it.")
    return Branches(curve, x, speeds[0], low, high, False, True, True)


def _check_moving(curve: Orbit) -> None:
    """The last parameter moves all along the branch, so that x is monotone in it."""
    slope = curve.slopes[next(v for v, size in curve.magnitudes.items() if size == curve.parameter)]
    if slope.is_positive or slope.is_negative:
        return
    along = slope.xreplace(curve.magnitudes)
    try:
        rests = sympy.solveset(along, curve.parameter, sympy.Interval.open(curve.low, curve.high))
    except (NotImplementedError, ValueError):
        rests = None
    if rests is not sympy.S.EmptySet:
        raise ValueError(f"The orbit could not be solved: it may come to rest inside, where {plain(along)} is 0.")


def falls(curve: Orbit) -> bool:
    """Whether x falls as a grows: dx/da = S·d∇R/da."""
    return bool(curve.dual_rate.subs(next(points(curve))).evalf() < 0)


def _refuse_side(side: int | None) -> None:
    if side is not None:
        raise ValueError("side chooses between x>0 and x<0 where an orbit has both; this one has not: leave it out.")


def reached(curve: Orbit, q: sympy.Expr, at: sympy.Expr = sympy.S.Zero) -> Any:
    """Whether ∇R stays finite at an end of a, so that a constant signal takes x there in finite time."""
    single = monomial(curve.dual_rate, curve.parameter)
    if single is not None and at == 0:
        return positive_on_q(sympy.expand(single[1] + 1), q)
    dual = antiderivative(curve.dual_rate, curve.parameter)
    if dual is None:
        raise ValueError(
            f"Whether the origin is reached was not found: {plain(curve.dual_rate)} has no closed integral."
        )
    return bool(end(dual, curve.parameter, at, "+" if at == curve.low else "-", curve).is_finite)


def sorted_ends(curve: Orbit) -> tuple[sympy.Expr, sympy.Expr]:
    """The infimum and supremum of x on the branch, on which it is monotone."""
    a = curve.parameter
    ends = (end(curve.x, a, curve.low, "+", curve), end(curve.x, a, curve.high, "-", curve))
    numbers = next(points(curve))
    values = [float(each.subs(numbers)) for each in ends]
    return ends if values[0] < values[1] else (ends[1], ends[0])


def end(expression: sympy.Expr, a: sympy.Symbol, at: sympy.Expr, direction: str, curve: Orbit) -> sympy.Expr:
    """The limit at an end of a; where sympy needs numbers for it, only 0 and ±∞ are taken from them."""
    if isinstance(curve.q, sympy.Symbol):
        # with 1<q<2 written as 1+1/(1+s), sympy knows the signs of exponents such as 2−q
        between = sympy.Dummy("s", positive=True)
        q = 1 + 1 / (1 + between)
        found = _limit(expression.subs(curve.q, q), a, sympy.sympify(at).subs(curve.q, q), direction)
        return sympy.simplify(found.subs(between, (2 - curve.q) / (curve.q - 1)))
    return _limit(expression, a, sympy.sympify(at), direction)


@functools.lru_cache(maxsize=256)  # ends are asked for several times, and sympy's limits are slow
def _limit(expression: sympy.Expr, a: sympy.Symbol, at: sympy.Expr, direction: str) -> sympy.Expr:
    direct = sympy.simplify(tidy(expression.subs(a, at)))
    if at != sympy.oo and direct.is_finite and direct.is_real and not direct.has(sympy.nan, sympy.zoo, sympy.oo):
        return direct
    gap = sympy.Dummy("s", positive=True)
    inside = 1 / gap if at == sympy.oo else at + (gap if direction == "+" else -gap)
    shifted = tidy(expression.subs(a, inside))
    numbers = {s: sympy.Rational(j + 9, 7) for j, s in enumerate(sorted(shifted.free_symbols - {gap}, key=str))}
    for values in ({}, numbers):
        try:
            found = sympy.limit(sympy.expand(shifted.subs(values)), gap, 0, "+")
        except (NotImplementedError, ValueError, TypeError):
            continue
        known = found.is_extended_real and not found.has(sympy.Limit)
        if known and (not values or found == 0 or found.is_infinite):
            return found
    raise ValueError(f"The limit of {plain(expression)} at {plain(at)} was not found.")
