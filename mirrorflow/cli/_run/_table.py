"""A table as it was read: named columns, each cell a number, text or nothing."""

import dataclasses
import pathlib

import numpy as np

from ...claims._registry import near

NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})


@dataclasses.dataclass(frozen=True, eq=False)
class Column:
    """One column: its `cells` as text, and as `numbers`, NaN where a cell holds none."""

    name: str
    cells: list[str]
    numbers: np.ndarray

    @property
    def missing(self) -> np.ndarray:
        """Which cells hold nothing."""
        return np.array([cell.lower() in NOTHING for cell in self.cells], bool)

    @property
    def text(self) -> np.ndarray:
        """Which cells hold something that is no number."""
        return np.isnan(self.numbers) & ~self.missing


@dataclasses.dataclass(frozen=True)
class Table:
    """The columns of a file, and which of them are features where the file itself says so."""

    path: pathlib.Path
    columns: dict[str, Column]
    features: tuple[str, ...] | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values())).cells)

    def column(self, name: str, option: str) -> Column:
        """The column of this name.

        **Raises:** `ValueError` with near names.
        """
        if name not in self.columns:
            known = list(self.columns)
            shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
            raise ValueError(
                f"{option}: {self.path} has no column {name!r}{near(name, known) or '; it has ' + shown + '.'}"
            )
        return self.columns[name]


def from_cells(name: str, cells: list[str]) -> Column:
    """A column of a file of text."""
    return Column(name, cells, np.array([_number(cell) for cell in cells]))


def from_array(name: str, values: np.ndarray) -> Column:
    """A column of an array, of numbers or text."""
    if values.dtype.kind in "fiub":
        numbers = values.astype(float)
        return Column(name, [f"{value:.6g}" for value in numbers], numbers)
    return from_cells(name, [str(value).strip() for value in values])


def some(items: list[str] | list[int], count: int = 5) -> str:
    """`3, 7 and 12`, or the first few of many and how many there are."""
    words = [str(item) for item in items]
    if len(words) > count:
        return f"{', '.join(words[:count])}, … ({len(words)} in all)"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def rows_of(mask: np.ndarray) -> str:
    """`row 3`, `rows 3 and 7`: the rows where the mask is set, counted from 1 below the header."""
    rows = [int(row) + 1 for row in np.flatnonzero(mask)]
    return f"row{'s' if len(rows) > 1 else ''} {some(rows)}"


def _number(cell: str) -> float:
    try:
        return float("nan") if "_" in cell else float(cell)
    except ValueError:
        return float("nan")
