"""The history of a training: rows of numbers, one an evaluation, in memory and as lines of JSON."""

import json
import math
import pathlib
from typing import Any

import numpy as np

from .._files import write_atomically

NAME = "metrics.jsonl"


class Metrics:
    """Rows in memory, and as lines in a file of a folder if there is one."""

    def __init__(self, folder: pathlib.Path | None, rows: list[dict[str, Any]]):
        """Begin with `rows`: a file that holds more or half a line is put right."""
        self.rows = list(rows)
        self._path = None if folder is None else folder / NAME
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, "".join(map(line, self.rows)), durable=True)

    def add(self, row: dict[str, Any]) -> None:
        """Take one more row."""
        self.rows.append(row)

    def tell(self) -> None:
        """Append the last row to the file."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line(self.rows[-1]))

    def history(self) -> dict[str, np.ndarray]:
        """The column of every name, NaN in rows without it."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        return {name: _column([row.get(name) for row in self.rows]) for name in names}


def line(row: dict[str, Any]) -> str:
    """A row as a line of JSON, which knows no NaN and no infinity: null there."""
    return json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False) + "\n"


def read_metrics(out: str | pathlib.Path) -> list[dict[str, Any]]:
    """The rows of `metrics.jsonl` in the folder `out` of a training, in their order."""
    text = (pathlib.Path(out) / NAME).read_text("utf-8")
    return [json.loads(one) for one in text.splitlines()]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _column(values: list[Any]) -> np.ndarray:
    known = next(value for value in values if value is not None)
    missing = np.full(np.shape(known), np.nan).tolist()
    return np.asarray([missing if value is None else value for value in values])


def write_result(out: str | pathlib.Path, record: dict[str, Any]) -> None:
    """Write `result.json` into the folder of a training."""
    write_atomically(pathlib.Path(out) / "result.json", line(record), durable=True)
