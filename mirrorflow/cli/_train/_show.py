"""A training on the terminal."""

import pathlib
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ... import training
from .._words import err, number, out, plural
from ._plan import Plan

COLUMNS = {
    "step": "step",
    "train_loss": "train loss",
    "test_loss": "test loss",
    "test_accuracy": "accuracy",
    "density": "density",
    "skipped": "skipped",
    "seconds": "seconds",
}
WIDTH = 11


def show_plan(console: Console, plan: Plan, in_short: bool = False) -> None:
    """What is to be trained; with its layers unless in short."""
    for name, words in plan.words.items():
        console.print(Text.assemble((f"{name:<10}", "dim"), words), soft_wrap=True)
    kept, size = plan.sparse
    words = f"{plan.parameters:,} parameters"
    if kept < size:
        words += f", {kept:,} of {size:,} prunable ones kept at the start (density {kept / size:.4g})"
    elif plan.target is not None:
        words += f", of {size:,} prunable ones {plan.target:.4g} are kept in the end"
    console.print(Text.assemble((f"{'weights':<10}", "dim"), words), soft_wrap=True)
    if in_short:
        return
    console.print(
        Text.assemble((f"{'state':<10}", "dim"), f"{plan.state_bytes:,} bytes of the optimizer"), soft_wrap=True
    )
    console.print(Text.assemble((f"{'out':<10}", "dim"), str(plan.place)), soft_wrap=True)
    console.print()
    console.print(_layers(plan))


def _layers(plan: Plan) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("array", overflow="fold")
    for name in ("shape", "weights", "kept", "density"):
        table.add_column(name, justify="right", no_wrap=True)
    for layer in plan.layers:
        shape = "×".join(map(str, layer.shape))
        share = number(layer.kept / layer.size, 4) if layer.sparse else "dense"
        table.add_row(Text(layer.name), shape, f"{layer.size:,}", f"{layer.kept:,}", share)
    count, size = plan.others
    if count:
        table.add_row(Text(f"{plural(count, 'vector')}", "dim"), "", f"{size:,}", f"{size:,}", "dense")
    return table


class Screen:
    """A line for each evaluation, and a bar below them in a terminal."""

    def __init__(self, steps: int, rows: bool):
        self._console = out()
        # One console for both where both are seen, so that the bar stays below the lines.
        self._bar = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps  {task.fields[state]}"),
            TimeElapsedColumn(),
            console=self._console if self._console.is_terminal and rows else err(),
            transient=True,
            disable=not err().is_terminal,
        )
        self._task = self._bar.add_task("", total=steps, state="compiling")
        self._rows = rows
        self._headed = False

    def __enter__(self) -> "Screen":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, progress: training.Progress) -> None:
        """Show how far it is."""
        loss = progress.loss if progress.row is None else progress.row["train_loss"]
        # The first steps wait for their program.
        state = f"loss {number(loss, 4)}" if progress.step else "compiling"
        self._bar.update(self._task, completed=progress.step, state=state)
        if progress.row is not None and self._rows:
            self._line(progress.row)

    def _line(self, row: dict[str, Any]) -> None:
        shown = {name: words for name, words in COLUMNS.items() if name in row}
        if not self._headed:
            self._console.print(Text("".join(f"{words:>{WIDTH}}" for words in shown.values()), "dim"))
            self._headed = True
        self._console.print("".join(f"{_cell(name, row[name]):>{WIDTH}}" for name in shown))


def _cell(name: str, value: Any) -> str:
    if value is None or value != value:
        return "—"
    return f"{value:,}" if isinstance(value, int) else number(value, 4)


def show_run(console: Console, run: training.Run, place: pathlib.Path) -> None:
    """How it ended, and where it is all written."""
    sign, style = ("✓", "bold green") if run.status.ok else ("✗", "bold red")
    if run.status.code == training.Code.INTERRUPTED:
        sign, style = "…", "bold yellow"
    console.print(Text.assemble((f"{sign} ", style), str(run.status)), soft_wrap=True)
    console.print(str(place), markup=False, soft_wrap=True)
