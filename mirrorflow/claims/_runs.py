"""Running one unit, and reading runs back."""

import contextlib
import dataclasses
import datetime
import os
import time
from collections.abc import Iterator
from typing import Any

import jax

from .. import _accuracy
from . import _compiles, _provenance
from ._experiment import Experiment, Unit
from ._store import Entry, Store, open_store
from .cases import Case


@dataclasses.dataclass(frozen=True)
class Run:
    """A case and its result; unpacks as `case, result`."""

    case: Case
    result: Any

    def __iter__(self) -> Iterator[Any]:
        yield self.case
        yield self.result


class Runs(tuple[Run, ...]):
    """Runs of one experiment; iterates as `(case, result)`."""

    def where(self, **values: Any) -> "Runs":
        """The runs whose cases have these values."""
        return Runs(run for run in self if run.case.matches(**values))

    def only(self, **values: Any) -> Any:
        """The result of the one run whose case has these values."""
        found = self.where(**values)
        if len(found) != 1:
            raise LookupError(f"{len(found)} runs match {values or 'no condition'}, not one.")
        return found[0].result


def fetch(unit: Unit, store: Store) -> Entry:
    """The unit's result: from the store, or run now and stored."""
    name = unit.experiment.name
    entry = store.load(name, unit.digest) if (name, unit.digest) in store else None
    if entry is None:
        perform(unit, store)
        entry = store.read(name, unit.digest)
    return entry


def perform(unit: Unit, store: Store) -> None:
    """Run the unit and store what comes out."""
    with _compiles.count() as compiles, clean_accuracy(unit.factor):
        started = time.perf_counter()
        result = unit.experiment.function(unit.case, jax.random.key(unit.seed))
        if result is None:
            raise ValueError(f"{unit.experiment.name} returned nothing; an experiment returns a trajectory or arrays.")
        result = jax.block_until_ready(result)
        seconds = time.perf_counter() - started
    meta = {
        "experiment": unit.experiment.name,
        "case": {name: _described(value) for name, value in vars(unit.case).items()},
        "accuracy": unit.factor,
        "seed": unit.seed,
        "endings": endings(result),
        "seconds": round(seconds, 4),
        "programs": dataclasses.asdict(compiles),
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **_provenance.circumstances(),
    }
    store.save(unit.experiment.name, unit.digest, result, meta)


def runs_of(
    experiment: Experiment, seed: int, *, out: str | os.PathLike[str] | None, full: bool, accuracy: float | None
) -> Runs:
    """Runs of an experiment at one accuracy."""
    store = open_store(out)
    factor = experiment.accuracies[-1] if accuracy is None else accuracy
    cases, code = experiment.all_cases(full), experiment.code_digest()
    return Runs(Run(case, fetch(Unit(experiment, case, factor, seed, code), store).result) for case in cases)


def endings(result: Any) -> list[dict[str, Any]]:
    """How each trajectory in a result ended, in words."""
    found = []
    for part in jax.tree_util.tree_leaves(result, is_leaf=_has_status):
        if _has_status(part):
            found.append({"ok": bool(part.status.ok), "words": str(part.status)})
    return found


@contextlib.contextmanager
def clean_accuracy(factor: float) -> Iterator[None]:
    """The accuracy `factor` itself, whatever is in force around it: a stored result must mean one thing."""
    with _accuracy.accuracy(factor / _accuracy.current()):
        yield


def _has_status(value: Any) -> bool:
    return hasattr(getattr(value, "status", None), "ok")


def _described(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)
