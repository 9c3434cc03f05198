"""Exponents and rates fitted by least squares, with confidence intervals."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Scalar


class Fit(NamedTuple):
    """A fitted law: `exponent` ± `half_width` at the confidence asked for, and `prefactor`.

    `residual` is the standard deviation of log y about the line, √(Σw(log y−line)²/(n−2)) with weights of mean 1.
    """

    exponent: Scalar | float
    half_width: Scalar | float
    prefactor: Scalar | float
    residual: Scalar | float

    @property
    def rate(self) -> Scalar | float:
        """The exponent under the name it has in y = prefactor·e^{rate·t}."""
        return self.exponent


def fit_exponent(x: Numeric, y: Numeric, confidence: Numeric = 0.95, *, weights: Numeric | None = None) -> Fit:
    """y ≈ prefactor·x^exponent by least squares in the logarithms, with Student's interval for the exponent.

    **Arguments:**

    - `x`, `y`: positive, shape (n,), n ≥ 3.
    - `confidence`: in (0, 1), of the two-sided interval exponent ± half_width, exact if the errors of log y are
      independent and normal with variances ∝ 1/weights.
    - `weights`: non-negative, shape (n,), at least three of them positive; equal unless given.

    **Raises:** `ValueError` for numbers that are not positive, lengths that differ, fewer than three points, an x that
    never changes, or a confidence outside (0, 1).

    >>> fit = mf.observe.fit_exponent([1.0, 10.0, 100.0], [3.0, 0.3, 0.03])
    >>> round(fit.exponent, 9), round(fit.prefactor, 9), fit.half_width < 1e-6
    (-1.0, 3.0, True)
    """
    log_x = _logarithm(_axis("x", _checks.positive("x", x, shape=None)))
    return _fit("x", log_x, y, confidence, weights)


def fit_rate(t: Numeric, y: Numeric, confidence: Numeric = 0.95, *, weights: Numeric | None = None) -> Fit:
    """y ≈ prefactor·e^{rate·t} by least squares in log y, with Student's interval; the rate is negative for decay.

    **Arguments:** `t`: finite, shape (n,), n ≥ 3; the others as in `fit_exponent`.

    **Raises:** `ValueError` as `fit_exponent`.
    """
    return _fit("t", _axis("t", _checks.number("t", t, shape=None)), y, confidence, weights)


def _fit(name: str, abscissa, y: Numeric, confidence: Numeric, weights: Numeric | None) -> Fit:
    from scipy.special import stdtrit

    log_y = _logarithm(_axis("y", _checks.positive("y", y, shape=None)))
    count = abscissa.shape[0]
    _checks.same_shape(**{name: ("shape", abscissa.shape), "y": ("shape", log_y.shape)})
    weight, used = _weights(weights, count)
    if used < 3:
        raise ValueError(f"A line with an error needs at least three points, got {used}.")
    level = float(_checks.in_open_interval("confidence", confidence, (0.0, 1.0), shape=()))
    if not _checks.is_traced(abscissa):
        seen = np.asarray(abscissa)[np.asarray(weight) > 0] if not _checks.is_traced(weight) else np.asarray(abscissa)
        if seen.min() == seen.max():
            raise ValueError(f"{name} must take at least two values, got {seen[0]:g} only (as a logarithm for x).")
    traced = any(_checks.is_traced(array) for array in (abscissa, log_y, weight))
    slope, intercept, residual, spread = _line(jnp if traced else np, abscissa, log_y, weight, used - 2)
    half_width = stdtrit(used - 2, (1 + level) / 2) * residual / spread
    with np.errstate(over="ignore"):
        prefactor = (jnp if traced else np).exp(intercept)
    numbers = (slope, half_width, prefactor, residual)
    return Fit(*numbers) if traced else Fit(*(float(value) for value in numbers))


def _line(numpy, abscissa, ordinate, weight, freedom: int):
    """Slope, intercept, residual deviation, and the weighted spread of the abscissa, all about the weighted means."""
    total = numpy.sum(weight)
    centre, level = numpy.sum(weight * abscissa) / total, numpy.sum(weight * ordinate) / total
    # Scaled by the largest deviation, so that squares neither overflow nor vanish.
    size = numpy.max(numpy.abs(abscissa - centre) * (weight > 0))
    offset, rise = (abscissa - centre) / size, ordinate - level
    square = numpy.sum(weight * offset**2)
    slope = numpy.sum(weight * offset * rise) / square
    residual = numpy.sqrt(numpy.sum(weight * (rise - slope * offset) ** 2) / freedom)
    return slope / size, level - slope / size * centre, residual, numpy.sqrt(square) * size


def _weights(weights: Numeric | None, count: int):
    """Weights of mean 1 over those that are positive, and how many are."""
    if weights is None:
        return np.ones(count), count
    held = _axis("weights", _checks.nonnegative("weights", weights, shape=None))
    if held.shape != (count,):
        raise ValueError(f"weights must have the shape {(count,)} of the points, got {held.shape}.")
    if _checks.is_traced(held):
        return held / jnp.mean(held), count
    used = int(np.sum(np.asarray(held) > 0))
    return held / (np.sum(np.asarray(held)) / max(used, 1)) if used else held, used


def _axis(name: str, held):
    if held.ndim != 1:
        raise ValueError(f"{name} must be one axis of numbers, got shape {tuple(held.shape)}.")
    return held


def _logarithm(held):
    return jnp.log(held) if _checks.is_traced(held) else np.log(np.asarray(held))
