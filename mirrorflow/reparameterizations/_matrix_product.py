"""Products of two matrices: matrix factorization, and low-rank adaptation of a frozen matrix."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Held, Numeric, Parameters, Real, Scalar
from ._base import AbstractReparameterization


class MatrixProduct(AbstractReparameterization):
    """X = W₀ + UVᵀ, with θ = {"left": U (rows, rank), "right": V (columns, rank)}.

    **Arguments:** `rows`, `columns`, `rank`: at least 1; `frozen`: W₀, shape (rows, columns), zero unless given (LoRA).

    **Raises:** `ValueError` for sizes below 1 or a frozen matrix of another shape.

    **Source:** theory pages 01 (not commuting in general) and 02 (LoRA).
    """

    rows: int = eqx.field(static=True)
    columns: int = eqx.field(static=True)
    rank: int = eqx.field(static=True)
    frozen: Held | None

    def __init__(self, rows: int, columns: int, rank: int, frozen: Numeric | None = None):
        self.rows = _checks.integer("rows", rows, at_least=1)
        self.columns = _checks.integer("columns", columns, at_least=1)
        self.rank = _checks.integer("rank", rank, at_least=1)
        self.frozen = None if frozen is None else _checks.number("frozen", frozen, shape=(self.rows, self.columns))

    def __call__(self, parameters: Parameters) -> Real:
        """W₀ + UVᵀ"""
        product = parameters["left"] @ parameters["right"].T
        return product if self.frozen is None else self.frozen + product

    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """θ is {"left": (rows, rank), "right": (columns, rank)}, and x has shape (rows, columns)."""
        if shape != (self.rows, self.columns):
            raise ValueError(f"The product makes an x of shape {(self.rows, self.columns)}, the problem has {shape}.")
        expected = {"left": (self.rows, self.rank), "right": (self.columns, self.rank)}
        if not isinstance(parameters, dict) or set(parameters) != set(expected):
            given = sorted(map(str, parameters)) if isinstance(parameters, dict) else type(parameters).__name__
            raise ValueError(f'start must be a dictionary {{"left": U, "right": V}}, got {given}.')
        for name, wanted in expected.items():
            if tuple(jnp.shape(parameters[name])) != wanted:
                raise ValueError(f'start["{name}"] must have shape {wanted}, got {tuple(jnp.shape(parameters[name]))}.')

    def lift(self, x: Numeric, balance: Numeric, q: Numeric = 2.0) -> Parameters:
        """U, V with UVᵀ=X−W₀ and UᵀU−VᵀV = balance·I, from the singular value decomposition of X−W₀.

        **Raises:** `ValueError` for a negative balance, q≠2 (there is no such law for matrices), an X−W₀ of higher rank
        than `rank`, or a positive balance with rank > min(rows, columns).
        """
        x = _checks.number("x", x, shape=(self.rows, self.columns))
        balance = _checks.nonnegative("balance", balance)
        if not _checks.is_traced(q) and float(q) != 2.0:
            raise ValueError(f"A matrix product can be lifted with a balance for q=2 only, got q={float(q):g}.")
        short = min(self.rows, self.columns)
        if self.rank > short and not _checks.is_traced(balance) and float(balance) > 0:
            raise ValueError(
                f"UᵀU−VᵀV = balance·I with balance>0 needs rank ≤ min(rows, columns) = {short}, got rank {self.rank}."
            )
        left, values, right = jnp.linalg.svd(x if self.frozen is None else x - self.frozen, full_matrices=False)
        if not _checks.is_traced(values) and short > self.rank:
            dropped = float(np.asarray(values)[self.rank])
            if dropped > jnp.finfo(values.dtype).eps ** 0.6 * float(values[0]):
                raise ValueError(
                    f"x−frozen must have rank at most {self.rank}; its next singular value is {dropped:g}."
                )
        kept = min(self.rank, short)
        values = values[:kept]
        # a²−b²=balance and ab=σ: a² = (balance+√(balance²+4σ²))/2.
        large = jnp.sqrt((balance + jnp.hypot(jnp.asarray(balance, values.dtype), 2 * values)) / 2)
        small = jnp.where(large > 0, values / jnp.where(large > 0, large, 1.0), 0.0)
        pad = ((0, 0), (0, self.rank - kept))
        return {
            "left": jnp.pad(left[:, :kept] * large[None, :], pad),
            "right": jnp.pad(right[:kept].T * small[None, :], pad),
        }

    def pull_back(self, parameters: Parameters, covector: Real) -> Parameters:
        """{GV, GᵀU}"""
        return {"left": covector @ parameters["right"], "right": covector.T @ parameters["left"]}

    def unfinished(self, parameters: Parameters, velocity: Parameters, gradient: Real, decay_rate: Scalar) -> Scalar:
        """The relative speed of each column of (U; V), rotated to be orthogonal, and what may still grow.

        A column near zero has a relative speed of the size of ∇f, however small the velocities are: that is a saddle.
        Columns that shrink for ever come to rest once no column would grow, which it does at the rate ‖∇f(X)‖₂−decay.
        """
        stacked = jnp.concatenate([parameters["left"], parameters["right"]])
        moving = jnp.concatenate([velocity["left"], velocity["right"]])
        rotation = jnp.linalg.eigh(stacked.T @ stacked)[1]
        columns, moving = stacked @ rotation, moving @ rotation
        lengths, speeds = jnp.linalg.norm(columns, axis=0), jnp.linalg.norm(moving, axis=0)
        relative = jnp.where(lengths > 0, speeds / jnp.where(lengths > 0, lengths, 1.0), 0.0)
        growth = jnp.clip(jnp.linalg.norm(gradient, ord=2) - decay_rate, 0, None)
        shrinking = jnp.sum(columns * moving, axis=0) < 0
        return jnp.max(jnp.where(shrinking, jnp.minimum(relative, jnp.maximum(speeds, growth)), relative))
