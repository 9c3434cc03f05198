"""Which columns of a table become features and target, and why some cannot."""

import re

import numpy as np

from ._table import Column, Table, rows_of, some

SMALL = 1e-12  # spread of a column, relative to its size, that counts as none
COMMA = re.compile(r"[+-]?\d+,\d+")


def choose(table: Table, target: str, features: list[str] | None) -> tuple[list[Column], list[str]]:
    """The feature columns, and in words what was left out."""
    notes = []
    if features is not None:
        if target in features:
            raise ValueError(f"--features: {target} is the target and cannot be a feature as well.")
        twice = sorted({name for name in features if features.count(name) > 1})
        if twice:
            raise ValueError(f"--features names {some(twice)} more than once.")
        chosen = [table.column(name, "--features") for name in features]
    else:
        offered = [table.columns[name] for name in (table.features or table.columns) if name != target]
        chosen = [column for column in offered if _holds_numbers(column)]
        left = [column.name for column in offered if column not in chosen]
        if left:
            notes.append(f"left out, because they hold no numbers: {some(left, 8)}")
    if not chosen:
        raise ValueError(
            f"{table.path} has no numeric column besides the target {target!r}, so that there is no feature."
        )
    for column in chosen:
        if column.text.any():
            raise ValueError(
                f"{column.name} must hold numbers; {where_text(column)}. Leave the column out with --features, or "
                "correct it."
            )
    return chosen, notes


def _holds_numbers(column: Column) -> bool:
    """Whether most cells are numbers, those with a decimal comma among them: they are refused, not passed over."""
    text = int(column.text.sum()) - sum(bool(COMMA.fullmatch(cell)) for cell in column.cells)
    return 2 * text < int((~column.missing).sum())


def where_text(column: Column) -> str:
    """Where a column holds text, and how often."""
    places = np.flatnonzero(column.text)
    cell = column.cells[places[0]]
    comma = "; numbers are written with a point" if COMMA.fullmatch(cell) else ""
    more = f" ({len(places)} cells are no numbers)" if len(places) > 1 else ""
    return f"row {places[0] + 1} holds {cell!r}{more}{comma}"


def refuse_gaps(columns: list[Column]) -> None:
    """Every cell holds a value, and every number is finite."""
    empty = [column for column in columns if column.missing.any()]
    if empty:
        where = "; ".join(f"{column.name} in {rows_of(column.missing)}" for column in empty[:4])
        more = f"; and {len(empty) - 4} more columns" if len(empty) > 4 else ""
        raise ValueError(f"Values are missing: {where}{more}. Leave the columns out with --features, or the rows.")
    for column in columns:
        if np.isinf(column.numbers).any():
            raise ValueError(f"{column.name} is infinite in {rows_of(np.isinf(column.numbers))}.")


def signs(aim: Column, values: np.ndarray | None) -> tuple[tuple[str, str], np.ndarray]:
    """The two labels, and each row's as −1 or 1."""
    known = sorted(set(aim.cells)) if values is None else [f"{value:g}" for value in sorted(set(values.tolist()))]
    if len(known) != 2:
        raise ValueError(
            f"--target: a classification needs exactly two labels; {aim.name} has {len(known)}: {some(known, 6)}."
        )
    high = np.array([cell == known[1] for cell in aim.cells]) if values is None else values == values.max()
    return (known[0], known[1]), np.where(high, 1.0, -1.0)


def refuse_constant(names: list[str], inputs: np.ndarray, scale: np.ndarray) -> None:
    """Every column varies."""
    constant = scale <= SMALL * np.abs(inputs).max(axis=0)
    if constant.any():
        held = [f"{names[i]} ({inputs[0, i]:g})" for i in np.flatnonzero(constant)]
        raise ValueError(
            f"A constant column cannot be standardized: {some(held)}. Leave it out with --features, or use --raw."
        )
