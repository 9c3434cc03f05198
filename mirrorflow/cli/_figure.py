"""`mirrorflow figure`."""

import difflib
import pathlib

import typer

from ..claims import Interrupted, verify_all
from ..claims._tasks import Call, prepare
from ..plotting import figure_names
from ._words import err, out, plural, refuse


def draw(names: list[str], *, everything: bool, seed: int, out: str, jobs: int | None) -> None:
    """Draw the named figures, or all."""
    known = figure_names()
    if not names and not everything:
        _list(known)
        return
    for name in names:
        _check(name, known)
    prepare()
    chosen = list(dict.fromkeys([*names, *(known if everything else [])]))
    folder = pathlib.Path(out)
    calls = [
        Call(
            words=f"drew {name}",
            module="mirrorflow.plotting",
            function="make",
            arguments={"name": name, "out": str(folder.resolve()), "seed": seed, "force": bool(names)},
        )
        for name in chosen
    ]
    try:
        session = verify_all([], seed=seed, out=folder, jobs=jobs, then=calls)
    except Interrupted as stop:
        err().print(f"Interrupted: {stop}.")
        raise typer.Exit(130) from None
    failed = [(call, done.failure) for call, done in session.called if done.failure]
    for _, done in session.called:
        for file in (done.value or {}).get("files", []):
            print(folder / "figures" / file)
    for call, failure in failed:
        err().print(f"[bold red]{call.arguments['name']} was not drawn:[/] {failure[0]}\n{failure[1]}", soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def _list(known: list[str]) -> None:
    if not known:
        refuse("There are no figures here.")
    out().print(f"{plural(len(known), 'figure')}: {', '.join(known)}. Name some, or use --all.", soft_wrap=True)
    raise typer.Exit(2)


def _check(name: str, known: list[str]) -> None:
    if name.endswith(".py"):
        if not pathlib.Path(name).is_file():
            refuse(f"There is no file {name!r}.")
    elif name not in known:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        refuse(f"There is no figure {name!r}; " + (f"did you mean {' or '.join(close)}?" if close else "see --all."))
