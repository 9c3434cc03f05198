"""What a user may give for a model and a geometry."""

from typing import Any

import sympy

from .. import _checks
from ..geometries import AbstractGeometry, AbstractSteepest, Spectral
from ..reparameterizations import AbstractReparameterization
from ._expressions import from_expressions
from ._model import Model
from ._numbers import fraction
from ._symbolic import symbolic


def symbolic_model(given: Any, variables: Any) -> Model:
    """A `Model` of a model, a reparameterization or expressions.

    **Raises:** `ValueError` that says what is allowed.
    """
    if isinstance(given, Model | AbstractReparameterization):
        if variables is not None:
            raise ValueError(f"variables goes with expressions or a function; {type(given).__name__} has its own.")
        return given if isinstance(given, Model) else symbolic(given)
    if variables is None:
        raise ValueError("variables must be given with sympy expressions: the symbols that are trained.")
    return from_expressions(given, variables)


WORDS = {"gradient": sympy.Integer(2), "sign": sympy.Integer(1)}


def exponent(geometry: Any) -> sympy.Expr | None:
    """q of a geometry, a word or an expression, 2 where none is given; None for the spectral geometry, which has none.

    Numbers of sympy stay as they are: √2 is no fraction of two numbers with 15 digits each.
    """
    if geometry is None:
        return sympy.Integer(2)
    if isinstance(geometry, AbstractSteepest):
        return fraction(geometry.q)
    if isinstance(geometry, str) and geometry in WORDS:
        return WORDS[geometry]
    if isinstance(geometry, Spectral):
        return None
    if isinstance(geometry, AbstractGeometry):
        raise ValueError(f"geometry must be Steepest, Sign, Euclidean or Spectral, got {type(geometry).__name__}.")
    if isinstance(geometry, sympy.Expr) and not geometry.is_number:
        if not geometry.is_Symbol:
            raise ValueError(f"geometry must be a number or a symbol as an exponent q, got {geometry}.")
        return geometry
    try:
        q = fraction(geometry if isinstance(geometry, sympy.Expr) else _checks.number("geometry", geometry))
    except ValueError:
        q = sympy.nan
    if not (q.is_real and 1 <= q <= 2):
        raise ValueError(
            f"geometry must be one of mf.geometries, 'gradient', 'sign' or an exponent q in [1, 2], got {geometry!r}."
        )
    return q
