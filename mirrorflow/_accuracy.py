"""One ambient number that says how accurately everything inside it is computed."""

import contextlib
import contextvars
import math
from collections.abc import Iterator
from typing import Any

_factor: contextvars.ContextVar[Any] = contextvars.ContextVar("mirrorflow_accuracy", default=1.0)


def current() -> Any:
    """The factor in force, 1 outside every `accuracy` block."""
    return _factor.get()


@contextlib.contextmanager
def accuracy(factor: float) -> Iterator[float]:
    """Multiply every tolerance and every smoothing width used inside the block by `factor`.

    Effective tolerance = given (or default) tolerance × factor. Blocks nest by multiplication. Running the same
    code at `factor` 1 and 0.1 and comparing is how the numerical error of a result is estimated. The factor reaches
    compiled code as a traced number, so changing it compiles nothing.

    **Arguments:** `factor`: a positive number; below 1 is more accurate.

    **Raises:** `ValueError` if `factor` is not positive and finite.

    >>> with mf.accuracy(0.1):
    ...     with mf.accuracy(0.5) as factor:
    ...         print(factor)
    0.05
    """
    if not (math.isfinite(factor) and factor > 0):
        raise ValueError(f"accuracy: factor must be a positive finite number, got {factor!r}.")
    token = _factor.set(_factor.get() * float(factor))
    try:
        yield _factor.get()
    finally:
        _factor.reset(token)


@contextlib.contextmanager
def exactly(factor: Any) -> Iterator[None]:
    """Use `factor` in place of the ambient one: for compiled programs, into which it comes as a traced number."""
    token = _factor.set(factor)
    try:
        yield
    finally:
        _factor.reset(token)
