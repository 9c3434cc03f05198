"""All conjectures of this process: those defined in it, in installed packages that offer some, and in named files."""

import inspect
import pathlib
from typing import TYPE_CHECKING

from . import _loading
from ._experiment import Origin
from ._registry import matches, near

if TYPE_CHECKING:
    from ._conjecture import Conjecture


class UnknownConjecture(LookupError):
    """No conjecture has this name, or matches this pattern; the message has near ones."""


_known: dict[str, "Conjecture"] = {}


def register(made: "Conjecture") -> None:
    """List a conjecture; refuses a name that stands for another one."""
    known = _known.get(made.name)
    if known is not None and _place(known) != _place(made) and pathlib.Path(_file(made)).is_file():
        raise ValueError(
            f"There is a conjecture {made.name!r} already, with its check at {_place(known)}; "
            f"the one at {_place(made)} needs another name."
        )
    _known[made.name] = made


def conjectures(pattern: str = "*") -> list[str]:
    """Names of all conjectures that match a name, a page or a pattern, sorted; loads those of installed packages.

    >>> len(mf.claims.conjectures("conjectures/*")) >= 3
    True
    """
    _loading.load_installed()
    return sorted(name for name in _known if matches(name, pattern))


def conjecture(name: str) -> "Conjecture":
    """The conjecture of this name.

    **Raises:** `UnknownConjecture` with near names.
    """
    if name not in _known:
        _loading.load_installed()
    if name not in _known:
        raise UnknownConjecture(f"There is no conjecture {name!r}{near(name, _known)}")
    return _known[name]


def select_conjectures(pattern: str) -> "list[Conjecture]":
    """The conjectures that match a name or a pattern such as `my/*`; `my` alone means the page."""
    found = [_known[name] for name in conjectures(pattern)]
    if not found:
        raise UnknownConjecture(f"No conjecture matches {pattern!r}{near(pattern, _known)}")
    return found


def conjectures_of_file(path: str | pathlib.Path) -> "list[Conjecture]":
    """Run a Python file, unless it was run before, and give the conjectures it holds."""
    module = _loading.module_of_file(path)
    held = {id(value) for value in vars(module).values()}
    return [one for one in _known.values() if id(one) in held or one.check.__module__ == module.__name__]


def conjecture_at(name: str, origin: Origin) -> "Conjecture":
    """The conjecture of this name, read from where it was defined if nobody has read it yet.

    **Raises:** `UnknownConjecture` if it is not there, or was defined in a script or at a prompt that is not this one.
    """
    if name in _known:
        return _known[name]
    try:
        _loading.load(origin)
    except (FileNotFoundError, ModuleNotFoundError) as error:
        raise UnknownConjecture(
            f"The conjecture {name!r} was defined in {origin.where}, which is not there ({error}); "
            "name the file that holds it now."
        ) from error
    if origin.kind == "nowhere" and name not in _known:
        raise UnknownConjecture(
            f"The conjecture {name!r} was defined in a script or at a prompt; name the file that holds it, "
            "or define it here first."
        )
    return conjecture(name)


def _place(made: "Conjecture") -> str:
    code = getattr(inspect.unwrap(made.check), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(made.check)


def _file(made: "Conjecture") -> str:
    return _place(made).rpartition(":")[0]
