"""Whether an expression is identically zero: decided, or said to be undecided."""

import itertools
import random
from collections.abc import Iterable

import sympy

PRECISION = 40
POINTS = 6
MOST_SIGNS = 6


def derivative(expression: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
    """∂/∂v away from the hyperplanes on which signs change."""
    return expression.diff(variable).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))


def vanishes(expression: sympy.Expr) -> bool:
    """Whether the expression is 0 for all values of its symbols.

    Zero is answered only when sympy's exact simplification proves it (orthant by orthant where there are absolute
    values), non-zero only on a value that is different from 0 at 40 digits.

    **Raises:** `ValueError` where neither comes out.
    """
    if expression.is_zero:
        return True
    pieces = list(_orthants(expression))
    if all(_is_zero(piece) for piece in pieces):
        return True
    if any(_differs(piece) for piece in pieces):
        return False
    raise ValueError(f"Whether this is identically zero could not be decided: {plain(expression)}.")


def plain(expression: sympy.Expr) -> sympy.Expr:
    """With dummies by their names alone, for words."""
    return expression.xreplace({each: sympy.Symbol(each.name) for each in expression.atoms(sympy.Dummy)})


def _orthants(expression: sympy.Expr) -> Iterable[sympy.Expr]:
    inside = {s for atom in expression.atoms(sympy.Abs, sympy.sign) for s in atom.free_symbols if not s.is_positive}
    signed = sorted(inside, key=str)
    if not signed:
        yield expression
        return
    if len(signed) > MOST_SIGNS:
        raise ValueError(f"Signs of more than {MOST_SIGNS} variables in one expression: {plain(expression)}.")
    for signs in itertools.product((1, -1), repeat=len(signed)):
        made = {s: sign * sympy.Symbol(str(s), positive=True) for s, sign in zip(signed, signs, strict=True)}
        yield expression.subs(made)


def _is_zero(expression: sympy.Expr) -> bool:
    if sympy.expand(expression) == 0:
        return True
    if expression.is_rational_function(*expression.free_symbols):
        return sympy.cancel(sympy.together(expression)) == 0
    attempts = (sympy.powsimp, sympy.simplify, lambda e: sympy.simplify(sympy.powdenest(sympy.expand(e), force=False)))
    return any(attempt(expression) == 0 for attempt in attempts)


def _differs(expression: sympy.Expr) -> bool:
    """Whether some value, at a random point, is a number different from 0 at twice the digits it is compared at."""
    dice = random.Random(1)
    symbols = sorted(expression.free_symbols, key=str)
    for _ in range(POINTS):
        point = {s: sympy.Rational(dice.randint(101, 999), 500) for s in symbols}
        value = expression.subs(point).evalf(PRECISION, maxn=400)
        if value.is_number and value.is_finite and abs(value) > sympy.Float(10) ** (-PRECISION // 2):
            return True
    return False
