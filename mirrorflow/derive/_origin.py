"""On which domain R is Legendre, whether x leaves the origin, and why."""

from typing import Any

import sympy

from ._branches import Branches, falls, reached
from ._formulas import Formulas
from ._powers import monomial
from ._setting import Setting, depth_of


def domain_of(whole: Branches, side: int) -> Any:
    """ℝ where x crosses, else the side on which it is; both with their conditions where that depends on q."""
    if not whole.mirrored:
        return sympy.Interval.open(whole.low, whole.high)
    line = sympy.Interval.open(-whole.high, whole.high)
    half = sympy.Interval.open(whole.low, whole.high) if side > 0 else sympy.Interval.open(-whole.high, -whole.low)
    if isinstance(whole.crossing, bool):
        return line if whole.crossing else half
    return sympy.Piecewise((line, whole.crossing), (half, True))


def is_legendre(whole: Branches, found: Formulas, q: sympy.Expr) -> bool:
    """Whether ∇R diverges at the finite ends; 0 is an end of mirrored orbits only where it does, or x would cross."""
    ends = (whole.high,) if whole.mirrored else (whole.low, whole.high)
    return not any(each.is_finite and _finite_at(each, whole, found, q) is not False for each in ends)


def _finite_at(place: sympy.Expr, whole: Branches, found: Formulas, q: sympy.Expr) -> Any:
    """Whether ∇R is finite at an end of the values of x, so that it is reached in bounded time."""
    if whole.speed is not None and found.mirror_map is not None and not whole.mirrored:
        limit = sympy.limit(found.mirror_map, found.x, place, "+" if place == whole.low else "-")
        return bool(limit.is_finite)
    curve = whole.curve
    return reached(curve, q, curve.high if (place == whole.high) != falls(curve) else curve.low)


def origin(whole: Branches, found: Formulas, asked: Setting, proper: bool) -> tuple[Any, str]:
    """Whether x leaves 0, and why."""
    if whole.low.is_extended_positive or whole.high.is_extended_negative:
        return True, "The orbit stays away from the origin."
    if whole.mirrored and not whole.regular:
        return whole.crossing, _words(whole.crossing, whole, asked)
    if (whole.regular and whole.mirrored) or whole.low.is_extended_negative:
        rest = "" if proper else "; but ∇R is finite at an end, where a parameter reaches 0: R is not Legendre"
        return True, f"S(0)>0: the origin is crossed at positive speed{rest}."
    finite = _finite_at(sympy.Integer(0), whole, found, asked.q)
    return finite, _words(finite, whole, asked)


def _words(finite: Any, whole: Branches, asked: Setting) -> str:
    single = None if whole.speed is None else monomial(whole.speed, whole.x)
    exponent = None if single is None else sympy.simplify(single[1])
    name = "m=q(L−1)/L" if depth_of(asked.given) else "m"
    head = f"S(0)=0 with metric exponent {name}={exponent}" if exponent is not None else "S(0)=0"
    free = "m<1: ∇R is finite at the origin, which is left in bounded time" + (
        " and crossed freely; factors that reach 0 together end the correspondence" if whole.mirrored else ""
    )
    slow = "m>1: ∇R diverges at the origin, which is repelling-slow and never reached; the sign of x is fixed"
    entropic = "m=1: entropic, ∇R diverges like a logarithm at the origin and the sign of x is fixed"
    if exponent is None:
        known = (
            "finite at the origin, which is left in bounded time" if finite else "infinite there, it is never reached"
        )
        return f"{head}, and ∇R is {known}."
    if finite is True:
        return f"{head}, {free}."
    if finite is False:
        return f"{head}, {entropic if exponent == 1 else slow}."
    return f"{head}; if {free}, {slow.replace('m>1', 'else, for m>1')} (m=1: entropic); m<1 for {finite}."
