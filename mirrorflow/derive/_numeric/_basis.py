"""Functions of θ among whose combinations laws are sought, with their values and gradients at many points."""

import itertools
from collections.abc import Sequence

import numpy as np
import sympy

Expressions = Sequence[sympy.Expr]


def monomials(variables: Sequence[sympy.Symbol], degree: int) -> list[sympy.Expr]:
    """All monomials of degree 1 to `degree`, by growing degree.

    >>> import sympy as sp
    >>> from mirrorflow.derive._numeric import monomials
    >>> monomials(sp.symbols("u v"), 2)
    [u, v, u**2, u*v, v**2]
    """
    choices = (itertools.combinations_with_replacement(variables, d) for d in range(1, degree + 1))
    return [sympy.Mul(*chosen) for chosen in itertools.chain.from_iterable(choices)]


def complexity(expression: sympy.Expr, variables: Sequence[sympy.Symbol]) -> int:
    """The degree of a polynomial; for what is none, the number of its operations, and at least 1."""
    if expression.is_polynomial(*variables):
        return int(sympy.Poly(expression, *variables).total_degree())
    return max(int(sympy.count_ops(expression)), 1)


def _slope(expression: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """∂/∂symbol away from 0, where the derivative of a sign is no function."""
    return sympy.diff(expression, symbol).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))


class Gradients:
    """θ ↦ the gradients of functions of θ, for many θ at once; only what is not 0 is computed."""

    def __init__(self, expressions: Expressions, variables: Sequence[sympy.Symbol]):
        place = {symbol: index for index, symbol in enumerate(variables)}
        self._shape = (len(expressions), len(variables))
        entries = [
            (row, place[symbol], _slope(expression, symbol))
            for row, expression in enumerate(expressions)
            for symbol in (each for each in variables if each in expression.free_symbols)
        ]
        self._rows = np.array([row for row, _, _ in entries], dtype=int)
        self._columns = np.array([column for _, column, _ in entries], dtype=int)
        self._values = sympy.lambdify([list(variables)], [entry for _, _, entry in entries], "numpy")

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Shape (points, functions, D).

        **Raises:** `ValueError` where a gradient is not finite.
        """
        found = np.zeros((len(points), *self._shape))
        with np.errstate(all="ignore"):
            values = self._values(list(points.T))
        for row, column, value in zip(self._rows, self._columns, values, strict=True):
            found[:, row, column] = np.broadcast_to(np.asarray(value, float), len(points))
        if not np.isfinite(found).all():
            raise ValueError("basis must have gradients that are finite at the sampled points.")
        return found
