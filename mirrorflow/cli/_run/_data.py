"""From a table to the arrays of a problem: which columns, which rows, in which units."""

import dataclasses
import pathlib
from typing import Any

import numpy as np

from .._targets import neighbours
from ._columns import SMALL, choose, refuse_constant, refuse_gaps, signs, where_text
from ._csv import read_csv
from ._npz import read_npz
from ._table import Table, rows_of

READERS = {".csv": read_csv, ".tsv": read_csv, ".txt": read_csv, ".npz": read_npz}
CONSTANT = "(constant)"


@dataclasses.dataclass(frozen=True)
class Data:
    """What a flow is run on: `inputs` (samples, features), `target` (samples,), and where they come from.

    `rows` are the table's rows, counted from 1; `labels` the values that became −1 and 1, in a classification; `notes`
    what was decided on the way, in words. In units of the table a feature is shift+scale·input, `target_units` (shift,
    scale) the same of the target.
    """

    inputs: np.ndarray
    target: np.ndarray
    names: list[str]
    rows: np.ndarray
    task: str
    labels: tuple[str, str] | None
    shift: np.ndarray
    scale: np.ndarray
    target_units: tuple[float, float]
    notes: list[str]


def read(path: str) -> Table:
    """The table in a file, read by what its name ends with.

    **Raises:** `ValueError` for what is no such file, in words.
    """
    file = pathlib.Path(path)
    if not file.exists():
        raise ValueError(f"There is no file {path}.{neighbours(path, '*.*')}")
    if file.is_dir():
        raise ValueError(f"{path} is a folder; name a file in it.")
    if file.suffix.lower() not in READERS:
        raise ValueError(f"{path}: a table is a file .csv, .tsv, .txt or .npz.")
    try:
        if file.stat().st_size == 0:
            raise ValueError(f"{path} is empty.")
        return READERS[file.suffix.lower()](file)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}.") from None


def prepare(table: Table, target: str, features: list[str] | None, settings: dict[str, Any]) -> Data:
    """The arrays of a problem.

    **Arguments:** `features`: names, or None for all numeric columns but the target; `settings`: `task` (None: by the
    target), `samples` (None: all), `seed`, `standardize`, `intercept`.

    **Raises:** `ValueError` for columns that cannot be used, in words.
    """
    aim = table.column(target, "--target")
    chosen, notes = choose(table, target, features)
    refuse_gaps([*chosen, aim])
    values = None if aim.text.any() else aim.numbers
    if values is not None and not np.isfinite(values).all():
        raise ValueError(f"--target: {target} is infinite in {rows_of(~np.isfinite(values))}.")
    count = len(set(aim.cells if values is None else values.tolist()))
    task = settings["task"] or ("classification" if count == 2 else "regression")
    if settings["task"] is None:
        notes.insert(0, f"{target} has {count} different values, so this is a {task} (--task can say otherwise)")
    if task == "regression" and values is None:
        raise ValueError(f"--target: {target} holds text ({where_text(aim)}), and a regression needs numbers.")
    rows = _rows(table.rows, settings["samples"], settings["seed"])
    inputs = np.stack([column.numbers for column in chosen], axis=1)[rows]
    names = [column.name for column in chosen]
    labels, aims = (None, values) if task == "regression" else signs(aim, values)
    assert aims is not None
    aims = aims[rows]
    if np.ptp(aims) <= SMALL * np.abs(aims).max():
        drawn = f" in the {len(rows)} rows drawn (--samples, --seed)" if len(rows) < table.rows else ""
        raise ValueError(f"--target: {target} is constant{drawn}: it is {aim.cells[rows[0]]} in every row.")
    shift, scale, units = np.zeros(len(names)), np.ones(len(names)), (0.0, 1.0)
    if settings["standardize"]:
        shift, scale = inputs.mean(axis=0), inputs.std(axis=0)
        refuse_constant(names, inputs, scale)
        inputs = (inputs - shift) / scale
        notes.append("every feature has mean 0 and standard deviation 1 (--raw leaves them as they are)")
        if task == "regression":
            units = (float(aims.mean()), float(aims.std()))
            aims = (aims - units[0]) / units[1]
            notes.append("and so has the target, which does the work of a constant term")
    else:
        notes.append("the columns are as they are in the table (--standardize gives each mean 0 and deviation 1)")
    if settings["intercept"]:
        if task == "regression" and settings["standardize"]:
            raise ValueError("--intercept: a standardized target needs no constant term; it goes with --raw.")
        inputs, names = np.column_stack([inputs, np.ones(len(rows))]), [*names, CONSTANT]
        shift, scale = np.append(shift, 0.0), np.append(scale, 1.0)
    if len(rows) < table.rows:
        notes.append(f"{len(rows)} of {table.rows} rows, drawn with seed {settings['seed']}")
    return Data(inputs, aims, names, rows + 1, task, labels, shift, scale, units, notes)


def _rows(count: int, samples: int | None, seed: int) -> np.ndarray:
    if samples is None:
        return np.arange(count)
    if samples > count:
        raise ValueError(f"--samples: there are {count} rows, fewer than {samples}.")
    return np.sort(np.random.default_rng(seed).choice(count, samples, replace=False))
