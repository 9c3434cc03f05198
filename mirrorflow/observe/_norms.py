"""Sizes of the predictor along a path. Everything is scaled by its largest entry first, so nothing overflows."""

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Real
from ..flows import Trajectory


def norm(path: Trajectory, p: Numeric) -> Real:
    """‖x‖_p = (Σ_i|x_i|^p)^{1/p} at each point, over all entries of x; the largest |x_i| for p=∞.

    **Arguments:** `p`: in [1, ∞].

    **Returns:** shape (points,).

    **Raises:** `ValueError` for p outside [1, ∞].

    >>> problem = mf.problems.LinearRegression(jnp.eye(2), jnp.ones(2))
    >>> x = np.array([[3.0, -4.0], [0.0, 1.0]])
    >>> path = mf.Trajectory.from_arrays(time=[0.0, 1.0], parameters=x, problem=problem)
    >>> mf.observe.norm(path, 2).tolist(), mf.observe.norm(path, np.inf).tolist()
    ([5.0, 1.0], [4.0, 1.0])
    """
    return _norm(_flat(path), _exponent(p))


def schatten_norm(path: Trajectory, p: Numeric) -> Real:
    """(Σ_i σ_i^p)^{1/p} of the singular values of a matrix X: nuclear for p=1, Frobenius for 2, spectral for ∞.

    **Arguments:** `p`: in [1, ∞].

    **Returns:** shape (points, …), the last two axes of x being the matrix.

    **Raises:** `ValueError` for an x that is not a matrix, or p outside [1, ∞].
    """
    exponent = _exponent(p)
    values, size = _singular_values(_matrices(path))
    return size * _norm(values, exponent)


def effective_sparsity(path: Trajectory) -> Real:
    """‖x‖₁²/‖x‖₂² at each point, the participation number: about how many entries of x count; 0 for x=0.

    Between 1 (one entry) and the number of entries (all of one size), whatever the scale of x.

    **Returns:** shape (points,).

    >>> problem = mf.problems.LinearRegression(jnp.eye(3), jnp.ones(3))
    >>> x = np.array([[0.0, 7.0, 0.0], [2.0, -2.0, 2.0]])
    >>> path = mf.Trajectory.from_arrays(time=[0.0, 1.0], parameters=x, problem=problem)
    >>> mf.observe.effective_sparsity(path).round(12).tolist()
    [1.0, 3.0]
    """
    scaled, _ = _scale(jnp.abs(_flat(path)))
    square = jnp.sum(scaled**2, axis=-1)
    return jnp.where(square > 0, jnp.sum(scaled, axis=-1) ** 2 / jnp.where(square > 0, square, 1.0), 0.0)


def nuclear_frobenius_ratio(path: Trajectory) -> Real:
    """‖X‖_*/‖X‖_F at each point, between 1 (rank one) and √rank; 0 for X=0.

    **Returns:** shape (points, …), the last two axes of x being the matrix.

    **Raises:** `ValueError` for an x that is not a matrix.
    """
    return _nuclear_frobenius_ratio(_matrices(path))


@jax.jit
def _nuclear_frobenius_ratio(x: Real) -> Real:
    values, _ = _singular_values(x)
    frobenius = _norm(values, 2.0)
    return jnp.where(frobenius > 0, jnp.sum(values, axis=-1) / jnp.where(frobenius > 0, frobenius, 1.0), 0.0)


def _exponent(p: Numeric) -> Numeric:
    if not _checks.is_traced(p) and np.ndim(p) == 0 and p == np.inf:
        return np.inf
    return _checks.in_interval("p", p, 1.0, np.inf)


def _flat(path: Trajectory) -> Real:
    leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(path.x)]
    return jnp.concatenate([leaf.reshape(leaf.shape[0], -1) for leaf in leaves], axis=1)


def _norm(x: Real, p: Numeric) -> Real:
    scaled, size = _scale(jnp.abs(x))
    if not _checks.is_traced(p) and p == np.inf:
        return size
    return size * _power(jnp.sum(_power(scaled, p), axis=-1), 1 / p)


def _scale(sizes: Real) -> tuple[Real, Real]:
    """Sizes divided by the largest one along the last axis, and that largest one."""
    largest = jnp.max(sizes, axis=-1)
    return sizes / jnp.where(largest > 0, largest, 1.0)[..., None], largest


def _power(base: Real, exponent: Numeric) -> Real:
    """base^exponent for base ≥ 0, with derivative 0 (not NaN) at 0."""
    return jnp.where(base > 0, jnp.where(base > 0, base, 1.0) ** exponent, 0.0)


def _matrices(path: Trajectory) -> Real:
    if isinstance(path.x, tuple | list):
        raise ValueError(f"x must be a matrix at each point, got the {len(path.x)} layers of a network.")
    x = jnp.asarray(path.x)
    if x.ndim < 3:
        raise ValueError(f"x must be a matrix at each point, got shape {x.shape[1:]} in a path of {x.shape[0]} points.")
    return x


def _singular_values(x: Real) -> tuple[Real, Real]:
    """The singular values relative to the largest entry, and that largest entry."""
    largest = jnp.max(jnp.abs(x), axis=(-2, -1))
    scaled = x / jnp.where(largest > 0, largest, 1.0)[..., None, None]
    return jnp.linalg.svd(scaled, compute_uv=False), largest
