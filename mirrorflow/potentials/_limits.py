"""The ends of the dual domain of a potential, from its numbers."""

from typing import TYPE_CHECKING

import jax
import numpy as np

from .._types import Held

if TYPE_CHECKING:
    from ._base import AbstractPotential

_DISTANCES = np.exp(340 / 2.0 ** np.arange(5, -1, -1))  # squares stay within floats
_BOUNDED = 0.8  # increments that shrink by less for each doubling are taken to have no finite sum


def limits_of_mirror_map(potential: "AbstractPotential", shape: tuple[int, ...] = ()) -> tuple[Held, Held]:
    """(inf R', sup R'), of the shape of x.

    R' is followed to distances e^{340/2^k} from 0. If its increments shrink like a geometric series, the limit is
    their sum (by Aitken's extrapolation); else it is infinite. Growth slower than log log x cannot be told from a
    limit. At finite ends of the domain the mirror map of a Legendre function diverges.
    """
    ends = []
    for side, end in zip((-1.0, 1.0), potential.domain, strict=True):
        found, metric = _follow(potential, side, shape)
        columns = zip(side * found.reshape(len(found), -1).T, metric.reshape(len(found), -1).T, strict=True)
        limits = np.array([_limit(*column) for column in columns]).reshape(shape)
        ends.append(side * np.where(np.isfinite(end), np.inf, limits))
    return (ends[0], ends[1])


def _follow(potential: "AbstractPotential", side: float, shape: tuple[int, ...]) -> tuple[Held, Held]:
    """R' and R'' at growing distances, shape (distances, *shape)."""
    with jax.ensure_compile_time_eval():
        points = side * np.broadcast_to(_DISTANCES.reshape(-1, *[1] * len(shape)), (len(_DISTANCES), *shape))
        maps = jax.vmap(lambda x: (potential.mirror_map(x), potential.metric(x)))
        dual, metric = maps(points)
    return np.asarray(dual), np.asarray(metric)


def _limit(values: Held, metric: Held) -> float:
    """The limit of an increasing sequence, ∞ if it has none in floats; steps into overflow count for nothing."""
    if np.isfinite(values[-2:]).all() and values[-1] - values[-2] <= 1e-12 * np.abs(values[-1]):
        return float(values[-1])
    clean = np.isfinite(values) & (metric > 0) & np.isfinite(metric)
    count = len(values) if clean.all() else int(np.argmin(clean))
    if count < 3:
        return float("inf")
    before, last = np.diff(values[count - 3 : count])
    ratio = last / before if before > 0 else np.inf
    return float("inf") if ratio > _BOUNDED else float(values[count - 1] + last * ratio / (1 - ratio))
