"""A study's table and figure, written where its records are."""

import pathlib
import sys

from .._files import write_atomically
from ..plotting import save, style
from ._results import Results
from ._tables import table


def written(results: Results, folder: pathlib.Path) -> list[pathlib.Path]:
    """Write NAME.md, and NAME.png and .pdf if the study draws, NAME-small for the small size; the files."""
    stem = results.study.name + ("" if results.full else "-small")
    write_atomically(folder / f"{stem}.md", table(results))
    return [folder / f"{stem}.md", *_drawn(results, stem, folder)]


def _drawn(results: Results, stem: str, folder: pathlib.Path) -> list[pathlib.Path]:
    if results.study.draw is None:
        return []
    import matplotlib

    if "matplotlib.pyplot" not in sys.modules:
        matplotlib.use("agg")
    import matplotlib.pyplot as plt

    with style():
        figure = results.study.draw(results)
        if figure is None or not hasattr(figure, "savefig"):
            raise ValueError(f"study {results.study.name}: draw must return a matplotlib figure, got {figure!r}.")
        files = save(figure, stem, folder)
        plt.close(figure)
    return files
