r"""How norm, loss and KKT residual of a ReLU network go with the logarithm of time.

4-8-1 ReLU networks, 10 samples, three data sets each, to $\log\mathcal L=-3000$. (a) $\|\theta\|_p$ over its last
value; black dashes: slope $1/L=1/2$. (b) $t\mathcal L$, which goes like $(\log t)^{p/L-2}$ (black dashes). (c) The
residual of the KKT conditions falls slowly: weights of data and neurons that the margin does not need are outgrown only
like powers of $\log t$.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.homogeneous_rates import KINK, long, size

EXPERIMENTS = [long]
CLAIMS = ["homogeneous/norm-growth", "homogeneous/loss-rate", "homogeneous/kkt"]
AT = (2, 4, 8, 16, 32, 64, 99)


def draw(data):
    figure, (left, middle, right) = plotting.canvas(1, 3, height=2.7)
    looks = dict(zip((1.75, 2.0), plotting.looks(2), strict=True))
    for case, path in data[long]:
        log_time, log_loss = np.asarray(path.log_time), np.asarray(path.log_loss)
        late = log_time > 10
        norm = size(case, path)
        style = {"color": looks[case.p]["color"], "linestyle": looks[case.p]["linestyle"]}
        style["label"] = f"$p={case.p:g}$" if case.draw == 1 else None
        left.loglog(log_time[late], norm[late] / norm[-1], **style)
        rate = log_loss + log_time
        middle.loglog(log_time[late], np.exp(rate[late] - rate[-1]), **style)
        residual = mf.observe.kkt_residual(path, at=AT, kink=KINK).residual
        right.loglog(log_time[list(AT)], residual, marker=looks[case.p].get("marker"), markersize=3.5, **style)
    times = np.array([10.0, 3000.0])
    plotting.predicted(left, times, (times / 3000) ** 0.5, label="slope 1/2")
    for p in looks:
        plotting.predicted(middle, times, (times / 3000) ** (p / 2 - 2), label="predicted" if p == 2 else None)
    left.set(xlabel=r"$\log t$", ylabel=r"$\|\theta\|_p$ over its last value")
    middle.set(xlabel=r"$\log t$", ylabel=r"$t\,\mathcal{L}$ over its last value")
    right.set(xlabel=r"$\log t$", ylabel="relative KKT residual")
    for panel in (left, middle, right):
        panel.legend()
    plotting.letters((left, middle, right))
    return figure


if __name__ == "__main__":
    plotting.main()
