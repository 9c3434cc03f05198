"""`mirrorflow list` and `mirrorflow explain`."""

import inspect
import pathlib
from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..claims import Claim
from ..claims._records import last, rerun
from ..report import mixed_text, text
from ._targets import choose, complain
from ._words import SIGNS, number, out, outcome, refuse


def list_claims(targets: list[str], folder: str) -> None:
    """One line a claim."""
    claims = choose(targets)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("claim", "status", "last verdict"):
        table.add_column(name, no_wrap=True)
    table.add_column("statement", no_wrap=True)
    console = out()
    room = max(20, console.width - max(len(claim.name) for claim in claims) - 36)
    for claim in sorted(claims, key=lambda claim: claim.name):
        status = claim.standing + (", new" if claim.new and claim.status != "derived here" else "")
        statement = text(claim.statement)
        shown = statement if len(statement) <= room else statement[: room - 1] + "…"
        table.add_row(claim.name, status, outcome(_last(claim, folder)), Text(shown))
    console.print(table)
    if complain():
        raise SystemExit(1)


def explain_claim(name: str, folder: str) -> None:
    """Everything there is to know about one claim."""
    claims = choose([name])
    if len(claims) != 1:
        refuse(f"{name!r} matches {len(claims)} claims: {', '.join(claim.name for claim in claims)}; name one of them.")
    claim = claims[0]
    record = last(claim.name, pathlib.Path(folder))
    parts = [Text(text(claim.statement), "bold"), Text(), _about(claim)]
    console = out()
    console.print(Panel(Group(*parts), title=claim.name, title_align="left", border_style="dim"))
    if record is None:
        console.print("It has not been verified yet in this folder.")
    else:
        _numbers(claim, record)
    seed = record["seed"] if record else 0
    console.print(f"\nRun it again: [bold]{rerun(claim, seed)}[/]", soft_wrap=True)


def _about(claim: Claim) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    experiment = claim.on
    wanted = {"holds": "should hold", "refuted": "must be refuted", "measured": "is measured and reported"}[
        claim.expects
    ]
    rows = {
        "LaTeX": claim.statement,
        "where": "; ".join(f"{text(letter)}: {mixed_text(words)}" for letter, words in claim.variables.items()),
        "source": claim.source,
        "status": f"{claim.standing}{' (new)' if claim.new else ''}; the claim {wanted}",
        "compared": claim.statement_of_doc,
        "erratum" if claim.corrects_print else "instead": mixed_text(claim.erratum),
        "notes": mixed_text(claim.notes),
        "tolerance": f"{claim.tolerance.value:g}, because {claim.tolerance.because}",
        "control": "; ".join(f"{mixed_text(c.words)} (must be {_wanted(c.expects)})" for c in claim.controls),
        "experiment": f"{experiment.name}: {_first(experiment)}",
        "code": f"{_place(experiment.function)}; the claim at {_place(claim.function)}",
        "cases": f"{len(experiment.cases)}: {'; '.join(map(str, experiment.cases[:4]))}"
        + (" …" if len(experiment.cases) > 4 else ""),
        "figure": claim.figure and f"mirrorflow figure {claim.figure}",
    }
    for name, words in rows.items():
        if words:
            table.add_row(name, Text(words))
    return table


def _numbers(claim: Claim, record: dict[str, Any]) -> None:
    console = out()
    shown = _with_expectation(claim, record)
    console.print(Text.assemble("\n", outcome(shown), f"  (seed {record['seed']}, {record['written']})"))
    if record["reason"]:
        console.print(record["reason"], soft_wrap=True, markup=False)
    console.print(_rows(record["rows"]))
    for control in record["controls"]:
        sign = SIGNS[control["outcome"]]
        console.print(Text(f"\ncontrol, {mixed_text(control['words'])}: {sign} {control['outcome']}"))
        console.print(_rows(control["rows"]))
    trace = next((row["traceback"] for row in record["rows"] if row["traceback"]), "")
    if trace:
        console.print(trace, markup=False, style="dim")
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    console.print(f"\n[dim]{versions}[/]", soft_wrap=True)


def _rows(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("case", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    for name in ("predicted", "measured", "error", "±"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        doubt = None if row["numerical_error"] is None else row["numerical_error"] + row["uncertainty"]
        table.add_row(
            Text(", ".join(filter(None, (row["case"], row["part"])))),
            f"{SIGNS[row['outcome']]} {row['outcome']}",
            Text(number(row["predicted"], 6)),
            Text(number(row["measured"], 6)),
            number(row["error"], 3),
            number(doubt, 2) if row["refined"] or not doubt else "not refined",
        )
    return table


def _last(claim: Claim, folder: str) -> dict[str, Any]:
    record = last(claim.name, pathlib.Path(folder))
    return {} if record is None else _with_expectation(claim, record)


def _with_expectation(claim: Claim, record: dict[str, Any]) -> dict[str, Any]:
    """A kept verdict with what the claim makes of its outcome."""
    expected = claim.expects == "measured" or record["outcome"] == claim.expects
    lenient = record["outcome"] == "undecided" and claim.status in ("heuristic", "open")
    return {**record, "expects": claim.expects, "failed": not expected and not lenient}


def _first(experiment: Any) -> str:
    return " ".join((experiment.function.__doc__ or "no description").split())


def _wanted(expects: str) -> str:
    return "refuted" if expects == "refuted" else "found to hold"


def _place(function: Any) -> str:
    code = inspect.unwrap(function).__code__
    path = pathlib.Path(code.co_filename)
    here = pathlib.Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{code.co_firstlineno}"
