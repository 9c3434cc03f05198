"""All claims of this process: those defined in it, in the installed packages that offer some, and in named files."""

import difflib
import fnmatch
import pathlib
from typing import TYPE_CHECKING, Any

from ._loading import load_installed, module_of_file

if TYPE_CHECKING:
    from ._claim import Claim


class UnknownClaim(LookupError):
    """No claim has this name, or matches this pattern; the message has near ones."""


_claims: dict[str, "Claim"] = {}
_waiting: dict[str, "Claim"] = {}  # no control yet
_papers: dict[str, str] = {}


def await_control(claim: "Claim") -> None:
    """Remember a claim that has no control yet; refuses a name that stands for another claim."""
    known = _claims.get(claim.name) or _waiting.get(claim.name)
    if known is not None and not _redefines(claim, known):
        raise ValueError(
            f"There is a claim {claim.name!r} already, at {_place(known)}; "
            f"the one at {_place(claim)} needs another name."
        )
    _claims.pop(claim.name, None)
    _waiting[claim.name] = claim


def register(claim: "Claim") -> None:
    """A claim that has its control becomes one that is listed and verified."""
    if _waiting.get(claim.name) is claim:
        del _waiting[claim.name]
        _claims[claim.name] = claim


def names(pattern: str = "*") -> list[str]:
    """Names of all registered claims that match, sorted; loads the claims of installed packages.

    >>> "steepest/balance" in mf.claims.names("steepest/*")
    True
    """
    load_installed()
    return sorted(name for name in _claims if matches(name, pattern))


def get(name: str) -> "Claim":
    """The claim of this name.

    **Raises:** `UnknownClaim` with near names; `ValueError` if the claim has no control.
    """
    if name not in _claims and name not in _waiting:
        load_installed()
    if name in _waiting:
        raise ValueError(without_control(_waiting[name]))
    if name not in _claims:
        raise UnknownClaim(f"There is no claim {name!r}{near(name, _claims)}")
    return _claims[name]


def select(pattern: str) -> list["Claim"]:
    """The claims that match a name or a pattern such as `steepest/*`; `steepest` alone means the page."""
    found = [_claims[name] for name in names(pattern)]
    if not found:
        waiting = [claim for name, claim in _waiting.items() if matches(name, pattern)]
        if waiting:
            raise ValueError(without_control(waiting[0]))
        if not _claims:
            raise UnknownClaim(f"No claim matches {pattern!r}: none are installed; name a Python file with claims.")
        raise UnknownClaim(f"No claim matches {pattern!r}{near(pattern, _claims)}")
    return found


def check_name(of: str, name: str) -> None:
    """Refuse a name that is not `page/short-name`."""
    page, slash, short = name.partition("/")
    if not (slash and page and short) or any(c.isspace() or c in "*?[]" for c in name) or "/" in short:
        raise ValueError(f"{of}: name must be 'page/short-name' without spaces or *?[], got {name!r}.")


def matches(name: str, pattern: str) -> bool:
    """Whether a claim's name matches a name, a page or a pattern."""
    return fnmatch.fnmatchcase(name, pattern) or name.partition("/")[0] == pattern.rstrip("/")


def near(word: str, known: Any) -> str:
    """How a sentence that does not know `word` ends: with the names that resemble it, or with its full stop."""
    pages = {name.partition("/")[0] for name in known}
    close = difflib.get_close_matches(word, [*known, *pages], n=3, cutoff=0.5)
    shorts = [name for name in known if word and word.strip("*/") in name]
    found = list(dict.fromkeys([*close, *shorts]))[:4]
    return f"; did you mean {' or '.join(map(repr, found))}?" if found else "."


def waiting() -> list["Claim"]:
    """Claims that have no control and so are not registered."""
    return list(_waiting.values())


def without_control(claim: "Claim") -> str:
    """What to say about a claim that has no control."""
    return (
        f"The claim {claim.name!r} at {_place(claim)} has no control and is not registered: "
        "call .control(...) on it with a deliberately wrong law, so that the comparison is known to notice one."
    )


def load_file(path: str | pathlib.Path) -> list["Claim"]:
    """Run a Python file and give the claims it registers (again, if it was loaded before)."""
    module = module_of_file(path)
    return [claim for claim in _claims.values() if claim.function.__module__ == module.__name__]


def paper(arxiv: str, title: str) -> None:
    """Give a paper's title to its number, for the command `mirrorflow paper` and the report."""
    _papers[arxiv] = title


def papers() -> dict[str, str]:
    """Titles of papers by arXiv number."""
    return dict(_papers)


def _redefines(claim: "Claim", known: "Claim") -> bool:
    """Whether a definition is run again: the same place, or the same name at a prompt or in a notebook."""
    one, other = claim.function, known.function
    if (one.__module__, one.__qualname__) != (other.__module__, other.__qualname__):
        return False
    code, before = one.__code__, other.__code__
    interactive = not pathlib.Path(code.co_filename).is_file()
    return interactive or (code.co_filename, code.co_firstlineno) == (before.co_filename, before.co_firstlineno)


def _place(claim: "Claim") -> str:
    code = claim.function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"
