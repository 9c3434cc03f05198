"""One claim as a card of the report."""

from typing import Any

from ._gauge import gauge
from ._html import OUTCOMES, badge, escape, linked, number, slug
from ._latex import mathml, mixed, mixed_text

RELATIONS = {"equal": "", "at most": "at most ", "at least": "at least ", "identical": ""}


def card(record: dict[str, Any], figures: list[dict[str, Any]]) -> str:
    """The claim's card; `figures` are those that show it."""
    parts = [
        _head(record),
        f'<div class="statement">{mathml(record["statement"], display=True)}</div>',
        _meaning(record),
    ]
    if "outcome" in record:
        parts += [_reason(record), _numbers(record), _controls(record)]
    parts += [_erratum(record), *(_figure(figure) for figure in figures)]
    if "rows" in record:
        parts.append(_rows(record))
    parts.append(_foot(record))
    return f'<article class="claim" id="{slug(record["name"])}" {_data(record)}>{"".join(parts)}</article>'


def _data(record: dict[str, Any]) -> str:
    used = None
    if record.get("error") is not None:
        total = record["error"] + (record["numerical_error"] or 0.0)
        used = total / record["tolerance"]["value"] if record["tolerance"]["value"] else total
    words = " ".join(
        str(record[key]) for key in ("name", "statement", "source", "standing", "description", "notes", "erratum")
    )
    values = {
        "name": record["name"],
        "page": record["page"],
        "status": record["standing"],
        "outcome": record.get("outcome", "none"),
        "failed": "yes" if record.get("failed") else "no",
        "used": "" if used is None else repr(used),
        "seconds": record.get("seconds", 0),
        "words": words.lower(),
    }
    return " ".join(f'data-{key}="{escape(value)}"' for key, value in values.items())


def _head(record: dict[str, Any]) -> str:
    status = "reconstruction" if record["status"] == "reconstructed" else record["standing"]
    kind = "label new" if record["status"] == "reconstructed" else "label"
    labels = [f'<span class="{kind}">{escape(status)}</span>']
    if record["new"]:
        labels.append('<span class="label new">new</span>')
    anchor = slug(record["name"])
    return (
        f'<header><h3><a href="#{anchor}">{escape(record["name"])}</a></h3>{badge(record)}'
        f'<span class="labels">{"".join(labels)}</span></header>'
    )


def _meaning(record: dict[str, Any]) -> str:
    lines = [f"<p>{escape(record['description'])}</p>" if record["description"] else ""]
    if record["variables"]:
        letters = "; ".join(f"{mathml(letter)} {mixed(words)}" for letter, words in record["variables"].items())
        lines.append(f'<p class="letters">{letters}</p>')
    lines.append(f'<p class="source">{linked(record["source"])}</p>')
    return f'<div class="meaning">{"".join(lines)}</div>'


def _reason(record: dict[str, Any]) -> str:
    return f'<p class="reason">{escape(record["reason"])}</p>' if record["reason"] else ""


def _numbers(record: dict[str, Any]) -> str:
    unit = f" {escape(record['unit'])}" if record["unit"] else ""
    uncertain = f" (fit ± {number(record['uncertainty'], 2)})" if record["uncertainty"] else ""
    where = ", ".join(escape(record[key]) for key in ("case", "part") if record[key])
    pairs = [
        ("predicted", RELATIONS[record["relation"]] + number(record["predicted"], 6) + unit),
        ("measured", number(record["measured"], 6) + unit),
        ("error", f"{number(record['error'])} {_doubt(record)}{uncertain}"),
        ("tolerance", number(record["tolerance"]["value"])),
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs)
    return (
        f'<div class="numbers"><dl>{cells}</dl>{gauge(record)}</div>'
        f'<p class="because">The case that decides: {where}. The tolerance is this large because '
        f"{escape(record['tolerance']['because'].rstrip('.'))}.</p>"
    )


def _doubt(record: dict[str, Any]) -> str:
    """± the numerical error, where a finer computation has told it."""
    if not record["refined"] and record["numerical_error"]:
        return '<span class="fine">(not refined)</span>'
    return f"± {number(record['numerical_error'], 2)}"


def _controls(record: dict[str, Any]) -> str:
    kind = "corrected law" if record["expects"] == "refuted" else "control"
    lines = []
    for control in record["controls"]:
        sign, word = OUTCOMES[control["outcome"]]
        good = control["outcome"] == control["expects"]
        numbers = f"error {number(control['error'])}" if control["error"] is not None else escape(control["reason"])
        lines.append(
            f'<p class="controls"><span class="label">{kind}</span> {mixed(control["words"])}: '
            f'<span class="{"good" if good else "bad"}"><b aria-hidden="true">{sign}</b> {word}</span>, {numbers}</p>'
        )
    return "".join(lines)


def _erratum(record: dict[str, Any]) -> str:
    if not record["erratum"]:
        return ""
    label = "erratum" if record["corrects_print"] else "instead"
    return f'<p class="erratum"><span class="label">{label}</span> {mixed(record["erratum"])}</p>'


def _figure(figure: dict[str, Any]) -> str:
    width, height = figure["size"]
    words, name = escape(mixed_text(figure["title"])), escape(figure["name"])
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" style="max-width:{width / 2}px" role="img" aria-label="{words}">'
        f'<use href="#image-{slug(figure["name"])}"/></svg><figcaption><b>{mixed(figure["title"])}.</b> '
        f"{mixed(figure['caption'])} "
        f'<span class="fine">mirrorflow figure {name}</span></figcaption></figure>'
    )


def _rows(record: dict[str, Any]) -> str:
    count = len(record["rows"])
    tables = [_table(record["rows"], "the claim")]
    tables += [_table(control["rows"], f"control: {control['words']}") for control in record["controls"]]
    traces = dict.fromkeys(row["traceback"] for row in record["rows"] if row["traceback"])
    tables += [f"<pre>{escape(trace)}</pre>" for trace in traces]
    words = f"{count} comparison{'s' if count != 1 else ''}, case by case"
    return f"<details><summary>{words}</summary>{''.join(tables)}</details>"


def _table(rows: list[dict[str, Any]], caption: str) -> str:
    parts = any(row["part"] for row in rows)
    heads = ["case", *(["part"] if parts else []), "verdict", "predicted", "measured", "error", "±", "entries"]
    body = "".join(f"<tr>{_row(row, parts)}</tr>" for row in rows)
    head = "".join(f"<th>{name}</th>" for name in heads)
    return (
        f'<div class="scroll"><table><caption>{mixed(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(row: dict[str, Any], parts: bool) -> str:
    sign, word = OUTCOMES[row["outcome"]]
    words = [row["reason"], row["note"]]
    reason = f'<br><span class="fine">{escape("; ".join(filter(None, words)))}</span>' if any(words) else ""
    doubt = None if row["numerical_error"] is None else row["numerical_error"] + (row["uncertainty"] or 0.0)
    shown = number(doubt, 2) if row["refined"] or not doubt else "not refined"
    cells = [
        f"<td>{escape(row['case'])}</td>",
        *([f"<td>{escape(row['part'])}</td>"] if parts else []),
        f'<td class="{row["outcome"]}"><b aria-hidden="true">{sign}</b> {word}{reason}</td>',
        *(f'<td class="n">{number(row[key], 6)}</td>' for key in ("predicted", "measured")),
        f'<td class="n">{number(row["error"])}</td><td class="n">{shown}</td>',
        f'<td class="n">{row["entries"] or ""}</td>',
    ]
    return "".join(cells)


def _foot(record: dict[str, Any]) -> str:
    experiment = record["experiment"]
    facts = [
        f"experiment {escape(experiment['name'])}, {experiment['cases']} case{'s' if experiment['cases'] != 1 else ''}",
        "accuracies " + ", ".join(f"{factor:g}" for factor in experiment["accuracies"]),
    ]
    if "seed" in record:
        facts.append(f"seed {record['seed']}")
    notes = f'<p class="notes">{mixed(record["notes"])}</p>' if record["notes"] else ""
    return f"{notes}<footer><span>{'; '.join(facts)}</span><code>{escape(record['rerun'])}</code></footer>"
