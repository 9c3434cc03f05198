"""A statement, where it comes from, the runs it is held against, and the wrong law that must fail on them."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from . import _registry
from ._comparison import Tolerance
from ._experiment import Experiment, Origin

STATUSES = ("proved", "published", "printed", "reconstructed", "derived here", "heuristic", "open")
EXPECTATIONS = ("holds", "refuted", "measured")
IN_PRINT = ("printed", "published")


@dataclasses.dataclass(frozen=True)
class Control:
    """The claim's comparison with some of its keyword arguments replaced."""

    words: str
    law: Mapping[str, Any]
    expects: str


class Claim:
    """What `mf.claim` makes of a comparing function; registered once it has a control."""

    def __init__(self, name: str, function: Callable[..., Any], **stated: Any) -> None:
        self.name = name
        self.function = function
        self.on: Experiment = stated["on"]
        self.statement: str = stated["statement"]
        self.source: str = stated["source"]
        self.status: str = stated["status"]
        self.tolerance: Tolerance = stated["tolerance"]
        self.expects: str = stated["expects"]
        self.across: bool | tuple[str, ...] = stated["across"]
        self.erratum: str = stated["erratum"]
        self.figure: str = stated["figure"]
        self.variables: dict[str, str] = stated["variables"]
        self.notes: str = stated["notes"]
        self.new: bool = stated["new"]
        self.controls: tuple[Control, ...] = ()
        self.origin = Origin.of(function.__module__)

    def __repr__(self) -> str:
        return f"Claim({self.name!r}, {self.status}, expects {self.expects})"

    def __call__(self, *arguments: Any, **law: Any) -> Any:
        """The comparison itself, on results given by hand."""
        return self.function(*arguments, **law)

    def __mirrorflow_digest__(self) -> Any:
        return self.name  # an experiment does not depend on what is claimed of it

    @property
    def page(self) -> str:
        """The page of the theory: what stands before the slash."""
        return self.name.partition("/")[0]

    @property
    def standing(self) -> str:
        """The status as it is shown: what must be refuted is called a reading, unless it is in print."""
        return "reading" if self.expects == "refuted" and self.status not in IN_PRINT else self.status

    @property
    def corrects_print(self) -> bool:
        """Whether `erratum` is one: what it corrects is in print."""
        return bool(self.erratum) and self.status in IN_PRINT

    @property
    def statement_of_doc(self) -> str:
        """The comparing function's docstring, in one line."""
        return " ".join((inspect.getdoc(self.function) or "").split())

    def control(self, words: str = "", **law: Any) -> "Claim":
        """Give the claim its control: the same comparison on the same runs with another law.

        For a claim that should hold the other law is deliberately wrong and must come out refuted. For one that should
        be refuted (a printed form) it is the corrected law and must hold. A claim may have several; it registers with
        its first.

        **Arguments:** `words`: what is wrong (or corrected), for the report; `law`: keyword arguments of the comparing
        function with the values to use instead of its defaults.

        **Returns:** the claim.

        **Raises:** `ValueError` if nothing is replaced, or an argument does not exist or keeps its default.
        """
        changeable = _law_of(self.function)
        if not law:
            raise ValueError(
                f"{self.name}: control needs the arguments that make the law wrong; {_options(changeable)}."
            )
        for name, value in law.items():
            if name not in changeable:
                raise ValueError(
                    f"{self.name}: the comparison has no argument {name!r} to replace; {_options(changeable)}."
                )
            if _same(value, changeable[name]):
                raise ValueError(f"{self.name}: the control's {name} is the claim's own, {value!r}; it must differ.")
        expects = "holds" if self.expects == "refuted" else "refuted"
        described = words or ", ".join(f"{name} = {_name(value)}" for name, value in law.items())
        self.controls += (Control(described, dict(law), expects),)
        _registry.register(self)
        return self


def claim(
    name: str,
    *,
    on: Any,
    statement: str,
    source: str,
    status: str,
    tolerance: Any,
    expects: str | None = None,
    across: bool | str | tuple[str, ...] = False,
    erratum: str = "",
    figure: str = "",
    variables: Mapping[str, str] | None = None,
    notes: str = "",
    new: bool | None = None,
) -> Callable[[Callable[..., Any]], Claim]:
    """Make a claim of a function that compares: `(case, result, **law) -> Comparison` or a dictionary of them.

    The keyword arguments are the law; their defaults state it, and `.control(...)` replaces some of them by something
    wrong. Without a control a claim does not register.

    **Arguments:**

    - `name`: `page/short-name`.
    - `on`: the experiment whose runs decide.
    - `statement`: LaTeX, without dollar signs.
    - `source`: "arXiv:2603.02064, Theorem 3", a page of the theory, or both.
    - `status`: "proved", "published", "printed", "reconstructed", "derived here", "heuristic" or "open".
    - `tolerance`: from `mf.tolerance`.
    - `expects`: "holds", "refuted" (a printed form that is wrong, a reading that fails) or "measured" (reported, never
      a failure). Default: "measured" for "heuristic" and "open", else "holds"; "printed" must say which.
    - `across`: True if the function takes all runs at once, `(runs, **law)`, as a fit over cases does; or the name(s)
      of the fields to go across, and there is one comparison for each combination of the others.
    - `erratum`: what is printed and what holds instead, shown on the paper's page; where nothing is printed (the
      status is neither "printed" nor "published") it is shown as what holds instead of this reading.
    - `figure`: the name of the figure that shows it.
    - `variables`: what the letters mean; `notes`: further words.
    - `new`: whether it is found in no paper (default: status "derived here").

    **Raises:** `ValueError` for a name without page, an unknown status or expectation, an `on` that is no experiment.
    """
    _registry.check_name("claim", name)
    if not isinstance(on, Experiment):
        raise ValueError(f"{name}: on must be what @mf.experiment made, got {type(on).__name__}: {on!r}.")
    _one_of(name, "status", status, STATUSES)
    if status == "printed" and expects is None:
        raise ValueError(
            f"{name}: status 'printed' leaves open which form this is; say expects='refuted' for the printed form."
        )
    settled = expects or ("measured" if status in ("heuristic", "open") else "holds")
    _one_of(name, "expects", settled, EXPECTATIONS)
    if not isinstance(tolerance, Tolerance):
        raise ValueError(f"{name}: tolerance must be mf.tolerance(value, because=...), got {tolerance!r}.")
    if not (statement.strip() and source.strip()):
        raise ValueError(f"{name}: statement (LaTeX) and source must not be empty.")
    stated = {
        "on": on,
        "statement": " ".join(statement.split()),
        "source": source,
        "status": status,
        "tolerance": tolerance,
        "expects": settled,
        "across": (across,) if isinstance(across, str) else across,
        "erratum": erratum,
        "figure": figure,
        "variables": dict(variables or {}),
        "notes": notes,
        "new": status == "derived here" if new is None else new,
    }

    def decorate(function: Callable[..., Any]) -> Claim:
        made = Claim(name, function, **stated)
        _registry.await_control(made)
        return made

    return decorate


def _one_of(name: str, argument: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name}: {argument} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")


def _law_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The comparing function's replaceable arguments with their defaults."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty or p.kind is p.KEYWORD_ONLY}


def _options(changeable: Mapping[str, Any]) -> str:
    if not changeable:
        return "give the comparing function keyword arguments with defaults that state the law"
    return f"it can replace {', '.join(changeable)}"


def _same(one: Any, other: Any) -> bool:
    try:
        return one is other or bool(one == other)
    except Exception:  # arrays and the like, for which equality is no single answer
        return False


def _name(value: Any) -> str:
    text = getattr(value, "__name__", None) or str(value)
    return "another function" if text == "<lambda>" else text
