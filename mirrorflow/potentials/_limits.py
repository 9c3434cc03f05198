"""The ends of the dual domain of a potential, from its numbers."""

from typing import TYPE_CHECKING

import jax
import numpy as np

if TYPE_CHECKING:
    from ._base import AbstractPotential

_DOUBLINGS = 340 / 2.0 ** np.arange(5, -1, -1)  # of the logarithm of a distance: squares stay within floats
_BOUNDED = 0.8  # increments that shrink by less for each doubling are taken to have no finite sum


def limits_of_mirror_map(potential: "AbstractPotential") -> tuple[float, float]:
    """(inf R', sup R') for a potential of one coordinate.

    R' is followed to distances e^{340/2^k} from 0. If its increments shrink like a
    geometric series, the limit is their sum (by Aitken's extrapolation); else it is infinite. Growth slower than
    log log x cannot be told from a limit.
    """
    ends = []
    for side, end in zip((-1.0, 1.0), potential.domain, strict=True):
        if np.isfinite(end):
            ends.append(side * float("inf"))  # the mirror map of a Legendre function diverges at ends of its domain
            continue
        points = side * np.exp(_DOUBLINGS)
        with jax.ensure_compile_time_eval():
            maps = jax.vmap(lambda x: (potential.mirror_map(x), potential.metric(x)))
            found, metric = (np.asarray(part) for part in maps(points))
        ends.append(_limit(side * found, metric) * side)
    return (ends[0], ends[1])


def _limit(values: np.ndarray, metric: np.ndarray) -> float:
    """The limit of an increasing sequence, ∞ if it has none in floats; steps into overflow count for nothing."""
    if np.isfinite(values[-1]) and values[-1] - values[-2] <= 1e-12 * np.abs(values[-1]):
        return float(values[-1])
    clean = np.isfinite(values) & (metric > 0) & np.isfinite(metric)
    count = len(values) if clean.all() else int(np.argmin(clean))
    if count < 3:
        return float("inf")
    before, last = np.diff(values[count - 3 : count])
    ratio = last / before if before > 0 else np.inf
    return float("inf") if ratio > _BOUNDED else float(values[count - 1] + last * ratio / (1 - ratio))
