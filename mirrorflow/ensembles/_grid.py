"""The points of a sweep: the product of named axes."""

import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import _checks
from .._types import Numeric

# Names that the result of a sweep uses itself.
RESERVED = ("status", "status_ok", "steps")


class Grid:
    """Named axes of numbers; lanes are the points of their product, the last axis running fastest."""

    def __init__(self, axes: Mapping[str, Numeric], build: Callable[..., Any]):
        if not isinstance(axes, Mapping) or not axes:
            raise ValueError(f"grid must map at least one name to an axis of numbers, got {axes!r}.")
        self.axes = {name: _axis(name, values) for name, values in axes.items()}
        self.shape = tuple(len(axis) for axis in self.axes.values())
        try:
            inspect.signature(build).bind(**dict.fromkeys(self.axes))
        except TypeError as error:
            names = ", ".join(self.axes)
            raise ValueError(f"build must take the axes of the grid ({names}) by name: {error}.") from error

    @property
    def lanes(self) -> int:
        """How many points there are."""
        return math.prod(self.shape)

    def numbers(self, first: int, count: int) -> dict[str, np.ndarray]:
        """The numbers of `count` lanes from `first` on, the last lane being repeated beyond the end."""
        lanes = np.minimum(np.arange(first, first + count), self.lanes - 1)
        indices = np.unravel_index(lanes, self.shape)
        return {name: axis[index] for (name, axis), index in zip(self.axes.items(), indices, strict=True)}

    def extremes(self) -> Iterator[dict[str, np.ndarray]]:
        """The smallest and the largest number of each axis, the other axes at their first."""
        first = {name: axis[0] for name, axis in self.axes.items()}
        ends = ({name: value} for name, axis in self.axes.items() for value in (axis.min(), axis.max()))
        seen = set()
        for end in itertools.chain([first], ends):
            point = {name: np.asarray(value) for name, value in (first | end).items()}
            if (mark := tuple(map(float, point.values()))) not in seen:
                seen.add(mark)
                yield point


def _axis(name: str, values: Numeric) -> np.ndarray:
    if not isinstance(name, str) or not name.isidentifier() or name in RESERVED:
        raise ValueError(f"An axis of the grid needs a name that build can take and not {RESERVED}, got {name!r}.")
    if _checks.is_traced(values):
        raise ValueError(f"grid[{name!r}] decides how many flows there are and cannot be traced.")
    axis = np.asarray(values)
    if axis.dtype.kind not in "iu":
        axis = np.asarray(_checks.number(f"grid[{name!r}]", values, shape=None))
    if axis.ndim != 1 or len(axis) == 0:
        raise ValueError(f"grid[{name!r}] must be one axis of at least one number, got shape {axis.shape}.")
    return axis
