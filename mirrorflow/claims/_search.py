"""Which case is tried next: corners, then points spread over the space, small cases, and neighbours of the worst.

The points are those of an additive recurrence, frac(s + kα) with α_j=φ^{−j} and φ^{d+1}=φ+1, which leave no large gap
however many are taken; s depends on the seed. A proposal depends on the seed, its number and the cases tried before.

**Source:** M. Roberts, The unreasonable effectiveness of quasirandom sequences (2018).
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from ._space import Plain, Space

CORNERS = 16
WIDTHS = (0.3, 0.1, 0.03, 0.01)  # of a neighbourhood, as a share of the range
PATIENCE = 50  # proposals in a row that were tried already, after which what is left is gone through in order


class Search:
    """Proposes cases; where a check draws nothing, no case is proposed twice."""

    def __init__(self, space: Space, seed: int, *, draws: bool) -> None:
        self.space, self.seed, self.draws = space, seed, draws
        self._corners = corners(space)
        self._spread = np.random.default_rng([seed, 0]).random(len(space))
        self._steps = _steps(len(space))
        self._taken = 0
        self._tried: set[tuple[Plain, ...]] = set()
        self._rest = space.everything() if space.count < math.inf else iter(())

    def propose(self, number: int, worst: dict[str, Plain] | None) -> dict[str, Plain] | None:
        """The case to try as this number, or None when there is no other."""
        if not self.draws and len(self._tried) >= self.space.count:
            return None
        random = np.random.default_rng([self.seed, 1, number])
        drawn = (self._next(number, worst, random) for _ in range(PATIENCE))
        for case in itertools.chain(drawn, self._rest):
            mark = tuple(case.values())
            if self.draws or mark not in self._tried:
                self._tried.add(mark)
                return case
        return None

    def _next(self, number: int, worst: dict[str, Plain] | None, random: np.random.Generator) -> dict[str, Plain]:
        corner = next(self._corners, None)
        if corner is not None:
            return corner
        kind = number % 3
        if kind == 2 and worst is not None:
            return _neighbour(self.space, worst, random)
        self._taken += 1
        point = (self._spread + self._taken * self._steps) % 1.0
        return self.space.at(point**3 if kind == 1 else point)


def corners(space: Space) -> Iterator[dict[str, Plain]]:
    """Cases with every value at an end, from the simple ends to the others, at most so many."""
    ends = [dimension.ends for dimension in space.values()]
    found = (
        dict(zip(space, (values[i] for values, i in zip(ends, indices, strict=True)), strict=True))
        for level in range(sum(len(values) - 1 for values in ends) + 1)
        for indices in _indices([len(values) for values in ends], level)
    )
    return itertools.islice(found, CORNERS)


def _indices(sizes: list[int], total: int) -> Iterator[tuple[int, ...]]:
    """Every way to write `total` as one index below each size."""
    if not sizes:
        if total == 0:
            yield ()
        return
    for first in range(min(sizes[0] - 1, total) + 1):
        for rest in _indices(sizes[1:], total - first):
            yield (first, *rest)


def _neighbour(space: Space, case: dict[str, Plain], random: np.random.Generator) -> dict[str, Plain]:
    """The case with about half of its values, and at least one, moved a little."""
    width = WIDTHS[int(random.integers(len(WIDTHS)))]
    moved = random.random(len(space)) < 0.5
    moved[int(random.integers(len(space)))] = True
    return {
        name: dimension.near(case[name], width, random) if move else case[name]
        for (name, dimension), move in zip(space.items(), moved, strict=True)
    }


def _steps(dimensions: int) -> np.ndarray:
    root = 2.0
    for _ in range(60):  # φ = (1+φ)^{1/(d+1)} contracts
        root = (1 + root) ** (1 / (dimensions + 1))
    return root ** -np.arange(1.0, dimensions + 1)
