"""`mirrorflow falsify` and `mirrorflow replay`."""

import contextlib
import json
import os
import pathlib
import sys
import time
import traceback
from typing import Any

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .._files import write_atomically
from ..claims import (
    Conjecture,
    Counterexample,
    Falsification,
    Looking,
    UnknownConjecture,
    Verdict,
    conjectures,
    conjectures_of_file,
    falsify,
    replay,
)
from ..claims._conjectures import select_conjectures
from ..claims._counterexample import replay_command
from ..claims._registry import matches
from ..claims._tasks import prepare
from ..claims._trial import Trial
from ..claims.cases import Case
from ..report import mixed_text, text
from ._targets import is_file, neighbours
from ._words import check_folder, err, number, out, plural, refuse

SILENCE = 20.0  # seconds after which a log, which has no line that is replaced, is told how far it is
UNDECIDED = 3
SIGNS = {"survived": "✓", "refuted": "✗", "undecided": "?", "holds": "✓"}
STYLES = {"survived": "green", "refuted": "bold red", "undecided": "bold yellow", "holds": "green"}
STOPPED = {
    "counterexample": "",
    "budget": "",
    "seconds": "stopped by --seconds",
    "interrupted": "interrupted",
    "exhausted": "there are no other cases",
    "failing": "stopped because the check failed in every case",
}


def run_falsify(
    targets: list[str], *, budget: int, seconds: float | int | None, seed: int, out_folder: str, as_json: bool
) -> None:
    """Look for counterexamples to what the targets name, and leave with the code that the outcomes ask for."""
    if seconds is not None and seconds <= 0:
        refuse(f"--seconds must be positive, got {seconds:g}.")
    prepare()
    folder = pathlib.Path(out_folder)
    check_folder(folder)
    outcomes, documents, interrupted = [], [], False
    with contextlib.redirect_stdout(sys.stderr):  # what a check prints is not what was asked for
        chosen = _choose(targets)
    for conjecture in chosen:
        with contextlib.redirect_stdout(sys.stderr):
            found = _with_progress(conjecture, budget=budget, seconds=seconds, seed=seed)
        files = _write(found, folder)
        documents.append({**found.to_dict(), **files})
        if not as_json:
            _show(found, files)
        outcomes.append(found.outcome)
        if found.stopped == "interrupted":
            interrupted = True
            break
    if as_json:
        sys.stdout.write(json.dumps({"conjectures": documents}, ensure_ascii=False) + "\n")
    if "refuted" in outcomes:
        raise typer.Exit(1)
    raise typer.Exit(130 if interrupted else UNDECIDED if "undecided" in outcomes else 0)


def run_replay(path: str, *, file: str | None, as_json: bool) -> None:
    """Check a saved counterexample again: code 1 where it still refutes, 0 where the conjecture now holds there."""
    prepare()
    with contextlib.redirect_stdout(sys.stderr):
        try:
            counterexample = Counterexample.load(path)
            verdict = replay(counterexample, _conjecture_in(file, counterexample.conjecture) if file else None)
        except FileNotFoundError:
            refuse(f"There is no file {path!r}.{neighbours(path, '*.json')}")
        except (OSError, ValueError) as error:
            refuse(str(error))
        except UnknownConjecture as error:
            refuse(f"{error.args[0]} (--from FILE)")
    if as_json:
        sys.stdout.write(json.dumps(_plain(verdict), ensure_ascii=False) + "\n")
    else:
        _show_replay(counterexample, verdict)
    raise typer.Exit({"refuted": 1, "holds": 0}.get(verdict.outcome, UNDECIDED))


def _choose(targets: list[str]) -> list[Conjecture]:
    if not targets:
        known = conjectures()
        refuse(f"name a file, or some of the {plural(len(known), 'conjecture')}: {', '.join(known) or 'none'}.")
    chosen: dict[str, Conjecture] = {}
    for target in sorted(targets, key=lambda target: not is_file(target)):  # names may be of conjectures in files
        for conjecture in _conjectures_of(target):
            chosen[conjecture.name] = conjecture
    return list(chosen.values())


def _conjectures_of(target: str) -> list[Conjecture]:
    if not is_file(target):
        try:
            return select_conjectures(target)
        except UnknownConjecture as error:
            refuse(error.args[0])
    path, _, name = target.partition("::")
    found = _read(path)
    kept = [conjecture for conjecture in found if not name or matches(conjecture.name, name)]
    if not kept:
        others = ", ".join(conjecture.name for conjecture in found) or "none"
        refuse(f"{path} has no conjecture {name!r}; it has {others}." if name else f"{path} holds no conjecture.")
    return kept


def _conjecture_in(file: str, name: str) -> Conjecture:
    return next(iter(_conjectures_of(f"{file}::{name}")))


def _read(path: str) -> list[Conjecture]:
    try:
        return conjectures_of_file(path)
    except FileNotFoundError as error:
        refuse(f"{error}{neighbours(path)}")
    except ValueError as error:
        refuse(str(error))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        refuse(f"{path} could not be read: {type(error).__name__}: {error} ({last.filename}:{last.lineno})")


def _with_progress(conjecture: Conjecture, **settings: Any) -> Falsification:
    console = err()
    said = time.monotonic()
    with (
        Live(Text(), console=console, transient=True, refresh_per_second=4) if console.is_terminal else _Quiet() as live
    ):

        def tell(state: Looking) -> None:
            nonlocal said
            words = f"{conjecture.name}: {_so_far(state)}"
            if isinstance(live, Live):
                live.update(Text(words[: console.width - 1], "dim"))
            elif time.monotonic() - said > SILENCE:
                said = time.monotonic()
                console.print(words, soft_wrap=True, markup=False)

        return falsify(conjecture, progress=tell, **settings)


class _Quiet(contextlib.nullcontext[None]):
    """Where nobody watches."""


def _so_far(state: Looking) -> str:
    if state.shrinks is not None:
        return f"refuted in case {state.tried}; {plural(state.shrinks, 'step')} smaller, now trying {state.last}"
    words = f"{state.tried} of {state.budget} cases"
    if state.undecided or state.failed:
        words += f", {state.undecided} undecided, {state.failed} failed"
    return words + (f", worst gap {_relative(state.worst)}" if state.worst is not None else "")


def _write(found: Falsification, folder: pathlib.Path) -> dict[str, str]:
    name = f"{found.conjecture.name.replace('/', '--')}-seed-{found.seed}.json"
    record = folder / "conjectures" / name
    write_atomically(record, json.dumps(found.to_dict(), indent=1, ensure_ascii=False) + "\n")
    files = {"record": str(record)}
    if found.counterexample is not None:
        files["file"] = str(found.counterexample.save(folder / "counterexamples" / name))
        files["replay"] = _replay_command(found.counterexample, files["file"])
    return files


def _replay_command(counterexample: Counterexample, file: str) -> str:
    return replay_command(os.path.relpath(file) if pathlib.Path(file).is_relative_to(pathlib.Path.cwd()) else file)


def _show(found: Falsification, files: dict[str, str]) -> None:
    console = out()
    conjecture = found.conjecture
    head = Text.assemble(
        (f"{SIGNS[found.outcome]} {found.outcome}", STYLES[found.outcome]), "  ", (conjecture.name, "bold"), "  "
    )
    console.print(head + Text(text(conjecture.statement)), soft_wrap=True)
    rows = _counterexample_rows(found, files) if found.counterexample is not None else {}
    rows |= {
        "tried": _tried(found),
        "worst gap": f"{_relative(found.worst)}, at {found.worst}"
        if found.worst is not None
        else "nothing was compared",
        "tolerance": f"{conjecture.tolerance.value:g}, because {conjecture.tolerance.because}",
        "undecided": _first(found.doubtful),
        "failed": _first(found.failures),
        "notes": mixed_text(conjecture.notes),
        "record": files["record"],
    }
    console.print(_grid(rows))
    trace = next((trial.traceback for trial in found.failures), "")
    if trace:
        err().print(trace, markup=False, style="dim", soft_wrap=True)
    console.print()


def _counterexample_rows(found: Falsification, files: dict[str, str]) -> dict[str, str]:
    counterexample = found.counterexample
    assert counterexample is not None
    way = f"first found at {Case(**counterexample.found)}, in case {counterexample.tried}"
    if counterexample.shrinks:
        way += f"; {plural(counterexample.shrinks, 'step')} smaller in {plural(counterexample.attempts, 'case')}"
    if counterexample.minimal:
        way += "; nothing simpler that was tried refutes"
    else:
        way += "; stopped before everything simpler was tried"
    return {
        "counterexample": f"{Case(**counterexample.case)}  (seed {counterexample.seed}, draw {counterexample.draw})",
        "": _numbers(counterexample.row),
        "how": way,
        "replay": files["replay"],
    }


def _numbers(row: Any) -> str:
    part = f"{row.part}: " if row.part else ""
    doubt = row.numerical_error + row.uncertainty
    return (
        f"{part}predicted {number(row.predicted, 6)}, measured {number(row.measured, 6)} ({row.relation}); "
        f"error {number(row.error)} ± {number(doubt, 1)}, tolerance {number(row.tolerance)}"
    )


def _tried(found: Falsification) -> str:
    words = f"{plural(found.tried, 'case')} of at most {found.budget} in {found.seconds:.1f} s, seed {found.seed}"
    return "; ".join(filter(None, (words, STOPPED[found.stopped])))


def _relative(trial: Trial) -> str:
    return f"{number(trial.relative)} of the tolerance"


def _first(trials: tuple[Trial, ...]) -> str:
    if not trials:
        return ""
    return f"{plural(len(trials), 'case')}; {trials[0]}: {trials[0].reason}"


def _show_replay(counterexample: Counterexample, verdict: Verdict) -> None:
    words = {"refuted": "still refuted", "holds": "holds now", "undecided": "undecided"}[verdict.outcome]
    head = Text.assemble(
        (f"{SIGNS[verdict.outcome]} {words}", STYLES[verdict.outcome]), "  ", (verdict.name, "bold"), "  "
    )
    console = out()
    console.print(head + Text(text(counterexample.statement)), soft_wrap=True)
    row = verdict.decisive
    rows = {
        "case": f"{Case(**counterexample.case)}  (seed {counterexample.seed}, draw {counterexample.draw})",
        "now": verdict.reason if row.error != row.error else _numbers(row),
        "then": _numbers(counterexample.row),
        "note": verdict.words,
        "versions": _changed(counterexample.versions, verdict.versions),
    }
    console.print(_grid(rows))
    if row.traceback:
        err().print(row.traceback, markup=False, style="dim", soft_wrap=True)


def _changed(then: dict[str, str], now: dict[str, str]) -> str:
    moved = [f"{name} {then.get(name, '—')} → {now.get(name, '—')}" for name in now if then.get(name) != now[name]]
    return ", ".join(moved)


def _plain(verdict: Verdict) -> dict[str, Any]:
    from dataclasses import asdict

    from ..claims._records import finite

    return finite(asdict(verdict))


def _grid(rows: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, words in rows.items():
        if words:
            table.add_row(f"  {name}", Text(words))
    return table
