"""What came out of holding a claim against its runs."""

import dataclasses
import math
from typing import Any

# from best to worst: a verdict is the worst of its rows
SEVERITY = {"holds": 0, "undecided": 1, "refuted": 2}
LENIENT = ("heuristic", "open")  # statuses whose claims may stay undecided
CITED = ("published", "proved")  # statuses whose claims should be found, even where they are only measured

Number = float | int | bool | str | None


@dataclasses.dataclass(frozen=True)
class Row:
    """One case, or one part of it: the entry that deviates most, and the errors in units of the scale."""

    case: str
    outcome: str
    error: float
    numerical_error: float
    tolerance: float
    predicted: Number = None
    measured: Number = None
    reason: str = ""
    part: str = ""
    relation: str = "equal"
    scale: float = 1.0
    uncertainty: float = 0.0
    entries: int = 0
    refined: bool = True  # whether computing more accurately changed anything: else numerical_error is rounding alone
    unit: str = ""
    note: str = ""
    traceback: str = ""

    @property
    def weight(self) -> tuple[int, float]:
        """How much this row decides: first its outcome, then how far it uses up its tolerance."""
        total = self.error + self.numerical_error + self.uncertainty
        return SEVERITY[self.outcome], math.inf if math.isnan(total) else total - self.tolerance


@dataclasses.dataclass(frozen=True)
class Verdict:
    """`outcome` is "holds", "refuted" or "undecided"; the numbers are those of the case that decides.

    `error` and `numerical_error` are in units of the comparison's scale, as `tolerance` is: the claim holds where
    error + numerical_error ≤ tolerance in every case, and is refuted where error − numerical_error > tolerance in one.
    """

    name: str
    outcome: str
    rows: tuple[Row, ...]
    expects: str
    tolerance: float
    because: str = ""
    reason: str = ""
    words: str = ""
    status: str = ""
    seed: int = 0
    controls: tuple["Verdict", ...] = ()
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0

    @property
    def decisive(self) -> Row:
        """The row that decides."""
        return worst(self.rows)

    @property
    def error(self) -> float:
        """The deviation from the prediction in the case that decides."""
        return self.decisive.error

    @property
    def numerical_error(self) -> float:
        """How far that deviation can be off because the computation is not exact."""
        return self.decisive.numerical_error

    @property
    def predicted(self) -> Number:
        """What the law says at the entry that deviates most."""
        return self.decisive.predicted

    @property
    def measured(self) -> Number:
        """What the run shows there."""
        return self.decisive.measured

    @property
    def control(self) -> "Verdict":
        """The control that decides: one that did not come out as it must, if there is one, else the first."""
        return next((control for control in self.controls if not control.as_expected), self.controls[0])

    @property
    def as_expected(self) -> bool:
        """Whether the outcome is the one that the claim expects; what is only measured always is."""
        return self.expects == "measured" or self.outcome == self.expects

    @property
    def failed(self) -> bool:
        """Whether a run that contains this verdict fails: not as expected, or undecided where that is not allowed."""
        return not self.as_expected and not (self.outcome == "undecided" and self.status in LENIENT)

    @property
    def unconfirmed(self) -> bool:
        """Whether a published or proved statement that is only measured was not found: no failure, but to be named."""
        return self.expects == "measured" and self.status in CITED and self.outcome != "holds"

    def __str__(self) -> str:
        row = self.decisive
        doubt = f"± {row.numerical_error + row.uncertainty:.1g}" if row.refined else "(not refined)"
        numbers = f"error {row.error:.2g} {doubt}, tolerance {row.tolerance:.2g}"
        control = f"; control {self.control.outcome}" if self.controls else ""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.name}: {self.outcome}{reason}; {numbers}{control}"


def worst(rows: tuple[Row, ...]) -> Row:
    """The row that decides."""
    return max(rows, key=lambda row: row.weight)


def row_from_dict(data: dict[str, Any]) -> Row:
    """The row that `dataclasses.asdict` took apart; a number that is null was not finite."""
    numbers = {name: math.nan for name in ("error", "numerical_error", "uncertainty") if data[name] is None}
    return Row(**{**data, **numbers})


def verdict_from_dict(data: dict[str, Any]) -> Verdict:
    """The verdict that `dataclasses.asdict` took apart."""
    controls = tuple(verdict_from_dict(control) for control in data["controls"])
    return Verdict(**{**data, "rows": tuple(Row(**row) for row in data["rows"]), "controls": controls})
