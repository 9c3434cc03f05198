"""Which task comes next: an experiment's runs, and a page's experiments, stay in one process while there is enough else
to do, because they share compiled programs, which two processes would compile or load twice.
"""

import collections
import threading
from collections.abc import Callable, Iterable

from ._claim import Claim
from ._experiment import Experiment, Unit
from ._tasks import Call, Done, HoldClaim, RunUnit, Task


class Schedule:
    """What is left to do, shared by the threads that talk to the processes."""

    def __init__(
        self,
        claims: Iterable[Claim],
        missing: dict[Experiment, list[Unit]],
        *,
        seed: int,
        full: bool,
        expected: Callable[[Experiment], float],
        then: Iterable[Call] = (),
    ) -> None:
        self.seed, self.full = seed, full
        self.claims = {experiment: [] for experiment in missing}
        for claim in claims:
            self.claims[claim.on].append(claim)
        self.units = {experiment: collections.deque(units) for experiment, units in missing.items()}
        self.cost = {experiment: expected(experiment) for experiment in missing}
        self.running: collections.Counter[Experiment] = collections.Counter()
        self.touched: set[Experiment] = set()
        self.ready: collections.deque[Claim] = collections.deque()
        self.failures: dict[Experiment, dict[str, tuple[str, str]]] = {experiment: {} for experiment in missing}
        self.then = collections.deque(then)
        self.unfinished = 0
        self.stopped = False
        self.changed = threading.Condition()
        for experiment in missing:
            self._release(experiment)

    def take(self, previous: Experiment | None) -> Task | None:
        """The next task for a process that last worked on `previous`; waits for one; None when all is done."""
        with self.changed:
            while not self.stopped:
                task = self._choose(previous)
                if task is not None:
                    self.unfinished += 1
                    return task
                if not self.unfinished:
                    return None
                self.changed.wait()
            return None

    def finish(self, task: Task, done: Done) -> None:
        """Take note of what came of a task."""
        with self.changed:
            self.unfinished -= 1
            if isinstance(task, RunUnit):
                experiment = task.unit.experiment
                self.running[experiment] -= 1
                if done.failure:
                    self.failures[experiment][str(task.unit)] = done.failure
                self._release(experiment)
            self.changed.notify_all()

    def stop(self) -> None:
        """Give out no more tasks."""
        with self.changed:
            self.stopped = True
            self.changed.notify_all()

    def _choose(self, previous: Experiment | None) -> Task | None:
        if previous is not None and self.units.get(previous):
            return self._unit(previous)
        fresh = [e for e, units in self.units.items() if units and e not in self.touched]
        if fresh:
            return self._unit(self._next(fresh, previous))
        if self.ready:
            claim = self.ready.popleft()
            return HoldClaim(claim, self.seed, self.full, self.failures[claim.on])
        begun = [e for e, units in self.units.items() if units]
        if begun:
            return self._unit(max(begun, key=self._left))
        return self.then.popleft() if self.then and not self.running.total() else None

    def _next(self, fresh: list[Experiment], previous: Experiment | None) -> Experiment:
        """The longest of the page that the process is at; else of the longest page that nobody is at; else of all."""
        here = [e for e in fresh if previous is not None and e.origin == previous.origin]
        if not here:
            busy = {e.origin for e, runs in self.running.items() if runs}
            pages = {e.origin: 0.0 for e in fresh if e.origin not in busy}
            for e in fresh:
                if e.origin in pages:
                    pages[e.origin] += self._left(e)
            here = [e for e in fresh if e.origin == max(pages, key=pages.__getitem__)] if pages else fresh
        return max(here, key=self._left)

    def _unit(self, experiment: Experiment) -> Task:
        self.touched.add(experiment)
        self.running[experiment] += 1
        return RunUnit(self.claims[experiment][0], self.units[experiment].popleft(), self.full)

    def _left(self, experiment: Experiment) -> float:
        return self.cost[experiment] * len(self.units[experiment])

    def _release(self, experiment: Experiment) -> None:
        if not self.units[experiment] and not self.running[experiment]:
            self.ready.extend(self.claims[experiment])
            self.claims[experiment] = []
