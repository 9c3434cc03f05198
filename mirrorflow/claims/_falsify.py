"""Looking for a case that refutes a conjecture."""

import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

import jax

from ..flows._watch import Interrupts
from . import _conjectures, _provenance
from ._conjecture import Conjecture
from ._counterexample import Counterexample
from ._digest import digest
from ._records import finite, now
from ._search import Search
from ._shrink import Shrunk, shrink
from ._space import Plain
from ._trial import Trial, attempt, key_of
from ._verify import check_seed, require_float64

BUDGET = 100
HOPELESS = 10  # cases that fail one after the other, with none that does not, after which the search gives up


@dataclasses.dataclass(frozen=True)
class Looking:
    """Told to `progress` after every case: how far the search is. `shrinks` is None until a counterexample is found."""

    tried: int
    budget: int
    undecided: int
    failed: int
    worst: Trial | None
    shrinks: int | None
    attempts: int
    last: Trial


@dataclasses.dataclass(frozen=True)
class Falsification:
    """What a search found.

    `outcome` is "refuted" (there is a `counterexample`), "survived" (every case that was tried holds) or "undecided"
    (no counterexample, but in some cases nothing could be said: their gap and its numerical error lie on both sides of
    the tolerance, or the check failed). Surviving is no proof.

    `stopped` says why it ended: "counterexample", "budget", "seconds", "interrupted", "exhausted" (there is no other
    case) or "failing" (the check raised in every one of the first ten). `worst` is the case with the largest gap, of
    all that were compared; `failures` and `doubtful` are the cases that failed and that stayed undecided.
    """

    conjecture: Conjecture
    outcome: str
    counterexample: Counterexample | None
    tried: int
    worst: Trial | None
    doubtful: tuple[Trial, ...]
    failures: tuple[Trial, ...]
    stopped: str
    seed: int
    budget: int
    seconds: float

    @property
    def undecided(self) -> int:
        """How many cases stayed undecided."""
        return len(self.doubtful)

    def __str__(self) -> str:
        if self.counterexample is not None:
            return str(self.counterexample)
        words = f"{self.conjecture.name}: {self.outcome} {self.tried} {'case' if self.tried == 1 else 'cases'}"
        if self.outcome == "undecided":
            words += f", of which {self.undecided} could not be decided and {len(self.failures)} failed"
        if self.worst is not None:
            words += f"; the worst gap is {self.worst.relative:.2g} of the tolerance, at {self.worst}"
        return words

    def to_dict(self) -> dict[str, Any]:
        """As plain data; numbers that are not finite become None."""
        counterexample = self.counterexample
        return finite(
            {
                "conjecture": self.conjecture.name,
                "statement": self.conjecture.statement,
                "source": self.conjecture.source,
                "tolerance": dataclasses.asdict(self.conjecture.tolerance),
                "outcome": self.outcome,
                "stopped": self.stopped,
                "tried": self.tried,
                "undecided": self.undecided,
                "failed": len(self.failures),
                "worst": None if self.worst is None else dataclasses.asdict(self.worst),
                "doubtful": [dataclasses.asdict(trial) for trial in self.doubtful],
                "failures": [dataclasses.asdict(trial) for trial in self.failures],
                "counterexample": None if counterexample is None else counterexample.to_dict(),
                "seed": self.seed,
                "budget": self.budget,
                "seconds": round(self.seconds, 3),
                "versions": _provenance.versions(),
            }
        )


def falsify(
    conjecture: str | Conjecture,
    *,
    budget: int = BUDGET,
    seconds: float | int | None = None,
    seed: int = 0,
    progress: Callable[[Looking], None] | None = None,
) -> Falsification:
    """Look for a counterexample, and make it small.

    Corners of the space come first, small ones before large ones; then points spread evenly over it, more of them
    where it is small, and in every third case a neighbour of the worst so far. The k-th case draws with key number k of
    the seed, so the same seed tries the same cases, however many of them the time allows. A counterexample is shrunk:
    simpler cases are tried, with its own draw and two others, as long as one of them refutes as well.

    **Arguments:**

    - `conjecture`: its name, or the conjecture itself.
    - `budget`: the most cases to try; shrinking adds at most 200.
    - `seconds`: when to stop, between two cases; at least one is tried.
    - `seed`: of the cases and of their keys.
    - `progress`: called with a `Looking` after every case.

    **Returns:** a `Falsification`; Ctrl-C ends the search and returns what was found so far.

    **Raises:** `UnknownConjecture` with near names; `ValueError` for a budget, a time or a seed that is not positive,
    or if jax computes in single precision.
    """
    found = _conjectures.conjecture(conjecture) if isinstance(conjecture, str) else conjecture
    return look(found, budget=budget, seconds=seconds, seed=seed, progress=progress)


def look(
    conjecture: Conjecture,
    *,
    budget: int,
    seconds: float | int | None,
    seed: int,
    progress: Callable[[Looking], None] | None,
    clock: Callable[[], float] = time.monotonic,
) -> Falsification:
    """`falsify`, with the clock that measures the seconds."""
    require_float64()
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise ValueError(f"budget must be a whole number ≥ 1, got {budget!r}.")
    if seconds is not None and not (isinstance(seconds, int | float) and seconds > 0):
        raise ValueError(f"seconds must be a positive number or None, got {seconds!r}.")
    return _Looker(conjecture, budget, seconds, check_seed(seed), progress, clock).run()


class _Looker:
    """One search on its way."""

    def __init__(
        self,
        conjecture: Conjecture,
        budget: int,
        seconds: float | int | None,
        seed: int,
        progress: Callable[[Looking], None] | None,
        clock: Callable[[], float],
    ) -> None:
        self.conjecture, self.budget, self.seed = conjecture, budget, seed
        self.progress = progress or (lambda _: None)
        self.clock, self.began = clock, clock()
        self.end = math.inf if seconds is None else self.began + seconds
        self.tried = 0
        self.worst: Trial | None = None
        self.doubtful: list[Trial] = []
        self.failures: list[Trial] = []
        self.shrunk: Shrunk | None = None
        self.found: Trial | None = None
        self.interrupts = Interrupts()

    def run(self) -> Falsification:
        try:
            with self.interrupts:
                stopped = self._search()
                if self.found is not None:
                    self._shrink(self.found)
                if self.interrupts.pending:
                    stopped = "interrupted"
        except KeyboardInterrupt:  # from inside a run: what was found before it is kept
            stopped = "interrupted"
        return self._result(stopped)

    def _search(self) -> str:
        search = Search(self.conjecture.space, self.seed, draws=self.conjecture.takes_key)
        while self.tried < self.budget:
            if self.tried and self._stop():
                return "interrupted" if self.interrupts.pending else "seconds"
            case = search.propose(self.tried, None if self.worst is None else self.worst.case)
            if case is None:
                return "exhausted"
            trial = attempt(self.conjecture, case, self.tried, key_of(self.seed, self.tried))
            self._note(trial)
            if trial.outcome == "refuted":
                self.found, self.shrunk = trial, Shrunk(trial, 0, 0, False)
            self._tell(trial)
            if self.found is not None:
                return "counterexample"
            if self.tried == len(self.failures) == HOPELESS:
                return "failing"
        return "budget"

    def _shrink(self, found: Trial) -> None:
        def check(case: dict[str, Plain], draw: int) -> Trial | None:
            if self._stop():
                return None
            trial = attempt(self.conjecture, case, draw, key_of(self.seed, draw))
            self._tell(trial)
            return trial

        for state in shrink(self.conjecture.space, found, check, draws=self.conjecture.takes_key):
            self.shrunk = state

    def _stop(self) -> bool:
        return self.interrupts.pending or self.clock() >= self.end

    def _note(self, trial: Trial) -> None:
        self.tried += 1
        if trial.outcome == "failed":
            self.failures.append(trial)
        elif trial.outcome == "undecided":
            self.doubtful.append(trial)
        if not math.isnan(trial.gap) and (self.worst is None or trial.gap > self.worst.gap):
            self.worst = trial

    def _tell(self, last: Trial) -> None:
        shrinks = None if self.shrunk is None else self.shrunk.shrinks
        attempts = 0 if self.shrunk is None else self.shrunk.attempts
        counts = self.tried, self.budget, len(self.doubtful), len(self.failures)
        self.progress(Looking(*counts, self.worst, shrinks, attempts, last))

    def _result(self, stopped: str) -> Falsification:
        open_cases = self.doubtful or self.failures or not self.tried
        return Falsification(
            conjecture=self.conjecture,
            outcome="refuted" if self.shrunk is not None else "undecided" if open_cases else "survived",
            counterexample=None if self.shrunk is None or self.found is None else self._counterexample(self.shrunk),
            tried=self.tried,
            worst=self.worst,
            doubtful=tuple(self.doubtful),
            failures=tuple(self.failures),
            stopped=stopped,
            seed=self.seed,
            budget=self.budget,
            seconds=self.clock() - self.began,
        )

    def _counterexample(self, shrunk: Shrunk) -> Counterexample:
        assert self.found is not None
        conjecture, trial = self.conjecture, shrunk.trial
        return Counterexample(
            conjecture=conjecture.name,
            statement=conjecture.statement,
            case=trial.case,
            seed=self.seed,
            draw=trial.draw,
            key=tuple(int(word) for word in jax.random.key_data(key_of(self.seed, trial.draw)).ravel()),
            rows=trial.rows,
            tolerance=conjecture.tolerance.value,
            because=conjecture.tolerance.because,
            found=self.found.case,
            tried=self.tried,
            shrinks=shrunk.shrinks,
            attempts=shrunk.attempts,
            minimal=shrunk.minimal,
            origin=conjecture.origin,
            code=code_digest(conjecture),
            versions=_provenance.versions(),
            written=now(),
        )


def code_digest(conjecture: Conjecture) -> str:
    """The digest of the check and everything of the user's that it reaches."""
    module = getattr(conjecture.check, "__module__", None) or ""
    return digest(conjecture.check, home=module.partition(".")[0])
