r"""A neuron's gradient has the factor one over the norm of its weights, also after training.

32 neurons of 4 to 64 weights behind batch normalization, whitened inputs. (a) The measured factor against
$1/\|w_i\|$ (line), at the start and after 1000 steps of gradient descent with weight decay under SparseOpt. (b) The
same norms against the share of weights that a neuron has, with the slope $\frac12$ that SparseOpt takes for granted
(dashes): with the correction and decay training moves them off it.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_training import norms, shares, trained

EXPERIMENTS = [trained]
CLAIMS = ["sparse-optimizers/skew-after-training", "sparse-optimizers/norms-under-decay"]


def draw(data):
    figure, (left, right) = plotting.canvas(1, 2, height=2.9)
    run = data[trained].only(method="corrected", decay=0.01)
    size, share = norms(run), shares(run)
    for at, words, look in zip((0, 1), ("at the start", "after 1000 steps"), plotting.looks(2), strict=True):
        style = {"color": look["color"], "marker": look["marker"], "linestyle": "none"}
        left.loglog(1 / size[at], run["factor"][at], **style, label=words)
        right.loglog(share, size[at], **style, label=words)
        line = np.exp(np.mean(np.log(size[at])) + (np.log(share) - np.mean(np.log(share))) / 2)
        plotting.predicted(right, share, line, label=r"slope $\frac{1}{2}$" if at else None)
    ends = np.array([(1 / size).min(), (1 / size).max()])
    plotting.predicted(left, ends, ends, label=r"$1/\|w_i\|$")
    left.set(xlabel=r"$1/\|w_i\|$", ylabel="measured factor")
    right.set(xlabel="share of weights $1-s_i$", ylabel=r"norm $\|w_i\|$")
    for axis in (left, right):
        axis.legend(fontsize=7)
    plotting.letters((left, right))
    return figure


if __name__ == "__main__":
    plotting.main()
