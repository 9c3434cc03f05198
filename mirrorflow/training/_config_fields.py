"""What may stand under a key of a configuration, and how the rest is refused: in words that name table and key."""

import difflib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

REQUIRED = object()


class Field(NamedTuple):
    """What may stand under a key: `read` gives the value or None for what is not `allowed`.

    `default`: taken where the key is missing, `REQUIRED` if it must not be; None leaves it out. `traced`: a number that
    the compiled program is given, and does not hold.
    """

    allowed: str
    read: Callable[[Any], Any]
    default: Any = REQUIRED
    traced: bool = False

    def otherwise(self, default: Any) -> "Field":
        """The same with a default."""
        return self._replace(default=default)


def number(words: str, test: Callable[[float], bool]) -> Field:
    """A finite number that passes a test."""

    def read(value: Any) -> float | None:
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return float(value) if good and test(value) else None

    return Field(words, read, traced=True)


def integer(least: int) -> Field:
    """An integer that is at least that."""

    def read(value: Any) -> int | None:
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None

    return Field(f"an integer of at least {least}", read)


def choice(*names: str) -> Field:
    """One of these words."""
    return Field(f"one of {', '.join(map(repr, names))}", lambda value: value if value in names else None)


def several(inner: Field, least: int = 0) -> Field:
    """A list of such values, as a tuple."""

    def read(value: Any) -> tuple[Any, ...] | None:
        if not isinstance(value, list) or len(value) < least:
            return None
        made = tuple(map(inner.read, value))
        return None if any(entry is None for entry in made) else made

    many = f" of at least {least}" if least else ""
    return Field(f"a list{many}, each {inner.allowed}", read)


POSITIVE = number("a positive number", lambda value: value > 0)
NONNEGATIVE = number("a number of at least 0", lambda value: value >= 0)
ANY = number("a number", lambda value: True)
SHARE = number("a number from 0 to 1", lambda value: 0 <= value <= 1)
RATE = number("a number of at least 0 and below 1", lambda value: 0 <= value < 1)
OPEN_SHARE = number("a number between 0 and 1", lambda value: 0 < value < 1)._replace(traced=False)
DENSITY = number("a number above 0 and at most 1", lambda value: 0 < value <= 1)._replace(traced=False)
TEXT = Field("a text", lambda value: value if isinstance(value, str) and value else None)
SWITCH = Field("true or false", lambda value: value if isinstance(value, bool) else None)
WORDS = several(TEXT)


def read_table(place: str, given: Mapping[str, Any], fields: Mapping[str, Field], of: str = "") -> dict[str, Any]:
    """The values of a table, with defaults for keys that are missing.

    **Raises:** `ValueError` for a key that is unknown or missing, or a value that is not allowed.
    """
    known(f"{place} has no key", given, fields, of)
    values = {}
    for name, field in fields.items():
        if name not in given:
            if field.default is REQUIRED:
                raise ValueError(f"{place} must have a key {name!r}{of}: {field.allowed}.")
            values[name] = field.default
            continue
        values[name] = field.read(given[name])
        if values[name] is None:
            raise ValueError(f"{place} {name} must be {field.allowed}, got {given[name]!r}.")
    return {name: value for name, value in values.items() if value is not None}


def known(words: str, given: Collection[str], allowed: Collection[str], of: str = "") -> None:
    """`ValueError` for a name that is not allowed, with the nearest that is."""
    for name in given:
        if name not in allowed:
            raise ValueError(f"{words} {name!r}{of}; {nearest(name, list(allowed))}")


def nearest(name: str, allowed: Sequence[str]) -> str:
    """What may have been meant, and what there is."""
    close = difflib.get_close_matches(str(name), allowed, n=1)
    there = f"there {'is' if len(allowed) == 1 else 'are'} {', '.join(allowed) if allowed else 'none'}."
    return f"did you mean {close[0]!r}? {there[0].upper()}{there[1:]}" if close else there


def chosen(place: str, key: str, given: Any, variants: Mapping[str, Any], default: str | None = None) -> str:
    """Which variant a table is, by its `name` or `method`.

    **Raises:** `ValueError` if that is none of them.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"{place} must be a table, got {given!r}.")
    name = given.get(key, default)
    if name is None:
        raise ValueError(f"{place} must have a key {key!r}: one of {', '.join(variants)}.")
    if not isinstance(name, str) or name not in variants:
        raise ValueError(f"{place} {key} {name!r} is unknown; {nearest(name, list(variants))}")
    return name
