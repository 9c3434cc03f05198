"""A combination of functions becomes a law only if it is one at fresh points."""

from dataclasses import dataclass

import numpy as np
import sympy

from ._rank import Span, normalized
from ._rational import rational

# ⟨∇h, w⟩ over |∇h||w|, w any velocity: rounding leaves 1e-13 or less; a float coefficient, 1e-11.
VERIFIED = 1e-9


@dataclass(frozen=True)
class NumericLaw:
    """A law h found in double precision: `expression`, and `residual`, the largest |⟨∇h, w⟩|/(|∇h||w|) at fresh points.

    `exact`: whether its coefficients are small fractions; floats otherwise, and known only up to rounding.
    `coefficients`: in the order of the basis, as they stand in the expression.
    """

    expression: sympy.Expr
    coefficients: np.ndarray
    residual: float
    exact: bool


def verified(vector: np.ndarray, basis: list[sympy.Expr], at: np.ndarray, spans: list[Span]) -> NumericLaw | None:
    """The law with these coefficients, as fractions if they are some; None if it fails at fresh points."""
    fractions = rational(vector)
    if fractions is not None:
        rounded = np.array([float(each) for each in fractions])
        residual = _residual(rounded, at, spans)
        if residual <= VERIFIED:
            terms = [sympy.Rational(c.numerator, c.denominator) * b for c, b in zip(fractions, basis, strict=True)]
            return NumericLaw(sympy.Add(*terms), rounded, residual, exact=True)
    residual = _residual(vector, at, spans)
    if residual <= VERIFIED:
        terms = [float(c) * b for c, b in zip(vector, basis, strict=True) if c]
        return NumericLaw(sympy.Add(*terms), vector, residual, exact=False)
    return None


def directions_of(vector: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The directions of ∇h at each point."""
    return normalized(np.einsum("j,sjd->sd", vector, at))


def _residual(vector: np.ndarray, at: np.ndarray, spans: list[Span]) -> float:
    """The largest |⟨∇h, w⟩|/(|∇h||w|); 1 for a function that is constant up to rounding."""
    slopes = np.einsum("j,sjd->sd", vector, at)
    sizes = np.linalg.norm(slopes, axis=1)
    parts = np.einsum("j,sjd->sd", np.abs(vector), np.abs(at))
    if np.any(sizes <= VERIFIED * np.linalg.norm(parts, axis=1)):
        return 1.0
    products = [np.linalg.norm(each.basis @ slope) for each, slope in zip(spans, slopes, strict=True)]
    return float(np.max(np.array(products) / sizes, initial=0.0))
