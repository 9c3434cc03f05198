r"""The potential of $m\odot w$ under decay, as printed and as it holds.

Sparse regression (40 samples, 100 features) on $m\odot w$ with five schedules of weight decay. (a) The gradient of the
potential at $x_t$ against $-\ell_t=-\int_0^t\nabla f$, on eight coordinates at all times, decay constant: with the
scale $\rho_t=u_0v_0e^{-4A_t}$ points lie on the diagonal (dashes), with the printed $a_t=2u_0v_0e^{-2A_t}$ they do
not. (b) Largest distance from the diagonal over coordinates. What is left of the corrected form is the error of
integration.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.regularized import PANELS, SCHEDULES, dual, scale, schedules
from mirrorflow.content.figures._labels import TIME, schedule_label

EXPERIMENTS = [schedules]
CLAIMS = ["regularized/potential", "regularized/printed-potential", "regularized/closed-form"]
FORMS = {"printed": {"factor": 2.0, "exponent": 2.0}, "corrected": {}}
SHOWN = slice(0, 8)


def draw(data):
    figure, axes = plotting.canvas(1, 2, height=2.9)
    _duals(axes[0], data[schedules].only(schedule="constant"))
    _distances(axes[1], data[schedules])
    plotting.letters(axes)
    return figure


def _duals(axis, run):
    blue, orange = plotting.looks(2)
    integral = -PANELS.integral(run["gradient"])[:, SHOWN]
    for (name, form), look, size in zip(FORMS.items(), (orange, blue), (18, 9), strict=True):
        gradient = PANELS.at_edges(dual(run, scale(run, **form)))[:, SHOWN]
        axis.scatter(integral, gradient, s=size, color=look["color"], marker=look["marker"], label=name, linewidth=0)
    reach = 1.05 * np.abs(integral).max()
    plotting.predicted(axis, [-reach, reach], [-reach, reach], label=None)
    axis.set(xlabel=r"$-\int_0^t\partial_i f\,dt$", ylabel=r"$\partial_i R(x_t)$")
    axis.legend(loc="upper left", handletextpad=0.2)


def _distances(axis, runs):
    for name, look in zip(SCHEDULES, plotting.looks(len(SCHEDULES)), strict=True):
        run = runs.only(schedule=name)
        integral = PANELS.integral(run["gradient"])
        for words, form in FORMS.items():
            off = np.abs(PANELS.at_edges(dual(run, scale(run, **form))) + integral).max(axis=1)
            label = schedule_label(name) if words == "corrected" else None
            axis.semilogy(
                PANELS.edges[1:], off[1:], color=look["color"], marker=look["marker"], linewidth=0.8, label=label
            )
    axis.set(xlabel=TIME, ylabel=r"$\|\nabla R(x_t)+\ell_t\|_\infty$", xlim=(0, 4.1), ylim=(1e-12, 1e2))
    axis.text(4.0, 4.0, "printed", ha="right", va="bottom")
    axis.text(4.0, 6e-8, "corrected", ha="right", va="bottom")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 0.83), ncols=2, title=r"decay $\alpha_t$")


if __name__ == "__main__":
    plotting.main()
