"""`mirrorflow verify`."""

import contextlib
import json
import pathlib
import shlex
import sys
import time
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .. import report
from .._files import write_atomically
from ..claims import Interrupted, Session, verify_all
from ..claims import Progress as State
from ..claims._session import held_of
from ..claims._tasks import Call, prepare
from ..plotting import figure_names, made
from ..report._html import in_short
from ._targets import choose, complain
from ._words import check_folder, err, expected, number, out, outcome, plural

SILENCE = 20.0  # seconds after which a log, which has no bars, is told how far it is


def run(
    targets: list[str],
    *,
    full: bool,
    seed: int,
    out: str,
    as_json: bool,
    jobs: int | None,
    limit: float,
    figures: bool,
) -> None:
    """Verify what the targets name, write the report, and leave with the code that the verdicts ask for."""
    prepare()
    folder = pathlib.Path(out)
    check_folder(folder)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what claims and experiments print is not what was asked for
            claims = choose(targets)
            broken = complain()
            held = [claim.name for claim in held_of(claims, full)]
            drawing = _figures(held, folder, seed) if figures else []
            session = _with_progress(claims, seed=seed, full=full, out=folder, jobs=jobs, limit=limit, then=drawing)
    except Interrupted as stop:
        err().print(f"\nInterrupted: {stop} ([bold]{_command()}[/]).", soft_wrap=True)
        raise typer.Exit(130) from None
    document = session.document(_command())
    write_atomically(folder / "verdicts.json", json.dumps(document, indent=1, ensure_ascii=False))
    page = report.write(document, folder, made(folder))
    if as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    else:
        _show(document, session, page)
    _complain_about_figures(session)
    raise typer.Exit(1 if session.failed or broken else 0)


def _with_progress(claims: list[Any], **settings: Any) -> Session:
    console = err()
    columns = TextColumn("{task.description:<7}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    now = TextColumn("{task.fields[now]}", style="dim")
    with Progress(*columns, now, console=console, transient=True, disable=not console.is_terminal) as bars:
        runs = bars.add_task("runs", total=None, now="")
        held = bars.add_task("claims", total=len(claims), now="")

        said = time.monotonic()

        def tell(state: State) -> None:
            nonlocal said
            words = "; ".join(state.running)
            bars.update(runs, total=state.missing, completed=state.made, now=words[: max(0, console.width - 60)])
            bars.update(held, total=state.claims, completed=state.held)
            if not console.is_terminal and time.monotonic() - said > SILENCE:
                said = time.monotonic()
                line = f"{state.made} of {state.missing} runs, {state.held} of {state.claims} claims; {words}"
                console.print(line, soft_wrap=True, markup=False)

        return verify_all(claims, progress=tell, **settings)


def _figures(names: list[str], folder: pathlib.Path, seed: int) -> list[Call]:
    return [
        Call(
            words=f"drew {name}",
            module="mirrorflow.plotting._figures",
            function="make_for",
            arguments={"name": name, "claims": names, "out": str(folder.resolve()), "seed": seed},
        )
        for name in figure_names()
    ]


def _show(document: dict[str, Any], session: Session, page: pathlib.Path) -> None:
    console = out()
    console.print(_table(document))
    for record in document["claims"]:
        if record["failed"] or record["outcome"] == "undecided":
            words = Text.assemble(outcome(record), " ", (record["name"], "bold"), ": ", _why(record))
            console.print(words, soft_wrap=True)
    console.print()
    for record in document["claims"]:
        if record["unconfirmed"]:
            words = (f"in the papers, measured, and not found: {record['name']}", "bold yellow")
            console.print(Text.assemble(words, f" ({record['standing']}; {in_short(record)})"), soft_wrap=True)
    console.print(_counts(document))
    programs = document["programs"]
    console.print(
        f"{plural(session.runs, 'run')} made and {session.stored} read from the store; "
        f"{plural(programs['compiled'], 'program')} compiled and {programs['loaded']} loaded from the cache; "
        f"{document['seconds']:.1f} s"
    )
    console.print(f"[bold]{page}[/]  {page.parent / 'verdicts.json'}")


def _table(document: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("claim", overflow="fold")
    for name in ("verdict", "expected"):
        table.add_column(name, no_wrap=True)
    for name in ("error", "±", "tolerance"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("control", no_wrap=True)
    for record in document["claims"]:
        control = min(record["controls"], key=lambda one: one["outcome"] == one["expects"])
        good = control["outcome"] == control["expects"]
        doubt = None if record["error"] is None else record["numerical_error"] + record["uncertainty"]
        table.add_row(
            record["name"],
            outcome(record),
            expected(record),
            number(record["error"], 2),
            number(doubt, 1) if record["refined"] or not doubt else "not refined",
            number(record["tolerance"]["value"], 2),
            Text(control["outcome"], "dim" if good else "bold red"),
        )
    return table


def _why(record: dict[str, Any]) -> str:
    if record["reason"]:
        return record["reason"]
    where = ", ".join(filter(None, (record["case"], record["part"])))
    return f"{where}: predicted {number(record['predicted'], 6)}, measured {number(record['measured'], 6)}"


def _counts(document: dict[str, Any]) -> Text:
    counts = document["counts"]
    expected = sum(r["outcome"] == "refuted" == r["expects"] for r in document["claims"])
    words = f"{plural(len(document['claims']), 'claim')}: {counts['holds']} hold, {counts['refuted']} refuted"
    if expected:
        words += f" ({expected} as they must be)"
    words += f", {counts['undecided']} undecided."
    if document["skipped"]:
        words += f" {plural(len(document['skipped']), 'claim')} left for --full."
    failed = document["failed"]
    verdict = f" {len(failed)} not as expected." if failed else " All as expected."
    return Text.assemble((words, "bold"), (verdict, "bold red" if failed else "bold green"))


def _complain_about_figures(session: Session) -> None:
    for call, done in session.called:
        if done.failure:
            err().print(f"[yellow]figure {call.arguments['name']} was not drawn:[/] {done.failure[0]}", soft_wrap=True)


def _command() -> str:
    return shlex.join(["mirrorflow", *sys.argv[1:]])
