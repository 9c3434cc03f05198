"""Figure scripts: finding them, drawing them from the store, and running one by itself.

A figure is a module with a docstring (first line: its title; the rest: its caption) and

    EXPERIMENTS = [diagonal]          what it is drawn from
    CLAIMS = ["steepest/balance"]     what it illustrates
    def draw(data): ...               data[diagonal] are the runs; returns a matplotlib figure

and optionally `NAME` (default: the file's name with hyphens). It ends with

    if __name__ == "__main__":
        plotting.main()
"""

import dataclasses
import hashlib
import importlib
import json
import os
import pathlib
import pkgutil
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from .._files import write_atomically
from ..claims import Experiment, Runs
from ..claims._digest import digest
from ..claims._experiment import Unit
from ..claims._loading import module_of_file
from ..claims._registry import near
from ..claims._runs import runs_of
from ..claims._store import out_folder
from ._style import save, style

FOLDER = "mirrorflow.content.figures"


class UnknownFigure(LookupError):
    """There is no figure of this name; the message has near ones."""


class Data(Mapping[Experiment, Runs]):
    """The runs of each experiment of a figure, read from the store (and run, if missing) when first asked for."""

    def __init__(self, experiments: list[Experiment], seed: int, out: str | os.PathLike[str] | None) -> None:
        self.seed, self.out = seed, out
        self._runs: dict[Experiment, Runs | None] = dict.fromkeys(experiments)

    def __getitem__(self, experiment: Experiment) -> Runs:
        if experiment not in self._runs:
            raise KeyError(f"{experiment!r} is not among the figure's EXPERIMENTS.")
        found = self._runs[experiment]
        if found is None:
            found = self._runs[experiment] = runs_of(experiment, self.seed, out=self.out, full=False, accuracy=None)
        return found

    def __iter__(self):
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure script."""

    name: str
    title: str
    caption: str
    experiments: list[Experiment]
    claims: list[str]
    draw: Callable[[Data], Any]
    script: str


def figure_names() -> list[str]:
    """Names of all figures, found without importing them."""
    return sorted(stem.replace("_", "-") for stem in _stems())


def figure_of(name: str) -> Figure:
    """The figure of this name, or in this file.

    **Raises:** `UnknownFigure` with near names; `ValueError` if the module is not a figure script.
    """
    if name.endswith(".py"):
        return _read(module_of_file(name))
    stem = name.replace("-", "_")
    if stem not in _stems():
        raise UnknownFigure(f"There is no figure {name!r}{near(name, figure_names())}")
    return _read(importlib.import_module(f"{FOLDER}.{stem}"))


def make(name: str, *, out: str | os.PathLike[str] | None = None, seed: int = 0, force: bool = False) -> dict[str, Any]:
    """Draw a figure into `out/figures` as PNG and PDF; one that is there and up to date is left as it is.

    **Returns:** what is known about it: name, title, caption, claims, seed, files.
    """
    return _make(figure_of(name), out, seed, force)


def make_for(name: str, claims: list[str], out: str, seed: int) -> dict[str, Any] | None:
    """Draw a figure if it illustrates one of these claims."""
    figure = figure_of(name)
    return _make(figure, out, seed, force=False) if set(claims) & set(figure.claims) else None


def made(out: str | os.PathLike[str] | None = None) -> list[dict[str, Any]]:
    """What is known about every figure that has been drawn into `out/figures`."""
    found = []
    for path in sorted((out_folder(out) / "figures").glob("*.json")):
        about = json.loads(path.read_text("utf-8"))
        if all((path.parent / file).is_file() for file in about["files"]):
            found.append(about)
    return found


def main() -> None:
    """What a figure script does when it is run by itself: draw itself into `out/figures` and say where."""
    import argparse

    from .. import enable_compile_cache, enable_float64

    figure = _read(sys.modules["__main__"])
    parser = argparse.ArgumentParser(description=figure.title)
    parser.add_argument("--out", default=None, help="output folder (default: out)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the experiments (default: 0)")
    arguments = parser.parse_args()
    enable_float64()
    enable_compile_cache()
    about = _make(figure, arguments.out, arguments.seed, force=True)
    for file in about["files"]:
        print(out_folder(arguments.out) / "figures" / file)


def _make(figure: Figure, out: str | os.PathLike[str] | None, seed: int, force: bool) -> dict[str, Any]:
    folder = out_folder(out) / "figures"
    note = folder / f"{figure.name}.json"
    determined = _determined(figure, seed)
    if not force and note.is_file():
        about = json.loads(note.read_text("utf-8"))
        if about.get("digest") == determined and all((folder / file).is_file() for file in about["files"]):
            return about
    import matplotlib

    if "matplotlib.pyplot" not in sys.modules:
        matplotlib.use("agg")
    import matplotlib.pyplot as plt

    with style():
        drawn = figure.draw(Data(figure.experiments, seed, out))
        if drawn is None or not hasattr(drawn, "savefig"):
            raise ValueError(f"figure {figure.name}: draw(data) must return a matplotlib figure, got {drawn!r}.")
        files = [path.name for path in save(drawn, figure.name, folder)]
        plt.close(drawn)
    about = {
        "name": figure.name,
        "title": figure.title,
        "caption": figure.caption,
        "claims": figure.claims,
        "seed": seed,
        "script": figure.script,
        "digest": determined,
        "files": files,
    }
    write_atomically(note, json.dumps(about, indent=1, ensure_ascii=False))
    return about


def _determined(figure: Figure, seed: int) -> str:
    """The digest of everything a figure is drawn from."""
    total = hashlib.sha256(digest(figure.draw, home="mirrorflow").encode())
    total.update(repr((figure.title, figure.caption, figure.claims)).encode())
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        total.update(path.read_bytes())
    for experiment in figure.experiments:
        code = experiment.code_digest()
        for case in experiment.cases:
            total.update(Unit(experiment, case, experiment.accuracies[-1], seed, code).digest.encode())
    return total.hexdigest()


def _read(module: types.ModuleType) -> Figure:
    path = _file(module)
    draw = getattr(module, "draw", None)
    words = (module.__doc__ or "").strip()
    if path is None or not callable(draw) or not words:
        raise ValueError(
            f"{path or module.__name__} is not a figure script: it needs a docstring (first line: title), "
            "EXPERIMENTS, CLAIMS and a function draw(data) that returns a matplotlib figure."
        )
    title, _, caption = words.partition("\n")
    return Figure(
        name=getattr(module, "NAME", path.stem.replace("_", "-")),
        title=title.rstrip("."),
        caption=" ".join(caption.split()),
        experiments=list(getattr(module, "EXPERIMENTS", [])),
        claims=list(getattr(module, "CLAIMS", [])),
        draw=draw,
        script=f"{path.parent.name}/{path.name}",
    )


def _stems() -> list[str]:
    package = importlib.import_module(FOLDER)
    return [found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_")]


def _file(module: types.ModuleType) -> pathlib.Path | None:
    file = getattr(module, "__file__", None)
    return pathlib.Path(file).resolve() if file else None
