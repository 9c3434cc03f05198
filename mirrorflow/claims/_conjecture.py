"""A claim that somebody is not sure of, over a space of cases in which a counterexample can be looked for."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from . import _conjectures, _registry
from ._comparison import Tolerance
from ._experiment import ACCURACIES, Origin, check_accuracies
from ._space import AbstractDimension, Space

DEFAULT = Tolerance(
    1e-3, "none was stated: a thousandth of the scale is far above what the default accuracy of a run leaves open"
)


class Conjecture:
    """A statement and a check that compares, case by case, what it says with what is found.

    `check(**case, key=key)` is called with one value for each name of the space and a key of `jax.random`, at two
    accuracies (`mf.accuracy`), so that a gap below the numerical error is no counterexample. Data that it draws it
    draws with `key`; a check without a parameter `key` is not given one. Names and shapes that decide the structure of
    a program make it compile anew, which takes seconds: keep such ranges short, or pad with zeros and trace numbers.

    **Arguments:**

    - `name`: `page/short-name`.
    - `statement`: LaTeX, without dollar signs.
    - `space`: a dictionary from names to `mf.cases.integers`, `mf.cases.reals`, `mf.cases.choices` or
      `mf.cases.booleans`; the simple end of each is where counterexamples are shrunk to.
    - `check`: a function that returns an `mf.Comparison`, or a dictionary of them. An exception is reported with its
      case and refutes nothing; a number that is not finite decides nothing.
    - `source`: where it comes from, if from anywhere.
    - `tolerance`: from `mf.tolerance`; a thousandth of the comparison's scale if none is given.
    - `variables`: what the letters mean; `notes`: further words.
    - `accuracies`: factors for `mf.accuracy`, coarse to fine, at least two.

    **Raises:** `ValueError` for a name without page, an empty statement, a space that is empty or holds something else,
    a check that does not take the space's names.

    >>> square = mf.Conjecture(
    ...     "docs/square",
    ...     statement=r"n^2 \\le 40",
    ...     space={"n": mf.cases.integers(0, 100)},
    ...     check=lambda n: mf.Comparison(predicted=40.0, measured=n**2, relation="at most"),
    ... )
    >>> mf.claims.falsify(square, seed=0).counterexample.case
    {'n': 7}
    """

    def __init__(
        self,
        name: str,
        *,
        statement: str,
        space: Any,
        check: Any,
        source: str = "",
        tolerance: Any = None,
        variables: Mapping[str, str] | None = None,
        notes: str = "",
        accuracies: Any = ACCURACIES,
    ) -> None:
        _registry.check_name("Conjecture", name)
        if not (isinstance(statement, str) and statement.strip()):
            raise ValueError(f"{name}: statement (LaTeX) must not be empty.")
        if tolerance is not None and not isinstance(tolerance, Tolerance):
            raise ValueError(f"{name}: tolerance must be mf.tolerance(value, because=...), got {tolerance!r}.")
        self.name = name
        self.statement = " ".join(statement.split())
        self.space = _space(name, space)
        self.takes_key = _takes_key(name, check, self.space)
        self.check: Callable[..., Any] = check
        self.source = source
        self.tolerance: Tolerance = DEFAULT if tolerance is None else tolerance
        self.variables = dict(variables or {})
        self.notes = notes
        self.accuracies = check_accuracies("Conjecture", accuracies)
        self.origin = Origin.of(getattr(check, "__module__", None) or "__main__")
        _conjectures.register(self)

    def __repr__(self) -> str:
        return f"Conjecture({self.name!r}, over {', '.join(self.space)})"

    def __call__(self, **case: Any) -> Any:
        """The check itself, on a case and a key given by hand."""
        return self.check(**case)

    @property
    def statement_of_doc(self) -> str:
        """The check's docstring, in one line."""
        return " ".join((inspect.getdoc(self.check) or "").split())


def _space(name: str, given: Any) -> Space:
    if not isinstance(given, Mapping) or not given:
        raise ValueError(f"{name}: space must be a dictionary from names to ranges of mf.cases, got {given!r}.")
    for field, dimension in given.items():
        if not isinstance(dimension, AbstractDimension):
            raise ValueError(
                f"{name}: space[{field!r}] must come from mf.cases.integers, reals, choices or booleans, "
                f"got {type(dimension).__name__}: {dimension!r}."
            )
        if field == "key":
            raise ValueError(f"{name}: the name 'key' is kept for the key of jax.random that the check is given.")
    return Space(given)


def _takes_key(name: str, check: Any, space: Space) -> bool:
    """Whether the check has a parameter `key`; refuses one that cannot be called with the space's names."""
    if not callable(check):
        raise ValueError(f"{name}: check must be a function, got {type(check).__name__}: {check!r}.")
    signature = inspect.signature(check)
    everything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.parameters.values())
    takes_key = everything or "key" in signature.parameters
    try:
        signature.bind(**dict.fromkeys(space), **({"key": None} if takes_key else {}))
    except TypeError as error:
        raise ValueError(
            f"{name}: check must take the space's names ({', '.join(space)}) and, if it draws anything, key; "
            f"it is check{signature}: {error}."
        ) from None
    return takes_key
