"""Means over seeds, and what they tell."""

from typing import Any, NamedTuple

from ..observe import interval


class Mean(NamedTuple):
    """`mean` ± `half`, the 95 % interval of the mean over `seeds` seeds."""

    mean: float
    half: float
    seeds: int

    @property
    def sign(self) -> int:
        """1 where the interval lies above 0, −1 where below, 0 where it holds 0 or two seeds are all there is."""
        told = self.seeds > 2
        return told * (int(self.mean - self.half > 0) - int(self.mean + self.half < 0))


def mean_of(values: Any) -> Mean:
    """The mean of the values, one a seed, with its interval (`observe.interval`)."""
    mean, half = interval(values)
    return Mean(float(mean), float(half), len(values))
