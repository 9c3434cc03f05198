"""The figure of a run: coefficients with the prediction drawn over them, and what goes to 0."""

import pathlib
import warnings

import numpy as np

from ... import plotting
from ._outcome import Found

SHOWN = 20
_LONGEST = 16


def largest(found: Found, count: int = SHOWN) -> np.ndarray:
    """The features that are largest in the flow or in the prediction, in that order."""
    sizes = np.maximum(np.abs(found.predicted), np.abs(found.measured))
    return np.argsort(-sizes, kind="stable")[:count]


def draw(found: Found, names: list[str], folder: pathlib.Path) -> list[pathlib.Path]:
    """Write `figure.png` and `figure.pdf` into the folder.

    **Raises:** `ImportError` that names the extra to install if matplotlib is missing.
    """
    try:
        import matplotlib
    except ImportError as error:  # pragma: no cover
        raise ImportError("The figure needs matplotlib: pip install 'mirrorflow[figures]'.") from error
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    with plotting.style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # names in scripts that the font does not have
        figure, (left, right) = plotting.canvas(1, 2, height=3.1, gridspec_kw={"width_ratios": [3, 2]})
        _coefficients(left, found, names)
        _curve(right, found)
        plotting.letters((left, right))
        paths = plotting.save(figure, "figure", folder)
        plt.close(figure)
    return paths


def _coefficients(axis, found: Found, names: list[str]) -> None:
    shown = largest(found)
    places = np.arange(len(shown))
    look = plotting.looks(1)[0]
    axis.axhline(0, color="0.6", linewidth=0.7)
    style = {"linestyle": "none", "color": look["color"], "marker": "o", "markersize": 6.5}
    style |= {"markerfacecolor": "white", "markeredgewidth": 1.4}
    axis.plot(places, found.measured[shown], **style, label="flow")
    axis.plot(places, found.predicted[shown], ".", color="black", markersize=4, label="predicted", zorder=5)
    labels = [_short(names[i]) for i in shown]
    turned = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"} if sum(map(len, labels)) > 40 else {}
    axis.set_xticks(places, labels, **turned)
    of = f"the {len(shown)} largest of {len(names)} features" if len(shown) < len(names) else "feature, by size"
    axis.set(xlabel=of, ylabel=found.quantity, xlim=(-0.7, len(shown) - 0.3))
    axis.legend()


def _curve(axis, found: Found) -> None:
    seen = np.isfinite(found.clock) & (found.curve > 0)
    look = plotting.looks(1)[0]
    log_time = found.clock[seen]
    if len(log_time) and log_time[-1] < 300:
        axis.loglog(np.exp(log_time), found.curve[seen], color=look["color"])
        axis.set_xlabel("time $t$ (loss units)")
    else:
        axis.loglog(log_time, found.curve[seen], color=look["color"])
        axis.set_xlabel(r"$\log t$ ($t$ in loss units)")
    axis.set_ylabel(found.curve_label)


def _short(name: str) -> str:
    """A name as a label: not too long, its dollar signs no mathematics."""
    return (name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…").replace("$", r"\$")
