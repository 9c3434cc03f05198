"""The pictures of `scale_and_decay`.

Each is two SVGs, one above the other: a frame with axes, words and legend, which is drawn once for each choice of
axes, and a layer with what a new run moves. Words cost most of the time that drawing takes.
"""

import base64
import io

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.demos._scale_and_decay import FEATURES, PICTURE, SEEDS, WINDOW, Run, all_limits, data, landscape

BLUE, ORANGE, GREEN = plotting.COLOURS[:3]
DARK = plotting.COLOURS[5]
PATH = {"color": BLUE, "linestyle": "-", "linewidth": 1.8}
OTHERS = {"color": ORANGE, "linestyle": "-", "linewidth": 1.0}
FLOW = {"color": BLUE, "marker": "o", "linestyle": "none", "markersize": 5.5, "zorder": 5}
RING = {"color": "black", "marker": "o", "linestyle": "none", "markersize": 9, "fillstyle": "none", "zorder": 6}
SPARSE = {"color": GREEN, "marker": "^", "linestyle": "none", "markersize": 6.5, "zorder": 4}
LEAST = {"color": ORANGE, "marker": "s", "linestyle": "none", "markersize": 5.5, "zorder": 4}
GHOST = {"color": DARK, "marker": "D", "linestyle": "none", "markersize": 7, "fillstyle": "none", "zorder": 4}
TRUTH = {"color": "#E2E2E2", "linewidth": 0}
WIDTH, HEIGHT = 5.4, 2.65  # inches
ENDS = tuple(np.outer(10.0 ** np.arange(5), [3.0, 10.0]).flat)  # of the time axis
LOG1P = {"value": "function", "functions": (np.log1p, np.expm1)}  # the clock the flow is integrated in
MARKS = {  # what a legend says of each mark
    "least": (LEAST, r"least $\|x\|_2$"),
    "sparse": (SPARSE, r"least $\|x\|_1$"),
    "predicted": (RING, "predicted limit"),
    "flow": (FLOW, "flow, at rest"),
}


class Panel:
    """A frame and a layer with the same axes."""

    def __init__(self, words: str, rows: int = 1, **more) -> None:
        self.words = words
        with plotting.style():
            self.frame, axes = plotting.canvas(rows, 1, width=WIDTH, height=HEIGHT, squeeze=False, **more)
        self.axes = list(axes[:, 0])

    def settle(self) -> None:
        """Lay the frame out, and put the layer's axes where the frame's are."""
        from matplotlib.figure import Figure

        with plotting.style():
            self.frame.draw_without_rendering()
            self.frame.set_layout_engine("none")
            self.layer = Figure(figsize=(WIDTH, HEIGHT))
            self.layer.set_layout_engine("none")
            self.layer.patch.set_visible(False)
            self.above = [self.layer.add_axes(axes.get_position()) for axes in self.axes]
        for axes in self.above:
            axes.set_axis_off()
        self.backgrounds: dict[tuple, str] = {}  # the frame drawn with these limits

    def line(self, row: int = 0, **look):
        """Something that moves."""
        return self.above[row].plot([], [], **look)[0]

    def background(self) -> str:
        """The frame, drawn once for each choice of axes."""
        limits = tuple((*axes.get_xlim(), *axes.get_ylim()) for axes in self.axes)
        if limits not in self.backgrounds:
            self.backgrounds[limits] = _svg(self.frame)
        return self.backgrounds[limits]

    def html(self) -> str:
        """The frame and above it the layer."""
        for axes, above in zip(self.axes, self.above, strict=True):
            above.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())
        return (
            f'<div class="panel"><img alt="{self.words}" src="{self.background()}">'
            f'<img class="layer" alt="" src="{_svg(self.layer)}"></div>'
        )


def _svg(figure) -> str:
    with plotting.style():
        file = io.BytesIO()
        figure.savefig(file, format="svg", bbox_inches=figure.bbox_inches, metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode()}"


def _legend(axes, looks, **more) -> None:
    for look, label in looks:
        axes.plot([], [], **look, label=label)
    axes.legend(handlelength=1.6, columnspacing=1.2, handletextpad=0.5, **more)


class Plane(Panel):
    """Two coefficients: the line of interpolators, the path, and the level line of R_∞ that touches the line."""

    def __init__(self) -> None:
        super().__init__("Two coefficients: the path ends where a level line of the potential touches the line Ax=b")
        (axes,) = self.axes
        low, high = WINDOW
        with plotting.style():
            ends = np.array([low[0], high[0]])
            (a, b), (target,) = PICTURE.design[0], PICTURE.target
            axes.plot(ends, (target - a * ends) / b, color=DARK, linewidth=1.3, label="$Ax=b$")
            _legend(axes, [(PATH, "flow $x_t$"), *(MARKS[name] for name in ("least", "sparse", "predicted"))])
            axes.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(low[0], high[0]), ylim=(low[1], high[1]))
            axes.set_title(r"(a) two coefficients, with level lines of $R_{\rho_\infty}$", loc="left")
        self.settle()
        self.lines = None
        self.path = self.line(**PATH)
        self.sparse, self.least = self.line(**SPARSE), self.line(**LEAST)
        self.flow, self.ring = self.line(**FLOW), self.line(**RING)

    def __call__(self, run: Run) -> str:
        """Move to another run."""
        points, heights, top = landscape(run)
        bottom = heights.min()
        if self.lines is not None:
            self.lines.remove()
        self.lines = self.above[0].contour(
            *np.moveaxis(points, -1, 0),
            heights,
            levels=bottom + (top - bottom) * np.array([0.25, 0.5, 0.75, 1.0]),
            colors=[*["#AAAAAA"] * 3, "black"],
            linewidths=[0.8, 0.8, 0.8, 1.0],
            zorder=1,
        )
        self.path.set_data(*np.asarray(run.path.x).T)
        self.sparse.set_data(*run.data.sparse[:, None])
        self.least.set_data(*run.data.least[:, None])
        self.flow.set_data(*run.limit[:, None])
        self.ring.set_data(*run.predicted[:, None])
        return self.html()


class Path(Panel):
    """All coefficients over time, and below them the scale, which the decay shrinks for good."""

    def __init__(self) -> None:
        super().__init__(
            "Twelve coefficients over time, and the scale over time, which falls while there is decay",
            rows=2,
            sharex=True,
            gridspec_kw={"height_ratios": [2, 1]},
        )
        upper, lower = self.axes
        with plotting.style():
            upper.set_xscale(**LOG1P)
            looks = [
                (PATH, "on the truth's support"),
                (OTHERS, "off it"),
                (RING | {"markersize": 7}, "predicted limit"),
            ]
            _legend(upper, looks, loc="lower center", ncols=3)
            upper.set(ylabel="$x_t$", ylim=(-1.6, 1.6))
            upper.set_title("(b) twelve coefficients and the scale, decay in the grey time", loc="left")
            lower.set(xlabel="time $t$", ylabel=r"$\rho_t$", yscale="log", ylim=(3e-6, 30))
            lower.set_yticks([1e-5, 1e-2, 10])
            lower.minorticks_off()
            self._until(1000.0)
        self.settle()
        for axes in self.above:
            axes.set_xscale(**LOG1P)
        self.above[1].set_yscale("log")
        self.spans = [axes.axvspan(0, 1, color="#BBBBBB", alpha=0.4, linewidth=0, zorder=0) for axes in self.above]
        self.lines = [self.line() for _ in range(FEATURES)]
        self.ring = self.line(**RING | {"markersize": 7, "clip_on": False})
        self.measured = self.line(1, **PATH | {"linewidth": 2.4})
        self.predicted = self.line(1, **plotting.PREDICTED)
        for end in ENDS:
            self._until(end)
            self.background()

    def _until(self, end: float) -> None:
        """The time axis up to the next of 3, 10, 30, 100, …"""
        last = min(last for last in (*ENDS, 10 * end) if last >= end)
        if self.axes[1].get_xlim() != (0, last):
            ticks = [0.0, 1.0, *10.0 ** np.arange(1, np.floor(np.log10(last)) + 1)]
            self.axes[1].set_xticks(
                ticks, [f"{tick:g}" if tick < 1e4 else f"$10^{np.log10(tick):.0f}$" for tick in ticks]
            )
            self.axes[1].set_xlim(0, last)

    def __call__(self, run: Run) -> str:
        """Move to another run."""
        time, x = np.asarray(run.path.time), np.asarray(run.path.x)
        self._until(time[-1])
        end = self.axes[1].get_xlim()[1]  # at rest from the last point on
        for line, values, true in zip(self.lines, x.T, np.asarray(run.data.problem.truth), strict=True):
            line.set_data([*time, end], [*values, values[-1]])
            line.set(**(PATH if true else OTHERS), zorder=3 if true else 2)
        self.ring.set_data(np.full(FEATURES, end), run.predicted)
        self.measured.set_data([*time, end], [*run.scale_measured, run.scale_measured[-1]])
        self.predicted.set_data([*time, end], [*run.scale_predicted, run.scale_predicted[-1]])
        for span in self.spans:
            span.set_width(run.switch)
            span.set_visible(run.strength > 0)
        return self.html()


class Coefficients(Panel):
    """The limit, coefficient by coefficient."""

    def __init__(self) -> None:
        super().__init__("Each coefficient of the limit: the flow's, the predicted one, and those of least norm")
        (axes,) = self.axes
        self.places = 1 + np.arange(FEATURES)
        with plotting.style():
            axes.bar([0], [0], **TRUTH, label="truth")
            _legend(axes, MARKS.values(), loc="lower center", ncols=5)
            axes.set(xlabel="coefficient $i$", ylabel="$x_i$", ylim=(-1.6, 1.3), xlim=(0.3, FEATURES + 0.7))
            axes.set_xticks(self.places)
            axes.set_title("(c) where it ends, coefficient by coefficient", loc="left")
        self.settle()
        self.truth = self.above[0].bar(self.places, np.zeros(FEATURES), width=0.9, **TRUTH)
        self.sparse, self.least = self.line(**SPARSE), self.line(**LEAST)
        self.flow, self.ring = self.line(**FLOW), self.line(**RING)

    def __call__(self, run: Run) -> str:
        """Move to another run."""
        for bar, height in zip(self.truth, np.asarray(run.data.problem.truth), strict=True):
            bar.set_height(height)
        self.sparse.set_data(self.places - 0.27, run.data.sparse)
        self.least.set_data(self.places + 0.27, run.data.least)
        self.flow.set_data(self.places, run.limit)
        self.ring.set_data(self.places, run.predicted)
        return self.html()


class Between(Panel):
    """Where the limit lies between the interpolators of least ℓ2 and of least ℓ1 norm."""

    def __init__(self) -> None:
        super().__init__("The two norms of the limit, on the curve from the least l2 to the least l1 norm")
        (axes,) = self.axes
        with plotting.style():
            looks = [
                (plotting.PREDICTED, r"limits for all $\rho_\infty$"),
                MARKS["least"],
                MARKS["sparse"],
                (GHOST, "same start, no decay"),
                MARKS["flow"],
            ]
            _legend(axes, looks, loc="upper right")
            axes.set(xlabel=r"$\|x\|_2$ / least", ylabel=r"$\|x\|_1$ / least")
            axes.set_title(r"(d) between least $\ell_2$ and least $\ell_1$ norm", loc="left")
            axes.set(xlim=(1, 1.5), ylim=(1, 1.5))
        self.settle()
        self.curve = self.line(**plotting.PREDICTED)
        self.sparse, self.least, self.ghost = self.line(**SPARSE), self.line(**LEAST), self.line(**GHOST)
        self.flow = self.line(**FLOW | {"markersize": 8})

        for seed in SEEDS:
            self._limits(data(seed).excess(all_limits(seed)))
            self.background()

    def _limits(self, curve: np.ndarray) -> None:
        right, top = curve.max(axis=0) - 1
        self.axes[0].set(xlim=(1 - 0.05 * right, 1 + 1.1 * right), ylim=(1 - 0.08 * top, 1 + 1.1 * top))

    def __call__(self, run: Run, seed: int) -> str:
        """Move to another run."""
        curve = run.data.excess(all_limits(seed))
        self.curve.set_data(*curve.T)
        self.sparse.set_data(*run.data.excess(run.data.sparse)[:, None])
        self.least.set_data(*run.data.excess(run.data.least)[:, None])
        self.ghost.set_data(*run.data.excess(run.without_decay)[:, None])
        self.flow.set_data(*run.data.excess(run.limit)[:, None])
        self._limits(curve)
        return self.html()


class Pictures:
    """All four, in the order of a page."""

    def __init__(self) -> None:
        self.plane, self.path, self.coefficients, self.between = Plane(), Path(), Coefficients(), Between()

    def __call__(self, two: Run, twelve: Run, seed: int) -> str:
        """HTML of the run on two coefficients and of that on twelve."""
        panels = [self.plane(two), self.path(twelve), self.coefficients(twelve), self.between(twelve, seed)]
        return f'<div class="panels">{"".join(panels)}</div>'


STYLE = """<style>
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(max(340px, 40%), 1fr)); gap: 4px 12px; }
.panel { position: relative; background: white; }
.panel img { display: block; width: 100%; height: auto; margin: 0; }
.panel .layer { position: absolute; inset: 0; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 4px 20px; margin: 0;
  font-variant-numeric: tabular-nums; }
.numbers dt { font-size: 0.8rem; opacity: 0.75; margin: 0; }
.numbers dd { font-size: 1.15rem; margin: 0; }
</style>"""


def numbers(run: Run) -> str:
    """The run in numbers, as HTML; each number's element has a name."""
    norms = run.data.excess(run.limit)
    entries = {
        "rho-predicted": ("ρ<sub>∞</sub> predicted", f"{run.scale_predicted[-1]:.6g}"),
        "rho-measured": ("ρ<sub>∞</sub> measured, ½(m²−w²)", f"{run.scale_measured[-1]:.6g}"),
        "gap": ("largest |flow − predicted|", f"{run.gap:.1e}"),
        "excess-two": ("‖x<sub>∞</sub>‖₂ / least", f"{norms[0]:.4f}"),
        "excess-one": ("‖x<sub>∞</sub>‖₁ / least", f"{norms[1]:.4f}"),
        "time": ("at rest after time", f"{float(run.path.time[-1]):.3g}"),
    }
    return (
        '<dl class="numbers">'
        + "".join(
            f'<div><dt>{words}</dt><dd id="{name}">{value}</dd></div>' for name, (words, value) in entries.items()
        )
        + "</dl>"
    )
