"""Potentials as they are typed: `cosh`, `hyperbolic-entropy:0.01`."""

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from .. import potentials

Known = Mapping[str, tuple[Callable[..., Any], str]]

POTENTIALS: Known = {
    "quadratic": (potentials.Quadratic, ""),
    "power": (potentials.Power, "P"),
    "hyperbolic-entropy": (potentials.HyperbolicEntropy, "SCALE"),
    "cosh": (potentials.Cosh, ""),
    "hyperbolic-aware": (potentials.HyperbolicAware, "ALPHA"),
    "negative-entropy": (potentials.NegativeEntropy, ""),
}


def potential_named(words: str, option: str = "--potential", known: Known = POTENTIALS) -> Any:
    """The potential that an option names.

    **Raises:** `ValueError` with near names, or for a number that is missing or out of range.
    """
    name, colon, value = words.partition(":")
    if name not in known:
        close = difflib.get_close_matches(name, known, n=2, cutoff=0.4)
        near = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(known)}."
        raise ValueError(f"{option}: there is no {name!r}; {near}")
    make, parameter = known[name]
    if not parameter:
        if colon:
            raise ValueError(f"{option}: {name} has no number, got {words!r}.")
        return make()
    try:
        number = float(value)
    except ValueError:
        raise ValueError(
            f"{option}: write {name}:{parameter} with a number, such as {name}:1.5; got {words!r}."
        ) from None
    try:
        return make(number)
    except ValueError as error:
        raise ValueError(f"{option} {words}: {error}") from None
