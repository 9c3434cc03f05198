"""The page of one run on a user's own data."""

import base64
import pathlib
import string
from typing import Any

from .._files import write_atomically
from ..claims._records import finite
from ._card import card
from ._html import OUTCOMES, escape, number
from ._latex import mixed
from ._page import ASSETS

_SAID = {
    "holds": ("good", "The flow ends where theory says."),
    "refuted": ("bad", "The flow does not end where theory says."),
    "undecided": ("", "Whether the flow ends where theory says cannot be told from this run."),
}


def write_run(path: pathlib.Path, record: dict[str, Any], *, title: str, lead: str, **parts: Any) -> pathlib.Path:
    """Write the page of one run to `path`.

    **Arguments:** `record`: its verdict in the form of a claim's; `title` and `lead`: its heading; `figure`: a PNG,
    which goes inside the page, and its `caption`; `notes`: sentences; `features`: name, measured, predicted; `support`:
    the samples that hold the margin, or nothing; `facts`: what else is known.
    """
    template = string.Template((ASSETS / "page.html").read_text("utf-8"))
    kind, words = _SAID[record["outcome"]]
    sign, word = OUTCOMES[record["outcome"]]
    page = template.substitute(
        title=escape(title),
        kind="run",
        font=base64.b64encode((ASSETS / "math.woff2").read_bytes()).decode(),
        style=(ASSETS / "report.css").read_text("utf-8"),
        script="",
        lead=f'<p class="lead">{escape(lead)}</p>',
        summary=f'<p class="state {kind}"><b>{sign} {word}</b>: {words}</p>{_notes(parts["notes"])}',
        errata="",
        tools="",
        claims=_figure(parts["figure"], parts["caption"])
        + card(finite(record), [])
        + _features(parts["features"])
        + _support(parts["support"]),
        images="",
        facts=_facts(parts["facts"]),
    )
    write_atomically(path, page)
    return path


def _notes(notes: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(note)}.</li>' for note in notes)}</ul>"


def _figure(file: pathlib.Path, caption: str) -> str:
    data = base64.b64encode(file.read_bytes()).decode()
    words = mixed(caption)
    image = f'<img src="data:image/png;base64,{data}" alt="The flow and its prediction" style="width:100%">'
    return f"<figure>{image}<figcaption>{words}</figcaption></figure>"


def _features(features: list[dict[str, Any]]) -> str:
    rows = [
        (
            escape(one["name"]),
            number(one["measured"], 6),
            number(one["predicted"], 6),
            number(one["measured"] - one["predicted"], 2),
        )
        for one in features
    ]
    return _table("Features, the largest first", ("feature", "flow", "predicted", "difference"), rows)


def _support(samples: list[dict[str, Any]]) -> str:
    if not samples:
        return ""
    heads = ("row", "label", "share predicted", "share in the flow's gradient", "margin at the end")
    rows = [
        (
            str(one["row"]),
            escape(one["label"]),
            *(number(one[key], 4) for key in ("predicted_share", "measured_share", "margin")),
        )
        for one in samples
    ]
    return _table("Samples that hold the margin", heads, rows)


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(
        f"<tr><td>{row[0]}</td>{''.join(f'<td class=n>{cell}</td>' for cell in row[1:])}</tr>" for row in rows
    )
    return (
        f'<section><h2>{title}</h2><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _facts(facts: dict[str, Any]) -> str:
    numbers = "; ".join(f"{escape(name)} {number(value, 6)}" for name, value in facts["numbers"].items())
    shown = {name: escape(value) for name, value in facts.items() if name not in ("numbers", "command")}
    shown = {"command": f"<code>{escape(facts['command'])}</code>", **shown, "numbers": numbers}
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())
