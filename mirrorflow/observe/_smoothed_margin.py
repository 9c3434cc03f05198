"""Margins by the loss in place of the nearest sample, relative to the balance function in place of a norm."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Real, Scalar
from ..flows import Trajectory
from ..potentials import AbstractPotential

_BISECTIONS = 64  # of the logarithms of floats


def smoothed_margin(path: Trajectory, alpha: Numeric | None = None) -> Real:
    """log(1/𝓛)/Q^{L/α} at each point, Q the balance function of the path's potential, L the degree of its model.

    Without an α: log(1/𝓛)/r^L with r=Q₁⁻¹(Σ_iQ₁(θ_i)), Q₁ the balance function of one coordinate. For a power p the two
    are one, up to a factor, for α=p; for other potentials r grows as the parameters do where Q need not.

    For the logistic loss −log(e^𝓛−1) stands in place of log(1/𝓛). Both are negative while 𝓛 is large (from 1, and from
    log 2, on), and so is the margin there.

    **Arguments:** `path`: of a classifier, linear (L=1) or a network, with potentials; `alpha`: α > 0 with
    ⟨θ,∇²R θ⟩ ≤ αQ, or nothing for the second form.

    **Returns:** shape (points,).

    **Raises:** `ValueError` for a problem without margins, a path without a potential, α ≤ 0, a point where Q is not
    positive or leaves the range of floats, and, without an α, for layers of different potentials, numbers of a
    potential that differ between coordinates, or a potential whose domain is not ℝ.

    **Source:** theory page 04 (monotone margin; the second form is derived there).

    >>> problem = mf.problems.Classification(jnp.eye(2), jnp.ones(2))
    >>> path = mf.Trajectory.from_arrays(time=[0.0, 1.0], parameters=np.array([[1.0, 1.0], [3e3, 4e3]]),
    ...                                  problem=problem)
    >>> mf.observe.smoothed_margin(path, alpha=2).round(4).tolist(), mf.observe.smoothed_margin(path).round(4).tolist()
    ([0.3069, 0.8485], [0.217, 0.6])
    """
    problem = path.flow.problem
    if not hasattr(problem, "margins") or not hasattr(problem, "loss_name"):
        raise ValueError(f"smoothed_margin needs a classifier, got a path of a {type(problem).__name__}.")
    potentials = _potentials(path)
    x = jax.tree.leaves(jax.tree.map(jnp.asarray, path.x))
    degree = float(getattr(problem, "degree", 1.0))
    if alpha is not None:
        order = _checks.positive("alpha", alpha)
        log_size, sizes = _log_balance(potentials, x, degree / order)
    else:
        log_size, sizes = _log_radius(_one_coordinate(potentials), x, jnp.asarray(degree))
    _require_defined(sizes, log_size, path)
    return _excess(problem.loss_name, jnp.asarray(path.log_loss)) * jnp.exp(-log_size)


def _potentials(path: Trajectory) -> tuple[AbstractPotential, ...]:
    """One for each array of x."""
    potential = path.flow.potential
    each = potential if isinstance(potential, tuple) else (potential,) * len(jax.tree.leaves(path.x))
    for one in each:
        if not isinstance(one, AbstractPotential):
            given = "without a potential" if one is None else f"with a {type(one).__name__}"
            raise ValueError(
                f"smoothed_margin needs a path with a potential that acts entry by entry, got one {given}."
            )
    return each


def _one_coordinate(potentials: tuple[AbstractPotential, ...]) -> AbstractPotential:
    """The potential of every coordinate, if it is one."""
    first = potentials[0]
    if any(not bool(eqx.tree_equal(first, other)) for other in potentials[1:]):
        raise ValueError("smoothed_margin without alpha needs one potential for all layers; give alpha.")
    if any(np.ndim(number) > 0 for number in jax.tree.leaves(first)):
        raise ValueError("smoothed_margin without alpha needs one potential for all coordinates; give alpha.")
    if first.domain != (-np.inf, np.inf):
        raise ValueError(
            f"smoothed_margin without alpha needs a potential on all of ℝ; {type(first).__name__} has the domain "
            f"{first.domain}. Give alpha."
        )
    return first


@eqx.filter_jit
def _log_balance(potentials: tuple[AbstractPotential, ...], x: list[Real], power: Numeric) -> tuple[Real, Real]:
    """(power·log Q, Q) at each point."""

    def one(leaves):
        return jnp.sum(jnp.stack([p.balance_function(leaf) for p, leaf in zip(potentials, leaves, strict=True)]))

    sizes = jax.lax.map(one, x)
    return power * jnp.log(jnp.where(sizes > 0, sizes, 1.0)), sizes


@eqx.filter_jit
def _log_radius(potential: AbstractPotential, x: list[Real], degree: Scalar) -> tuple[Real, Real]:
    """(L·log r, r) at each point."""

    def one(leaves):
        total = jnp.sum(jnp.stack([potential.balance_function(leaf) for leaf in leaves]))
        largest = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in leaves]))
        log_radius = _solved(potential, total, largest)
        # Where Q overflows or nothing is there, r is none.
        radius = jnp.where(jnp.isfinite(total) & (largest > 0), jnp.exp(log_radius), jnp.where(largest > 0, total, 0.0))
        return degree * log_radius, radius

    return jax.lax.map(one, x)


def _solved(potential: AbstractPotential, total: Scalar, largest: Scalar) -> Scalar:
    """log r with Q₁(r)=`total`, r ≥ `largest`: bisection, then Newton's method, both in log r."""
    top = jnp.log(jnp.finfo(total.dtype).max)

    def halve(_, ends):
        low, high = ends
        middle = 0.5 * (low + high)
        below = potential.balance_function(jnp.exp(middle)) < total  # false where the left side overflows to ∞ or NaN
        return jnp.where(below, middle, low), jnp.where(below, high, middle)

    start = jnp.log(jnp.where(largest > 0, largest, 1.0))
    low, _ = jax.lax.fori_loop(0, _BISECTIONS, halve, (start, top))
    for _ in range(2):
        radius = jnp.exp(low)
        slope = radius**2 * potential.metric(radius)  # dQ₁/dlog r
        step = (total - potential.balance_function(radius)) / jnp.where(slope > 0, slope, 1.0)
        low = low + jnp.where(jnp.isfinite(step) & (jnp.abs(step) < 1e-3), step, 0.0)
    return low


def _excess(name: str, log_loss: Real) -> Real:
    """log(1/𝓛), or −log(e^𝓛−1) for the logistic loss."""
    if name == "exponential":
        return -log_loss
    loss = jnp.exp(jnp.minimum(log_loss, 0.0))
    small = -log_loss - jnp.log(jnp.where(log_loss > -30.0, jnp.expm1(loss) / loss, 1.0))
    large = jnp.exp(jnp.maximum(log_loss, 0.0))
    return jnp.where(log_loss > 0, -large - jnp.log1p(-jnp.exp(-large)), small)


def _require_defined(sizes: Any, log_size: Any, path: Trajectory) -> None:
    if _checks.is_traced(sizes):
        return
    good = (np.asarray(sizes) > 0) & np.isfinite(np.asarray(sizes)) & np.isfinite(np.asarray(log_size))
    if not good.all():
        index = int(np.argmin(good))
        raise ValueError(
            "smoothed_margin is defined where the balance function Q is positive and within the range of floats; at "
            f"point {index}, t={np.asarray(path.time)[index]}, it has size {np.asarray(sizes)[index]}."
        )
