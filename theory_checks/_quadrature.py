"""Integrals over time from saved points: ∫∇f along a path without any theorem about the path."""

import dataclasses

import numpy as np

NODES = 8
_AT, _WEIGHTS = np.polynomial.legendre.leggauss(NODES)


@dataclasses.dataclass(frozen=True)
class Panels:
    """Intervals of time with Gauss–Legendre nodes in each: `times` to save at, `edges` between the intervals.

    Sixteenth order on every interval: what is left is the error of the saved points themselves. A schedule may jump at
    an edge only.
    """

    edges: np.ndarray

    @classmethod
    def graded(cls, *stops: float, count: int = 11) -> "Panels":
        """`count` intervals from each stop to the next (the first from 0), short first, where transients are fast."""
        steps = (np.arange(1, count + 1) / count) ** 3
        spans = zip([0.0, *stops[:-1]], stops, strict=True)
        return cls(np.concatenate([[0.0], *[low + (high - low) * steps for low, high in spans]]))

    @property
    def times(self) -> np.ndarray:
        """Each interval's left edge and nodes, then the end."""
        low, width = self.edges[:-1, None], np.diff(self.edges)[:, None]
        return np.append(np.concatenate([low, low + width * (_AT + 1) / 2], axis=1).ravel(), self.edges[-1])

    def at_edges(self, values: np.ndarray) -> np.ndarray:
        """The rows of `values` (one for each of `times`) that belong to the edges."""
        return np.asarray(values)[:: NODES + 1]

    def integral(self, values: np.ndarray) -> np.ndarray:
        """∫₀^edge of what has the rows `values` at `times`, for every edge."""
        values = np.asarray(values)
        inside = values[:-1].reshape(len(self.edges) - 1, NODES + 1, *values.shape[1:])[:, 1:]
        areas = np.einsum("k,pk...->p...", _WEIGHTS, inside)
        areas = areas * (np.diff(self.edges) / 2).reshape(-1, *[1] * (values.ndim - 1))
        return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(areas, axis=0)])
