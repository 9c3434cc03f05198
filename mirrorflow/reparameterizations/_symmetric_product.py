"""Products of a matrix with itself."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Parameters, Real, Scalar
from ._base import AbstractReparameterization, check_array
from ._matrix_product import MatrixProduct


class SymmetricProduct(AbstractReparameterization):
    """X = UUᵀ with θ = U, shape (rows, rank): the positive semidefinite matrices of at most that rank.

    Gradient flow is U̇ = −(∇f+∇fᵀ)U. It is a mirror flow in X where the measurements are symmetric and commute, and
    none in general.

    **Arguments:** `rows`, `rank`: at least 1.

    **Raises:** `ValueError` for sizes below 1.

    **Source:** theory pages 01 (UUᵀ, commuting or not) and 02 (matrix sensing).

    >>> mf.reparameterizations.SymmetricProduct(rows=2, rank=1)(jnp.array([[1.0], [-2.0]])).tolist()
    [[1.0, -2.0], [-2.0, 4.0]]
    """

    rows: int = eqx.field(static=True)
    rank: int = eqx.field(static=True)

    def __init__(self, rows: int, rank: int):
        self.rows = _checks.integer("rows", rows, at_least=1)
        self.rank = _checks.integer("rank", rank, at_least=1)

    def __call__(self, parameters: Parameters) -> Real:
        """UUᵀ"""
        return parameters @ parameters.T

    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """θ has shape (rows, rank), and x has shape (rows, rows)."""
        if shape != (self.rows, self.rows):
            raise ValueError(f"UUᵀ has the shape {(self.rows, self.rows)}, the problem has {shape}.")
        check_array(parameters, (self.rows, self.rank), "(rows, rank)")

    def lift(self, x: Numeric, balance: Numeric = 0.0, q: Numeric = 2.0) -> Parameters:
        """U with UUᵀ=X, from the eigenvalues and eigenvectors of X, the largest first.

        **Raises:** `ValueError` for a balance other than 0 (both factors are the same), q≠2, or an X that is not
        symmetric, has a negative eigenvalue or a higher rank than `rank`.
        """
        x = _checks.number("x", x, shape=(self.rows, self.rows))
        for name, given, allowed in (("balance", balance, 0.0), ("q", q, 2.0)):
            if not _checks.is_traced(given) and np.any(np.asarray(given) != allowed):
                raise ValueError(f"A symmetric product can be lifted with {name}={allowed:g} only, got {given}.")
        values, vectors = jnp.linalg.eigh((x + x.T) / 2)
        if not _checks.is_traced(values):
            self._check_semidefinite(np.asarray(x), np.asarray(values))
        kept = min(self.rank, self.rows)
        sizes = jnp.sqrt(jnp.clip(values[::-1][:kept], 0, None))
        return jnp.pad(vectors[:, ::-1][:, :kept] * sizes[None], ((0, 0), (0, self.rank - kept)))

    def _check_semidefinite(self, x: np.ndarray, values: np.ndarray) -> None:
        rounding = np.finfo(values.dtype).eps ** 0.6 * np.abs(values).max()
        if np.abs(x - x.T).max() > rounding:
            raise ValueError(f"x must be symmetric; the largest |X−Xᵀ| is {np.abs(x - x.T).max():g}.")
        if values[0] < -rounding:
            raise ValueError(f"x must be positive semidefinite; its smallest eigenvalue is {values[0]:g}.")
        if self.rank < self.rows and values[-1 - self.rank] > rounding:
            raise ValueError(
                f"x must have rank at most {self.rank}; its next eigenvalue is {values[-1 - self.rank]:g}."
            )

    def pull_back(self, parameters: Parameters, covector: Real) -> Parameters:
        """(G+Gᵀ)U"""
        return (covector + covector.T) @ parameters

    def unfinished(self, parameters: Parameters, velocity: Parameters, gradient: Real, decay_rate: Scalar) -> Scalar:
        """That of UVᵀ at U=V, where the same velocities are those of ½(∇f+∇fᵀ) in twice the time."""
        pair, moving = ({"left": leaf, "right": leaf} for leaf in (parameters, velocity))
        product = MatrixProduct(self.rows, self.rows, self.rank)
        return product.unfinished(pair, moving, gradient + gradient.T, decay_rate)
