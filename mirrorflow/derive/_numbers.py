"""Floating-point numbers as the fractions that people mean by them."""

from typing import Any

import numpy as np
import sympy


def fraction(value: Any) -> sympy.Expr:
    """The simplest fraction that is this double, 1/10 for 0.1 and 4/3 for 4/3; in expressions, for every number.

    >>> import sympy
    >>> from mirrorflow.derive._numbers import fraction
    >>> fraction(0.1), fraction(4 / 3), fraction(0.25 * sympy.Symbol("u"))
    (1/10, 4/3, u/4)
    """
    if isinstance(value, sympy.Expr):
        return value.xreplace({each: fraction(float(each)) for each in value.atoms(sympy.Float)})
    return sympy.nsimplify(float(value), rational=True)


def exact_matrix(values: Any) -> sympy.Matrix:
    """A matrix of the very rationals that doubles are: sums of products that vanish in them vanish here too."""
    held = np.asarray(values, dtype=float)
    return sympy.Matrix(*held.shape, [sympy.Rational(float(entry)) for entry in held.ravel()])
