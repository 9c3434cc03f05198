"""Small pieces of HTML: numbers, tags, labels."""

import html
import math
import re
from typing import Any

ARXIV = re.compile(r"(?:arXiv:)?(\d{4}\.\d{4,5})(v\d+)?", re.IGNORECASE)
OUTCOMES = {"holds": ("✓", "holds"), "refuted": ("✗", "refuted"), "undecided": ("?", "undecided")}


def number(value: Any, digits: int = 3) -> str:
    """A value as a person writes it: 0.0123, 1.2 × 10⁻⁵, yes, a word, or a dash for what is not known."""
    if value is None:
        return '<span class="unknown">—</span>'
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) < 10**6:
        return str(value).replace("-", "−")
    if isinstance(value, str):
        return html.escape(value)
    if not math.isfinite(value):
        return html.escape(str(value))
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.{digits}g}".replace("-", "−")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = f"{float(mantissa):g}"
    return f"{mantissa} × 10<sup>{int(exponent)}</sup>".replace("-", "−")


def escape(words: Any) -> str:
    """Text that is safe in HTML, quotes included."""
    return html.escape(str(words))


def linked(source: str) -> str:
    """A source with its arXiv numbers as links."""
    parts, at = [], 0
    for match in ARXIV.finditer(source):
        parts.append(escape(source[at : match.start()]))
        address = f"https://arxiv.org/abs/{match[1]}{match[2] or ''}"
        parts.append(f'<a href="{address}">{escape(match[0])}</a>')
        at = match.end()
    return "".join(parts) + escape(source[at:])


def arxiv_numbers(source: str) -> list[str]:
    """The arXiv numbers in a source, without versions."""
    return [match[1] for match in ARXIV.finditer(source)]


def slug(name: str) -> str:
    """A name as an anchor."""
    return re.sub(r"[^\w-]+", "-", name)


def in_short(record: dict[str, Any]) -> str:
    """The outcome, and whether a control that is wrong as well came out the same."""
    also = record["outcome"] == "refuted" and any(control["outcome"] == "refuted" for control in record["controls"])
    return record["outcome"] + (", and so is its control" if also else "")


def badge(record: dict[str, Any]) -> str:
    """The outcome in a sign, words and a colour, and whether it is the expected one."""
    outcome = record.get("outcome")
    if outcome is None:
        return '<span class="badge none"><b aria-hidden="true">·</b> not verified yet</span>'
    sign, word = OUTCOMES[outcome]
    kind, words = "good", word
    if outcome == "undecided":
        kind = "open"
    elif record["expects"] == "measured":
        kind, words = "plain", f"{word} (measured)"
    elif not record["as_expected"]:
        kind, words = "bad", f"{word}, but should {'hold' if record['expects'] == 'holds' else 'be refuted'}"
    elif outcome == "refuted":
        words = ("reading " if record["standing"] == "reading" else "") + "refuted, as it must be"
    return f'<span class="badge {kind}"><b aria-hidden="true">{sign}</b> {words}</span>'
