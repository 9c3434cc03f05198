"""Checking a counterexample again."""

import os
import time
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from . import _conjectures, _provenance
from ._conjecture import Conjecture
from ._counterexample import Counterexample
from ._falsify import code_digest
from ._judge import undecided
from ._trial import attempt
from ._verdict import Verdict
from ._verify import require_float64
from .cases import Case


def replay(
    counterexample: Any,
    conjecture: Conjecture | None = None,
) -> Verdict:
    """Check a counterexample's case again, with its key and at every accuracy.

    **Arguments:**

    - `counterexample`: from `falsify`; or what its `to_dict` gave, or the file that its `save` wrote.
    - `conjecture`: the one to check it against; else the one of its name, read from where it was defined.

    **Returns:** a `Verdict`, whose outcome is "refuted" where the case still refutes, "holds" where it no longer does;
    `words` says so if the check's code is not what it was.

    **Raises:** `UnknownConjecture` if the conjecture is not to be found; `ValueError` for what is no counterexample, a
    case outside the conjecture's space, or if jax computes in single precision.
    """
    require_float64()
    held = _as_counterexample(counterexample)
    found = conjecture or _conjectures.conjecture_at(held.conjecture, held.origin)
    started = time.perf_counter()
    key = jax.random.wrap_key_data(jnp.asarray(held.key, jnp.uint32))
    trial = attempt(found, found.space.check(held.case), held.draw, key)
    failure = undecided(str(Case(**held.case)), "", found.tolerance, trial.reason, traceback=trial.traceback)
    return Verdict(
        name=found.name,
        outcome="undecided" if trial.outcome == "failed" else trial.outcome,
        rows=trial.rows or (failure,),
        expects="refuted",
        tolerance=found.tolerance.value,
        because=found.tolerance.because,
        reason=trial.reason,
        words="" if code_digest(found) == held.code else "the check's code is not what it was when this was found",
        status="conjecture",
        seed=held.seed,
        versions=_provenance.versions(),
        seconds=time.perf_counter() - started,
    )


def _as_counterexample(given: Any) -> Counterexample:
    if isinstance(given, Counterexample):
        return given
    if isinstance(given, Mapping):
        return Counterexample.from_dict(dict(given))
    if isinstance(given, str | os.PathLike):
        return Counterexample.load(given)
    raise ValueError(
        f"replay needs a counterexample, its dictionary or its file, got {type(given).__name__}: {given!r}."
    )
