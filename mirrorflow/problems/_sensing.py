"""Squared loss on linear measurements of a matrix."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Held, Numeric, Real
from ._least_squares import AbstractLeastSquares


class MatrixSensing(AbstractLeastSquares):
    """f(X) = ½Σ_k(⟨A_k,X⟩−b_k)², with ⟨A,X⟩ = tr(AᵀX).

    **Arguments:**

    - `measurements`: the A_k, shape (measurements, rows, columns), finite.
    - `target`: b, shape (measurements,), finite.

    **Raises:** `ValueError` on wrong shapes or entries that are not finite.

    **Source:** theory page 02 (matrix sensing).
    """

    measurements: Held
    target: Held

    def __init__(self, measurements: Numeric, target: Numeric):
        self.measurements = _checks.number("measurements", measurements, shape=None)
        if self.measurements.ndim != 3 or 0 in self.measurements.shape:
            raise ValueError(
                "measurements must have shape (measurements, rows, columns), none of them 0, "
                f"got shape {self.measurements.shape}."
            )
        self.target = _checks.number("target", target, shape=None)
        if self.target.shape != self.measurements.shape[:1]:
            raise ValueError(
                f"target must have shape (measurements,) = {self.measurements.shape[:1]}, "
                f"got shape {self.target.shape}."
            )

    @classmethod
    def sample(
        cls, key: jax.Array, *, shape: tuple[int, int], rank: int, measurements: int, symmetric: bool = False
    ) -> "MatrixSensing":
        """A random instance: A_k with N(0,1) entries, truth X = UVᵀ/√rank with N(0,1) factors of that `rank`.

        With `symmetric=True` (square shapes only): A_k = (G+Gᵀ)/2 and X = UUᵀ/√rank.

        **Raises:** `ValueError` where an argument is out of range.
        """
        key = _checks.key("key", key)
        rows, columns = matrix_shape(shape)
        rank = _checks.integer("rank", rank, at_least=1)
        measurements = _checks.integer("measurements", measurements, at_least=1)
        if rank > min(rows, columns):
            raise ValueError(f"rank must be at most min(shape) = {min(rows, columns)}, got {rank}.")
        if symmetric and rows != columns:
            raise ValueError(f"symmetric measurements need a square shape, got {(rows, columns)}.")
        return cls(*_sample(key, rows, columns, rank, measurements, symmetric))

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns)"""
        return self.measurements.shape[1:]

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Names for the axes of X in labelled results."""
        return ("row", "column")

    def residual(self, x: Real) -> Real:
        """⟨A_k,X⟩−b_k, shape (measurements,)."""
        return jnp.tensordot(jnp.asarray(self.measurements), x, 2) - self.target

    def adjoint(self, residual: Real) -> Real:
        """Σ_k r_kA_k"""
        return jnp.tensordot(residual, jnp.asarray(self.measurements), 1)


def matrix_shape(shape: Sequence[int]) -> tuple[int, int]:
    """(rows, columns), each at least 1."""
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        raise ValueError(f"shape must be (rows, columns), got {shape!r}.")
    rows, columns = (_checks.integer(f"shape[{i}]", size, at_least=1) for i, size in enumerate(shape))
    return rows, columns


def _sample_arrays(key, rows: int, columns: int, rank: int, measurements: int, symmetric: bool):
    keys = jax.random.split(key, 3)
    operators = jax.random.normal(keys[0], (measurements, rows, columns))
    left = jax.random.normal(keys[1], (rows, rank))
    right = left if symmetric else jax.random.normal(keys[2], (columns, rank))
    if symmetric:
        # Read off one triangle: in compiled code a+b and b+a may differ in the last digit.
        row, column = np.indices((rows, columns))
        mean = 0.5 * (operators + operators.swapaxes(1, 2))
        operators = mean[:, np.minimum(row, column), np.maximum(row, column)]
    truth = left @ right.T / jnp.sqrt(float(rank))
    return operators, jnp.tensordot(operators, truth, 2)


_sample = jax.jit(_sample_arrays, static_argnums=(1, 2, 3, 4, 5))
