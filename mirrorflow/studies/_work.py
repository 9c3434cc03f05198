"""Making the runs of studies, in as many processes as there are cores."""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from ..claims._pool import OtherProcess, ThisProcess, serving
from ..claims._store import out_folder
from ..claims._tasks import Call, Done, prepare
from ._lines import Line, Lines
from ._loading import study_of
from ._records import Records, Run
from ._results import Results
from ._study import Study

LIMIT = 7200.0  # seconds that one run may take


@dataclasses.dataclass(frozen=True)
class Step:
    """What `progress` is told: the run that ended, and what it took."""

    run: Run
    seconds: float


class Failed(RuntimeError):
    """A run failed; the message says which and why."""


def conduct(name: str, **options: Any) -> Results:
    """Make the runs of a study that are not recorded yet, and return its results; the options are `conduct_all`'s."""
    return conduct_all([name], **options)[0]


def conduct_all(
    names: Sequence[str],
    *,
    full: bool = False,
    out: str | os.PathLike[str] | None = None,
    jobs: int | None = 1,
    fresh: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> list[Results]:
    """Make the runs of studies that are not recorded yet, and return their results.

    **Arguments:** `names`: of studies, or paths of files that define `STUDY`. `full`: the whole studies in place of
    small ones. `jobs`: processes (1: this one; None: one a core). `fresh`: forget what is recorded. Every run is kept
    when it ends, under `out/studies`, so an interruption loses only those in flight.

    **Raises:** `UnknownStudy`; `Failed` for a run that raises.
    """
    folder = out_folder(out) / "studies"
    prepare()
    results = [Results(study, full, Records(study, folder, fresh)) for study in map(study_of, names)]
    lines = [
        Line(name, found.study, arm, full, found.records)
        for name, found in zip(names, results, strict=True)
        for arm in found.arms
    ]
    _make(Lines(lines), folder, _count(jobs, sum(bool(line.ready) for line in lines)), progress)
    return results


def perform(name: str, run: dict[str, Any]) -> dict[str, float]:
    """Make one run of a study, in whatever process this is."""
    study = _known(name)
    measured = study.run(Run(**run).trial(study))
    return {key: float(value) for key, value in measured.items()}


def study_results(study: Study, *, full: bool, out: str | os.PathLike[str] | None = None) -> Results:
    """What is recorded of a study, without running anything."""
    return Results(study, full, Records(study, out_folder(out) / "studies"))


@functools.lru_cache(maxsize=64)
def _known(name: str) -> Study:
    """The study, looked for once a process: runs must share the functions that compiled programs are found by."""
    return study_of(name)


def _make(lines: Lines, folder: pathlib.Path, count: int, progress: Callable[[Step], None] | None) -> None:
    """Make all runs of the lines."""
    logs = [folder / ".logs" / f"{os.getpid()}-{k}.log" for k in range(count)]
    failures: list[str] = []

    def work(worker: Any) -> None:
        own = None
        while (taken := lines.take(own)) is not None:
            own, run = taken
            done: Done = worker.do(_call(own.name, run))
            if done.failure is None:
                own.records.add(run, done.value, done.seconds)
            elif not lines.stopped:
                failures.append(_described(run, *done.failure))
                lines.stop()
            lines.finish(own)
            if progress is not None and done.failure is None:
                progress(Step(run, done.seconds))

    if count == 1:
        work(ThisProcess(folder))
    elif count > 1:
        with serving([OtherProcess(folder, log, LIMIT) for log in logs], work, lines.stop) as threads:
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.5)  # not without end, so that an interruption is heard
    if failures:
        raise Failed(failures[0])
    for log in logs:
        log.unlink(missing_ok=True)


def _count(jobs: int | None, lines: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(jobs or cores, lines)


def _call(name: str, run: Run) -> Call:
    arguments = {"name": name, "run": dataclasses.asdict(run)}
    return Call(words=f"{run.arm}, {run.setting}", module=__name__, function="perform", arguments=arguments)


def _described(run: Run, words: str, trace: str) -> str:
    return f"{run.arm} in {dict(run.setting)} with {dict(run.numbers)}, seed {run.seed}: {words}\n{trace}"
