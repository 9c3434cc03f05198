"""How the command line speaks: to people on the terminal, with signs that do not hang on colour."""

import pathlib
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

SIGNS = {"holds": "✓", "refuted": "✗", "undecided": "?"}


def out() -> Console:
    """What was asked for goes here."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120)


def err() -> Console:
    """Progress and complaints go here, so that what was asked for stays clean."""
    return Console(stderr=True, highlight=False)


def refuse(message: str) -> NoReturn:
    """Say what was wrong with the command and leave with code 2."""
    err().print(Text.assemble(("mirrorflow: ", "bold red"), message), soft_wrap=True)
    raise typer.Exit(2)


def check_folder(folder: pathlib.Path) -> None:
    """Make the output folder, or say that it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"--out: nothing can be written to {folder}: {error.strerror or error}.")


def outcome(record: dict[str, Any]) -> Text:
    """A verdict in a sign and a word; one that is not as expected says so."""
    word = record.get("outcome")
    if word is None:
        return Text("· not verified", "dim")
    shown = f"{SIGNS[word]} {word}"
    if word == "undecided":
        return Text(shown, "bold yellow" if record["failed"] else "yellow")
    if record["failed"]:
        return Text(shown, "bold red")
    return Text(shown, "green" if record["expects"] == "holds" else "cyan")


def expected(record: dict[str, Any]) -> Text:
    """Whether that is what was expected."""
    if record.get("outcome") is None:
        return Text("")
    if record["failed"]:
        return Text("NO", "bold red")
    if record["expects"] == "measured":
        return Text("measured", "dim")
    return Text("open" if record["outcome"] == "undecided" else "yes", "dim")


def number(value: Any, digits: int = 3) -> str:
    """A number in few characters, a dash for what is not known."""
    if value is None:
        return "—"
    if isinstance(value, bool | str):
        return str(value)
    return f"{value:.{digits}g}".replace("e-0", "e-").replace("e+0", "e+")


def plural(count: int, word: str) -> str:
    """`3 claims`, `1 claim`."""
    return f"{count} {word}{'' if count == 1 else 's'}"
