"""Drawing what a study found."""

import pathlib
import sys
from typing import Any

from ._style import save, style


def draw_study(results: Any, name: str, folder: pathlib.Path) -> list[pathlib.Path]:
    """Draw a study's results into `folder` as PNG and PDF; the files that were written."""
    import matplotlib

    if "matplotlib.pyplot" not in sys.modules:
        matplotlib.use("agg")
    import matplotlib.pyplot as plt

    with style():
        drawn = results.study.draw(results)
        files = save(drawn, name, folder)
        plt.close(drawn)
    return [pathlib.Path(file) for file in files]
