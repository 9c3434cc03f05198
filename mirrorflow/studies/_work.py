"""Making the runs of a study, in as many processes as there are cores."""

import collections
import dataclasses
import functools
import itertools
import os
import pathlib
import threading
from collections.abc import Callable
from typing import Any

from ..claims._pool import OtherProcess, ThisProcess
from ..claims._store import out_folder
from ..claims._tasks import Call, Done, prepare
from ._loading import study_of
from ._plan import missing
from ._records import Records, Run
from ._results import Results
from ._study import Study

LIMIT = 7200.0  # seconds that one run may take


@dataclasses.dataclass(frozen=True)
class Step:
    """What `progress` is told: the run that ended, what it measured, and how many are known to be left."""

    run: Run
    seconds: float
    left: int


class Failed(RuntimeError):
    """A run failed; the message says which and why."""


def conduct(
    name: str,
    *,
    full: bool = False,
    out: str | os.PathLike[str] | None = None,
    jobs: int | None = 1,
    fresh: bool = False,
    progress: Callable[[Step], None] | None = None,
) -> Results:
    """Make the runs of a study that are not recorded yet, and return its results.

    **Arguments:** `name`: of a study, or the path of a file that defines `STUDY`. `jobs`: processes (1: this one;
    None: one a core). `fresh`: forget what is recorded. Every run is kept when it ends, under `out/studies`, so an
    interruption loses only those in flight.

    **Raises:** `UnknownStudy`; `Failed` for a run that raises.
    """
    study = study_of(name)
    records = Records(study, out_folder(out) / "studies", fresh)
    prepare()
    count = jobs or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    while todo := missing(study, full, records):
        _make(name, todo, records, min(count, len(todo)), progress)
    return Results(study, full, records)


def perform(name: str, run: dict[str, Any]) -> dict[str, float]:
    """Make one run of a study, in whatever process this is."""
    study = _known(name)
    measured = study.run(Run(**run).trial(study))
    return {key: float(value) for key, value in measured.items()}


@functools.lru_cache(maxsize=8)
def _known(name: str) -> Study:
    """The study, looked for once a process: runs must share the functions that compiled programs are found by."""
    return study_of(name)


def _make(name: str, todo: list[Run], records: Records, count: int, progress: Callable[[Step], None] | None) -> None:
    """Make these runs; each process goes through neighbours in the list, which share compiled programs."""
    queues = [collections.deque(part) for part in _parts(todo, count)]
    lock, failures, left = threading.Lock(), [], [len(todo)]
    folder = records.path.parent
    logs = [folder / ".logs" / f"{os.getpid()}-{k}.log" for k in range(count)]
    if count == 1:
        workers: list[Any] = [ThisProcess(folder)]
    else:
        workers = [OtherProcess(folder, log, LIMIT) for log in logs]

    def next_of(own: collections.deque[Run]) -> Run | None:
        with lock:
            if failures:
                return None
            longest = max(queues, key=len)
            return own.popleft() if own else longest.pop() if longest else None

    def work(worker: Any, own: collections.deque[Run]) -> None:
        while (run := next_of(own)) is not None:
            done: Done = worker.do(_call(name, run))
            with lock:
                left[0] -= 1
                if done.failure:
                    failures.append((run, done.failure))
                    return
                records.add(run, done.value, done.seconds)
                if progress is not None:
                    progress(Step(run, done.seconds, left[0]))

    if count == 1:
        work(workers[0], queues[0])
    else:
        _in_threads(work, workers, queues)
    if failures:
        run, (words, trace) = failures[0]
        raise Failed(f"{run.arm} in {dict(run.setting)} with {dict(run.numbers)}, seed {run.seed}: {words}\n{trace}")
    for log in logs:
        pathlib.Path(log).unlink(missing_ok=True)


def _in_threads(work: Callable[..., None], workers: list[Any], queues: list[Any]) -> None:
    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in zip(workers, queues, strict=True)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)
    finally:
        for worker in workers:
            worker.kill()
        for thread in threads:
            thread.join()
        for worker in workers:
            worker.close()


def _call(name: str, run: Run) -> Call:
    arguments = {"name": name, "run": dataclasses.asdict(run)}
    return Call(words=f"{run.arm}, {run.setting}", module=__name__, function="perform", arguments=arguments)


def _parts(runs: list[Run], count: int) -> list[list[Run]]:
    size, extra = divmod(len(runs), count)
    cuts = [k * size + min(k, extra) for k in range(count + 1)]
    return [runs[low:high] for low, high in itertools.pairwise(cuts)]


def study_results(study: Study, *, full: bool, out: str | os.PathLike[str] | None = None) -> Results:
    """What is recorded of a study, without running anything."""
    return Results(study, full, Records(study, out_folder(out) / "studies"))
