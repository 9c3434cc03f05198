r"""The flow of the sign itself, and the flows of its smoothings.

Sign flow on $x=w_1w_2$ for noisy regressions of 30 samples and 6 features. (a) The gradient of the loss along one path
that slides along $\partial_if=0$, coordinate by coordinate: each arrives, stays, and some come off again for a while.
(b) Largest distance of smoothed paths from it, four draws: proportional to $\varepsilon$ where no surface is left
of itself (dots), to $\varepsilon^{4/5}$ where one is (dashes), between the two (both) where one nearly is. (c) Steps of
an implicit solver of fifth order with smoothing, several thousand and more the narrower it is; the sign itself
(0, open) takes about a hundred explicit ones.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.steepest_exact import DRAWS, LEFT, WIDTHS, distances, exact, exponents_of, of_draw

EXPERIMENTS = [exact]
CLAIMS = ["steepest/exact-sign"]


def draw(data):
    figure, (left, middle, right) = plotting.canvas(1, 3, height=2.8)
    found = [of_draw(data[exact], draw) for draw in DRAWS]
    shown = next((sharp for sharp, _ in found if exponents_of(sharp) == (LEFT, LEFT)), found[0][0])
    time, gradient = np.asarray(shown["time"]), np.asarray(shown["gradient"])
    for values, look in zip(gradient.T, plotting.looks(gradient.shape[1]), strict=True):
        left.plot(time, values, color=look["color"], linestyle="-", linewidth=1.3)
    left.set(xlabel="time $t$", ylabel=r"$\partial_i f$", xlim=(0, time[-1]))
    widths = np.array(WIDTHS)
    for number, ((sharp, smooth), look) in enumerate(zip(found, plotting.looks(len(found)), strict=True)):
        away = distances(sharp, smooth)
        points = {"linestyle": "none", "marker": look["marker"], "color": look["color"], "markersize": 4}
        middle.loglog(widths, away, **points, label=f"draw {number}")
        for slope in set(exponents_of(sharp)):
            style = plotting.PREDICTED | {"linestyle": "--" if slope == LEFT else ":"}
            middle.loglog(widths, away[-1] * (widths / widths[-1]) ** slope, **style)
        right.loglog(widths, [float(one["steps"]) for one in smooth], **points)
        right.loglog(WIDTHS[-1] / 5, float(sharp["steps"]), **(points | {"markerfacecolor": "none"}))
    middle.set(xlabel=r"width $\varepsilon$", ylabel=r"$\max_t\|x_t^{\varepsilon}-x_t^0\|_\infty$")
    right.set(xlabel=r"width $\varepsilon$", ylabel="steps")
    right.set_xticks([WIDTHS[-1] / 5, 1e-5, 1e-4, 1e-3], ["0", "$10^{-5}$", "$10^{-4}$", "$10^{-3}$"])
    middle.legend(fontsize=7)
    plotting.letters((left, middle, right))
    return figure


if __name__ == "__main__":
    plotting.main()
