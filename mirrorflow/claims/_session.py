"""Verifying many claims at once, in as many processes as there are cores."""

import dataclasses
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from . import _loading, _provenance, _registry
from ._claim import Claim
from ._compiles import Programs
from ._experiment import Experiment, Unit
from ._records import describe, finite, keep, now
from ._store import Store, open_store, out_folder
from ._tasks import Call, Done
from ._verdict import Verdict
from ._verify import check_seed, require_float64
from ._work import Progress, Work

FEW = 8  # claims and figures that are done sooner than another process begins


@dataclasses.dataclass(frozen=True)
class Session:
    """What a call of `verify_all` found."""

    claims: list[Claim]
    verdicts: dict[str, Verdict]
    seed: int
    full: bool
    seconds: float
    runs: int
    stored: int
    programs: Programs
    skipped: list[str] = dataclasses.field(default_factory=list)
    load_errors: list[_loading.LoadError] = dataclasses.field(default_factory=list)
    called: list[tuple[Call, Done]] = dataclasses.field(default_factory=list)

    @property
    def failed(self) -> list[Verdict]:
        """Verdicts that are not what their claims expect."""
        return [verdict for verdict in self.verdicts.values() if verdict.failed]

    def document(self, command: str = "") -> dict[str, Any]:
        """Everything as plain data: what `verdicts.json` holds (its fields: `mirrorflow/report/schema.md`)."""
        outcomes = [verdict.outcome for verdict in self.verdicts.values()]
        return finite(
            {
                "schema": 1,
                "written": now(),
                "command": command,
                "seed": self.seed,
                "full": self.full,
                "seconds": round(self.seconds, 2),
                "runs": {"made": self.runs, "read": self.stored},
                "programs": {"compiled": self.programs.compiled, "loaded": self.programs.loaded},
                "counts": {outcome: outcomes.count(outcome) for outcome in ("holds", "refuted", "undecided")},
                "failed": [verdict.name for verdict in self.failed],
                "unconfirmed": [verdict.name for verdict in self.verdicts.values() if verdict.unconfirmed],
                "skipped": self.skipped,
                "load_errors": [dataclasses.asdict(error) for error in self.load_errors],
                "versions": _provenance.versions(),
                "papers": _registry.papers(),
                "claims": [describe(claim, self.verdicts.get(claim.name)) for claim in self.claims],
            }
        )


def verify_all(
    claims: str | Sequence[Claim] = "*",
    *,
    seed: int = 0,
    full: bool = False,
    out: str | os.PathLike[str] | None = None,
    jobs: int | None = 1,
    limit: float | int = 300,
    progress: Callable[[Progress], None] | None = None,
    then: Sequence[Call] = (),
) -> Session:
    """Hold claims against their runs.

    **Arguments:**

    - `claims`: a pattern such as `"steepest/*"`, or claims.
    - `seed`, `out`: as in `verify`.
    - `full`: also the cases and the slow experiments that only a full run has.
    - `jobs`: how many processes (1: this one; None: other ones, as many as cores). Claims defined in a script or at a
      prompt are always held in this process.
    - `limit`: seconds after which a run in another process is stopped; its claims are then undecided.
    - `progress`: called with a `Progress` after every task.
    - `then`: what else to do in the same processes once the runs are made (figures).

    **Returns:** a `Session`: `verdicts` by name, and what it took.
    """
    require_float64()
    started = time.perf_counter()
    chosen = _registry.select(claims) if isinstance(claims, str) else list(claims)
    kept = held_of(chosen, full)
    skipped = [claim.name for claim in chosen if claim not in kept]
    store = open_store(out)
    missing, stored = _missing(kept, check_seed(seed), full, store)
    work = Work(kept, missing, store, seed=seed, full=full, limit=float(limit), progress=progress)
    abroad = [claim for claim in kept if claim.origin.kind != "nowhere"]
    work.run([claim for claim in kept if claim.origin.kind == "nowhere"], 0)
    work.run(abroad, _count(jobs, work.total, len(abroad) + len(then)), then)
    verdicts = {claim.name: work.verdicts[claim.name] for claim in kept}
    for verdict in verdicts.values():
        keep(verdict, out_folder(out))
    errors = _loading.load_errors()
    seconds = time.perf_counter() - started
    return Session(kept, verdicts, seed, full, seconds, work.total, stored, work.programs, skipped, errors, work.called)


def held_of(chosen: Sequence[Claim], full: bool) -> list[Claim]:
    """Those that are held: slow ones only in a full run, or where one alone is asked for."""
    return [claim for claim in chosen if full or not claim.on.slow or len(chosen) == 1]


def _missing(claims: list[Claim], seed: int, full: bool, store: Store) -> tuple[dict[Experiment, list[Unit]], int]:
    """The units that are not stored, by experiment, and how many are."""
    missing, stored = {}, 0
    for experiment in dict.fromkeys(claim.on for claim in claims):
        units = experiment.units(seed, full)
        missing[experiment] = [unit for unit in units if (experiment.name, unit.digest) not in store]
        stored += len(units) - len(missing[experiment])
    return missing, stored


def _count(jobs: int | None, runs: int, rest: int) -> int:
    """How many other processes: none where little is left to do, because each takes seconds to begin."""
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1):
        raise ValueError(f"jobs must be a whole number ≥ 1, got {jobs!r}.")
    if jobs == 1 or (runs == 0 and rest <= FEW):
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(jobs or cores, runs + rest)
