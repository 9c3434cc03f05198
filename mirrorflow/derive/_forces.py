"""The forces ∂φ_k/∂θ of a model, as sparse vectors of polynomials."""

from collections.abc import Sequence

import sympy

from ._kernels import Kernels, plain_functions
from ._ring import NotPolynomial, Ring, flint
from ._system import Force


def gradient_forces(
    ring: Ring, features: Sequence[sympy.Expr], variables: Sequence[sympy.Symbol], kernels: Sequence[Kernels] = ()
) -> tuple[Force, ...]:
    """Each ∇φ_k, multiplied by a function where that makes it a polynomial.

    Laws and counts depend on the directions of the forces only, so that a common factor does not matter: √(u²+v²) and
    e^{uv} have gradients along (u, v) and (v, u).

    **Raises:** `NotPolynomial` where no common factor makes all entries polynomials.
    """
    made = [_gradient(ring, feature, variables, kernels) for feature in features]
    return tuple(map(primitive, filter(None, made)))


def primitive(force: Force) -> Force:
    """The multiple of a force whose coefficients are integers without a common divisor: no prime divides them all."""
    coefficients = [c for entry in force.values() for c in entry.coeffs()]
    bottom = flint.fmpz(1)
    for c in coefficients:
        bottom = bottom.lcm(c.q)
    top = flint.fmpz(0)
    for c in coefficients:
        top = top.gcd(c.p * (bottom // c.q))
    return {i: entry * flint.fmpq(bottom, top) for i, entry in force.items()}


def _gradient(ring: Ring, feature: sympy.Expr, variables: Sequence[sympy.Symbol], kernels: Sequence[Kernels]) -> Force:
    present = feature.free_symbols
    places = [i for i, variable in enumerate(variables) if variable in present]
    try:
        polynomial = ring.polynomial(feature)
    except NotPolynomial:
        polynomial = None
    if polynomial is None:
        quotient = _of_quotient(ring, feature, [variables[i] for i in places], places)
        if quotient is not None:
            return quotient
    if polynomial is None or ring.functions & set(ring.support(polynomial)):
        # 1/θ and log|θ| are symbols of the ring, whose derivatives in θ are not 0.
        entries = {i: sympy.diff(feature, variables[i]) for i in places}
        return _direction(ring, {i: _written(entry, kernels) for i, entry in entries.items()})
    force = {i: ring.derivative(polynomial, variables[i]) for i in places}
    return {i: entry for i, entry in force.items() if not entry.is_zero()}


def _of_quotient(ring: Ring, feature: sympy.Expr, own: Sequence[sympy.Symbol], places: Sequence[int]) -> Force | None:
    """B∇T−T∇B for a quotient T/B of polynomials, without the factors that all entries share; None for what is none."""
    try:
        top, bottom = (ring.polynomial(part) for part in sympy.fraction(sympy.together(feature)))
    except NotPolynomial:
        return None
    if ring.functions & {*ring.support(top), *ring.support(bottom)}:
        return None
    slopes = (bottom * ring.derivative(top, x) - top * ring.derivative(bottom, x) for x in own)
    force = {i: entry for i, entry in zip(places, slopes, strict=True) if not entry.is_zero()}
    common = ring.zero
    for entry in force.values():
        common = common.gcd(entry)
    return {i: entry / common for i, entry in force.items()}


def _written(entry: sympy.Expr, kernels: Sequence[Kernels]) -> sympy.Expr:
    """The entry in the symbols of the kernels, if there are any."""
    if kernels:
        entry = sympy.expand(plain_functions(entry), power_exp=True, mul=False, multinomial=False)
    for each in kernels:
        entry = each.written(entry)
    return entry


def _direction(ring: Ring, entries: dict[int, sympy.Expr]) -> Force:
    """The entries divided by the first of them, over a common denominator."""
    entries = {i: simplified for i, entry in entries.items() if (simplified := sympy.simplify(entry)) != 0}
    if not entries:
        return {}
    ratios = {}
    for divisor in (sympy.Integer(1), next(iter(entries.values()))):
        ratios = {i: sympy.fraction(sympy.cancel(sympy.simplify(entry / divisor))) for i, entry in entries.items()}
        if all(_inside(ring, part) for pair in ratios.values() for part in pair):
            common = sympy.lcm_list([bottom for _, bottom in ratios.values()])
            return {
                i: ring.polynomial(sympy.expand(top * sympy.cancel(common / bottom)))
                for i, (top, bottom) in ratios.items()
            }
    raise NotPolynomial(f"No multiple of the gradient {list(entries.values())} is a polynomial.")


def _inside(ring: Ring, expression: sympy.Expr) -> bool:
    try:
        ring.polynomial(sympy.expand(expression))
    except NotPolynomial:
        return False
    return True
