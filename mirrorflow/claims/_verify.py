"""Verifying claims inside this process: what a script or a notebook calls."""

import os

import jax

from . import _registry
from ._claim import Claim
from ._hold import hold
from ._records import keep
from ._store import open_store, out_folder
from ._verdict import Verdict


def verify(
    claim: str | Claim, *, seed: int = 0, out: str | os.PathLike[str] | None = None, full: bool = False
) -> Verdict:
    """Hold one claim against its runs; those that are not stored yet are run here.

    **Arguments:**

    - `claim`: its name, or the claim itself.
    - `seed`: the experiment's key is `jax.random.key(seed)`.
    - `out`: output folder (default: `$MIRRORFLOW_OUT`, else `out` in the current folder).
    - `full`: also the cases that only a full run has.

    **Returns:** a `Verdict`, with `outcome`, `error`, `tolerance`, `control` and a row for every case.

    **Raises:** `UnknownClaim` with near names; `ValueError` if the claim has no control or jax computes in single
    precision.
    """
    found = _registry.get(claim) if isinstance(claim, str) else claim
    if not found.controls:
        raise ValueError(_registry.without_control(found))
    require_float64()
    verdict = hold(found, check_seed(seed), open_store(out), full=full)
    keep(verdict, out_folder(out))
    return verdict


def require_float64() -> None:
    """Refuse to check anything in single precision."""
    if not jax.config.read("jax_enable_x64"):
        raise ValueError("Claims are checked in double precision: call mf.enable_float64() before computing anything.")


def check_seed(seed: int) -> int:
    """A seed as a key takes it."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise ValueError(f"seed must be a whole number from 0 to 2147483647, got {seed!r}.")
    return seed
