"""A run on the terminal."""

import pathlib

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from .._words import SIGNS, number, plural
from ._data import Data
from ._figure import SHOWN, largest
from ._outcome import Found

STYLES = {"holds": "bold green", "undecided": "bold yellow", "refuted": "bold red"}
_SAMPLES = 8


def show(console: Console, found: Found, data: Data, coordinates: str, paths: list[pathlib.Path]) -> None:
    """Features, samples of the margin, notes, the verdict, and where it is all written."""
    heading = f"{data.task}: {plural(len(data.rows), 'row')}, {plural(len(data.names), 'feature')}, {coordinates}"
    console.print(Text(heading, "bold"))
    for note in [*data.notes, *found.notes]:
        console.print(Text(f"• {note}"), soft_wrap=True)
    console.print()
    console.print(Group(_features(found, data), *_samples(found)))
    console.print(_verdict(found), soft_wrap=True)
    console.print(f"the flow: {found.status}", style="dim", markup=False, soft_wrap=True)
    for path in paths:
        console.print(str(path), markup=False, soft_wrap=True)


def _features(found: Found, data: Data) -> Table:
    order = largest(found)
    left = len(data.names) - len(order)
    table = Table(box=None, pad_edge=False, header_style="dim", caption_justify="left")
    if left:
        table.caption = f"the {SHOWN} largest; {left} smaller ones are in result.json"
    table.add_column("feature", overflow="fold")
    for name in (f"{found.quantity} of the flow", "predicted", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for i in order:
        measured, predicted = float(found.measured[i]), float(found.predicted[i])
        cells = (number(measured, 6), number(predicted, 6), number(measured - predicted, 2))
        table.add_row(Text(data.names[i]), *cells)
    return table


def _samples(found: Found) -> list[Table | Text]:
    if not found.samples:
        return []
    table = Table(box=None, pad_edge=False, header_style="dim", caption_justify="left")
    if len(found.samples) > _SAMPLES:
        table.caption = f"the {_SAMPLES} largest of {len(found.samples)}"
    for name in ("row", "label"):
        table.add_column(name)
    for name in ("share predicted", "in the flow's gradient", "margin"):
        table.add_column(name, justify="right")
    for one in found.samples[:_SAMPLES]:
        cells = (number(one[key], 4) for key in ("predicted_share", "measured_share", "margin"))
        table.add_row(str(one["row"]), Text(one["label"]), *cells)
    return [Text("\nsamples that hold the margin", "bold"), table, Text(_gap(found))]


def _gap(found: Found) -> str:
    facts = found.facts
    return (
        f"margin {number(facts['margin'], 6)} of at most {number(facts['largest_margin'], 6)} in {facts['horizon']}; "
        f"the gap {number(facts['gap'], 2)} is {number(facts['gap_of_samples'], 2)} from samples above the margin and "
        f"{number(facts['gap_of_features'], 2)} from features off their dual"
    )


def _verdict(found: Found) -> Text:
    verdict, row = found.verdict, found.verdict.decisive
    said = {
        "holds": "the flow tends to",
        "refuted": "the flow does not tend to",
        "undecided": "whether the flow tends to",
    }
    parts = [f"{said[verdict.outcome]} {found.prediction}"]
    if verdict.reason:
        parts.append(f"cannot be told: {verdict.reason}")
    if row.error == row.error:
        doubt = number(row.numerical_error + row.uncertainty, 1)
        parts.append(f"{row.part}: error {number(row.error, 2)} ± {doubt}, tolerance {number(row.tolerance)}")
    parts += [f"control ({control.words}): {control.outcome}" for control in verdict.controls]
    sign = f"\n{SIGNS[verdict.outcome]} {verdict.outcome}: "
    return Text.assemble((sign, STYLES[verdict.outcome]), "; ".join(parts).replace("; cannot", " cannot"))
