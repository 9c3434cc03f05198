r"""A network that tells 3 from 5 comes close to a KKT point of its max-margin problem.

64-8-1 ReLU networks under gradient flow from a small start (0.02 of the usual), ten images of 3 and ten of 5, three
draws, to $\log\mathcal L=-2500$. (a) The relative residual $\|\hat\theta-\sum\lambda_i\nabla q_i\|/\|\hat\theta\|$ of
the KKT conditions; gray: the median of the draws; dashes: the $10^{-2}$ that is asked for. Where it
falls steadily it falls about as $(\log 1/\mathcal L)^{-1/2}$ (not fitted), what weights that stay as they were would
leave. (b) The normalized margin $\min q_i/\|\theta\|^2$ over its last value, which rises along with it.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks.features_digits import KINK, long

EXPERIMENTS = [long]
CLAIMS = ["features/kkt-of-digits"]
AT = (1, 2, 3, 4, 6, 10, 16, 25, 40, 60)


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.8)
    found = []
    for (case, path), look in zip(data[long], plotting.looks(len(data[long])), strict=True):
        progress = -np.asarray(path.log_loss)
        found.append(mf.observe.kkt_residual(path, at=AT, kink=KINK).residual)
        left.loglog(progress[list(AT)], found[-1], **{**look, "linewidth": 1.0, "markersize": 3.5})
        margin = np.asarray(mf.observe.margin(path, mf.potentials.Lp(2)))
        right.semilogx(progress[1:], margin[1:] / margin[-1], **{**look, "markersize": 0}, label=f"draw {case.draw}")
    median = np.median(found, axis=0)
    left.loglog(progress[list(AT)], median, color="0.7", linestyle="-", linewidth=6, zorder=0, label="median")
    left.axhline(1e-2, **plotting.PREDICTED)
    left.set(xlabel=r"$-\log\mathcal{L}$", ylabel="relative KKT residual")
    left.set_yticks((0.003, 0.01, 0.03), ("0.003", "0.01", "0.03"))
    left.set_yticks([], minor=True)
    right.set(xlabel=r"$-\log\mathcal{L}$", ylabel="normalized margin over its last value")
    left.legend()
    right.legend()
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
