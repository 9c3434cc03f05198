"""The non-negative combination of gradients that comes nearest to a subdifferential."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..potentials import Lp

_HEAVY = 1e3  # weight of the equation that is solved first, in units of the others


def nearest_combination(
    columns: np.ndarray, excess: np.ndarray, horizon: Any, theta: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """λ≥0 and g∈∂φ(θ) that minimize ‖g−Cλ‖²/s² + (Σλ_i·excess_i)², s the size of g.

    **Arguments:** `columns`: C, shape (weights, gradients); `excess`: by how much each gradient's margin is above 1;
    `horizon`: φ; `theta`: θ≠0, shape (weights,); `tolerance`: see `kkt_residual`.

    **Returns:** λ, shape (gradients,); g, shape (weights,).
    """
    if isinstance(horizon, Lp) and horizon.p == 1:
        return _with_free_entries(columns, excess, theta, tolerance, horizon.orthant)
    if isinstance(horizon, Lp) and np.isinf(horizon.p):
        return _within_hull(columns, excess, theta, tolerance)
    return _to_gradient(columns, excess, np.asarray(_gradient(horizon, theta)))


def _gradient(horizon: Any, theta: np.ndarray) -> Any:
    if isinstance(horizon, Lp):
        sizes = np.abs(theta) / float(horizon(theta))
        return np.sign(theta) * sizes ** (horizon.p - 1)
    return jax.jit(jax.grad(horizon))(jnp.asarray(theta))


def _to_gradient(columns: np.ndarray, excess: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = np.vstack([columns, np.linalg.norm(target) * excess])
    return _nonnegative(rows, np.append(target, 0.0)), target


def _with_free_entries(
    columns: np.ndarray, excess: np.ndarray, theta: np.ndarray, tolerance: float, orthant: bool
) -> tuple[np.ndarray, np.ndarray]:
    """ℓ1: g_j=sign θ_j, or anything in [−1,1] where θ_j counts as 0; in (−∞,1] for an orthant."""
    from scipy.optimize import lsq_linear

    free = np.flatnonzero(np.abs(theta) <= tolerance * np.abs(theta).max())
    fixed = np.sign(theta)
    fixed[free] = 0.0
    entries = np.zeros((len(theta), len(free)))
    entries[free, np.arange(len(free))] = -1.0
    rows = np.block([[columns, entries], [np.linalg.norm(fixed) * excess[None], np.zeros((1, len(free)))]])
    count = columns.shape[1]
    low = np.concatenate([np.zeros(count), np.full(len(free), -np.inf if orthant else -1.0)])
    high = np.concatenate([np.full(count, np.inf), np.ones(len(free))])
    found = lsq_linear(rows, np.append(fixed, 0.0), (low, high), method="bvls", tol=1e-15, max_iter=20 * len(low)).x
    subgradient = fixed.copy()
    subgradient[free] = np.clip(found[count:], low[count:], 1.0)
    return np.maximum(found[:count], 0.0), subgradient


def _within_hull(
    columns: np.ndarray, excess: np.ndarray, theta: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """ℓ∞: g in the hull of sign(θ_j)e_j over the j whose |θ_j| counts as largest."""
    sizes = np.abs(theta)
    top = np.flatnonzero(sizes >= (1 - tolerance) * sizes.max())
    corners = np.zeros((len(theta), len(top)))
    corners[top, np.arange(len(top))] = np.sign(theta[top])
    size = 1 / np.sqrt(len(top))  # of the shortest g
    count = columns.shape[1]
    rows = np.block(
        [
            [columns, -corners],
            [size * excess[None], np.zeros((1, len(top)))],
            [np.zeros((1, count)), np.full((1, len(top)), _HEAVY)],
        ]
    )
    found = _nonnegative(rows, np.append(np.zeros(len(theta) + 1), _HEAVY))
    total = found[count:].sum()
    return found[:count] / total, corners @ (found[count:] / total)


def _nonnegative(rows: np.ndarray, target: np.ndarray) -> np.ndarray:
    """argmin{‖Ax−b‖ : x≥0}."""
    from scipy.optimize import nnls

    if rows.shape[0] > rows.shape[1] + 1:
        # The triangular factor of (A b) has the same distances.
        triangle = np.asarray(np.linalg.qr(np.column_stack([rows, target]), mode="r"))
        rows, target = triangle[:, :-1], triangle[:, -1]
    return nnls(rows, target, maxiter=50 * rows.shape[1])[0]
