"""From what is typed to claims: names, pages, patterns, files, and FILE::NAME."""

import pathlib
import traceback

from ..claims import Claim, UnknownClaim, load_file
from ..claims._loading import load_errors
from ..claims._registry import matches, select, waiting, without_control
from ._words import err, refuse


def choose(targets: list[str]) -> list[Claim]:
    """The claims that the targets name, each once, in the order named; refuses what does not exist."""
    before = {claim.name for claim in waiting()}
    chosen: dict[str, Claim] = {}
    for target in sorted(targets or ["*"], key=lambda target: not is_file(target)):  # names may be of claims in files
        for claim in _claims_of(target):
            chosen[claim.name] = claim
    incomplete = [claim for claim in waiting() if claim.name not in before]
    named_files = any(is_file(target) for target in targets)
    if incomplete and (named_files or not targets):
        refuse("\n".join(without_control(claim) for claim in incomplete))
    return list(chosen.values())


def is_file(target: str) -> bool:
    """Whether a target names a Python file."""
    return target.partition("::")[0].endswith(".py")


def complain() -> bool:
    """Say which installed modules of claims could not be read; whether there are any."""
    errors = load_errors()
    for error in errors:
        err().print(f"[bold red]mirrorflow:[/] {error.where} could not be read: {error.words}", soft_wrap=True)
    return bool(errors)


def _claims_of(target: str) -> list[Claim]:
    path, _, name = target.partition("::")
    try:
        if not is_file(target):
            return select(target)
        found = load_file(path)
    except FileNotFoundError as error:
        refuse(f"{error}{neighbours(path)}")
    except (UnknownClaim, ValueError) as error:
        refuse(str(error))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        refuse(f"{path} could not be read: {type(error).__name__}: {error} ({last.filename}:{last.lineno})")
    kept = [claim for claim in found if not name or matches(claim.name, name)]
    if not kept and not _waiting_in(path):
        others = ", ".join(claim.name for claim in found) or "none"
        refuse(f"{path} has no claim {name!r}; it has {others}." if name else f"{path} registers no claim.")
    return kept


def _waiting_in(path: str) -> bool:
    file = str(pathlib.Path(path).resolve())
    return any(claim.function.__code__.co_filename == file for claim in waiting())


def neighbours(path: str, kind: str = "*.py") -> str:
    """Half a sentence with the files that a mistyped path may mean."""
    import difflib

    folder = pathlib.Path(path).parent
    names = [file.name for file in folder.glob(kind)] if folder.is_dir() else []
    close = difflib.get_close_matches(pathlib.Path(path).name, names, n=3)
    return f" Did you mean {' or '.join(str(folder / name) for name in close)}?" if close else ""
