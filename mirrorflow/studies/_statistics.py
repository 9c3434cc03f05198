"""Means over seeds with their intervals."""

from typing import Any, NamedTuple

import numpy as np


class Interval(NamedTuple):
    """`mean` ± `half`, the 95 % interval of the mean over `seeds` seeds."""

    mean: float
    half: float
    seeds: int

    @property
    def sign(self) -> int:
        """1 where the interval lies above 0, −1 where below, 0 where it holds 0 or two seeds are all there is."""
        told = self.seeds > 2
        return told * (int(self.mean - self.half > 0) - int(self.mean + self.half < 0))


def interval(values: Any) -> Interval:
    """Student's 95 % interval of the mean.

    **Raises:** `ValueError` for fewer than two values, or one that is not finite.

    >>> mf.studies.interval([1.0, 2.0, 3.0])
    Interval(mean=2.0, half=2.48..., seeds=3)
    """
    from scipy.special import stdtrit

    numbers = np.asarray(values, float)
    if numbers.size < 2:
        raise ValueError(f"values must be at least two, got {numbers.size}.")
    if not np.isfinite(numbers).all():
        raise ValueError(f"values must be finite, got {numbers.tolist()}.")
    half = stdtrit(numbers.size - 1, 0.975) * np.std(numbers, ddof=1) / np.sqrt(numbers.size)
    return Interval(float(numbers.mean()), float(half), int(numbers.size))
