"""Antiderivatives of what orbits are made of: powers and powers of binomials, each proved by its derivative."""

import functools
from typing import Any

import sympy

from ._vanish import vanishes


@functools.lru_cache(maxsize=256)  # the same is asked for by a formula and by what is said of its origin
def antiderivative(expression: sympy.Expr, x: sympy.Symbol) -> sympy.Expr | None:
    """∫f dx for x>0 in closed form, proved by its derivative; None where none is found.

    Powers c·x^e and c·x^k(A+Bx^n)^r are integrated by rule, also for symbolic exponents (e+1 and k+1 are then taken to
    differ from 0); what else there is, by sympy.
    """
    for rule in (_monomial, _substituted, _plain_terms, _elementary, _binomial, _termwise):
        found = rule(expression, x)
        if found is not None and _proved(found, expression, x):
            return found
    return None


def monomial(expression: sympy.Expr, x: sympy.Symbol) -> tuple[sympy.Expr, sympy.Expr] | None:
    """(c, e) with f = c·x^e, e free of x."""
    flat = sympy.powdenest(sympy.expand_power_base(expression, force=True), force=True)
    flat = sympy.expand_power_base(flat, force=True)
    coefficient, rest = flat.as_independent(x, as_Add=False)
    base, exponent = sympy.powsimp(rest, combine="exp").as_base_exp()
    if rest == 1:
        return coefficient, sympy.Integer(0)
    if base == x and not exponent.has(x):
        return coefficient, exponent
    return None


def binomial(expression: sympy.Expr, x: sympy.Symbol) -> tuple[Any, ...] | None:
    """(c, k, A, B, n, r) with f = c·x^k·(A+B·x^n)^r, A and n not 0."""
    coefficient, rest = sympy.powsimp(expression).as_independent(x, as_Add=False)
    power, found = sympy.Integer(0), None
    for factor in sympy.Mul.make_args(rest):
        single = monomial(factor, x)
        if single is not None:
            coefficient, power = coefficient * single[0], power + single[1]
        elif found is None:
            found = factor.as_base_exp()
        else:
            return None
    if found is None or found[1].has(x) or not found[0].is_Add:
        return None
    constant, moving = found[0].as_independent(x, as_Add=True)
    single = monomial(moving, x)
    if single is None or constant == 0 or single[1] == 0:
        return None
    return coefficient, power, constant, single[0], single[1], found[1]


def _monomial(expression: sympy.Expr, x: sympy.Symbol) -> sympy.Expr | None:
    single = monomial(expression, x)
    if single is None:
        return None
    coefficient, exponent = single
    above = sympy.simplify(exponent + 1)
    return coefficient * (sympy.log(x) if above == 0 else x**above / above)


def _elementary(expression: sympy.Expr, x: sympy.Symbol) -> sympy.Expr | None:
    """By sympy, unless it is a power of a binomial whose antiderivative is no elementary function."""
    parts = binomial(expression, x)
    if parts is not None:
        _, k, _, _, n, r = parts
        candidates = ((k + 1) / n, (k + 1) / n + r, r)
        if not any(c.is_integer for c in candidates):  # Chebyshev: elementary only if one of these is an integer
            return None
        if n.free_symbols or r.free_symbols or k.free_symbols:
            return None
    found = sympy.integrate(expression, x)
    if found.has(sympy.Integral, sympy.hyper, sympy.meijerg, sympy.Piecewise, sympy.I, sympy.exp_polar):
        return None
    return sympy.expand(found) if found.has(sympy.log) else sympy.simplify(found)


def _substituted(expression: sympy.Expr, x: sympy.Symbol) -> sympy.Expr | None:
    """∫c·x^k(A+Bx^n)^r dx = (c/n)∫(A+Bs)^r s^{(k+1)/n−1} ds with s=x^n, where that power of s is 0."""
    parts = binomial(expression, x)
    if parts is None:
        return None
    c, k, a, b, n, r = parts
    if sympy.simplify((k + 1) / n - 1) != 0 or r == -1:
        return None
    return c * (a + b * x**n) ** (r + 1) / (b * n * (r + 1))


def _plain_terms(expression: sympy.Expr, x: sympy.Symbol) -> sympy.Expr | None:
    """A sum of terms that rules integrate."""
    terms = sympy.Add.make_args(sympy.expand_mul(expression))
    if len(terms) < 2 or not all(monomial(term, x) or binomial(term, x) for term in terms):
        return None
    return _termwise(sympy.Add(*terms), x)


def _binomial(expression: sympy.Expr, x: sympy.Symbol) -> sympy.Expr | None:
    """c·A^r·x^{k+1}/(k+1)·₂F₁(−r, (k+1)/n; 1+(k+1)/n; −(B/A)x^n)"""
    parts = binomial(expression, x)
    if parts is None:
        return None
    c, k, a, b, n, r = parts
    second = sympy.simplify((k + 1) / n)
    if second.is_nonpositive:
        return None
    series = sympy.hyper([-r, second], [second + 1], -b / a * x**n)
    return c * a**r * x ** (k + 1) / (k + 1) * series


def _termwise(expression: sympy.Expr, x: sympy.Symbol) -> sympy.Expr | None:
    terms = sympy.Add.make_args(sympy.expand_mul(expression))
    if len(terms) < 2:
        return None
    parts = [antiderivative(term, x) for term in terms]
    return None if any(part is None for part in parts) else sympy.Add(*parts)


def _proved(found: sympy.Expr, expression: sympy.Expr, x: sympy.Symbol) -> bool:
    series = {one: sympy.Dummy(f"F{i}", real=True) for i, one in enumerate(found.atoms(sympy.hyper))}
    # x-derivative of the rest, and of each ₂F₁(a,b;b+1;z) by zF' = b[(1−z)^{−a} − F], which sympy does not use
    derivative = found.xreplace(series).diff(x)
    for one, name in series.items():
        b, z = one.bq[0] - 1, one.argument
        a = one.ap[0] if sympy.simplify(one.ap[1] - b) == 0 else one.ap[1]
        top, bottom = sympy.fraction(sympy.together(1 - z))
        slope = b / z * (top ** (-a) * bottom**a - name) * z.diff(x)
        derivative += found.xreplace(series).diff(name) * slope
    try:
        return vanishes(derivative - expression)
    except ValueError:
        return False
