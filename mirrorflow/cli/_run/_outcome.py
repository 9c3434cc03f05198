"""What a run found: the flow's numbers, theory's, and the verdict on how they compare."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...claims import Comparison, Verdict, tolerance
from ...claims._judge import judge, undecided
from ...claims._provenance import versions
from ...claims._runs import clean_accuracy
from ...claims._verdict import Row, worst

ACCURACIES = (1.0, 0.1)


@dataclasses.dataclass(frozen=True)
class Part:
    """One comparison, at each accuracy; `reason`, why it decides nothing, where it does not."""

    name: str
    allowed: float
    because: str
    comparisons: list[Comparison]
    reason: str = ""

    def row(self, case: str) -> Row:
        """What the judge of the claims says."""
        limit = tolerance(self.allowed, self.because)
        if self.reason:
            return undecided(case, self.name, limit, self.reason, self.comparisons[-1] if self.comparisons else None)
        return judge(case, self.name, self.comparisons, limit)


@dataclasses.dataclass(frozen=True)
class Found:
    """A run and its prediction.

    `measured` and `predicted` have an entry for each feature; `curve` is what goes to 0, over `clock`, log t at its
    points; `facts` are numbers for the page by their names; `samples` the rows that hold the margin, in a
    classification, with their predicted and measured shares.
    """

    measured: np.ndarray
    predicted: np.ndarray
    verdict: Verdict
    statement: str
    prediction: str
    quantity: str
    clock: np.ndarray
    curve: np.ndarray
    curve_label: str
    status: str
    facts: dict[str, Any]
    notes: list[str]
    samples: list[dict[str, Any]] = dataclasses.field(default_factory=list)


def at_each_accuracy(run: Callable[[float], Any]) -> list[Any]:
    """What `run(factor)` returns when computed as usual and ten times more accurately."""
    found = []
    for factor in ACCURACIES:
        with clean_accuracy(factor):
            found.append(run(factor))
    return found


@contextlib.contextmanager
def explained(before: str, after: str = "") -> Iterator[None]:
    """Where theory refuses to predict, say so in the words of the table."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{before}{error}{after}") from None


def verdict(case: str, parts: list[Part], controls: list[tuple[str, Part]]) -> Verdict:
    """The verdict on all parts. It is undecided where a control, a prediction known to be wrong, fits as well."""
    rows = tuple(part.row(case) for part in parts)
    held = tuple(_verdict(case, (part.row(case),), "refuted", part, words=words) for words, part in controls)
    deciding = worst(rows)
    found = _verdict(case, rows, "holds", parts[rows.index(deciding)], controls=held, versions=versions())
    doubtful = next((control for control in held if not control.as_expected), None)
    if found.outcome != "holds" or doubtful is None:
        return found
    reason = f"the data do not tell this prediction from another: {doubtful.words} came out {doubtful.outcome}"
    return dataclasses.replace(found, outcome="undecided", reason=reason)


def _verdict(case: str, rows: tuple[Row, ...], expects: str, part: Part, **more: Any) -> Verdict:
    deciding = worst(rows)
    return Verdict(
        name=case,
        outcome=deciding.outcome,
        rows=rows,
        expects=expects,
        tolerance=part.allowed,
        because=part.because,
        reason=f"{deciding.part}: {deciding.reason}" if deciding.reason else "",
        status="run",
        **more,
    )
