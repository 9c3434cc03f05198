"""Bregman projections: where mirror flow of a regression ends, computed without a differential equation."""

import dataclasses
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Anything, Numeric
from ..potentials import AbstractPotential
from ._affine import Affine, affine
from ._newton import Point, newton
from ._weighted import solve_normal, solve_weighted

_TOLERANCE = 1e-14
_ACCEPTED = 1e-9
_RANK = 1e-14  # curvature below this share of the largest is not told from rounding


@dataclasses.dataclass(frozen=True)
class BregmanProjection:
    """The projection and its certificate.

    **Fields:** `x`; `dual`, ∇R(x); `multipliers`, the ν of least norm with ∇R(x)−∇R(start)=Aᵀν; `value`, D_R(x,start);
    `residual`, ‖Ax−b‖/‖b‖; `kkt`, the relative distance of ∇R(x)−∇R(start) from the range of Aᵀ; `iterations`. `x` is
    optimal if and only if both residuals are 0.
    """

    x: np.ndarray
    dual: np.ndarray
    multipliers: np.ndarray
    value: float
    residual: float
    kkt: float
    iterations: int


def bregman_projection(
    problem: Any, potential: AbstractPotential, start: Numeric = None, *, start_dual: Numeric = None
) -> BregmanProjection:
    """argmin{D_R(x,start) : Ax=b}, the limit of the mirror flow of ½‖Ax−b‖² from `start`.

    Newton's method on the dual, z=∇R(start)+Aᵀν with Ax=b, or on x within {Ax=b} where the metric grows with |x|. Both
    are convex and damped, so that they converge from everywhere; scales down to 1e-300 are within reach.

    **Arguments:** `problem`: anything with a `design` A (samples, features) and a `target` b (samples,), of any rank;
    `potential`: R; `start`: shape (features,), inside the domain; `start_dual`: ∇R(start) in its place, for starts that
    are known by their dual or below the range of floats.

    **Raises:** `ValueError` on wrong shapes, a start outside the domain, unless exactly one of `start` and `start_dual`
    is given, or if no interpolator lies in the domain; `RuntimeError` if the residuals do not come below 1e-9.

    **Source:** theory page 01 (implicit bias in underdetermined regression). False for steepest flows with q<2.

    >>> problem = mf.problems.LinearRegression(jnp.array([[1.0, 2.0]]), jnp.array([1.0]))
    >>> sparse = mf.predict.bregman_projection(problem, mf.potentials.HyperbolicEntropy(1e-9), jnp.zeros(2))
    >>> sparse.x.round(3).tolist(), sparse.kkt < 1e-12
    ([0.0, 0.5], True)
    """
    design, target = _data(problem, potential)
    space = affine(design, target)
    start, origin = _start(potential, design.shape[1:], start, start_dual)
    if np.linalg.norm(space.level - space.basis.T @ start) <= _TOLERANCE * np.linalg.norm(space.level):
        return _result(space, potential, start, origin, start, origin, 0)
    methods = [_dual_method, _primal_method]
    if _metric_grows(space, potential, start):
        methods.reverse()
    found = []
    for method in methods:
        x, dual, iterations = method(space, potential, start, origin)
        found.append(_result(space, potential, start, origin, x, dual, iterations))
        if found[-1].residual < _ACCEPTED and found[-1].kkt < _ACCEPTED:  # false for NaN
            return found[-1]
    _refuse_empty(space, potential)
    best = min(found, key=lambda result: np.nan_to_num(result.residual + result.kkt, nan=np.inf))
    raise RuntimeError(
        f"bregman_projection did not converge for {potential}: after {best.iterations} steps the relative residual of "
        f"Ax=b is {best.residual:.2g} and that of the optimality condition {best.kkt:.2g}."
    )


def _dual_method(
    space: Affine, potential: AbstractPotential, start: np.ndarray, origin: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """min R*(z₀+Vη)−⟨level,η⟩ over η, then one step in x that removes the rounding of x=∇R*(z)."""
    size = max(np.linalg.norm(space.level), np.linalg.norm(space.basis.T @ start))

    def evaluate(eta: np.ndarray) -> Point:
        x, inverse_metric = (np.asarray(part) for part in _from_dual(potential, origin + space.basis @ eta))
        gradient = space.basis.T @ x - space.level
        return Point(eta, gradient, _relative(np.linalg.norm(gradient), size), (x, inverse_metric))

    def direction(here: Point, damping: float) -> np.ndarray:
        return -solve_normal(space.basis, here.data[1], here.gradient, damping)

    start_eta = np.zeros(space.basis.shape[1])
    best, steps = newton(evaluate, direction, start_eta, damping=_RANK, floor=_RANK, tolerance=_TOLERANCE)
    x, inverse_metric = best.data
    change = inverse_metric * (space.basis @ solve_normal(space.basis, inverse_metric, best.gradient, _RANK))
    rounding = np.abs(change) <= 1e-6 * np.abs(x)
    dual = origin + space.basis @ best.place
    return np.where(rounding.all(), x - change, x), dual, steps


def _primal_method(
    space: Affine, potential: AbstractPotential, start: np.ndarray, origin: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """min R(x)−⟨∇R(start),x⟩ over x in {Ax=b}, from the interpolator nearest to the start."""

    def evaluate(x: np.ndarray) -> Point:
        z, metric = (np.asarray(part) for part in _from_primal(potential, x))
        gradient = space.outside_range(z - origin)
        return Point(x, gradient, _relative(np.linalg.norm(gradient), np.linalg.norm(z - origin)), metric)

    def direction(here: Point, damping: float) -> np.ndarray:
        inverse_metric = 1 / np.maximum(here.data, damping * here.data.max())
        inside = space.basis @ solve_weighted(space.basis, inverse_metric, here.gradient)
        return -space.outside_range(inverse_metric * (here.gradient - inside))

    best, steps = newton(evaluate, direction, _nearest(space, start), damping=1e-3, floor=1e-20, tolerance=_TOLERANCE)
    return best.place, np.asarray(_from_primal(potential, best.place)[0]), steps


def _metric_grows(space: Affine, potential: AbstractPotential, start: np.ndarray) -> bool:
    """Whether R is closer to quadratic in x than R* is in z, judged at the interpolator nearest to the start."""
    x = _nearest(space, start)
    with np.errstate(all="ignore"):
        here, beyond = (np.asarray(_from_primal(potential, scale * x)[1]) for scale in (1.0, 1.1))
        trend = np.log(beyond / here)
    return bool(np.sum(trend[np.isfinite(trend)]) > 1e-6)


def _nearest(space: Affine, start: np.ndarray) -> np.ndarray:
    return start + space.basis @ (space.level - space.basis.T @ start)


def _result(
    space: Affine,
    potential: AbstractPotential,
    start: np.ndarray,
    origin: np.ndarray,
    x: np.ndarray,
    dual: np.ndarray,
    iterations: int,
) -> BregmanProjection:
    """The certificate is of ∇R(x); where x is too small to know ∇R(x), of the dual it came from."""
    dual = np.where(np.abs(x) > np.sqrt(np.finfo(float).tiny), np.asarray(_from_primal(potential, x)[0]), dual)
    change = dual - origin
    with np.errstate(all="ignore"):
        return BregmanProjection(
            x=x,
            dual=dual,
            multipliers=space.multipliers(space.basis.T @ change),
            value=float(_divergence(potential, x, start, origin)),
            residual=_relative(np.linalg.norm(space.design @ x - space.target), np.linalg.norm(space.target)),
            kkt=_relative(np.linalg.norm(space.outside_range(change)), np.linalg.norm(change)),
            iterations=iterations,
        )


def _relative(size: Any, scale: Any) -> float:
    return float(size / scale) if scale > 0 else float(size)


def _data(problem: Any, potential: Any) -> tuple[np.ndarray, np.ndarray]:
    if not (hasattr(problem, "design") and hasattr(problem, "target")):
        raise ValueError(f"problem must have a design and a target, as regressions have; got {type(problem).__name__}.")
    _checks.instance("potential", potential, AbstractPotential, "a potential")
    design = np.asarray(_checks.number("design", problem.design, shape=None), float)
    target = np.asarray(_checks.number("target", problem.target, shape=None), float)
    if design.ndim != 2 or target.shape != design.shape[:1]:
        raise ValueError(
            f"design must have shape (samples, features) and target (samples,), got {design.shape} and {target.shape}."
        )
    return design, target


def _start(
    potential: AbstractPotential, shape: tuple[int, ...], start: Numeric, start_dual: Numeric
) -> tuple[np.ndarray, np.ndarray]:
    """The start and its dual."""
    if (start is None) == (start_dual is None):
        raise ValueError(f"Give exactly one of start and start_dual, got {start!r} and {start_dual!r}.")
    if start is None:
        dual = np.asarray(_checks.in_open_interval("start_dual", start_dual, potential.dual_domain), float)
        _checks.number("start_dual", dual, shape=shape)
        return np.asarray(_from_dual(potential, dual)[0]), dual
    point = np.asarray(_checks.number("start", start, shape=shape), float)
    low, high = potential.domain
    if not np.all((point > low) & (point < high)):
        raise ValueError(f"start must lie inside the domain ({low}, {high}) of the potential, got {point.tolist()}.")
    return point, np.asarray(_from_primal(potential, point)[0])


def _refuse_empty(space: Affine, potential: AbstractPotential) -> None:
    """Raises if no interpolator lies in the domain: the largest distance to its ends is not positive."""
    low, high = (np.broadcast_to(end, space.design.shape[1:]) for end in potential.domain)
    if not (np.isfinite(low).any() or np.isfinite(high).any()):
        return
    from scipy.optimize import linprog

    margin = np.eye(1, low.size + 1, low.size)[0]
    rows = [
        np.append(sign * row, 1.0)
        for sign, ends in ((-1, low), (1, high))
        for row in np.eye(low.size)[np.isfinite(ends)]
    ]
    limits = np.concatenate([-low[np.isfinite(low)], high[np.isfinite(high)]])
    equal = np.column_stack([space.basis.T, np.zeros(space.level.size)])
    bounds = [(None, None)] * low.size + [(None, 1.0)]
    answer = linprog(-margin, np.array(rows), limits, equal, space.level, bounds)
    if answer.status == 2 or (answer.status == 0 and -answer.fun <= 1e-9 * (1 + np.abs(answer.x).max())):
        raise ValueError(f"No interpolator lies inside the domain ({potential.domain[0]}, {potential.domain[1]}).")


@eqx.filter_jit
def _from_dual(potential: AbstractPotential, z: Anything) -> tuple[Anything, Anything]:
    """x and the diagonal of ∇²R*(z)."""
    x = potential.inverse_mirror_map(z)
    return x, 1 / potential.metric(x)


@eqx.filter_jit
def _from_primal(potential: AbstractPotential, x: Anything) -> tuple[Anything, Anything]:
    """∇R(x) and the diagonal of ∇²R(x)."""
    return potential.mirror_map(x), potential.metric(x)


@eqx.filter_jit
def _divergence(potential: AbstractPotential, x: Anything, start: Anything, origin: Anything) -> Anything:
    """D_R(x,start); through R* where the start is too small to know ∇R of it."""
    known = jnp.all(jnp.abs(potential.mirror_map(start) - origin) <= 1e-9 * jnp.abs(origin))
    through_dual = potential.value(x) + potential.conjugate(origin) - jnp.sum(x * origin)
    return jnp.where(known, potential.divergence(x, start), through_dual)
