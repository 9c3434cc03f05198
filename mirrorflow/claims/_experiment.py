"""A function of a case and a key, with its cases: run once per case and accuracy, and read by everybody."""

import dataclasses
import functools
import hashlib
import itertools
import json
import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any

from . import _provenance
from ._digest import digest
from .cases import Case, Cases, as_cases

ACCURACIES = (1.0, 0.1)


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a definition can be read again by another process: a module, a file, or nowhere (a script, a prompt)."""

    kind: str  # "module", "file", "nowhere"
    where: str

    @classmethod
    def of(cls, module: str) -> "Origin":
        """The origin of what is defined in `module`."""
        loaded = sys.modules.get(module)
        file = getattr(loaded, "__mirrorflow_file__", None)
        if file:
            return cls("file", file)
        return cls("nowhere", module) if module == "__main__" or loaded is None else cls("module", module)


class Experiment:
    """What `mf.experiment` makes of a function: `cases`, `accuracies`, and `runs()` that reads the store."""

    function: Callable[..., Any]
    cases: Cases
    more_cases: Cases
    accuracies: tuple[float, ...]
    ends: str
    slow: bool
    name: str
    origin: Origin

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        cases: Any,
        full: Any = (),
        accuracies: Any = ACCURACIES,
        ends: str = "ok",
        slow: bool = False,
    ) -> None:
        self.function = function
        self.cases, self.more_cases = as_cases(cases), as_cases(full)
        if not self.cases:
            raise ValueError("experiment: cases must hold at least one case; use mf.cases.single() for just one.")
        self.accuracies = check_accuracies("experiment", accuracies)
        if ends not in ("ok", "any"):
            raise ValueError(
                f"experiment: ends must be 'ok' (a run that ends otherwise decides nothing) or 'any', got {ends!r}."
            )
        self.ends, self.slow = ends, bool(slow)
        self.origin = Origin.of(function.__module__)
        self.name = f"{_page(function)}.{function.__qualname__.replace('.<locals>.', '.')}"
        functools.update_wrapper(self, function)

    def __call__(self, case: Case, key: Any) -> Any:
        """Run the experiment itself on one case, without the store."""
        return self.function(case, key)

    def __repr__(self) -> str:
        return f"Experiment({self.name}, {len(self.cases)} cases)"

    def __mirrorflow_digest__(self) -> Any:
        return self.function

    @property
    def address(self) -> tuple[str, str]:
        """Module and name, unique in a process."""
        return self.function.__module__, self.function.__qualname__

    def all_cases(self, full: bool = False) -> Cases:
        """The cases, with those that only a full run has where `full`."""
        return self.cases + self.more_cases if full else self.cases

    def units(self, seed: int, full: bool = False) -> "list[Unit]":
        """Every case at every accuracy, coarse first: the coarse runs of all cases share what they compile."""
        code = self.code_digest()
        return [Unit(self, case, factor, seed, code) for factor in self.accuracies for case in self.all_cases(full)]

    def code_digest(self) -> str:
        """The digest of the function and everything of the user's that it reaches."""
        return digest(self.function, home=self.function.__module__.partition(".")[0])

    def runs(
        self,
        seed: int = 0,
        *,
        out: str | os.PathLike[str] | None = None,
        full: bool = False,
        accuracy: float | None = None,
    ) -> Any:
        """Results for every case at the finest accuracy (or at `accuracy`), from the store; runs what is missing."""
        from ._runs import runs_of

        return runs_of(self, seed, out=out, full=full, accuracy=accuracy)


@dataclasses.dataclass(frozen=True, eq=False)
class Unit:
    """One run: an experiment on one case at one accuracy with one seed."""

    experiment: Experiment
    case: Case
    factor: float
    seed: int
    code: str | None = None  # the experiment's digest, where it is known already

    @functools.cached_property
    def digest(self) -> str:
        """What the result is stored under."""
        determines = {
            "experiment": self.code or self.experiment.code_digest(),
            "case": digest(vars(self.case), home=self.experiment.function.__module__.partition(".")[0]),
            "accuracy": self.factor,
            "seed": self.seed,
            **_provenance.circumstances(),
        }
        return hashlib.sha256(json.dumps(determines, sort_keys=True).encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.experiment.name}({self.case}) at accuracy {self.factor:g}"


def experiment(
    *,
    cases: Any,
    full: Any = (),
    accuracies: Any = ACCURACIES,
    ends: str = "ok",
    slow: bool = False,
) -> Callable[[Callable[..., Any]], Experiment]:
    """Make an experiment of a function `(case, key) -> Trajectory, array or dictionary of arrays`.

    It runs once per case, accuracy and seed; the result is stored under `out/data` by the hash of what determines it
    (its code and the helpers it reaches, case, seed, accuracy, the package's code, the libraries' versions), and
    everything that looks at it reads the store. The key is `jax.random.key(seed)`, the same for every case, so that
    cases differ in nothing but their fields; `jax.random.fold_in(key, case.draw)` draws anew.

    **Arguments:**

    - `cases`: what `mf.cases.grid` or `mf.cases.single` gives.
    - `full`: further cases for `verify --full`.
    - `accuracies`: factors for `mf.accuracy`, coarse to fine, at least two.
    - `ends`: "ok" (a run whose status is not ok leaves its claims undecided) or "any" (how it ends is the subject).
    - `slow`: run only with `--full` or when a claim on it is named.

    **Raises:** `ValueError` for no cases, fewer than two accuracies, or accuracies that do not decrease.
    """

    def decorate(function: Callable[..., Any]) -> Experiment:
        return Experiment(function, cases=cases, full=full, accuracies=accuracies, ends=ends, slow=slow)

    return decorate


def check_accuracies(of: str, given: Any) -> tuple[float, ...]:
    """Two or more positive factors that decrease; `of` is who asks."""
    factors = tuple(float(factor) for factor in given)
    falling = all(0 < fine < coarse for coarse, fine in itertools.pairwise(factors))
    if len(factors) < 2 or not falling or factors[0] <= 0:
        raise ValueError(
            f"{of}: accuracies must be two or more positive factors that decrease, as (1.0, 0.1), so that the "
            f"numerical error can be estimated; got {given!r}."
        )
    return factors


def _page(function: Callable[..., Any]) -> str:
    """The last part of the module's name, or of the file's where the module has none."""
    module = sys.modules.get(function.__module__)
    file = getattr(module, "__mirrorflow_file__", None) or getattr(module, "__file__", None)
    if function.__module__ == "__main__" or getattr(module, "__mirrorflow_file__", None):
        return pathlib.Path(file).stem.replace(".", "_") if file else "interactive"
    return function.__module__.rpartition(".")[2]
