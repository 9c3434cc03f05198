"""What the command does, from its options to its files."""

import contextlib
import json
import pathlib
import re
import shlex
import sys
from typing import Any

import typer

from ..._files import write_atomically
from ...claims._records import finite
from ...claims._tasks import prepare as as_checks
from .._words import check_folder, err, out, refuse
from ._classification import classification
from ._coordinates import coordinates
from ._data import prepare, read
from ._figure import draw
from ._page import document, write
from ._regression import regression
from ._show import show

CODES = {"holds": 0, "refuted": 1, "undecided": 3}
COLUMNS = ("task", "samples", "seed", "standardize", "intercept")


def run(data: str, *, target: str, features: str | None, folder: str, as_json: bool, **options: Any) -> None:
    """Run the flow of a table, write what came out, and leave with the code that the verdict asks for."""
    as_checks()
    try:
        chosen = coordinates(*(options[name] for name in ("potential", "reparameterization", "balance", "start")))
        table = read(data)
        _check_until(options["until"])
        named = None if features is None else _names(features)
        arrays = prepare(table, target, named, {name: options[name] for name in COLUMNS})
        place = pathlib.Path(folder) / "run" / (re.sub(r"[^\w-]+", "-", table.path.stem).strip("-") or "table")
        check_folder(place)
        with contextlib.redirect_stdout(sys.stderr):
            if arrays.task == "regression":
                if options["loss"] is not None:
                    raise ValueError("--loss is a choice of classifications; a regression has the squared loss.")
                found = regression(arrays, chosen, options["until"])
            else:
                found = classification(arrays, chosen, options["loss"] or "exponential", options["until"])
    except (ValueError, ImportError) as error:  # an ImportError names the extra to install
        refuse(str(error))
    settings = {"data": data, "target": target, "features": named, "coordinates": chosen.words, "start": chosen.start}
    settings |= {name: options[name] for name in (*COLUMNS, "loss", "until")} | {"task": arrays.task}
    settings["command"] = shlex.join(["mirrorflow", *sys.argv[1:]])
    whole = finite(document(found, arrays, settings))
    result = place / "result.json"
    write_atomically(result, json.dumps(whole, indent=1, ensure_ascii=False))
    try:
        paths = draw(found, arrays.names, place)
    except ImportError as error:
        refuse(f"{error} The numbers are in {result}.")
    page = write(found, arrays, whole, paths[0])
    if as_json:
        sys.stdout.write(json.dumps(whole, ensure_ascii=False) + "\n")
        err().print(str(page), markup=False, soft_wrap=True)
    else:
        show(out(), found, arrays, chosen.words, [page, result, *paths])
    raise typer.Exit(CODES[found.verdict.outcome])


def _names(features: str) -> list[str]:
    names = [name.strip() for name in features.split(",")]
    if not all(names):
        raise ValueError(f"--features: write names with commas between them, got {features!r}.")
    return names


def _check_until(until: float | None) -> None:
    if until is not None and not 0 < until < float("inf"):
        raise ValueError(f"--until must be positive and finite, got {until:g}.")
