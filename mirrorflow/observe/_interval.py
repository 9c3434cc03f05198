"""Means over draws with their intervals."""

from typing import NamedTuple

import numpy as np

from .._types import Numeric


class Interval(NamedTuple):
    """`mean` over draws ± `half`: its 95 % interval."""

    mean: Numeric
    half: Numeric


def interval(values: Numeric) -> Interval:
    """Student's 95 % interval of the mean over the first axis: ± t·s/√n with t of n−1 degrees of freedom.

    **Raises:** `ValueError` for fewer than two draws, or one that is not finite.

    >>> mean, half = mf.observe.interval([1.0, 2.0, 3.0])
    >>> print(f"{mean:.2f} ± {half:.2f}")
    2.00 ± 2.48
    """
    from scipy.special import stdtrit

    numbers = np.asarray(values, float)
    count = len(numbers) if numbers.ndim else 0
    if count < 2:
        raise ValueError(f"values must be at least two draws along the first axis, got shape {numbers.shape}.")
    if not np.isfinite(numbers).all():
        raise ValueError(f"values must be finite, got {numbers.tolist()}.")
    half = stdtrit(count - 1, 0.975) * np.std(numbers, axis=0, ddof=1) / np.sqrt(count)
    return Interval(np.mean(numbers, axis=0), half)
