"""The report as one file that needs nothing else: style, script, font and figures are inside it."""

import base64
import itertools
import pathlib
import string
import struct
from typing import Any

from .._files import write_atomically
from ._card import card
from ._html import OUTCOMES, escape, in_short, number, slug
from ._latex import mixed

ASSETS = pathlib.Path(__file__).parent / "assets"


def write(document: dict[str, Any], out: pathlib.Path, figures: list[dict[str, Any]]) -> pathlib.Path:
    """Write `report.html` into `out` for a session's document and the figures that have been drawn there."""
    path = out / "report.html"
    write_atomically(path, page(document, _with_images(figures, out)))
    return path


def write_paper(
    number_: str, document: dict[str, Any], out: pathlib.Path, figures: list[dict[str, Any]]
) -> pathlib.Path:
    """Write `paper-<number>.html` into `out`: one paper's claims, figures and errata."""
    path = out / f"paper-{number_}.html"
    title = document["papers"].get(number_, f"arXiv:{number_}")
    write_atomically(path, page(document, _with_images(figures, out), title=title, arxiv=number_))
    return path


def page(document: dict[str, Any], figures: list[dict[str, Any]], *, title: str = "", arxiv: str = "") -> str:
    """The whole page."""
    records = sorted(document["claims"], key=lambda record: (record["page"], record["name"]))
    used = [figure for figure in figures if any(_shows(figure, record) for record in records)]
    parts = []
    for name, group in itertools.groupby(records, key=lambda record: record["page"]):
        cards = [card(record, [f for f in used if _shows(f, record)]) for record in group]
        parts.append(f'<section data-page="{escape(name)}"><h2>{escape(name)}</h2>{"".join(cards)}</section>')
    template = string.Template((ASSETS / "page.html").read_text("utf-8"))
    return template.substitute(
        title=escape(title or "Does the trajectory do what the theorem says?"),
        kind="paper" if arxiv else "report",
        font=base64.b64encode((ASSETS / "math.woff2").read_bytes()).decode(),
        style=(ASSETS / "report.css").read_text("utf-8"),
        script=(ASSETS / "report.js").read_text("utf-8"),
        lead=_paper_lead(arxiv) if arxiv else "",
        summary=_summary(document, records),
        errata=_errata(records) if arxiv else "",
        tools=_tools(records),
        claims="".join(parts) or "<p>There are no claims here.</p>",
        images="".join(_image(figure) for figure in used),
        facts=_facts(document),
    )


def _summary(document: dict[str, Any], records: list[dict[str, Any]]) -> str:
    verified = [record for record in records if "outcome" in record]
    failed = [record for record in verified if record["failed"]]
    counts = {outcome: sum(record["outcome"] == outcome for record in verified) for outcome in OUTCOMES}
    expected = sum(record["outcome"] == "refuted" and record["expects"] == "refuted" for record in verified)
    words = {
        "holds": f"{counts['holds']} hold",
        "refuted": f"{counts['refuted']} refuted" + (f" ({expected} as they must be)" if expected else ""),
        "undecided": f"{counts['undecided']} undecided",
    }
    tally = "".join(f'<li class="{name}"><b>{OUTCOMES[name][0]}</b> {words[name]}</li>' for name in OUTCOMES)
    if failed:
        links = ", ".join(f'<a href="#{slug(record["name"])}">{escape(record["name"])}</a>' for record in failed)
        state = f'<p class="state bad"><b>✗</b> Not as expected: {links}.</p>'
    elif verified:
        state = (
            '<p class="state good"><b>✓</b> Every claim that should hold or be refuted did, and every control did its '
            "work.</p>"
        )
    else:
        state = '<p class="state">Nothing has been verified yet.</p>'
    state += _unconfirmed(verified)
    problems = "".join(
        f'<p class="state bad"><b>✗</b> {escape(error["where"])} could not be read: {escape(error["words"])}</p>'
        for error in document["load_errors"]
    )
    skipped = document["skipped"]
    left = f'<p class="fine">Left for --full: {escape(", ".join(skipped))}.</p>' if skipped else ""
    count = f"{len(verified)} claim{'s' if len(verified) != 1 else ''}"
    return f'<p class="count">{count}</p><ul class="tally">{tally}</ul>{state}{problems}{_tiles(records)}{left}'


def _unconfirmed(records: list[dict[str, Any]]) -> str:
    """Published and proved statements that were only measured, and were not found."""
    links = [
        f'<a href="#{slug(record["name"])}">{escape(record["name"])}</a> '
        f"({escape(record['standing'])}; {escape(in_short(record))})"
        for record in records
        if record["unconfirmed"]
    ]
    if not links:
        return ""
    return f'<p class="state"><b>✗</b> In the papers, measured here, and not found: {", ".join(links)}.</p>'


def _tiles(records: list[dict[str, Any]]) -> str:
    """A row of signs for each page, each a link to its claim."""
    lines = []
    for name, group in itertools.groupby(records, key=lambda record: record["page"]):
        tiles = "".join(_tile(record) for record in group)
        lines.append(f"<div><dt>{escape(name)}</dt><dd>{tiles}</dd></div>")
    return f'<dl class="tiles">{"".join(lines)}</dl>'


def _tile(record: dict[str, Any]) -> str:
    outcome = record.get("outcome")
    sign, word = OUTCOMES[outcome] if outcome else ("·", "not verified")
    kind = "bad" if record.get("failed") else {"holds": "good", "refuted": "plain", None: "none"}.get(outcome, "open")
    name = escape(record["name"])
    return f'<a class="tile {kind}" href="#{slug(record["name"])}" title="{name}: {word}">{sign}</a>'


def _tools(records: list[dict[str, Any]]) -> str:
    statuses = sorted({record["standing"] for record in records})
    options = "".join(f'<option value="{escape(status)}">{escape(status)}</option>' for status in statuses)
    outcomes = [("", "all"), *((name, name) for name in OUTCOMES), ("failed", "not as expected")]
    chips = "".join(
        f'<label><input type="radio" name="outcome" value="{value}"{" checked" if not value else ""}>'
        f"<span>{words}</span></label>"
        for value, words in outcomes
    )
    return (
        '<form class="tools" role="search" onsubmit="return false">'
        '<input type="search" id="search" placeholder="Search names, statements, sources" aria-label="Search">'
        f'<fieldset class="chips"><legend>Verdict</legend>{chips}</fieldset>'
        f'<select id="status" aria-label="Status"><option value="">every status</option>{options}</select>'
        '<select id="sort" aria-label="Order"><option value="page">by page</option>'
        '<option value="name">by name</option>'
        '<option value="used">by share of tolerance used</option><option value="outcome">by verdict</option>'
        '<option value="seconds">by time taken</option></select>'
        '<button type="button" id="unfold">Unfold all</button><output id="shown"></output></form>'
    )


def _errata(records: list[dict[str, Any]]) -> str:
    items = [
        f"<li>{mixed(record['erratum'])} "
        f'<a class="fine" href="#{slug(record["name"])}">{escape(record["name"])}</a></li>'
        for record in records
        if record["corrects_print"]
    ]
    return f'<section class="errata"><h2>Errata</h2><ul>{"".join(items)}</ul></section>' if items else ""


def _paper_lead(arxiv: str) -> str:
    link = f'<a href="https://arxiv.org/abs/{arxiv}">arXiv:{arxiv}</a>'
    return f'<p class="lead">{link}: its claims, held against runs.</p>'


def _facts(document: dict[str, Any]) -> str:
    programs, runs = document["programs"], document["runs"]
    facts = {
        "written": escape(document["written"]),
        "command": f"<code>{escape(document['command'])}</code>" if document["command"] else "",
        "seed": str(document["seed"]) if document["seed"] is not None else "",
        "time": f"{number(document['seconds'])} s" if document["seconds"] else "",
        "runs": f"{runs['made']} made, {runs['read']} read from the store" if runs else "",
        "programs": f"{programs['compiled']} compiled, {programs['loaded']} loaded from the cache" if programs else "",
        "versions": escape(", ".join(f"{name} {version}" for name, version in document["versions"].items())),
    }
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items() if value)


def _shows(figure: dict[str, Any], record: dict[str, Any]) -> bool:
    return record["name"] in figure["claims"] or figure["name"] == record["figure"]


def _with_images(figures: list[dict[str, Any]], out: pathlib.Path) -> list[dict[str, Any]]:
    """The figures with their PNG, as data, and its size in pixels."""
    found = []
    for figure in figures:
        file = next((name for name in figure["files"] if name.endswith(".png")), None)
        if file is not None:
            data = (out / "figures" / file).read_bytes()
            width, height = struct.unpack(">II", data[16:24])  # the first chunk of a PNG
            found.append({**figure, "data": base64.b64encode(data).decode(), "size": (width, height)})
    return found


def _image(figure: dict[str, Any]) -> str:
    width, height = figure["size"]
    return (
        f'<image id="image-{slug(figure["name"])}" width="{width}" height="{height}" '
        f'href="data:image/png;base64,{figure["data"]}"/>'
    )
