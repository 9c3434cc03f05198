"""A case that refutes a conjecture, with everything that is needed to check it again, as a value and as a file."""

import dataclasses
import json
import os
import pathlib
import shlex
from typing import Any

from .._files import write_atomically
from ._experiment import Origin
from ._records import finite
from ._space import Plain
from ._verdict import Number, Row, row_from_dict, worst
from .cases import Case

FORMAT = "mirrorflow counterexample 1"


@dataclasses.dataclass(frozen=True)
class Counterexample:
    """A case that refutes a conjecture.

    `case` is the smallest that was found, after `shrinks` steps down from `found` in `attempts` tries; `minimal` says
    whether nothing simpler was left to try. Its key is that of draw number `draw` of `seed`; `key` holds its words.
    `rows` are the comparisons, in which the gap exceeds tolerance and numerical error together.
    """

    conjecture: str
    statement: str
    case: dict[str, Plain]
    seed: int
    draw: int
    key: tuple[int, ...]
    rows: tuple[Row, ...]
    tolerance: float
    because: str
    found: dict[str, Plain]
    tried: int
    shrinks: int
    attempts: int
    minimal: bool
    origin: Origin
    code: str
    versions: dict[str, str]
    written: str

    @property
    def row(self) -> Row:
        """The row that refutes most."""
        return worst(self.rows)

    @property
    def predicted(self) -> Number:
        """What the conjecture says at the entry that deviates most."""
        return self.row.predicted

    @property
    def measured(self) -> Number:
        """What was found there."""
        return self.row.measured

    def __str__(self) -> str:
        row = self.row
        part = f", {row.part}" if row.part else ""
        return (
            f"{self.conjecture} is refuted at {Case(**self.case)}{part}: predicted {_short(row.predicted)}, "
            f"measured {_short(row.measured)}; error {row.error:.3g} ± {row.numerical_error + row.uncertainty:.1g}, "
            f"tolerance {row.tolerance:.2g}"
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        origin = {"kind": self.origin.kind, "where": self.origin.where}
        return finite({"format": FORMAT, **dataclasses.asdict(self), "origin": origin})

    def save(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Write it as JSON, for `load` and `mirrorflow replay`."""
        file = pathlib.Path(path)
        write_atomically(file, json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n")
        return file

    @classmethod
    def from_dict(cls, data: Any) -> "Counterexample":
        """The counterexample that `to_dict` took apart.

        **Raises:** `ValueError` if it is none.
        """
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f"This is no counterexample of mirrorflow: its format must be {FORMAT!r}.")
        try:
            fields = {name: value for name, value in data.items() if name != "format"}
            return cls(
                **{
                    **fields,
                    "key": tuple(fields["key"]),
                    "rows": tuple(row_from_dict(row) for row in fields["rows"]),
                    "origin": Origin(**fields["origin"]),
                }
            )
        except (TypeError, KeyError) as error:
            raise ValueError(f"This counterexample is not complete: {type(error).__name__}: {error}.") from error

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Counterexample":
        """Read what `save` wrote.

        **Raises:** `FileNotFoundError`; `ValueError` if the file holds something else.
        """
        text = pathlib.Path(path).read_text("utf-8")
        try:
            return cls.from_dict(json.loads(text))
        except ValueError as error:
            raise ValueError(f"{path} cannot be read: {error}") from error


def replay_command(file: str | os.PathLike[str]) -> str:
    """What to type to check a saved counterexample again."""
    return f"mirrorflow replay {shlex.quote(os.fspath(file))}"


def _short(value: Number) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
