"""`mirrorflow paper`."""

import difflib
import pathlib
from typing import Any

from rich.table import Table
from rich.text import Text

from .. import report
from ..claims import Claim, names, papers
from ..claims._provenance import versions
from ..claims._records import describe, last, now
from ..claims._verdict import verdict_from_dict
from ..plotting import made
from ..report import mixed_text, text
from ..report._html import ARXIV, arxiv_numbers
from ._targets import choose
from ._words import out, outcome, refuse


def show_paper(arxiv: str, folder: str, files: list[str]) -> None:
    """A paper's claims, figures and errata, on the terminal and as a page."""
    match = ARXIV.fullmatch(arxiv.strip())
    if match is None:
        refuse(f"{arxiv!r} is not an arXiv number such as 2603.02064.")
    number = match[1]
    claims = choose([*(["*"] if names() or not files else []), *files])
    mine = [claim for claim in claims if number in arxiv_numbers(claim.source)]
    if not mine:
        refuse(f"No claim has arXiv:{number} as its source{_near(number, claims)}")
    where = pathlib.Path(folder)
    document = _document(mine, where)
    figures = made(where)
    page = report.write_paper(number, document, where, figures)
    _show(number, document, [figure for figure in figures if _concerns(figure, mine)])
    out().print(f"\n[bold]{page}[/]")


def _document(claims: list[Claim], folder: pathlib.Path) -> dict[str, Any]:
    kept = {claim.name: last(claim.name, folder) for claim in claims}
    verdicts = {
        name: verdict_from_dict({key: value for key, value in _finite_again(record).items() if key != "written"})
        for name, record in kept.items()
        if record is not None
    }
    from ..claims._records import finite

    records = [describe(claim, verdicts.get(claim.name)) for claim in claims]
    facts = {"written": now(), "command": "", "seed": None, "seconds": 0, "runs": None, "programs": None}
    more = {"skipped": [], "load_errors": [], "papers": papers(), "versions": versions()}
    return finite({**facts, **more, "claims": records})


def _finite_again(value: Any) -> Any:
    """Kept numbers that are null were not finite."""
    if isinstance(value, dict):
        numbers = ("error", "numerical_error", "uncertainty")
        return {
            key: float("nan") if item is None and key in numbers else _finite_again(item) for key, item in value.items()
        }
    return [_finite_again(item) for item in value] if isinstance(value, list) else value


def _show(number: str, document: dict[str, Any], figures: list[dict[str, Any]]) -> None:
    console = out()
    title = document["papers"].get(number)
    console.print(Text.assemble((f"{title}\n" if title else "", "bold"), f"https://arxiv.org/abs/{number}\n"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("claim", "status", "verdict"):
        table.add_column(name, no_wrap=True)
    table.add_column("statement", overflow="fold")
    for record in document["claims"]:
        table.add_row(record["name"], record["standing"], outcome(record), Text(text(record["statement"])))
    console.print(table)
    errata = [record for record in document["claims"] if record["corrects_print"]]
    if errata:
        console.print("\n[bold]Errata[/]")
        for record in errata:
            console.print(Text(f"• {mixed_text(record['erratum'])} ({record['name']})"))
    if figures:
        console.print("\n[bold]Figures[/]")
        for figure in figures:
            console.print(Text(f"• {mixed_text(figure['title'])} ({', '.join(figure['files'])})"))


def _concerns(figure: dict[str, Any], claims: list[Claim]) -> bool:
    return any(claim.name in figure["claims"] or claim.figure == figure["name"] for claim in claims)


def _near(number: str, claims: list[Claim]) -> str:
    known = sorted({found for claim in claims for found in arxiv_numbers(claim.source)})
    close = difflib.get_close_matches(number, known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else f"; there are {', '.join(known) or 'none'}."
