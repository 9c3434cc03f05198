"""One case of a conjecture, checked at every accuracy."""

import dataclasses
import math
from typing import Any

import jax

from ._comparison import Comparison, parts_of
from ._conjecture import Conjecture
from ._judge import judge, undecided
from ._runs import clean_accuracy
from ._space import Plain
from ._tasks import describe
from ._verdict import Row, worst
from .cases import Case


@dataclasses.dataclass(frozen=True)
class Trial:
    """A case, the number of its draw, and what came out: "holds", "refuted", "undecided" or "failed".

    `gap` is the deviation that goes farthest, in units of its comparison's scale; for a bound it is negative where
    there is room left. NaN where nothing was compared.
    """

    case: dict[str, Plain]
    draw: int
    outcome: str
    rows: tuple[Row, ...] = ()
    gap: float = math.nan
    relative: float = math.nan
    reason: str = ""
    traceback: str = ""

    @property
    def row(self) -> Row:
        """The row that decides."""
        return worst(self.rows)

    def __str__(self) -> str:
        return f"{Case(**self.case)} (draw {self.draw})"


def key_of(seed: int, draw: int) -> jax.Array:
    """The key of the draw of this number: it depends on nothing else."""
    return jax.random.fold_in(jax.random.key(seed), draw)


def attempt(conjecture: Conjecture, case: dict[str, Plain], draw: int, key: Any) -> Trial:
    """Check one case at every accuracy; an exception comes back as words."""
    try:
        compared = [_compare(conjecture, case, key, factor) for factor in conjecture.accuracies]
    except Exception as error:
        words, details = describe(error)
        return Trial(case, draw, "failed", reason=words, traceback=details)
    label = str(Case(**case))
    if len({tuple(parts) for parts in compared}) > 1:
        reason = "which parts are compared depends on the accuracy"
        rows = (undecided(label, "", conjecture.tolerance, reason),)
    else:
        ladders = {part: [parts[part] for parts in compared] for part in compared[-1]}
        rows = tuple(judge(label, part, ladder, conjecture.tolerance) for part, ladder in ladders.items())
    deciding = worst(rows)
    gap = max((gap for row in rows if not math.isnan(gap := _gap(row))), default=math.nan)
    return Trial(case, draw, deciding.outcome, rows, gap, _relative(gap, conjecture.tolerance.value), deciding.reason)


def _compare(conjecture: Conjecture, case: dict[str, Plain], key: Any, factor: float) -> dict[str, Comparison]:
    drawn = {"key": key} if conjecture.takes_key else {}
    with clean_accuracy(factor):
        return parts_of(conjecture.name, conjecture.check(**case, **drawn))


def _gap(row: Row) -> float:
    """The row's error, or for a bound how far from it, on either side."""
    predicted, measured = row.predicted, row.measured
    if row.relation not in ("at most", "at least") or math.isnan(row.error):
        return row.error
    assert isinstance(predicted, int | float) and isinstance(measured, int | float)
    over = (measured - predicted) / row.scale
    return over if row.relation == "at most" else -over


def _relative(gap: float, tolerance: float) -> float:
    if tolerance > 0 or math.isnan(gap):
        return gap / tolerance if tolerance > 0 else gap
    return math.copysign(math.inf, gap) if gap else 0.0
