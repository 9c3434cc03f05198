"""S as a function of x: the parameter of an orbit eliminated from x(a) and S(a)."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import sympy

from ._orbit import Orbit
from ._powers import monomial

DIGITS = 30
HIGHEST = 4  # degrees in the parameter; beyond, what is left of an elimination is no formula either
MOST = 2  # the degree up to which roots of polynomials are formulas that a reader can use
PLACES = (sympy.Rational(1, 7), sympy.Rational(3, 8), sympy.Rational(5, 6))


def speed_of(curve: Orbit, x: sympy.Symbol, quantity: sympy.Expr | None = None) -> sympy.Expr | None:
    """S(x) with S(x(a))=S(a) on the branch, in closed form; None if there is none of degree at most 2.

    In t=a^e and X=x^n or e^{nx} both x(a) and S(a) become rational functions of t where they can; a resultant
    eliminates t, and the root is the one whose value is S at points of the orbit.

    **Arguments:** `x`: a symbol, positive if x is positive on all of the branch; `quantity`: another function of a in
    the place of S.
    """
    if quantity is not None:
        curve = dataclasses.replace(curve, speed=quantity)
    for made in itertools.chain(
        _by_power(curve, x), _by_itself(curve, x), _by_resultant(curve, x), _by_solving(curve, x)
    ):
        if agrees(made, x, curve):
            return made
    return None


def agrees(speed: sympy.Expr, x: sympy.Symbol, curve: Orbit) -> bool:
    """Whether the formula has the values of S at points of the orbit, to 30 digits."""
    for point in points(curve):
        value = (speed.xreplace({x: curve.x}) - curve.speed).subs(point).evalf(DIGITS + 10, maxn=200)
        size = curve.speed.subs(point).evalf(DIGITS)
        if not (value.is_number and abs(value) <= abs(size) * sympy.Float(10) ** (-DIGITS)):
            return False
    return True


def points(curve: Orbit) -> Iterator[dict[sympy.Symbol, sympy.Expr]]:
    """Numbers for a between its ends and for every other symbol (an exponent q between 1 and 2)."""
    constants = (curve.x.free_symbols | curve.speed.free_symbols) - {curve.parameter}
    for i, share in enumerate(PLACES):
        values: dict[Any, Any] = {
            s: sympy.Rational(9 + 2 * i, 7) + sympy.Rational(j, 23) for j, s in enumerate(sorted(constants, key=str))
        }
        if curve.q in values:
            values[curve.q] = sympy.Rational(9 + 2 * i, 8)
        low, high = (sympy.sympify(end).subs(values) for end in (curve.low, curve.high))
        inside = low + share / (1 - share) if high == sympy.oo else low + share * (high - low)
        yield {**values, curve.parameter: inside.evalf(DIGITS + 40)}


def _by_power(curve: Orbit, x: sympy.Symbol) -> Iterator[sympy.Expr]:
    """x = c·a^e"""
    single, speed = monomial(curve.x, curve.parameter), monomial(curve.speed, curve.parameter)
    if single is not None and single[1] != 0 and speed is not None:
        (c, e), (factor, power) = single, speed
        share = sympy.simplify(power / e)
        yield sympy.simplify(factor * c ** (-share)) * x**share


def _by_itself(curve: Orbit, x: sympy.Symbol) -> Iterator[sympy.Expr]:
    """S(a) written in the function x(a), as for tanh a with the slope 1−tanh²a."""
    found = curve.speed.subs(curve.x, x)
    if curve.x.is_Function and not found.has(curve.parameter):
        yield sympy.expand(found)


def _by_resultant(curve: Orbit, x: sympy.Symbol) -> Iterator[sympy.Expr]:
    t, power, speed = sympy.Dummy("t", positive=True), sympy.Dummy("X"), sympy.Dummy("S")
    for e, (image, forward) in itertools.product(_exponents(curve), _transforms(curve, x)):
        first = _rational(image, curve.parameter, e, t)
        second = None if first is None else _rational(curve.speed, curve.parameter, e, t)
        if first is None or second is None:
            continue
        if (
            max(sympy.degree(part, t) for one in (first, second) for part in sympy.fraction(sympy.together(one)))
            > HIGHEST
        ):
            continue
        eliminated = _resultant(first - power, second - speed, t)
        for factor, _ in sympy.factor_list(eliminated, speed)[1]:
            if 1 <= sympy.degree(factor, speed) <= MOST:
                for root in sympy.roots(factor, speed):
                    yield _neat(root.xreplace({power: forward}))


def _by_solving(curve: Orbit, x: sympy.Symbol) -> Iterator[sympy.Expr]:
    """a(x) as sympy solves for it, for functions that are no powers."""
    if not any(each.has(curve.parameter) for each in curve.x.atoms(sympy.Function)):
        return
    try:
        roots = sympy.solve(curve.x - x, curve.parameter)
    except (NotImplementedError, TypeError):  # the latter from guesses that sympy cannot order
        return
    for root in roots:
        yield _neat(curve.speed.xreplace({curve.parameter: root}))


def _resultant(first: sympy.Expr, second: sympy.Expr, t: sympy.Symbol) -> sympy.Expr:
    numerators = [sympy.numer(sympy.together(each)) for each in (first, second)]
    return sympy.resultant(*numerators, t)


def _exponents(curve: Orbit) -> list[sympy.Expr]:
    found = [atom.exp for atom in (curve.x + curve.speed).atoms(sympy.Pow) if atom.base == curve.parameter]
    found += [sympy.Integer(1)]
    return sorted({sympy.Abs(e) if e.is_number else e for e in found}, key=sympy.count_ops)


def _transforms(curve: Orbit, x: sympy.Symbol) -> Iterator[tuple[sympy.Expr, sympy.Expr]]:
    """(X as a function of a, X as a function of x)"""
    outer = {
        1 / atom.exp for atom in curve.x.atoms(sympy.Pow) if atom.exp.is_number is False or not atom.exp.is_integer
    }
    inner = {1 / atom.exp for log in curve.x.atoms(sympy.log) for atom in log.atoms(sympy.Pow)}
    inner |= {e for e in _exponents(curve)}
    yield curve.x, x
    if curve.x.has(sympy.log):
        scale = _scale(curve.x)
        for n in (each / scale for each in sorted(inner, key=sympy.count_ops)):
            yield sympy.exp(sympy.expand_log(n * curve.x, force=True)), sympy.exp(n * x)
    elif x.is_positive:
        for n in sorted(outer, key=sympy.count_ops):
            yield curve.x**n, x**n


def _scale(expression: sympy.Expr) -> sympy.Expr:
    """What stands before the first logarithm."""
    terms = [term for term in sympy.Add.make_args(sympy.expand(expression)) if term.has(sympy.log)]
    return terms[0].as_independent(*terms[0].atoms(sympy.log), as_Add=False)[0]


def _rational(expression: sympy.Expr, a: sympy.Symbol, e: sympy.Expr, t: sympy.Symbol) -> sympy.Expr | None:
    made = expression.xreplace({a: t ** (1 / e)})
    made = sympy.powsimp(sympy.powdenest(sympy.expand_power_base(sympy.expand(made), force=True), force=True))
    if not made.is_rational_function(t) and made.has(sympy.exp, sympy.log):
        made = sympy.cancel(sympy.simplify(made))
    return made if made.is_rational_function(t) else None


def _neat(root: sympy.Expr) -> sympy.Expr:
    """The shortest of a few forms of one expression."""
    plain = sympy.simplify(sympy.expand(root))
    forms = [plain, sympy.expand(root)]
    if plain.has(sympy.exp, sympy.Function):
        exponential = sympy.expand(plain.rewrite(sympy.exp))
        forms += [sympy.simplify(exponential), exponential, _with_cosh(exponential)]
    return sympy.powdenest(min(forms, key=sympy.count_ops), force=False)


def _with_cosh(expression: sympy.Expr) -> sympy.Expr:
    """Sums of exponentials as hyperbolic functions, with common factors in front."""
    factors = sympy.Mul.make_args(sympy.factor_terms(expression))
    return sympy.Mul(*(sympy.simplify(f.rewrite(sympy.cosh)) if f.is_Add else f for f in factors))
