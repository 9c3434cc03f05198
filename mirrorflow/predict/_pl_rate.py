"""The exponential rate that a Polyak–Łojasiewicz inequality gives a mirror flow."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric
from ..potentials import AbstractPotential

_GRID = 129
_GOLDEN = (np.sqrt(5) - 1) / 2
_SECTIONS = 24  # brackets shrink to 1e-5: the least value is then known to 1e-10, as it is flat there


@dataclasses.dataclass(frozen=True)
class PLRate:
    """f(x_t)−f* ≤ e^{−rate·t}(f(x₀)−f*) while x_t is in the region.

    **Fields:** `rate`=σΛ; `inverse_metric`, σ, the least entry of (∇²R)⁻¹ there; `constant`, Λ with
    ‖∇f‖²≥Λ(f−f*); `least`, f*.
    """

    rate: float
    inverse_metric: float
    constant: float
    least: float

    def bound(self, time: Numeric, start_loss: Numeric) -> np.ndarray:
        """f* + e^{−rate·t}(f(x₀)−f*), of the shape of `time`."""
        return np.asarray(self.least + np.exp(-self.rate * np.asarray(time)) * (np.asarray(start_loss) - self.least))


def pl_rate(problem: Any, potential: AbstractPotential, low: Numeric, high: Numeric) -> PLRate:
    """σΛ for ½‖Ax−b‖² on the box low≤x≤high: Λ=2σ_min(A)², σ=min 1/R_j''(x_j).

    With r=Ax−b and b_⊥ the part of b outside the range of A: f−f*=½‖r+b_⊥‖² and ‖∇f‖²=‖Aᵀ(r+b_⊥)‖²≥σ_min²·2(f−f*),
    σ_min the least singular value of A that is not 0.

    **Arguments:** `problem`: anything with a `design` and a `target`; `low`, `high`: numbers or shape (features,),
    within the domain of R; σ is found at the ends, at 0, and on a grid between, and refined beside the grid's least
    value: exact for every potential here, and for one of the user's own whose metric has no narrower peaks elsewhere.

    **Raises:** `ValueError` on wrong shapes, a box that is empty or leaves the domain, or a design of zeros.

    **Source:** theory page 01 (convergence).

    >>> problem = mf.problems.LinearRegression(jnp.diag(jnp.array([1.0, 3.0])), jnp.ones(2))
    >>> mf.predict.pl_rate(problem, mf.potentials.Quadratic(), -5.0, 5.0).rate
    2.0
    """
    from ._saddle_jumps import regression_data

    design, target = regression_data(problem)
    _checks.instance("potential", potential, AbstractPotential, "a potential")
    low, high = (
        np.broadcast_to(np.asarray(_checks.number(name, end, shape=None), float), design.shape[1:])
        for name, end in (("low", low), ("high", high))
    )
    inside = (low >= potential.domain[0]) & (high <= potential.domain[1]) & (low <= high)
    if not inside.all():
        raise ValueError(
            f"low and high must span a box within the domain {potential.domain}, got {low.tolist()} and "
            f"{high.tolist()}."
        )
    left, values, _ = np.linalg.svd(design, full_matrices=False)
    kept = values > 10 * max(design.shape) * np.finfo(float).eps * values.max()
    if not kept.any():
        raise ValueError("design must not be 0: the loss is constant and has no rate.")
    outside = target - left[:, kept] @ (left[:, kept].T @ target)
    constant = 2 * float(values[kept].min()) ** 2
    sigma = _least_inverse_metric(potential, low, high)
    return PLRate(sigma * constant, sigma, constant, float(outside @ outside) / 2)


def _least_inverse_metric(potential: AbstractPotential, low: np.ndarray, high: np.ndarray) -> float:
    """The least 1/R_j'' on the box: of a grid, of 0, and of a golden section beside each coordinate's least point.

    1/R'' need not be monotone between two points of the grid.
    """

    def heights(points: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return 1 / np.asarray(jax.vmap(potential.metric)(jnp.asarray(points)))

    grid = low + np.linspace(0, 1, _GRID)[:, None] * (high - low)
    values = heights(grid)
    place = np.argmin(values, axis=0)
    left, right = (np.take_along_axis(grid, np.clip(place + k, 0, _GRID - 1)[None], 0)[0] for k in (-1, 1))
    least = min(values.min(), heights(np.clip(0.0, low, high)[None]).min())
    for _ in range(_SECTIONS):
        inner = np.stack([right - _GOLDEN * (right - left), left + _GOLDEN * (right - left)])
        values = heights(inner)
        least = min(least, values.min())
        falls = values[0] > values[1]  # the least is on the right
        left, right = np.where(falls, inner[0], left), np.where(falls, right, inner[1])
    return float(least)
