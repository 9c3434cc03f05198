"""What the command does, from the configuration to its files."""

import json
import pathlib
import re
import shlex
import sys
from typing import Any, NoReturn

import jax
import typer

from ... import __version__, training
from ..._config import enable_compile_cache, enable_float64
from .._words import check_folder, err, out, refuse
from ._plan import Plan, plan_of
from ._show import Screen, show_plan, show_run

INTERRUPTED = 130


def train(config: str, *, resume: bool, dry_run: bool, folder: str, as_json: bool) -> NoReturn:
    """Train, or say what would be trained, and leave with the code that the outcome asks for."""
    enable_compile_cache()
    try:
        read = training.read_config(config)
        if read.network["dtype"] == "float64":
            enable_float64()
        prepared = training.prepare(read)
        place = _place(read, config, folder)
        plan = plan_of(read, prepared, place)
        if dry_run:
            _say(plan.record()) if as_json else show_plan(out(), plan)
            raise typer.Exit(0)
        check_folder(place)
        run, stopped = _trained(prepared, place, resume, plan, as_json)
    except (ValueError, ImportError) as error:  # an ImportError names the extra to install
        refuse(_of_the_command(str(error)))
    record = plan.record() | _outcome(run, read)
    training.write_result(place, record)
    if as_json:
        _say(record)
    else:
        show_run(out(), run, place)
    if stopped:
        err().print(f"mirrorflow train {shlex.quote(config)} goes on from step {run.steps}.", soft_wrap=True)
    raise typer.Exit(INTERRUPTED if stopped else 0 if run.status.ok else 1)


def _trained(
    prepared: training.Prepared, place: pathlib.Path, resume: bool, plan: Plan, as_json: bool
) -> tuple[training.Run, bool]:
    """The run, and whether it was interrupted."""
    if not as_json:
        show_plan(out(), plan, in_short=True)
    with Screen(prepared.options["steps"], rows=not as_json) as screen:
        try:
            run = training.fit(*prepared[:4], **prepared.options, out=place, fresh=not resume, progress=screen.tell)
        except training.Interrupted as error:
            return error.run, True
        except KeyboardInterrupt:
            err().print("interrupted before the first step")
            raise typer.Exit(INTERRUPTED) from None
    return run, False


def _place(config: training.Config, file: str, folder: str) -> pathlib.Path:
    if "out" in config.training:
        return pathlib.Path(config.training["out"])
    name = re.sub(r"[^\w.-]+", "-", pathlib.Path(file).stem).strip("-") or "training"
    return pathlib.Path(folder) / "train" / name


def _outcome(run: training.Run, config: training.Config) -> dict[str, Any]:
    last = {name: column[-1].tolist() for name, column in run.history.items()}
    tables = config._asdict() | {"folder": str(config.folder)}
    return {
        "status": str(run.status),
        "ok": run.status.ok,
        "steps": run.steps,
        "skipped": run.skipped,
        "last": last,
        "config": tables,
        "command": shlex.join(["mirrorflow", *sys.argv[1:]]),
        "versions": {"mirrorflow": __version__, "jax": jax.__version__},
    }


def _of_the_command(words: str) -> str:
    return words.replace("start over with fresh=True", "start over with --fresh").replace(
        "Start over with fresh=True", "Start over with --fresh"
    )


def _say(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
