r"""Max-margin classifiers of real data, found by flows.

Breast cancer (40 patients, 30 features) and handwritten digits 3 against 5 (40 images, 30 pixels), mirror flow of
$|x|^p/p$ to $\log t=10^5$. (a) The relative margin gap against $\log t$ on both data sets. (b) The direction reached on
the breast cancer data (markers) and that of the convex program (black dots), features sorted by their weight at $p=2$:
a smaller $p$ puts more of it on fewer features.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.max_margin import best_of
from mirrorflow.content.checks.max_margin_data import measured

EXPERIMENTS = [measured]
CLAIMS = ["max-margin/real-data"]
EXPONENTS = (1.5, 2.0, 3.0)


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9, gridspec_kw={"width_ratios": [2, 3]})
    for p, look in zip(EXPONENTS, plotting.looks(3), strict=True):
        for name, dashes in (("breast cancer", "-"), ("digits 3 and 5", ":")):
            path = data[measured].only(data=name, p=p)
            gap = mf.observe.margin_certificate(path.x, best_of(path, p)).gap
            label = f"$p={p:g}$, {'cancer' if dashes == '-' else 'digits'}"
            left.loglog(np.asarray(path.log_time), gap, color=look["color"], linestyle=dashes, label=label)
    left.set(xlabel="log time of the loss, $\\log t$", ylabel=r"relative margin gap $1-\gamma(x_t)/\gamma^*$")
    left.legend(fontsize=6.5, loc="lower left")
    paths = {p: data[measured].only(data="breast cancer", p=p) for p in EXPONENTS}
    order = np.argsort(-np.abs(np.asarray(paths[2.0].x)[-1]))
    for (p, path), look in zip(paths.items(), plotting.looks(3), strict=True):
        style = {"linestyle": "none", "marker": look["marker"], "color": look["color"], "markerfacecolor": "white"}
        reached = np.asarray(mf.observe.direction(path, mf.potentials.Lp(p)))[-1]
        rank = 1 + np.arange(len(order))
        right.plot(rank, np.abs(reached)[order], **style, label=f"$p={p:g}$")
        label = "convex program" if p == EXPONENTS[-1] else None
        right.plot(rank, np.abs(best_of(path, p).direction)[order], ".", color="black", markersize=2.5, label=label)
    right.set(xlabel="feature, by weight at $p=2$", ylabel=r"$|x_j|/\|x\|_p$")
    right.legend()
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
