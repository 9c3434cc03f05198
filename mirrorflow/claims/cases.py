"""The cases an experiment runs on: named values, their products and their unions; and the ranges of a conjecture's."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ._space import booleans, choices, integers, reals

__all__ = ["Case", "Cases", "booleans", "choices", "grid", "integers", "reals", "single"]


class Case:
    """Named values, read as attributes; `vars(case)` gives them as a dictionary. Cannot be changed.

    >>> case = mf.cases.Case(q=1.5, depth=3)
    >>> case.q, str(case)
    (1.5, 'q=1.5, depth=3')
    """

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"A case cannot be changed; make another one to give {name!r} the value {value!r}.")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # pickling and copying look for such names before the fields exist
            raise AttributeError(name)
        raise AttributeError(f"This case has no field {name!r}; it has {', '.join(self.__dict__) or 'no fields'}.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Case) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.__dict__)))

    def __str__(self) -> str:
        return ", ".join(f"{name}={_short(value)}" for name, value in self.__dict__.items())

    def __repr__(self) -> str:
        return f"Case({self})"

    def matches(self, **values: Any) -> bool:
        """Whether each named field has the given value."""
        return all(name in self.__dict__ and self.__dict__[name] == value for name, value in values.items())


class Cases(tuple[Case, ...]):
    """An ordered collection of cases; `+` joins two, `where` keeps some."""

    def __add__(self, other: Iterable[Case]) -> "Cases":  # type: ignore[override]
        return Cases((*self, *other))

    def where(self, keep: Callable[[Case], bool]) -> "Cases":
        """The cases for which `keep(case)` is true."""
        return Cases(case for case in self if keep(case))


def grid(**values: Any) -> Cases:
    """Every combination of the named values; the last name varies fastest.

    >>> len(mf.cases.grid(q=(1.0, 1.5, 2.0), depth=(2, 3)))
    6

    **Raises:** `ValueError` if no name is given or a name has no values.
    """
    if not values:
        raise ValueError("grid needs at least one name with its values, as in grid(q=(1.0, 2.0)); else use single().")
    columns = {name: _column(name, column) for name, column in values.items()}
    return Cases(
        Case(**dict(zip(columns, combination, strict=True))) for combination in itertools.product(*columns.values())
    )


def single(**fields: Any) -> Cases:
    """One case with these fields (or none).

    >>> list(mf.cases.single(q=1.0) + mf.cases.single(q=2.0, depth=3))
    [Case(q=1.0), Case(q=2.0, depth=3)]
    """
    return Cases([Case(**fields)])


def as_cases(given: Any) -> Cases:
    """`given` as `Cases`: cases, or dictionaries of their fields."""
    if isinstance(given, Case):
        return Cases([given])
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise ValueError(
            f"cases must come from mf.cases.grid or mf.cases.single, got {type(given).__name__}: {given!r}."
        )
    return Cases(_items(given))


def _items(given: Iterable[Any]) -> Iterator[Case]:
    for item in given:
        if isinstance(item, Case):
            yield item
        elif isinstance(item, Mapping):
            yield Case(**item)
        else:
            raise ValueError(f"cases must hold cases or dictionaries, got {type(item).__name__}: {item!r}.")


def _column(name: str, values: Any) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"grid: {name} must be a sequence of values, got {values!r}; write {name}=({values!r},).")
    column = tuple(values)
    if not column:
        raise ValueError(f"grid: {name} must have at least one value.")
    return column


def _short(value: Any) -> str:
    if isinstance(value, float):
        return repr(value) if abs(value) < 1e4 or abs(value) >= 1e16 else f"{value:.12g}"
    text = value.__name__ if callable(value) and hasattr(value, "__name__") else str(value)
    return text if len(text) <= 40 else text[:37] + "…"
