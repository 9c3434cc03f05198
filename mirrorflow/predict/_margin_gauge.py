"""The max-margin problem of a gauge that is known only as a function.

A gauge is the maximum of its cuts: φ(y)=max_g⟨g,y⟩ over its gradients g. So a solution carries a certificate without
φ* in closed form: φ*(g)=1 for every gradient, and φ*(r)≤Σw for every r=Σw_kg_k with w≥0.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

from .._types import Anything
from ._margin_linear import linear_margin
from ._separability import Candidate

_GOOD = 1e-10  # relative gap at which the search ends
_HOMOGENEOUS = 1e-6
_NEAR = 1e-4  # how far above 1 a margin may be for its sample to be tried as support
_STEP = 1e-5  # of the differences that give the Hessian, relative to the largest entry of x
_CUTS = 400


@dataclasses.dataclass(frozen=True)
class _Problem:
    """The rows Z of the constraints, the gauge with its gradients, and cuts that bound its unit ball."""

    signed: np.ndarray
    slopes: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    cuts: np.ndarray

    def certified(self, x: np.ndarray, multipliers: np.ndarray, combination: np.ndarray) -> Candidate:
        """The bound that λ gives, beside a convex combination of gradients near Zᵀλ."""
        excess = multipliers @ self.signed - combination
        dual = 1 + _dual_bound(self.cuts, excess)
        return Candidate(x, multipliers, float(dual / multipliers.sum()) if multipliers.any() else np.inf)

    def gap(self, found: Candidate) -> float:
        """How far the two bounds are apart, relative to the margin."""
        margin = float((self.signed @ found.x).min() / self.slopes(found.x[None])[0][0])
        return found.dual_bound / margin - 1 if margin > 0 else np.inf


def gauge_margin(signed: np.ndarray, horizon: Any) -> Candidate:
    """argmin{φ(x) : Zx≥1}: Newton's method on the support for gauges that are smooth there, cutting planes for others.

    **Raises:** `ValueError` where φ is not positive and homogeneous, or has no finite derivative.
    """
    start = linear_margin(signed, np.inf)
    margin = (signed @ start.x).min()
    if not margin > 0:
        return start
    features = signed.shape[1]
    slopes = _checked_slopes(horizon)
    spread = np.random.default_rng(0).normal(size=(2 * features, features))
    seen = np.vstack([np.eye(features), -np.eye(features), spread, -spread, start.x])
    problem = _Problem(signed, slopes, slopes(seen)[1])
    x = _descend(problem, start.x / margin)
    smooth = _newton(problem, x)
    if problem.gap(smooth) <= _GOOD:
        return smooth
    cut = _cutting_planes(problem, x)
    return min(smooth, cut, key=problem.gap)


def _descend(problem: _Problem, x: np.ndarray) -> np.ndarray:
    """argmin{½φ² : Zx≥1} to the accuracy of a quasi-Newton method."""
    from scipy.optimize import minimize

    def half_square(x: np.ndarray) -> tuple[float, np.ndarray]:
        if not x.any():
            return 0.0, np.zeros_like(x)
        value, slope = (part[0] for part in problem.slopes(x[None]))
        return value**2 / 2, value * slope

    size = half_square(x)[0]
    answer = minimize(
        lambda x: tuple(part / size for part in half_square(x)),
        x,
        jac=True,
        method="SLSQP",
        constraints={"type": "ineq", "fun": lambda x: problem.signed @ x - 1, "jac": lambda _: problem.signed},
        options={"ftol": 1e-15, "maxiter": 200},
    )
    least = (problem.signed @ answer.x).min()
    return answer.x / least if least > 0 else x


def _newton(problem: _Problem, x: np.ndarray) -> Candidate:
    """∇½φ²(x)=Z_Sᵀν with Z_Sx=1 on the support S, which gains what is violated and loses what is pulled."""
    signed = problem.signed
    near = np.flatnonzero(signed @ x <= 1 + _NEAR)
    support = near[_weights(problem, x, near) > 0].tolist()
    best = _read(problem, x, near)
    for _ in range(60):
        there, multipliers, step = _newton_step(problem, x, support)
        if there is None or not np.isfinite(there).all() or not there.any():
            break
        x = there
        least = signed @ x
        if least.min() > 0:
            found = _read(problem, x / least.min(), np.array(support))
            best = min(best, found, key=problem.gap)
        if step > 1e-6:
            continue
        worst = int(np.argmin(least))
        if multipliers.min() < -1e-12 * np.abs(multipliers).max():
            support.remove(support[int(np.argmin(multipliers))])
        elif least[worst] < 1 - 1e-11 and worst not in support:
            support.append(worst)
        elif step < 1e-14 or problem.gap(best) < 1e-14:
            break
    return best


def _newton_step(problem: _Problem, x: np.ndarray, support: list[int]) -> tuple[np.ndarray | None, np.ndarray, float]:
    if not support:
        return None, np.zeros(0), 0.0
    features, rows = x.size, problem.signed[support]
    reach = _STEP * np.abs(x).max()
    around = np.vstack([x[None], x + reach * np.eye(features), x - reach * np.eye(features)])
    values, slopes = problem.slopes(around)
    gradients = values[:, None] * slopes
    hessian = (gradients[1 : features + 1] - gradients[features + 1 :]) / (2 * reach)
    system = np.block([[(hessian + hessian.T) / 2, -rows.T], [rows, np.zeros((len(rows), len(rows)))]])
    right = np.concatenate([-gradients[0], 1 - rows @ x])
    if not np.isfinite(system).all():
        return None, np.zeros(0), 0.0
    answer = np.linalg.lstsq(system, right, rcond=1e-14)[0]
    change = answer[:features]
    return x + change, answer[features:], float(np.abs(change).max() / np.abs(x).max())


def _weights(problem: _Problem, x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The λ≥0 on some samples that come nearest to Zᵀλ=∇φ(x)."""
    from scipy.optimize import nnls

    if len(rows) == 0:
        return np.zeros(0)
    return nnls(problem.signed[rows].T, problem.slopes(x[None])[1][0], maxiter=30 * len(rows))[0]


def _read(problem: _Problem, x: np.ndarray, rows: np.ndarray) -> Candidate:
    multipliers = np.zeros(len(problem.signed))
    multipliers[rows] = _weights(problem, x, rows)
    if not multipliers.any():
        return Candidate(x, np.ones(len(multipliers)))
    return problem.certified(x, multipliers, problem.slopes(x[None])[1][0])


def _cutting_planes(problem: _Problem, x: np.ndarray) -> Candidate:
    """min{t : t≥⟨g,x⟩ for every cut g, Zx≥1}, with cuts added at its solution and between that and the best x."""
    from scipy.optimize import linprog

    signed, features = problem.signed, x.size
    size = problem.slopes(x[None])[0][0]
    best, cuts = Candidate(x, np.ones(len(signed))), np.vstack([problem.cuts, problem.slopes(x[None])[1]])
    bounds = [(None, None)] * features + [(0, None)]
    goal = np.append(np.zeros(features), 1.0)
    for _ in range(_CUTS):
        # in units in which the least φ is about 1
        rows = np.vstack(
            [np.column_stack([cuts, -np.ones(len(cuts))]), np.column_stack([-size * signed, np.zeros(len(signed))])]
        )
        answer = linprog(goal, rows, np.append(np.zeros(len(cuts)), -np.ones(len(signed))), bounds=bounds)
        if answer.status != 0:
            break
        weights = np.maximum(-answer.ineqlin.marginals, 0)
        shares, multipliers = weights[: len(cuts)], weights[len(cuts) :] * size
        problem = dataclasses.replace(problem, cuts=cuts)
        combination = shares @ cuts / shares.sum()
        best = min(best, problem.certified(best.x, multipliers / shares.sum(), combination), key=problem.gap)
        tried = [size * answer.x[:features]]
        tried.append((best.x + tried[0]) / 2)
        values, slopes = problem.slopes(np.array(tried))
        for point, value in zip(tried, values, strict=True):
            least = (signed @ point).min()
            if least > 0 and value / least < _size(problem, best.x):
                best = dataclasses.replace(best, x=point / least)
        if problem.gap(best) <= _GOOD:
            break
        cuts = np.vstack([cuts, slopes])
    return best


def _size(problem: _Problem, x: np.ndarray) -> float:
    return float(problem.slopes(x[None])[0][0] / (problem.signed @ x).min())


def _dual_bound(cuts: np.ndarray, vector: np.ndarray) -> float:
    """An upper bound of φ*(r): the least Σw with Σw_kg_k=r and w≥0."""
    from scipy.optimize import linprog

    size = np.linalg.norm(vector)
    if size == 0:
        return 0.0
    answer = linprog(np.ones(len(cuts)), A_eq=cuts.T, b_eq=vector / size)
    return float(answer.fun * size) if answer.status == 0 else np.inf


def _checked_slopes(horizon: Any) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The values and gradients of φ at points in rows."""

    def slopes(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, gradients = (np.asarray(part, float) for part in _values_and_slopes(horizon, points))
        bad = ~(np.isfinite(values) & (values > 0) & np.isfinite(gradients).all(axis=1))
        if bad.any():
            point = points[bad][0]
            raise ValueError(
                f"horizon must be finite and positive for x≠0, with a finite derivative; at {point.tolist()} it is "
                f"{values[bad][0]}, with derivative {gradients[bad][0].tolist()}."
            )
        along = np.sum(gradients * points, axis=1)
        uneven = np.abs(along - values) > _HOMOGENEOUS * values
        if uneven.any():
            raise ValueError(
                f"horizon must satisfy φ(sx)=sφ(x) for s≥0, so that ⟨x,∇φ(x)⟩=φ(x); at {points[uneven][0].tolist()} "
                f"φ={values[uneven][0]:.9g} and ⟨x,∇φ⟩={along[uneven][0]:.9g}."
            )
        return values, gradients

    return slopes


@eqx.filter_jit
def _values_and_slopes(horizon: Any, points: Anything) -> tuple[Anything, Anything]:
    return jax.lax.map(jax.value_and_grad(horizon), points)
