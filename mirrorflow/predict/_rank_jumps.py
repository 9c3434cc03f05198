"""Incremental learning of rank: when singular values arrive from a vanishing start, without an equation."""

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric
from ..problems import AbstractLeastSquares
from ._factor_minimum import Quadratic, factor_minimum

_RESTING = 1e-9  # a growth this small against the first one is none
_TIE = 1e-10


@dataclasses.dataclass(frozen=True)
class RankJumps:
    """Ranks in the time τ=t/log(1/s) for factors of size s→0: σ_i(U_t) ≈ s^{e_i(τ)} until it arrives at e_i=0.

    **Fields:** `times`, τ_k of the arrivals, increasing, shape (jumps,); `plateaus`, X between them, first 0, shape
    (jumps+1, rows, columns); `ranks` of the plateaus, shape (jumps+1,); `rates`, −de_i/dτ on each plateau, shape
    (jumps+1, rank), 0 for what has arrived; `begun`, e_i at the beginning of each plateau, of that shape.
    """

    times: np.ndarray
    plateaus: np.ndarray
    ranks: np.ndarray
    rates: np.ndarray
    begun: np.ndarray

    def at(self, tau: Numeric) -> np.ndarray:
        """X(τ), shape τ's plus (rows, columns); at a jump the plateau that begins there.

        **Raises:** `ValueError` for a negative τ.
        """
        return self.plateaus[self._place(tau)[1]]

    def exponents(self, tau: Numeric) -> np.ndarray:
        """e_i(τ), shape τ's plus (rank,): log σ_i(X) ≈ 2·e_i(τ)·log s.

        **Raises:** `ValueError` for a negative τ.
        """
        tau, place = self._place(tau)
        since = tau - np.concatenate([[0.0], self.times])[place]
        return self.begun[place] - since[..., None] * self.rates[place]

    def _place(self, tau: Numeric) -> tuple[np.ndarray, np.ndarray]:
        tau = np.asarray(_checks.nonnegative("tau", tau, shape=None), float)
        return tau, np.searchsorted(self.times, tau, side="right")


def rank_jumps(problem: Any, *, symmetric: bool, rank: int) -> RankJumps:
    """The limit s→0 of gradient flow on UUᵀ (`symmetric`) or UVᵀ from random factors of size s.

    At a plateau X, the minimum of f over matrices of its rank, ∇f is 0 on the range of X, and the factors'
    other directions grow as the exponential of A=−(∇f+∇fᵀ), or −[[0,∇f],[∇fᵀ,0]], on what is orthogonal to it: in
    general position the i-th largest at the rate of the i-th largest eigenvalue (for UVᵀ: singular value of ∇f). The
    first that arrives at size 1 leads to the minimum of the next rank. Times are reached up to C/log(1/s).

    In general position, that is: where the gradients at different plateaus share their eigenvectors, as for commuting
    measurements, each direction keeps a rate of its own (`saddle_jumps(…, nonnegative=True)`).

    **Arguments:** `problem`: a squared loss of a matrix (sensing, completion); `rank`: the columns of
    the factors, at least 1, at most rows (UUᵀ) or rows+columns (UVᵀ).

    **Raises:** `ValueError` for another loss, one whose x is no square matrix (UUᵀ), or another rank; `RuntimeError`
    where no minimum of the next rank is found.

    **Source:** derived here, after Li, Luo, Lyu 2021 (arXiv:2012.09839), greedy low-rank learning, and Jin et al. 2023
    (arXiv:2301.11500); theory page 01 (saddle-to-saddle).

    >>> problem = mf.problems.MatrixSensing(jnp.eye(4).reshape(4, 2, 2), jnp.diag(jnp.array([2.0, 1.0])).ravel())
    >>> jumps = mf.predict.rank_jumps(problem, symmetric=True, rank=2)
    >>> jumps.times.round(6).tolist(), jumps.ranks.tolist()
    ([0.25, 0.5], [0, 1, 2])
    """
    loss = _quadratic(problem, symmetric)
    shape = loss.shape
    height = shape[0] if symmetric else sum(shape)
    rank = _checks.integer("rank", rank, at_least=1)
    if rank > height:
        raise ValueError(f"rank must be at most {height}, got {rank}.")
    factor, exponents, tau, x = np.zeros((height, 0)), np.ones(rank), 0.0, np.zeros(shape)
    times, plateaus, ranks, rates, begun = [], [x], [0], [], [exponents]
    first = None
    while True:
        growth, directions = _growth(loss, factor)
        first = growth[0] if first is None else first
        arrived = factor.shape[1]
        rate = np.concatenate([np.zeros(arrived), growth[: rank - arrived]])
        rates.append(rate)
        if arrived == rank or not growth[0] > _RESTING * first:
            return RankJumps(*map(np.array, (times, plateaus, ranks, rates, begun)))
        with np.errstate(divide="ignore"):
            wait = float(np.min(np.where(rate > 0, exponents / np.where(rate > 0, rate, 1.0), np.inf)))
        exponents = exponents - wait * rate
        count = int(np.sum(np.abs(exponents[arrived:]) <= _TIE))
        exponents[arrived : arrived + count] = 0.0
        factor, x = factor_minimum(loss, factor, directions[:, :count])
        tau += wait
        times.append(tau)
        plateaus.append(x)
        ranks.append(factor.shape[1])
        begun.append(exponents)


def _growth(loss: Quadratic, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of A orthogonal to the range of the factor, decreasing, and their vectors."""
    operator = loss.drive(loss.gradient(loss.product(factor)))
    basis = np.linalg.svd(factor, full_matrices=True)[0][:, factor.shape[1] :]
    values, vectors = np.linalg.eigh(basis.T @ operator @ basis)
    return values[::-1], (basis @ vectors)[:, ::-1]


def _quadratic(problem: Any, symmetric: bool) -> Quadratic:
    """½‖MX−b‖² from what a squared loss says of its residuals, which are affine in X."""
    _checks.instance("problem", problem, AbstractLeastSquares, "a squared loss of a matrix")
    shape = tuple(problem.shape)
    if len(shape) != 2 or (symmetric and shape[0] != shape[1]):
        kind = "a square matrix" if symmetric else "a matrix"
        raise ValueError(f"problem must be a loss of {kind}, its x has shape {shape}.")
    zero = jnp.zeros(shape)
    offset = problem.residual(zero)
    basis = jnp.eye(zero.size).reshape(-1, *shape)
    columns = np.stack([np.asarray(problem.residual(unit) - offset, float) for unit in basis])
    return Quadratic(columns.T, -np.asarray(offset, float), shape, symmetric)
