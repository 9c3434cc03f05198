"""Pieces of work that a process can be given: run one unit, or hold one claim against its stored runs."""

import dataclasses
import importlib
import pathlib
import time
import traceback
from typing import Any

from . import _compiles, _loading, _registry
from ._claim import Claim
from ._experiment import Origin, Unit
from ._hold import hold
from ._runs import perform
from ._store import Store
from ._verdict import Verdict, verdict_from_dict


@dataclasses.dataclass(frozen=True, eq=False)
class RunUnit:
    """Run a unit that is not stored yet; `claim` is one that looks at it, by which another process finds it."""

    claim: Claim
    unit: Unit
    full: bool

    def message(self) -> dict[str, Any]:
        """The task as plain data."""
        cases = self.claim.on.all_cases(self.full)
        index = next(i for i, case in enumerate(cases) if case is self.unit.case)
        about = {"case": index, "factor": self.unit.factor, "digest": self.unit.digest}
        return {"do": "run", "seed": self.unit.seed, "full": self.full, **_address(self.claim), **about}


@dataclasses.dataclass(frozen=True, eq=False)
class HoldClaim:
    """Hold a claim against its runs; `failures` are those that could not be made."""

    claim: Claim
    seed: int
    full: bool
    failures: dict[str, tuple[str, str]]

    def message(self) -> dict[str, Any]:
        """The task as plain data."""
        return {"do": "hold", "seed": self.seed, "full": self.full, "failures": self.failures, **_address(self.claim)}


@dataclasses.dataclass(frozen=True, eq=False)
class Call:
    """Call a function by its name once all runs are made; `words` say what for. Its value must be plain data."""

    words: str
    module: str
    function: str
    arguments: dict[str, Any]

    def message(self) -> dict[str, Any]:
        """The task as plain data."""
        return {"do": "call", **dataclasses.asdict(self)}


Task = RunUnit | HoldClaim | Call


@dataclasses.dataclass(frozen=True)
class Done:
    """What came of a task: a verdict for a claim; words and a traceback if it failed."""

    seconds: float = 0.0
    compiled: int = 0
    loaded: int = 0
    verdict: Verdict | None = None
    failure: tuple[str, str] | None = None
    value: Any = None


def understand(message: dict[str, Any]) -> Task:
    """The task that a message describes, in the process that is to do it."""
    if message["do"] == "call":
        return Call(**{name: value for name, value in message.items() if name != "do"})
    _loading.load(Origin(*message["origin"]))
    claim = _registry.get(message["claim"])
    if message["do"] == "hold":
        return HoldClaim(claim, message["seed"], message["full"], message["failures"])
    case = claim.on.all_cases(message["full"])[message["case"]]
    unit = Unit(claim.on, case, message["factor"], message["seed"])
    if unit.digest != message["digest"]:
        raise RuntimeError(
            f"{unit} is not the same in two processes, so its result cannot be stored: its code or a value it uses "
            "depends on the process (a random number, a time, an object that is made anew), or the package was changed "
            "meanwhile."
        )
    return RunUnit(claim, unit, message["full"])


def execute(task: Task, folder: pathlib.Path) -> Done:
    """Do a task; what goes wrong in it comes back as words."""
    started = time.perf_counter()
    verdict, failure, value = None, None, None
    with _compiles.count() as programs:
        try:
            if isinstance(task, RunUnit):
                perform(task.unit, Store(folder))
            elif isinstance(task, Call):
                value = getattr(importlib.import_module(task.module), task.function)(**task.arguments)
            else:
                verdict = hold(task.claim, task.seed, Store(folder), full=task.full, failures=task.failures)
        except Exception as error:
            failure = describe(error)
    return Done(time.perf_counter() - started, programs.compiled, programs.loaded, verdict, failure, value)


def describe(error: BaseException) -> tuple[str, str]:
    """An exception in words, and its traceback without what jax adds of its own frames."""
    words = str(error).strip().splitlines()
    return f"{type(error).__name__}: {words[0] if words else ''}", "".join(traceback.format_exception(error))


def as_plain(done: Done) -> dict[str, Any]:
    """`done` as plain data."""
    return dataclasses.asdict(done)


def from_plain(data: dict[str, Any]) -> Done:
    """The `Done` that `as_plain` took apart."""
    verdict = data["verdict"]
    failure = data["failure"]
    return Done(
        **{
            **data,
            "verdict": None if verdict is None else verdict_from_dict(verdict),
            "failure": None if failure is None else tuple(failure),
        }
    )


def prepare() -> None:
    """Make this process compute as checks do: in double precision, with compiled programs kept on disk."""
    from .._config import enable_compile_cache, enable_float64

    enable_float64()
    enable_compile_cache()


def _address(claim: Claim) -> dict[str, Any]:
    return {"origin": (claim.origin.kind, claim.origin.where), "claim": claim.name}
