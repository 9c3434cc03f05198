"""Verdicts as plain data: the last one of each claim beside the store, and the document that a run leaves.

Numbers that are not finite are written as null.
"""

import dataclasses
import datetime
import json
import math
import pathlib
import shlex
from typing import Any

from .._files import write_atomically
from ._claim import Claim
from ._verdict import Verdict

SCHEMA = 1


def keep(verdict: Verdict, out: pathlib.Path) -> None:
    """Remember this verdict as the last one on its claim."""
    data = {"written": now(), **dataclasses.asdict(verdict)}
    write_atomically(_place(verdict.name, out), json.dumps(finite(data), indent=1, ensure_ascii=False))


def last(name: str, out: pathlib.Path) -> dict[str, Any] | None:
    """The last verdict on a claim, as `keep` wrote it, or None."""
    try:
        return json.loads(_place(name, out).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def rerun(claim: Claim, seed: int) -> str:
    """What to type to verify a claim again."""
    options = f" --seed {seed}" if seed else ""
    if claim.origin.kind == "file":
        file = pathlib.Path(claim.origin.where)
        shown = file.relative_to(pathlib.Path.cwd()) if file.is_relative_to(pathlib.Path.cwd()) else file
        return f"mirrorflow verify {shlex.quote(f'{shown}::{claim.name}')}{options}"
    if claim.origin.kind == "nowhere":
        return f"mf.claims.verify({claim.name!r}, seed={seed})"
    return f"mirrorflow verify {claim.name}{options}"


def describe(claim: Claim, verdict: Verdict | None) -> dict[str, Any]:
    """A claim and its verdict as one record of `verdicts.json`."""
    experiment = claim.on
    record = {
        "name": claim.name,
        "page": claim.page,
        "statement": claim.statement,
        "source": claim.source,
        "status": claim.status,
        "standing": claim.standing,
        "new": claim.new,
        "expects": claim.expects,
        "description": claim.statement_of_doc,
        "erratum": claim.erratum,
        "corrects_print": claim.corrects_print,
        "notes": claim.notes,
        "variables": claim.variables,
        "figure": claim.figure,
        "rerun": rerun(claim, verdict.seed if verdict else 0),
        "tolerance": dataclasses.asdict(claim.tolerance),
        "experiment": {
            "name": experiment.name,
            "cases": len(experiment.cases),
            "accuracies": list(experiment.accuracies),
            "description": " ".join((experiment.function.__doc__ or "").split()),
        },
    }
    if verdict is not None:
        record |= numbers_of(verdict) | {
            "seed": verdict.seed,
            "seconds": round(verdict.seconds, 3),
            "as_expected": verdict.as_expected,
            "failed": verdict.failed,
            "unconfirmed": verdict.unconfirmed,
            "controls": [{"words": c.words, "expects": c.expects, **numbers_of(c)} for c in verdict.controls],
        }
    return record


def numbers_of(verdict: Verdict) -> dict[str, Any]:
    """Outcome, the numbers of the row that decides, and all rows."""
    row = verdict.decisive
    return {
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "case": row.case,
        "part": row.part,
        "predicted": row.predicted,
        "measured": row.measured,
        "relation": row.relation,
        "unit": row.unit,
        "error": row.error,
        "numerical_error": row.numerical_error,
        "uncertainty": row.uncertainty,
        "refined": row.refined,
        "rows": [dataclasses.asdict(each) for each in verdict.rows],
    }


def finite(value: Any) -> Any:
    """`value` with every number that is not finite replaced by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def now() -> str:
    """The time, as an ISO text in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _place(name: str, out: pathlib.Path) -> pathlib.Path:
    return out / "data" / "verdicts" / f"{name.replace('/', '--')}.json"
