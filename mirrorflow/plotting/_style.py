"""How every figure looks: readable in print, in grey and without telling red from green.

Colours are Okabe and Ito's, ordered so that neighbours also differ in lightness; lines of different cases differ in
dashes and markers as well. What theory predicts is drawn in black, thin, over what was measured.
"""

import contextlib
import itertools
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#4D4D4D", "#CC79A7")
DASHES = ("-", (0, (6, 1.5)), (0, (3, 1.2)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), (0, (8, 1, 3, 1)), "-")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
PREDICTED = {"color": "black", "linewidth": 0.9, "linestyle": (0, (4, 2)), "zorder": 5}

SINGLE, DOUBLE = 3.4, 7.0  # inches: one column, two columns

_SETTINGS = {
    "figure.dpi": 120,
    "savefig.dpi": 200,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.04,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "font.family": "serif",
    "font.serif": ["STIXGeneral"],
    "mathtext.fontset": "stix",
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.direction": "out",
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "image.cmap": "cividis",
    "pdf.fonttype": 42,
    "svg.hashsalt": "mirrorflow",
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in the style of the package inside this block."""
    import matplotlib as mpl

    settings: Any = _SETTINGS | {"axes.prop_cycle": cycler()}
    with mpl.rc_context(settings):
        yield


def cycler() -> Any:
    """The cycle of colours, each with its dashes."""
    from cycler import cycler as make

    return make(color=COLOURS) + make(linestyle=DASHES)


def looks(count: int) -> list[dict[str, Any]]:
    """Colour, dashes and marker for each of `count` cases, the same in every figure."""
    cycle = itertools.cycle(zip(COLOURS, DASHES, MARKERS, strict=True))
    return [
        {"color": colour, "linestyle": dashes, "marker": marker}
        for (colour, dashes, marker), _ in zip(cycle, range(count), strict=False)
    ]


def canvas(rows: int = 1, columns: int = 1, *, width: float = DOUBLE, height: float | None = None, **more: Any) -> Any:
    """A figure and its axes, `width` inches wide (`SINGLE` or `DOUBLE` column), in the package's style.

    **Returns:** `(figure, axes)` as `matplotlib.pyplot.subplots` does.
    """
    import matplotlib.pyplot as plt

    size = (width, height or rows * max(2.1, 0.72 * width / columns) if columns > 1 else height or rows * 0.72 * width)
    return plt.subplots(rows, columns, figsize=size, **more)


def predicted(axes: "Axes", x: Any, y: Any, label: str | None = "predicted", **more: Any) -> None:
    """Draw what theory says over what was measured: thin, black, dashed."""
    axes.plot(np.asarray(x), np.asarray(y), label=label, **{**PREDICTED, **more})


def letters(axes: Any) -> None:
    """Mark panels (a), (b), … at their upper left."""
    for letter, panel in zip("abcdefghijklmnop", np.ravel(np.asarray(axes, dtype=object)), strict=False):
        panel.set_title(f"({letter})", loc="left", fontweight="bold")


def save(figure: "Figure", name: str, folder: str | pathlib.Path) -> list[pathlib.Path]:
    """Write `name.png` and `name.pdf` into `folder`, without a date, so that the same figure is the same file.

    **Raises:** `ValueError` if an axis that shows data has no label.
    """
    check_labels(figure, name)
    target = pathlib.Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = [target / f"{name}.{kind}" for kind in ("png", "pdf")]
    figure.savefig(paths[0], metadata={"Software": "mirrorflow"})
    layout = figure.get_layout_engine()
    figure.set_layout_engine("none")  # found already, for the first file
    figure.savefig(paths[1], metadata={"CreationDate": None, "Creator": "mirrorflow"})
    figure.set_layout_engine(layout)
    return paths


def check_labels(figure: "Figure", name: str) -> None:
    """Refuse a figure with an axis nobody can read: data, tick labels, and no axis label."""
    for panel in figure.axes:
        if not panel.has_data() or panel.get_label() == "<colorbar>" or not panel.axison:
            continue
        for axis, words in ((panel.xaxis, _own_or_shared(panel, "x")), (panel.yaxis, _own_or_shared(panel, "y"))):
            if not words and any(label.get_visible() for label in axis.get_ticklabels()):
                which = f"{axis.axis_name} axis of {panel.get_title('left') or panel.get_title() or 'a panel'}"
                raise ValueError(f"figure {name}: the {which} has no label; say what it shows, with its unit.")


def _own_or_shared(panel: "Axes", which: str) -> str:
    siblings = getattr(panel, f"get_shared_{which}_axes")().get_siblings(panel)
    own = getattr(panel, f"get_{which}label")()
    whole = panel.figure.get_supxlabel() if which == "x" else panel.figure.get_supylabel()
    return own or whole or "".join(getattr(other, f"get_{which}label")() for other in siblings if other is not panel)
