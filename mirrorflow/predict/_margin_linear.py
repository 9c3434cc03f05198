"""The max-margin problem of ℓ1 and ℓ∞, a linear program."""

import numpy as np

from ._separability import Candidate

_ZERO = 1e-9  # what a vertex has at 0, relative to the largest


def linear_margin(signed: np.ndarray, p: float) -> Candidate:
    """max{γ : Zx≥γ, ‖x‖_p≤1} by the simplex method, then both sides of the vertex once more to rounding."""
    found = _program(signed, p)
    polished = _vertex(signed, p, found)
    return polished if _violation(signed, p, polished) <= _violation(signed, p, found) else found


def orthant_margin(signed: np.ndarray) -> Candidate:
    """max{γ : Zx≥γ, Σx=1, x≥0}, the value of a matrix game, by the simplex method.

    **Raises:** `ValueError` if no x≥0 separates the data.
    """
    from scipy.optimize import linprog

    samples, features = signed.shape
    rows = np.hstack([-signed, np.ones((samples, 1))])
    goal = np.append(np.zeros(features), -1.0)
    sum_to_one = np.append(np.ones(features), 0.0)[None]
    bounds = [(0, None)] * features + [(None, None)]
    answer = linprog(goal, rows, np.zeros(samples), sum_to_one, [1.0], bounds=bounds, method="highs-ds")
    if answer.status != 0:
        raise RuntimeError(f"The linear program of the margin was not solved: {answer.message}")
    if answer.x[-1] <= _ZERO:
        raise ValueError(
            "No x≥0 separates the data, and a potential on x>0 has no other x: the largest margin there is "
            f"{answer.x[-1]:.3g} of the size of the data."
        )
    return Candidate(answer.x[:features], np.maximum(-answer.ineqlin.marginals, 0.0))


def _program(signed: np.ndarray, p: float) -> Candidate:
    from scipy.optimize import linprog

    samples, features = signed.shape
    column = np.ones((samples, 1))
    if p == 1:
        rows = np.vstack([np.hstack([-signed, signed, column]), np.append(np.ones(2 * features), 0.0)])
        bounds = [(0, None)] * (2 * features) + [(None, None)]
    else:
        rows = np.hstack([-signed, column])
        bounds = [(-1, 1)] * features + [(None, None)]
    goal = -np.eye(1, rows.shape[1], rows.shape[1] - 1)[0]
    limits = np.append(np.zeros(samples), np.ones(len(rows) - samples))
    answer = linprog(goal, rows, limits, bounds=bounds, method="highs-ds")
    if answer.status != 0:
        raise RuntimeError(f"The linear program of the margin was not solved: {answer.message}")
    x = answer.x[:features] - answer.x[features : 2 * features] if p == 1 else answer.x[:features]
    return Candidate(x, np.maximum(-answer.ineqlin.marginals[:samples], 0.0))


def _vertex(signed: np.ndarray, p: float, found: Candidate) -> Candidate:
    """The x and λ that make the program's active conditions equalities: My=1 and Mᵀλ=r with one matrix M."""
    sizes = np.abs(found.x)
    rows = signed[found.multipliers > _ZERO * found.multipliers.max()]
    signs = np.sign(found.x)
    if p == 1:  # y the entries of x that are not 0
        moving = sizes > _ZERO * sizes.max()
        matrix, right = rows[:, moving], signs[moving]
    else:  # y those below the largest size, and the largest size
        moving = sizes < (1 - _ZERO) * sizes.max()
        matrix = np.column_stack([rows[:, moving], rows[:, ~moving] @ signs[~moving]])
        right = np.append(np.zeros(moving.sum()), 1.0)
    if 0 in matrix.shape:
        return found
    y = _solve(matrix, np.ones(len(rows)))
    x = np.zeros(sizes.size)
    x[moving] = y[: moving.sum()]
    if p != 1:
        x[~moving] = y[-1] * signs[~moving]
    multipliers = np.zeros(len(signed))
    multipliers[found.multipliers > _ZERO * found.multipliers.max()] = _solve(matrix.T, right)
    return Candidate(x, multipliers)


def _solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Least squares, its residual solved for once more."""
    x = np.linalg.lstsq(matrix, right, rcond=None)[0]
    return x + np.linalg.lstsq(matrix, right - matrix @ x, rcond=None)[0]


def _violation(signed: np.ndarray, p: float, found: Candidate) -> float:
    """The relative gap between the bounds that x and λ give; infinite where they give none."""
    dual = np.inf if p == 1 else 1
    margin = (signed @ found.x).min() / np.linalg.norm(found.x, p) if found.x.any() else 0.0
    if not (margin > 0 and found.multipliers.min() >= 0 and found.multipliers.sum() > 0):
        return np.inf
    return float(np.linalg.norm(found.multipliers @ signed, dual) / found.multipliers.sum() / margin - 1)
