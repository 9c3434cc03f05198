r"""How long a neuron stays near $-e_1$, where hardly a signal reaches it.

Time until the teacher is learned, from $a=0$ and a $w$ of length $r=\frac12$ that is an angle $\varepsilon$ off $-e_1$.
Markers are integrated, dashes are $\frac{3\pi^2}{2}r^2\varepsilon^{-4}$ (plain) and
$\frac{3\pi^2}{5}r\varepsilon^{-5}\,{}_2F_1(\frac12,\frac52;\frac72;-(\beta_2/2r\varepsilon)^2)$ ($m\odot w$): the power
is 4 where $r\varepsilon\ll\beta_2$ and 5 where $r\varepsilon\gg\beta_2$. Plain flow and $\beta_2=1$ coincide. In the
legend the fitted exponents with their 95 % intervals.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.sign_flips_plane import escape, misaligned

EXPERIMENTS = [misaligned]
CLAIMS = ["sign-flips/escape-time", "sign-flips/escape-exponent"]


def draw(data):
    figure, axis = plotting.canvas(1, 1, width=5.0, height=3.4)
    runs = data[misaligned]
    for (case, result), look in zip(runs, plotting.looks(len(runs)), strict=True):
        angle, time = np.asarray(result["angle"]), np.asarray(result["time"])
        fit = mf.observe.fit_exponent(angle, time)
        name = "plain" if case.flow == "plain" else "$" + case.flow.replace("β₂", r"\beta_2") + "$"
        label = rf"{name}: ${fit.exponent:.3f}\pm{fit.half_width:.1g}$"
        size, fill = (9, "none") if case.flow == "plain" else (5, "full")
        axis.loglog(angle, time, look["marker"], color=look["color"], markersize=size, fillstyle=fill, label=label)
        plotting.predicted(axis, angle, escape(case.flow), label="predicted" if case is runs[-1].case else None)
    axis.set(xlabel=r"angle $\varepsilon$ off $-e_1$ (radians)", ylabel="escape time (loss units)")
    axis.legend(title="fitted exponent")
    return figure


if __name__ == "__main__":
    plotting.main()
