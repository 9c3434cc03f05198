"""The run as plain data, and as a page of its own with the figure inside it."""

import dataclasses
import pathlib
from typing import Any

from ...claims._provenance import versions
from ...claims._records import now, numbers_of
from ...report import write_run
from ._data import Data
from ._figure import largest
from ._outcome import ACCURACIES, Found

COORDINATES = "potential or reparameterization"


def document(found: Found, data: Data, settings: dict[str, Any]) -> dict[str, Any]:
    """Everything that is known about the run; `result.json`."""
    return {
        "schema": 1,
        "written": now(),
        "settings": settings,
        "task": data.task,
        "labels": data.labels,
        "notes": [*data.notes, *found.notes],
        "rows": data.rows.tolist(),
        "status": found.status,
        "features": [
            {"name": name, "measured": float(measured), "predicted": float(predicted)}
            for name, measured, predicted in zip(data.names, found.measured, found.predicted, strict=True)
        ],
        "facts": found.facts,
        "support": found.samples,
        "curve": {"log_time": found.clock.tolist(), "value": found.curve.tolist(), "what": found.curve_label},
        "verdict": _record(found, data, settings),
        "versions": versions(),
    }


def write(found: Found, data: Data, whole: dict[str, Any], figure: pathlib.Path) -> pathlib.Path:
    """Write `report.html` beside the figure."""
    order = [int(i) for i in largest(found)]
    return write_run(
        figure.parent / "report.html",
        whole["verdict"],
        title=f"{data.task.capitalize()} of {whole['settings']['target']}",
        lead=f"{whole['settings']['data']}, {len(data.rows)} rows, {len(data.names)} features, "
        f"{whole['settings']['coordinates']}.",
        figure=figure,
        caption=f"The {found.quantity} of the flow (circles) and {found.prediction} (dots), and the {_plain(found)}.",
        notes=whole["notes"],
        features=[whole["features"][i] for i in order],
        support=found.samples,
        facts=_facts(found, whole),
    )


def _plain(found: Found) -> str:
    return f"{found.curve_label} over time"


def _facts(found: Found, whole: dict[str, Any]) -> dict[str, Any]:
    shown = {
        key.replace("_", " "): value
        for key, value in found.facts.items()
        if isinstance(value, bool | int | float | str)
    }
    settings = {key: value for key, value in whole["settings"].items() if value is not None and key != "command"}
    return {
        "written": whole["written"],
        "command": whole["settings"]["command"],
        "settings": ", ".join(f"{key} {value}" for key, value in settings.items()),
        "flow": found.status,
        "numbers": shown,
        "versions": ", ".join(f"{name} {version}" for name, version in whole["versions"].items()),
    }


def _record(found: Found, data: Data, settings: dict[str, Any]) -> dict[str, Any]:
    """The verdict in the form that claims have."""
    verdict = found.verdict
    controls = [dataclasses.replace(control, name="") for control in verdict.controls]
    return {
        "name": f"{pathlib.Path(settings['data']).stem}/{data.task}",
        "page": "run",
        "statement": found.statement,
        "source": "theory page 04" if data.task == "classification" else "theory page 01",
        "status": "own data",
        "standing": "own data",
        "new": False,
        "expects": "holds",
        "description": f"Theory says: {found.prediction}.",
        "erratum": "",
        "corrects_print": False,
        "notes": "",
        "variables": {},
        "figure": "",
        "rerun": settings["command"],
        "tolerance": {"value": verdict.tolerance, "because": verdict.because},
        "experiment": {"name": settings["coordinates"], "cases": 1, "accuracies": list(ACCURACIES), "description": ""},
        "seconds": 0,
        "as_expected": verdict.as_expected,
        "failed": verdict.outcome == "refuted",
        "unconfirmed": False,
        "controls": [
            {"words": control.words, "expects": control.expects, **numbers_of(control)} for control in controls
        ],
        **numbers_of(verdict),
    }
