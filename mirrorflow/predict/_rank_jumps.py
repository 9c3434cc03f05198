"""Incremental learning of rank: when singular values arrive from a vanishing start, without an equation."""

import dataclasses
from typing import Any, NamedTuple

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
    """Ranks in the time τ=t/log(1/s) for factors of size s→0: σ_i(X_t) ≈ s^{2e_i(τ)} until it arrives at e_i=0.

    **Fields:** `times`, τ_k of the arrivals, increasing, shape (jumps,); `plateaus`, X between them, first 0, shape
    (jumps+1, rows, columns); `ranks` of the plateaus, shape (jumps+1,); `breaks`, the times at which rates change,
    arrivals among them, shape (breaks,); `rates`, −de_i/dτ after each of them, shape (breaks+1, rank), 0 for what has
    arrived; `begun`, e_i when they begin, of that shape.
    """

    times: np.ndarray
    plateaus: np.ndarray
    ranks: np.ndarray
    breaks: np.ndarray
    rates: np.ndarray
    begun: np.ndarray

    def at(self, tau: Numeric) -> np.ndarray:
        """X(τ), shape τ's plus (rows, columns); at a jump the plateau that begins there.

        **Raises:** `ValueError` for a negative τ.
        """
        tau = np.asarray(_checks.nonnegative("tau", tau, shape=None), float)
        return self.plateaus[np.searchsorted(self.times, tau, side="right")]

    def exponents(self, tau: Numeric) -> np.ndarray:
        """e_i(τ), shape τ's plus (rank,): log σ_i(X) ≈ 2·e_i(τ)·log s.

        **Raises:** `ValueError` for a negative τ.
        """
        tau = np.asarray(_checks.nonnegative("tau", tau, shape=None), float)
        place = np.searchsorted(self.breaks, tau, side="right")
        since = tau - np.concatenate([[0.0], self.breaks])[place]
        return self.begun[place] - since[..., None] * self.rates[place]


def rank_jumps(problem: Any, *, symmetric: bool, rank: int) -> RankJumps:
    """The limit s→0 of gradient flow on UUᵀ (`symmetric`) or UVᵀ from random factors of size s.

    At a plateau X, the minimum of f over matrices of its rank, ∇f is 0 on the range of X, and the factors'
    other directions grow as the exponential of A=−(∇f+∇fᵀ), or −[[0,∇f],[∇fᵀ,0]], on what is orthogonal to it: in
    general position the i-th largest at the rate of the i-th largest eigenvalue (for UVᵀ: singular value of ∇f). The
    first that arrives at size 1 leads to the minimum of the next rank. Times are reached up to C/log(1/s).

    Square U and V that have grown are balanced, and balanced factors keep the sign of det(UVᵀ). Where det(X−∇f) has the
    other sign, the last direction *falls* at its rate, until it is down at s, where UᵀU−VᵀV=O(s²) lets the sign change.

    In general position, that is: where the gradients at different plateaus share their eigenvectors, as for commuting
    measurements, each direction keeps a rate of its own (`saddle_jumps(…, nonnegative=True)`).

    **Arguments:** `problem`: a squared loss of a matrix (sensing, completion); `rank`: the columns of the factors, at
    least 1, at most rows (UUᵀ) or min(rows, columns) (UVᵀ).

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
    rank = _checks.integer("rank", rank, at_least=1)
    if rank > min(loss.shape):
        raise ValueError(f"rank must be at most {min(loss.shape)}, the shorter side of X, got {rank}.")
    factor, exponents, tau = np.zeros((loss.height, 0)), np.ones(rank), 0.0
    plateau = _plateau(loss, factor, rank)
    orientation, first = plateau.sign, plateau.growth[0]
    plateaus, times, breaks, rates, begun = [plateau], [], [], [], []
    while True:
        arrived = factor.shape[1]
        rate = np.concatenate([np.zeros(arrived), plateau.growth])
        falls = arrived < rank and orientation != plateau.sign
        if falls:
            rate[-1] = -rate[-1]
        rates.append(rate)
        begun.append(exponents)
        if arrived == rank or rate[arrived:].max() <= _RESTING * first:
            found = np.array([p.x for p in plateaus]), np.array([p.rank for p in plateaus])
            return RankJumps(np.array(times), *found, *map(np.array, (breaks, rates, begun)))
        with np.errstate(divide="ignore", invalid="ignore"):
            wait = float(np.min(np.where(rate > 0, exponents / rate, np.inf)))
            turn = float((exponents[-1] - 1) / rate[-1]) if falls and rate[-1] < 0 else np.inf
        tau += min(wait, turn)
        breaks.append(tau)
        exponents = exponents - min(wait, turn) * rate
        if turn < wait:
            orientation = plateau.sign
            continue
        count = int(np.sum(np.abs(exponents[arrived:]) <= _TIE))
        exponents[arrived : arrived + count] = 0.0
        factor = factor_minimum(loss, factor, plateau.directions[:, :count])
        plateau = _plateau(loss, factor, rank)
        times.append(tau)
        plateaus.append(plateau)


class _Plateau(NamedTuple):
    """X, its rank, the largest eigenvalues of A orthogonal to its factor and their vectors, the sign of det(X−∇f)."""

    x: np.ndarray
    rank: int
    growth: np.ndarray
    directions: np.ndarray
    sign: float


def _plateau(loss: Quadratic, factor: np.ndarray, rank: int) -> _Plateau:
    """For factors with `rank` columns in all; the sign is 0 where it does not matter."""
    x = loss.product(factor)
    gradient, arrived = loss.gradient(x), factor.shape[1]
    basis = np.linalg.svd(factor, full_matrices=True)[0][:, arrived:]
    values, vectors = np.linalg.eigh(basis.T @ loss.drive(gradient) @ basis)
    square = not loss.symmetric and loss.shape == (rank, rank)
    sign = float(np.sign(np.linalg.det(x - gradient))) if square else 0.0
    return _Plateau(x, arrived, values[::-1][: rank - arrived], (basis @ vectors)[:, ::-1], sign)


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
