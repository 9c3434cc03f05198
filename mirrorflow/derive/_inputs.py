"""What a user may give for a model and a geometry."""

from typing import Any

import sympy

from .. import _checks
from ..geometries import AbstractGeometry, AbstractSteepest, Spectral
from ..reparameterizations import AbstractReparameterization
from ._charts import exact
from ._expressions import from_expressions
from ._model import Model
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
        raise ValueError("variables must be given with expressions: the symbols that are trained.")
    return from_expressions(given, variables)


def exponent(geometry: Any) -> sympy.Expr | None:
    """q of a geometry or an expression, 2 where none is given; None for the spectral geometry, which has none."""
    if geometry is None:
        return sympy.Integer(2)
    if isinstance(geometry, AbstractSteepest):
        return exact(float(geometry.q))
    if isinstance(geometry, Spectral):
        return None
    if isinstance(geometry, AbstractGeometry):
        raise ValueError(f"geometry must be Steepest, Sign, Euclidean or Spectral, got {type(geometry).__name__}.")
    if isinstance(geometry, sympy.Expr) and not geometry.is_number:
        if not geometry.is_Symbol:
            raise ValueError(f"geometry must be a number or a symbol as an exponent q, got {geometry}.")
        return geometry
    if isinstance(geometry, sympy.Expr):
        geometry = float(geometry)
    return exact(float(_checks.in_interval("geometry", geometry, 1.0, 2.0)))
