"""How many directions the velocities and all their brackets span: numerically, with the gap stated."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ... import _checks
from ..._types import Numeric, Real
from ._fields import brackets_at, velocities
from ._rank import CONCLUSIVE_GAP, Span, double_precision, extended, normalized, span

# Brackets of length k cost about 3ᵏ evaluations of the fields, in running and in compiling.
LEVELS = 6
# More random brackets than directions are missing, so that an unlucky draw does not hide one.
SPARE = 3


@dataclass(frozen=True)
class Closure:
    """The dimension of Lie(W)(θ), in double precision.

    `rank`: of the fields and their brackets up to length `levels`; `rank_of_fields`: of the fields alone; `ranks` and
    `gaps`: at each point, the rank and the smallest singular value that counted over the largest that did not, at any
    level; `closed`: the last level added nothing, or nothing could be missing. `points`: shape (points, D).

    A point with a gap below 1e6 (one near which some velocities almost coincide, say) decides nothing as long as there
    are others.
    """

    rank: int
    rank_of_fields: int
    ranks: tuple[int, ...]
    gaps: tuple[float, ...]
    levels: int
    closed: bool
    points: np.ndarray

    @property
    def gap(self) -> float:
        """The smallest gap at the points that decide."""
        return min((gap for gap in self.gaps if gap >= CONCLUSIVE_GAP), default=max(self.gaps))

    @property
    def agree(self) -> bool:
        """Whether the points that decide have the same rank."""
        deciding = {rank for rank, gap in zip(self.ranks, self.gaps, strict=True) if gap >= CONCLUSIVE_GAP}
        return len(deciding) <= 1

    @property
    def conclusive(self) -> bool:
        """Whether the closure is closed, and some points have a gap of at least 1e6, and these agree."""
        return self.closed and self.agree and self.gap >= CONCLUSIVE_GAP

    @property
    def laws(self) -> int:
        """D − rank: how many independent laws there are, if this is conclusive."""
        return self.points.shape[1] - self.rank


def closure(
    fields: Callable[[Real], Real], point: Numeric, *, target: int | None = None, levels: int = LEVELS, seed: int = 0
) -> Closure:
    """dim Lie(W)(θ) at one or several generic points, W the span of `fields`.

    The rank of all brackets up to length k grows with k; the first length that adds nothing at a generic point is the
    last one that has to be looked at.

    **Arguments:**

    - `fields`: θ ↦ velocities, (D,) ↦ (fields, D), smooth near the points. Its method `combine(weights, θ)`, if it has
      one, is used for Σ_i weights_i·w_i(θ).
    - `point`: θ, shape (D,), or several, shape (points, D), in double precision and generic.
    - `target`: D − (laws that are known), where the rank cannot grow further.
    - `levels`: the longest brackets looked at, about 3^levels evaluations of the fields each.
    - `seed`: of the random weights.

    **Raises:** `ValueError` in single precision, for fields of another shape, for fields or brackets that are not
    finite at a point, or numbers out of range.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2307.00144), theory page 07.

    >>> from mirrorflow.derive._numeric import closure
    >>> rotations = lambda p: jnp.array([[0.0, -p[2], p[1]], [p[2], 0.0, -p[0]]])
    >>> found = closure(rotations, jnp.array([0.3, -0.8, 1.1]))
    >>> found.rank_of_fields, found.rank, found.laws, found.conclusive
    (2, 2, 1, True)
    """
    points = np.atleast_2d(double_precision("point", point, axes=(1, 2)))
    dimension = points.shape[1]
    levels = _checks.integer("levels", levels, at_least=1)
    most = dimension if target is None else _checks.integer("target", target, at_least=0)
    values = velocities(fields, points)
    spans = [span(normalized(rows)) for rows in values]
    first, level = _rank(spans), 1
    random = np.random.default_rng(seed)
    closed = first >= most
    while not closed and level < levels:
        level += 1
        missing = max(most - min(each.rank for each in spans), 0)
        weights = random.standard_normal((missing + SPARE, level, values.shape[1]))
        added = brackets_at(fields, points, weights)
        before, spans = spans, [extended(*pair) for pair in zip(spans, added, strict=True)]
        grown = [now for now, then in zip(spans, before, strict=True) if now.rank > then.rank]
        closed = _rank(spans) >= most or not any(any(each is good for good in _believed(spans)) for each in grown)
    ranks, gaps = tuple(each.rank for each in spans), tuple(each.gap for each in spans)
    return Closure(_rank(spans), first, ranks, gaps, level, closed, points)


def _believed(spans: list[Span]) -> list[Span]:
    """Those with a gap that is wide enough; all of them where none has."""
    return [each for each in spans if each.gap >= CONCLUSIVE_GAP] or spans


def _rank(spans: list[Span]) -> int:
    """A rank can only be too small, at a point that is not generic."""
    return max(each.rank for each in _believed(spans))
