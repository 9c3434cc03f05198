r"""Where RigL changes the mask, SparseOpt's correction jumps and the factor does not.

32 neurons of 4 to 64 weights behind batch normalization, at the first change of the mask (step 100). By how much each
neuron's factor changes, relative to the others: measured, against $(1-s_i)^{-1/2}$ before and after. On the dashes both
would be equal. The weights that are dropped are the smallest and those that are grown begin at 0, so that $\|w_i\|$
stays.
"""

import numpy as np

from mirrorflow import plotting
from mirrorflow.content.checks.sparse_optimizers_topology import changed, jumps

EXPERIMENTS = [changed]
CLAIMS = ["sparse-optimizers/topology-jump-of-factor", "sparse-optimizers/topology-turns-the-gradient"]


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE, height=2.8)
    words = {"spread": "4 to 64 weights a neuron", "even": "10 weights a neuron"}
    for (case, run), look in zip(data[changed], plotting.looks(2), strict=True):
        told, seen = jumps(run, 1)
        style = {"color": look["color"], "marker": look["marker"], "linestyle": "none"}
        axis.plot(np.exp(told), np.exp(seen), **style, label=words[case.fan_ins])
    ends = np.array([0.45, 1.65])
    plotting.predicted(axis, ends, ends, label="as told")
    axis.set(xlabel=r"change of the factor told by $(1-s_i)^{-1/2}$", ylabel="change measured", ylim=(0.45, 1.65))
    axis.legend(loc="upper left", fontsize=7)
    return figure


if __name__ == "__main__":
    plotting.main()
