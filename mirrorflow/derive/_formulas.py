"""R, its mirror map and its metric on the orbit of one coordinate, in closed form or through the root of x(a)=x."""

from dataclasses import dataclass
from typing import Any

import sympy

from ..potentials._inverse_function import inverse_function
from ._branches import Branches, end, falls
from ._eliminate import points
from ._orbit import tidy
from ._powers import antiderivative
from ._vanish import vanishes


@dataclass(frozen=True)
class Formulas:
    """Expressions in a real symbol `x`; None where none was found. `closed`: without the root of x(a)=x."""

    x: sympy.Symbol
    metric: sympy.Expr
    mirror_map: sympy.Expr | None
    potential: sympy.Expr | None
    closed: bool
    parametric: Any = None


@dataclass(frozen=True)
class Parametric:
    """The same by a parameter y∈ℝ of the orbit: x(y) increasing, S(y), and the size a(y) of the last parameter.

    `shown`: x and S by a parameter that makes short formulas, with its name.
    """

    y: sympy.Symbol
    x: sympy.Expr
    speed: sympy.Expr
    size: sympy.Expr
    shown: tuple[sympy.Symbol, sympy.Expr, sympy.Expr]


def formulas(whole: Branches) -> Formulas:
    """R''=1/S, integrated twice on one branch and continued to all of the domain."""
    if whole.speed is not None:
        return _closed(whole)
    return _through_root(whole)


def _closed(whole: Branches) -> Formulas:
    x, metric = whole.x, 1 / whole.speed
    dual = antiderivative(metric, x)
    value = None
    if dual is not None:
        dual = _real(dual, whole)
        centered = (whole.mirrored and whole.crossing is True) or bool(whole.low.is_extended_negative)
        dual = _from_zero(dual, x) if centered else dual
        value = _integrated(dual, metric, x)
        value = None if value is None else _real_integral(value, dual, whole)
    real = sympy.Dummy("x", real=True)
    made = [None if each is None else everywhere(each, whole, real, odd) for each, odd in
            ((metric, False), (dual, True), (value, False))]  # fmt: skip
    return Formulas(real, made[0], made[1], made[2], True)


def _real(expression: sympy.Expr, whole: Branches) -> sympy.Expr:
    """With log u as log(−u) where u<0 on the branch: the derivative is the same."""
    inside = next(points(whole.curve))
    inside |= {whole.x: whole.curve.x.subs(inside)}
    logs = [log for log in expression.atoms(sympy.log) if log.args[0].subs(inside).evalf().is_negative]
    return expression.xreplace({log: sympy.log(sympy.expand(-log.args[0])) for log in logs})


def _real_integral(value: sympy.Expr, dual: sympy.Expr, whole: Branches) -> sympy.Expr | None:
    """The same, unless factors of the logarithms changed the derivative."""
    made = _real(value, whole)
    return made if made == value or vanishes(made.diff(whole.x) - dual) else None


def _from_zero(dual: sympy.Expr, x: sympy.Symbol) -> sympy.Expr:
    """The mirror map that is 0 at 0."""
    offset = sympy.limit(dual, x, 0, "+") if dual.subs(x, 0).has(sympy.nan, sympy.zoo) else dual.subs(x, 0)
    return dual - sympy.simplify(offset)


def _integrated(dual: sympy.Expr, metric: sympy.Expr, x: sympy.Symbol) -> sympy.Expr | None:
    """∫R' dx, or xR' − ∫xR'' dx where that is easier."""
    if not dual.has(sympy.hyper):
        value = antiderivative(dual, x)
        if value is not None:
            return value
    moment = antiderivative(sympy.powsimp(x * metric), x)
    return None if moment is None else x * dual - moment


def everywhere(expression: sympy.Expr, whole: Branches, real: sympy.Symbol, odd: bool) -> sympy.Expr:
    """The formula of one branch for all x of the domain, odd or even in x where it is mirrored."""
    same = expression.xreplace({whole.x: real})
    if not whole.mirrored:
        return same
    if whole.crossing is True and sympy.simplify(same.subs(real, -real) - (-same if odd else same)) == 0:
        return same
    sides = expression.xreplace({whole.x: sympy.Abs(real)})
    return sympy.sign(real) * sides if odd else sides


def _through_root(whole: Branches) -> Formulas:
    curve, real = whole.curve, sympy.Dummy("x", real=True)
    given, root = parametric(whole, real)
    size = given.size.xreplace({given.y: root})
    a = curve.parameter
    dual, moment = antiderivative(curve.dual_rate, a), antiderivative(sympy.powsimp(curve.x * curve.dual_rate), a)
    metric = (1 / given.speed).xreplace({given.y: root})
    if dual is None:
        return Formulas(real, metric, None, None, False, given)
    dual = dual - _offset(dual, whole)
    side = sympy.sign(root) if whole.mirrored else 1
    found = side * dual.xreplace({a: size})
    value = None
    if moment is not None:
        # ∫x d(∇R) is by the same parameter; on the mirrored side both factors change sign
        value = real * found - moment.xreplace({a: size})
    return Formulas(real, metric, found, value, False, given)


def _offset(dual: sympy.Expr, whole: Branches) -> sympy.Expr:
    """∇R where x=0, if that place is known: a=0 for products, the point that was given for differences."""
    curve = whole.curve
    if whole.mirrored:
        return end(dual, curve.parameter, sympy.Integer(0), "+", curve)
    if curve.begin is not None and sympy.simplify(tidy(curve.x.subs(curve.parameter, curve.begin))) == 0:
        return sympy.simplify(dual.subs(curve.parameter, curve.begin))
    return sympy.Integer(0)


def parametric(whole: Branches, x: sympy.Symbol) -> tuple[Parametric, Any]:
    """The orbit by a parameter y∈ℝ, and the y at x."""
    given = _parametric(whole)
    return given, inverse_function(sympy.Lambda(given.y, given.x), x)


def _parametric(whole: Branches) -> Parametric:
    curve, y = whole.curve, sympy.Dummy("y", real=True)
    if whole.mirrored:
        if not whole.regular:
            raise ValueError("The orbit could not be solved: x(a) has no closed inverse and S(0) is 0.")
        size = sympy.Abs(y)
        x = y * sympy.powsimp(curve.x / curve.parameter).xreplace({curve.parameter: size})
        speed = curve.speed.xreplace({curve.parameter: size})
        # where a ends at a finite place, y∈ℝ must not go beyond it
        inside = y if curve.high == sympy.oo else curve.high * y / (1 + size)
        return Parametric(y, *(each.xreplace({y: inside}) for each in (x, speed, size)), (y, x, speed))
    upward = not falls(curve)
    grow = sympy.exp(y if upward else -y)
    size = curve.low + grow if curve.high == sympy.oo else curve.low + (curve.high - curve.low) * grow / (1 + grow)
    x, speed = (each.xreplace({curve.parameter: size}) for each in (curve.x, curve.speed))
    return Parametric(y, x, speed, size, (curve.parameter, curve.x, curve.speed))
