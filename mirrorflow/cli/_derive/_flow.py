"""The flow's options, as `mf.derive.conservation_laws` takes them."""

from collections.abc import Mapping
from typing import Any

import sympy

from ... import potentials
from ...derive import Model
from .._potentials import POTENTIALS, potential_named
from ._formula import read

METRICS = {
    "entropy": POTENTIALS["negative-entropy"],
    "hyperbolic": POTENTIALS["hyperbolic-entropy"],
    **POTENTIALS,
    "log-barrier": (potentials.LogBarrier, ""),
}
_TIME = "t"


def decay_of(text: str | None) -> Any:
    """A word, or a rate.

    **Raises:** `ValueError` for other words and negative rates.
    """
    if text in (None, "l2", "coupled", "decoupled"):
        return text
    rate = _number(text)
    if rate is None or rate < 0:
        raise ValueError(f"--decay must be l2 (coupled), decoupled or a rate of at least 0, got {text!r}.")
    return rate


def momentum_of(text: str | None) -> Any:
    """A word, a damping, or an expression in t.

    **Raises:** `ValueError` for what is no formula, and negative numbers.
    """
    if text in (None, "heavy-ball", "nesterov"):
        return text
    try:
        names = read(text).names
        symbols = {name: sympy.Symbol(name, positive=True) for name in names}
        damping = read(text, symbols).expression
    except ValueError as error:
        raise ValueError(f"--momentum must be heavy-ball, nesterov or a damping such as 0.5 or 3/t: {error}") from None
    if damping.is_negative:
        raise ValueError(f"--momentum must be a damping of at least 0, got {text}.")
    return damping


def geometry_of(text: str | None) -> Any:
    """None for gradient flow, else the exponent q as a number or a symbol.

    **Raises:** `ValueError` for other words and numbers outside [1, 2].
    """
    if text in (None, "gradient"):
        return None
    if text == "sign":
        return 1.0
    q = _number(text)
    if q is None and text.isascii() and text.isidentifier():
        if text != "q":
            raise ValueError(f"--geometry must be gradient, sign, a number in [1, 2] or the symbol q, got {text!r}.")
        return sympy.Symbol(text, positive=True)
    if q is None or not 1 <= q <= 2:
        raise ValueError(f"--geometry must be gradient, sign, a number in [1, 2] or the symbol q, got {text!r}.")
    return None if q == 2 else float(q)


def metric_of(text: str | None) -> Any:
    """A potential for all parameters, or one for each array that is named: `outer=entropy,inner=cosh`.

    **Raises:** `ValueError` with near names.
    """
    if text is None:
        return None
    if "=" not in text:
        return potential_named(text, "--metric", METRICS)
    found = {}
    for part in text.split(","):
        array, equals, words = part.partition("=")
        if not equals or not array.strip():
            raise ValueError(f"--metric: write NAME, or ARRAY=NAME with commas between them; got {text!r}.")
        found[array.strip()] = potential_named(words.strip(), "--metric", METRICS)
    return found


def half_line(metric: Any) -> bool:
    """Whether one potential for all lives on the positive numbers only."""
    return metric is not None and not isinstance(metric, Mapping) and float(metric.domain[0]) >= 0


def check_names(model: Model, taken: Mapping[str, str]) -> None:
    """Refuse symbols that the flow's own would be confused with.

    **Raises:** `ValueError` with the name and what it stands for.
    """
    free = {str(symbol) for feature in model.features for symbol in feature.free_symbols}
    for name, meaning in taken.items():
        if name in free | {str(symbol) for symbol in model.variables}:
            raise ValueError(f"{name} is {meaning} here: call the symbol in the formula something else.")


def _number(text: str) -> sympy.Rational | None:
    try:
        value = read(text).expression
    except ValueError:
        return None
    return value if isinstance(value, sympy.Rational) else None
