"""Singular values along a path of matrices, and how many of them count."""

import numpy as np

from .. import _checks, _graded
from .._types import Numeric
from ..flows import Trajectory
from ..reparameterizations import GradedProduct
from ._norms import _matrices, _singular_values


def log_singular_values(path: Trajectory) -> np.ndarray:
    """log σ_i(X) at each point, decreasing; −∞ for a singular value 0.

    A path of a `GradedProduct` knows all of them to high relative accuracy, from its factors; any other knows them from
    the entries of X, where those below 1e-16 of the largest are rounding.

    **Returns:** shape (points, …, min(rows, columns)), or that of the product's rank if it is less.

    **Raises:** `ValueError` for an x that is not a matrix.

    >>> product = mf.reparameterizations.GradedProduct(rows=2, rank=2)
    >>> problem = mf.problems.MatrixSensing(jnp.eye(2)[None], jnp.ones(1))
    >>> start = product.factors(jnp.array([[1.0, 1.0], [-1.0, 1.0]]), log_scale=-1000.0)
    >>> flow = mf.Flow(problem, reparameterization=product)
    >>> path = mf.integrate(flow, start, until=mf.until.time(1.0))
    >>> mf.observe.log_singular_values(path).round(3).tolist()
    [[-1999.307, -1999.307], [-1995.307, -1995.307]]
    """
    reparameterization = None if path.flow is None else path.flow.reparameterization
    if isinstance(reparameterization, GradedProduct):
        return reparameterization.log_singular_values(path.parameters)
    values, size = _singular_values(_matrices(path))
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(values)) + np.log(np.asarray(size))[..., None]


def graded_log_sizes(rows: Numeric, logs: Numeric) -> np.ndarray:
    """log σ_i of diag(e^ℓ)·B, decreasing, to high relative accuracy for a well conditioned B, whatever the ℓ.

    **Arguments:** `rows`: B, shape (…, p, k) with p ≥ k; `logs`: ℓ, shape (…, p), decreasing up to numbers of ordinary
    size.

    **Returns:** shape (…, k).

    **Raises:** `ValueError` for other shapes or entries that are not finite.

    **Source:** Demmel & Veselić (1992), Jacobi's method is more accurate than QR.

    >>> mf.observe.graded_log_sizes(jnp.array([[1.0, 1.0], [0.0, 1.0]]), jnp.array([0.0, -2000.0])).round(6).tolist()
    [0.346574, -2000.346574]
    """
    rows = np.asarray(_checks.number("rows", rows, shape=None), float)
    if rows.ndim < 2 or rows.shape[-2] < rows.shape[-1]:
        raise ValueError(f"rows must have shape (…, p, k) with p ≥ k, got {rows.shape}.")
    logs = np.asarray(_checks.number("logs", logs, shape=rows.shape[:-1]), float)
    scales, unit = _graded.triangular(np.swapaxes(rows, -1, -2), logs)
    return _graded.log_singular_values(np.swapaxes(unit, -1, -2), scales)


def singular_values(path: Trajectory) -> np.ndarray:
    """σ_i(X) at each point, decreasing; see `log_singular_values` for their accuracy and shape.

    **Raises:** `ValueError` for an x that is not a matrix.
    """
    return np.exp(log_singular_values(path))


def effective_rank(path: Trajectory) -> np.ndarray:
    """e^{H(p)} with p_i=σ_i/Σσ and the entropy H=−Σp·log p, at each point; 0 for X=0.

    Between 1 and the rank, whatever the scale of X; k equal singular values give k.

    **Returns:** shape (points, …).

    **Raises:** `ValueError` for an x that is not a matrix.

    **Source:** Roy & Vetterli (2007), The effective rank: a measure of effective dimensionality.

    >>> problem = mf.problems.Objective(jnp.sum, dimension=(2, 2))
    >>> path = mf.Trajectory.from_arrays(time=[0.0, 1.0], parameters=np.stack([np.eye(2), np.ones((2, 2))]),
    ...     problem=problem)
    >>> mf.observe.effective_rank(path).round(12).tolist()
    [2.0, 1.0]
    """
    relative = _relative(log_singular_values(path))
    values = np.exp(relative)
    total = values.sum(axis=-1)
    safe = np.where(total > 0, total, 1.0)
    weighted = np.sum(np.where(values > 0, values * np.where(values > 0, relative, 0.0), 0.0), axis=-1)
    return np.where(total > 0, safe * np.exp(-weighted / safe), 0.0)


def numerical_rank(path: Trajectory, tolerance: Numeric = 1e-9) -> np.ndarray:
    """How many σ_i(X) exceed `tolerance`·σ₁(X), at each point; 0 for X=0.

    **Arguments:** `tolerance`: relative, in (0, 1). Below 1e-15 it has a meaning for graded paths only.

    **Returns:** integers, shape (points, …).

    **Raises:** `ValueError` for a tolerance that is not inside (0, 1), or an x that is not a matrix.
    """
    tolerance = _checks.in_open_interval("tolerance", tolerance, (0.0, 1.0), shape=())
    return np.sum(_relative(log_singular_values(path)) > np.log(float(tolerance)), axis=-1)


def _relative(logs: np.ndarray) -> np.ndarray:
    """log σ_i/σ₁, −∞ for X=0."""
    largest = logs[..., :1]
    return logs - np.where(np.isfinite(largest), largest, 0.0)
