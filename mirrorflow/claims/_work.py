"""The tasks of one session, given to processes, and what comes of them."""

import dataclasses
import pathlib
import queue
from collections.abc import Callable, Sequence

from . import _provenance
from ._claim import Claim
from ._compiles import Programs
from ._experiment import Experiment, Unit
from ._judge import undecided
from ._pool import OtherProcess, ThisProcess, doing, serving
from ._schedule import Schedule
from ._store import Store
from ._tasks import Call, Done, HoldClaim, RunUnit, Task
from ._tasks import describe as in_words
from ._verdict import Verdict

HEARTBEAT = 2.0  # seconds between two words about what is running


class Interrupted(KeyboardInterrupt):
    """The user stopped it; what was made so far is stored."""

    def __init__(self, made: int, missing: int) -> None:
        super().__init__(f"{made} of {missing} runs were made and are stored; the same command continues from there")


@dataclasses.dataclass(frozen=True)
class Progress:
    """Told to `progress` whenever a task begins or is done, and every few seconds."""

    running: tuple[str, ...]
    made: int
    missing: int
    held: int
    claims: int


class Work:
    """The tasks of one session and what has come of them."""

    def __init__(
        self,
        claims: list[Claim],
        missing: dict[Experiment, list[Unit]],
        store: Store,
        *,
        seed: int,
        full: bool,
        limit: float,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.claims, self.missing, self.store = claims, missing, store
        self.seed, self.full, self.limit = seed, full, limit
        self.progress = progress or (lambda _: None)
        self.total = sum(map(len, missing.values()))
        self.made = 0
        self.verdicts: dict[str, Verdict] = {}
        self.programs = Programs()
        self.called: list[tuple[Call, Done]] = []
        self.running: dict[Task, str] = {}

    def run(self, claims: list[Claim], processes: int, then: Sequence[Call] = ()) -> None:
        """Do everything that these claims need in so many other processes; 0 means in this one."""
        if not claims and not then:
            return
        experiments = dict.fromkeys(claim.on for claim in claims)
        missing = {experiment: self.missing[experiment] for experiment in experiments}
        schedule = Schedule(claims, missing, seed=self.seed, full=self.full, expected=self._expected, then=then)
        self._tell()
        try:
            if processes:
                self._in_parallel(schedule, processes)
            else:
                _serve(schedule, ThisProcess(self.store.folder), self._note)
        except KeyboardInterrupt:
            raise Interrupted(self.made, self.total) from None

    def _in_parallel(self, schedule: Schedule, processes: int) -> None:
        notes: queue.Queue[tuple[Task, Done | None] | None] = queue.Queue()
        logs = self.store.folder.parent / "logs"
        workers = [OtherProcess(self.store.folder, logs / f"process-{i}.log", self.limit) for i in range(processes)]

        def serve(worker: OtherProcess) -> None:
            try:
                _serve(schedule, worker, lambda task, done: notes.put((task, done)))
            finally:
                notes.put(None)

        with serving(workers, serve, schedule.stop) as threads:
            self._listen(notes, len(threads))

    def _listen(self, notes: "queue.Queue[tuple[Task, Done | None] | None]", threads: int) -> None:
        while threads:
            try:
                item = notes.get(timeout=HEARTBEAT)
            except queue.Empty:
                self._tell()
                continue
            if item is None:
                threads -= 1
            else:
                self._note(*item)

    def _note(self, task: Task, done: Done | None) -> None:
        if done is None:
            self.running[task] = doing(task)
        else:
            self.running.pop(task, None)
            self.programs.add(Programs(done.compiled, done.loaded))
            if isinstance(task, RunUnit):
                self.made += 1
            elif isinstance(task, Call):
                self.called.append((task, done))
            else:
                self.verdicts[task.claim.name] = done.verdict or _failed(task, done)
        self._tell()

    def _tell(self) -> None:
        running = tuple(self.running.values())
        self.progress(Progress(running, self.made, self.total, len(self.verdicts), len(self.claims)))

    def _expected(self, experiment: Experiment) -> float:
        """Seconds that a run of this experiment took last time, or a guess."""
        metas = sorted((self.store.folder / experiment.name).glob("*/meta.json"))[:3]
        known = [self.store.meta(experiment.name, _digest_of(path)) or {} for path in metas]
        return max([float(meta.get("seconds", 0.0)) for meta in known], default=1.0)


def _serve(schedule: Schedule, worker: ThisProcess | OtherProcess, note: Callable[[Task, Done | None], None]) -> None:
    """Do tasks until there are no more, saying when each begins and what came of it."""
    previous: Experiment | None = None
    while (task := schedule.take(previous)) is not None:
        note(task, None)
        try:
            done = worker.do(task)
        except Exception as error:  # a fault of the machinery must not look like an endless wait
            done = Done(failure=in_words(error))
        previous = task.unit.experiment if isinstance(task, RunUnit) else previous
        schedule.finish(task, done)
        note(task, done)


def _failed(task: HoldClaim, done: Done) -> Verdict:
    """The verdict on a claim that could not be held against anything."""
    words, details = done.failure or ("nothing came back", "")
    claim = task.claim
    row = undecided("all cases", "", claim.tolerance, words, traceback=details)
    of = {"rows": (row,), "tolerance": claim.tolerance.value, "because": claim.tolerance.because, "reason": words}
    controls = tuple(
        Verdict(claim.name, "undecided", expects=control.expects, words=control.words, seed=task.seed, **of)
        for control in claim.controls
    )
    about = {"status": claim.status, "seed": task.seed, "versions": _provenance.versions()}
    return Verdict(
        claim.name, "undecided", expects=claim.expects, controls=controls, seconds=done.seconds, **of, **about
    )


def _digest_of(path: pathlib.Path) -> str:
    return path.parent.name
