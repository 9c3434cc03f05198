"""Lie brackets of gradient fields in symbols."""

from collections.abc import Sequence
from typing import Any

import sympy
from sympy.polys.polyerrors import CoercionFailed

from ._vanish import derivative


class GradientField:
    """∇φ with its Hessian, over ℚ[θ] where φ is a polynomial (which is many times faster), else as expressions."""

    def __init__(self, function: sympy.Expr, variables: Sequence[sympy.Symbol], ring: Any):
        self.ring = ring
        if ring is None:
            gradient = {v: derivative(function, v) for v in variables if function.has(v)}
        else:
            element = ring.from_expr(sympy.expand(function))
            gradient = {v: element.diff(g) for v, g in zip(variables, ring.gens, strict=True)}
        self.gradient = {v: slope for v, slope in gradient.items() if slope}

    def along(self, other: "GradientField") -> dict[sympy.Symbol, Any]:
        """∇²φ·∇ψ, entry by entry."""
        found = {}
        for v, slope in self.gradient.items():
            terms = [self._derivative(slope, u) * speed for u, speed in other.gradient.items()]
            found[v] = sum(terms) if self.ring is None else sum(terms, self.ring.zero)
        return found

    def _derivative(self, slope: Any, variable: sympy.Symbol) -> Any:
        if self.ring is None:
            return derivative(slope, variable)
        return slope.diff(self.ring.gens[self.ring.symbols.index(variable)])


def fields(functions: Sequence[sympy.Expr], variables: Sequence[sympy.Symbol]) -> list[GradientField]:
    """The gradient fields of several functions, over one ring if there is one."""
    ring = _ring(functions, variables)
    return [GradientField(function, variables, ring) for function in functions]


def bracket(first: GradientField, second: GradientField, variables: Sequence[sympy.Symbol]) -> sympy.Matrix:
    """[∇φ,∇ψ] = ∇²ψ∇φ − ∇²φ∇ψ, a column."""
    forward, backward = second.along(first), first.along(second)
    zero = 0 if first.ring is None else first.ring.zero
    made = [forward.get(v, zero) - backward.get(v, zero) for v in variables]
    return sympy.Matrix([entry if first.ring is None else entry.as_expr() for entry in made])


def _ring(functions: Sequence[sympy.Expr], variables: Sequence[sympy.Symbol]) -> Any:
    if not all(function.is_polynomial(*variables) for function in functions):
        return None
    made = sympy.polys.rings.PolyRing(variables, sympy.QQ, sympy.grevlex)
    try:
        for function in functions:
            made.from_expr(sympy.expand(function))
    except (CoercionFailed, ValueError):  # other constants than rational numbers
        return None
    return made
