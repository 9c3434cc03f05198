"""Who makes which run: a process stays with one arm of one study while it can, whose runs share compiled programs."""

import collections
import threading

from ._plan import missing
from ._records import Records, Run
from ._study import Arm, Study


class Line:
    """The runs of one arm of a study: those that can be made now, and, once they are recorded, those that follow."""

    def __init__(self, name: str, study: Study, arm: Arm, full: bool, records: Records) -> None:
        self.name, self.study, self.arm, self.full, self.records = name, study, arm, full, records
        self.ready: collections.deque[Run] = collections.deque()
        self.in_flight = 0
        self.touched = False
        self.refill()

    def refill(self) -> None:
        """Look for further runs, if all that were known are recorded."""
        if not self.ready and not self.in_flight:
            self.ready.extend(missing(self.study, self.full, self.records, (self.arm,)))


class Lines:
    """All that is left to do, shared by the threads that talk to the processes."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.stopped = False
        self.changed = threading.Condition()

    def take(self, own: Line | None) -> tuple[Line, Run] | None:
        """The next run for a process that last worked on `own`; waits for one; None when all is done."""
        with self.changed:
            while not self.stopped:
                line = self._choose(own)
                if line is not None:
                    line.touched, line.in_flight = True, line.in_flight + 1
                    # A helper takes from the other end, where the programs are least likely to be compiled already.
                    return line, line.ready.popleft() if line is own or own is None else line.ready.pop()
                if not any(line.in_flight for line in self.lines):
                    return None
                self.changed.wait()
            return None

    def finish(self, line: Line) -> None:
        """Take note that a run has ended, recorded or not."""
        with self.changed:
            line.in_flight -= 1
            if not self.stopped:
                line.refill()
            self.changed.notify_all()

    def stop(self) -> None:
        """Give out no more runs."""
        with self.changed:
            self.stopped = True
            self.changed.notify_all()

    def _choose(self, own: Line | None) -> Line | None:
        if own is not None and own.ready:
            return own
        ready = [line for line in self.lines if line.ready]
        fresh = [line for line in ready if not line.touched]
        return fresh[0] if fresh else max(ready, key=lambda line: len(line.ready), default=None)
