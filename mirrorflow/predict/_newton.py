"""Damped Newton steps on a convex function, with a search along the ray that spans hundreds of decades."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

_LIMIT = 500
_PATIENCE = 4  # steps without progress after which rounding is taken to be reached
_ROUNDING = 1e-9  # errors above this are not rounding


@dataclasses.dataclass(frozen=True)
class Point:
    """Where the iteration stands: the unknown, the gradient there, its relative size, and what else was computed."""

    place: np.ndarray
    gradient: np.ndarray
    error: float
    data: Any


def newton(
    evaluate: Callable[[np.ndarray], Point],
    direction: Callable[[Point, float], np.ndarray],
    start: np.ndarray,
    *,
    damping: float,
    floor: float,
    tolerance: float,
) -> tuple[Point, int]:
    """The best point found and the number of steps.

    `direction(point, damping)` is the Newton direction with the Hessian raised to `damping` times its largest entry,
    which falls with every full step and rises with every short one.
    """
    with np.errstate(all="ignore"):  # points outside the domain are met, and left again, on purpose
        return _iterate(evaluate, direction, start, damping, floor, tolerance)


def _iterate(
    evaluate: Callable[[np.ndarray], Point],
    direction: Callable[[Point, float], np.ndarray],
    start: np.ndarray,
    damping: float,
    floor: float,
    tolerance: float,
) -> tuple[Point, int]:
    here = best = evaluate(start)
    stalled = 0
    for iteration in range(_LIMIT):
        if not np.isfinite(best.error) or best.error <= tolerance or (stalled >= _PATIENCE and best.error < _ROUNDING):
            return best, iteration
        heading = direction(here, damping)
        there, length, tries = _move(evaluate, here, heading)
        if there is None:
            damping *= 1e3
            if damping > 1:
                return best, iteration
            continue
        here = there
        if length <= 0.1:
            damping = min(10 * damping, 1.0)
        elif tries <= 2:
            damping = max(damping / 10, floor)
        stalled = 0 if here.error < best.error / 2 else stalled + 1
        best = here if here.error < best.error else best
    return best, _LIMIT


def _move(evaluate: Callable[[np.ndarray], Point], here: Point, heading: np.ndarray) -> tuple[Point | None, float, int]:
    """The full step if it makes the gradient smaller, else the point where the slope along the ray has nearly gone."""
    there = evaluate(here.place + heading)
    if np.linalg.norm(there.gradient) < 0.9 * np.linalg.norm(here.gradient):
        return there, 1.0, 1
    first = here.gradient @ heading
    if not first < 0:
        return None, 0.0, 1
    low, high, length = 0.0, np.inf, 1.0
    for tries in range(2, 300):
        slope = there.gradient @ heading
        if np.isfinite(slope) and abs(slope) <= 0.3 * abs(first):
            return there, length, tries
        if np.isfinite(slope) and slope < 0:
            low = length
        else:
            high = length
        if high - low <= 1e-14 * high:
            break
        length = _between(low, high, tries)
        there = evaluate(here.place + length * heading)
    return None, 0.0, 300


def _between(low: float, high: float, tries: int) -> float:
    if np.isinf(high):
        return 8 * low
    if low == 0:
        return high / (8 if tries < 20 else 1e8)
    return float(np.sqrt(low) * np.sqrt(high)) if high > 2 * low else (low + high) / 2
