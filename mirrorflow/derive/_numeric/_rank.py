"""The rank of a matrix of rounded numbers, with the gap that says how far it can be believed."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ... import _checks
from ..._types import Numeric

# Rows have size 1 at most. Rounding leaves about 1e-15 of a first derivative and 1e-13 of brackets of brackets, where
# directions of generic points are seldom below 1e-6. What lies between 1e-12 and 2e-10 counts, but leaves no gap of 1e6
# above the rounding of double precision, whatever it is: nothing is concluded from it.
NEGLIGIBLE = 1e-12
# Six digits between what counts and what does not: half of what double precision holds above that rounding.
CONCLUSIVE_GAP = 1e6


class Span(NamedTuple):
    """Orthonormal rows `basis`, and `kept` and `dropped`: the smallest singular value that counted on the way to it,
    and the largest that did not.
    """

    basis: np.ndarray
    kept: float
    dropped: float

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.basis)

    @property
    def gap(self) -> float:
        """kept/dropped"""
        return self.kept / self.dropped


def span(rows: np.ndarray) -> Span:
    """The numerical span of rows of a size of 1 at most; singular values count from 1e-12 on.

    Where every one counts, or none, rounding (2.2e-16) or the unit stands on the other side of the gap.
    """
    return extended(Span(np.zeros((0, rows.shape[1])), 1.0, float(np.finfo(float).eps)), rows)


def extended(known: Span, rows: np.ndarray) -> Span:
    """The span of what is known and of new rows of a size of 1 at most.

    Only what is orthogonal to the known directions is decomposed, so that a new direction is measured against rows of
    its own level, not against what the weakest direction of earlier levels left.
    """
    rest = rows
    for _ in range(2):  # once more, for what rounding has left of the known directions
        rest = rest - (rest @ known.basis.T) @ known.basis
    _, values, right = np.linalg.svd(rest, full_matrices=False)
    count = int(np.sum(values > NEGLIGIBLE))
    kept, dropped = values[:count], values[count:]
    return Span(
        np.concatenate([known.basis, right[:count]]),
        float(min(known.kept, kept.min(initial=1.0))),
        float(max(known.dropped, dropped.max(initial=0.0))),
    )


def null_space(rows: np.ndarray) -> Span:
    """Orthonormal rows orthogonal to rows of a size of 1 at most, with the singular values that decided."""
    triangle = np.linalg.qr(rows, mode="r") if rows.shape[0] > rows.shape[1] else rows
    _, values, right = np.linalg.svd(triangle, full_matrices=True)
    count = int(np.sum(values > NEGLIGIBLE))
    dropped = max(float(np.max(values[count:], initial=0.0)), float(np.finfo(float).eps))
    return Span(right[count:], float(np.min(values[:count], initial=1.0)), dropped)


def normalized(rows: np.ndarray) -> np.ndarray:
    """Rows divided by their sizes; rows of zeros stay."""
    sizes = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(sizes > 0, sizes, 1.0)


def double_precision(name: str, value: Numeric, *, axes: tuple[int, ...]) -> np.ndarray:
    """Finite numbers with one of these numbers of axes, in a program that computes in double precision.

    **Raises:** `ValueError` otherwise; in single precision no gap of 1e6 can be seen.
    """
    if not jax.config.jax_enable_x64:
        raise ValueError("A numerical rank needs double precision: call mf.enable_float64() first.")
    held = np.asarray(_checks.number(name, value, shape=None))
    if held.dtype != np.float64:
        raise ValueError(f"{name} must be in double precision (float64), got {jnp.dtype(held.dtype).name}.")
    if held.ndim not in axes:
        raise ValueError(f"{name} must have {' or '.join(map(str, axes))} axes, got shape {held.shape}.")
    return held
