"""Squared loss on some entries of a matrix."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Held, Numeric, Real
from ._least_squares import AbstractLeastSquares
from ._sensing import matrix_shape


class MatrixCompletion(AbstractLeastSquares):
    """f(X) = ½Σ_k(X[r_k,c_k]−y_k)²: the entries that were observed, an entry observed twice counting twice.

    **Arguments:**

    - `rows`, `columns`: the r_k and c_k, shape (observed,), integers that count from 0.
    - `values`: the y_k, shape (observed,), finite.
    - `shape`: (rows, columns) of X.
    - `truth`: the X that the values were taken from, if it is known, of that shape.

    **Raises:** `ValueError` for lengths that differ, indices that are no integers or outside X, values that are not
    finite, or another shape of the truth.

    **Source:** theory page 02 (matrices: Frobenius-like to nuclear-like); the design's contract for its arguments.

    >>> problem = mf.problems.MatrixCompletion(rows=[0, 1], columns=[2, 0], values=[1.0, -2.0], shape=(2, 3))
    >>> problem.gradient(jnp.zeros((2, 3))).tolist()
    [[0.0, 0.0, -1.0], [2.0, 0.0, 0.0]]
    """

    rows: Held
    columns: Held
    values: Held
    dimensions: tuple[int, int] = eqx.field(static=True)
    truth: Held | None

    def __init__(
        self, rows: Numeric, columns: Numeric, values: Numeric, shape: Sequence[int], truth: Numeric | None = None
    ):
        self.dimensions = matrix_shape(shape)
        self.rows = _checks.indices("rows", rows, self.dimensions[0])
        self.columns = _checks.indices("columns", columns, self.dimensions[1])
        self.values = _checks.number("values", values, shape=None)
        label = "shape"
        _checks.same_shape(
            rows=(label, self.rows.shape), columns=(label, self.columns.shape), values=(label, self.values.shape)
        )
        self.truth = None if truth is None else _checks.number("truth", truth, shape=self.dimensions)

    @classmethod
    def sample(cls, key: jax.Array, *, shape: Sequence[int], rank: int, observed: int) -> "MatrixCompletion":
        """A random instance: truth X = UVᵀ/√rank with N(0,1) factors of that `rank`, `observed` entries, each once.

        **Raises:** `ValueError` where an argument is out of range.

        >>> problem = mf.problems.MatrixCompletion.sample(jax.random.key(0), shape=(4, 5), rank=1, observed=12)
        >>> problem.values.shape, len(set(zip(problem.rows.tolist(), problem.columns.tolist())))
        ((12,), 12)
        """
        key = _checks.key("key", key)
        rows, columns = matrix_shape(shape)
        rank = _checks.integer("rank", rank, at_least=1)
        observed = _checks.integer("observed", observed, at_least=1)
        if rank > min(rows, columns):
            raise ValueError(f"rank must be at most min(shape) = {min(rows, columns)}, got {rank}.")
        if observed > rows * columns:
            raise ValueError(f"observed must be at most the {rows * columns} entries of X, got {observed}.")
        row, column, values, truth = _sample(key, rows, columns, rank, observed)
        return cls(row, column, values, (rows, columns), truth)

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns)"""
        return self.dimensions

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Names for the axes of X in labelled results."""
        return ("row", "column")

    def residual(self, x: Real) -> Real:
        """X[r_k,c_k]−y_k, shape (observed,)."""
        return jnp.asarray(x)[self.rows, self.columns] - self.values

    def adjoint(self, residual: Real) -> Real:
        """The matrix with the residuals at their entries, 0 elsewhere."""
        return jnp.zeros(self.dimensions, residual.dtype).at[self.rows, self.columns].add(residual)


def _sample_arrays(key, rows: int, columns: int, rank: int, observed: int):
    keys = jax.random.split(key, 3)
    left, right = jax.random.normal(keys[0], (rows, rank)), jax.random.normal(keys[1], (columns, rank))
    truth = left @ right.T / jnp.sqrt(float(rank))
    places = jax.random.choice(keys[2], rows * columns, (observed,), replace=False)
    row, column = jnp.divmod(places, columns)
    return row, column, truth[row, column], truth


_sample = jax.jit(_sample_arrays, static_argnums=(1, 2, 3, 4))
