"""Tables in text: CSV with a header, its cells divided by commas, semicolons or tabs."""

import codecs
import csv
import io
import pathlib

from ._table import Table, from_cells, some

DELIMITERS = (",", ";", "\t")
_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def read_csv(path: pathlib.Path) -> Table:
    """The table in a file. Its first line names the columns; the delimiter is the one that divides it into most.

    **Raises:** `ValueError` that says in words what is wrong with the file.
    """
    lines = _lines(path, _text(path))
    if not lines:
        raise ValueError(f"{path} is empty.")
    header, *rows = lines
    names = _names(path, header[1])
    if not rows:
        raise ValueError(f"{path} has a header ({some(names)}) and no rows of data.")
    ragged = [(row, line, len(cells)) for row, (line, cells) in enumerate(rows, 1) if len(cells) != len(names)]
    if ragged:
        row, line, count = ragged[0]
        more = f" {len(ragged)} rows are like that." if len(ragged) > 1 else ""
        raise ValueError(f"{path}: row {row} (line {line}) has {count} cells, and the header has {len(names)}.{more}")
    columns = zip(*(cells for _, cells in rows), strict=True)
    named = tuple(name for name, word in zip(names, header[1], strict=True) if word)  # the others only number the rows
    return Table(path, {name: from_cells(name, list(cells)) for name, cells in zip(names, columns, strict=True)}, named)


def _text(path: pathlib.Path) -> str:
    data = path.read_bytes()
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            raise ValueError(f"{path} is written in {name}; save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path} is not written in UTF-8: byte 0x{data[error.start]:02x} in line {line}, as in Latin-1 or "
            "Windows-1252; save it as UTF-8."
        ) from None
    if "\0" in text:
        raise ValueError(f"{path} is no text: it holds zero bytes.")
    return text


def _lines(path: pathlib.Path, text: str) -> list[tuple[int, list[str]]]:
    """The lines that hold anything, each with its number and its cells."""
    found = []
    try:
        delimiter = max(
            DELIMITERS, key=lambda one: len(next(csv.reader(io.StringIO(text.lstrip("\r\n")), delimiter=one), []))
        )
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                found.append((reader.line_num, stripped))
    except csv.Error as error:
        raise ValueError(f"{path} is no CSV file: {error}.") from None
    return found


def _names(path: pathlib.Path, header: list[str]) -> list[str]:
    names = [name or f"column {place}" for place, name in enumerate(header, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{path} has several columns with one name: {some(twice)}. Name each differently.")
    numbers = from_cells("", names).numbers
    if (numbers == numbers).all():
        raise ValueError(f"{path} has no header: its first line ({some(names)}) must name the columns.")
    return names
