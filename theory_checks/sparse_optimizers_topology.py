"""Page 06, SparseOpt where masks change: what turns the gradient of a layer."""

import numpy as np
import optax

import mirrorflow as mf

from ._stepping import walk
from .sparse_optimizers_skew import PAPER
from .sparse_optimizers_training import FAN_INS, NEURONS, TRAINED, cosine, looked_at, task

CHANGES, SLOW = (100, 200), 0.1


def rewired(learning_rate, mask):
    """RigL on gradient descent, 30 % of the layer's weights every hundred steps."""
    return mf.sparsity.rigl(optax.sgd(learning_rate), {"layer": mask, "top": None}, fraction=0.3)


def with_masks(theta, state):
    """θ and the layer's mask."""
    return theta, optax.tree.get(state, "masks")["layer"]


@mf.experiment(cases=mf.cases.grid(fan_ins=("spread", "even")))
def changed(case, key):
    """RigL at η=0.1 behind batch normalization: before the steps 100 and 200 that change the mask, and after them."""
    gradient, mask, start = task(key, FAN_INS if case.fan_ins == "spread" else np.full(NEURONS, 10))
    save = np.concatenate([np.arange(change - 1, change + 2) for change in CHANGES])
    thetas, masks = walk(rewired, gradient, start, save, watch=with_masks, learning_rate=SLOW, mask=mask)
    seen = looked_at(*gradient.args, thetas)
    return {"masks": np.asarray(masks)} | seen


def turn(run, first):
    """cos of the layer's gradients at two points in a row, on the weights that both have."""
    both = run["masks"][first] & run["masks"][first + 1]
    return cosine(run["gradient"][first] * both, run["gradient"][first + 1] * both)


@mf.claim(
    "sparse-optimizers/topology-turns-the-gradient",
    on=changed,
    statement=r"\text{a change of topology turns the gradient of the layer on the weights that stay: } \cos\le0.85",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(0.0, because="a bound with room: 0.52 to 0.72 against 0.85 and more a step before"),
    figure="change-of-topology",
    variables=TRAINED,
)
def topology(case, run, first=1):
    """At step 100, the first that changes the mask."""
    note = f"{turn(run, 0):.3f} a step before"
    return mf.Comparison(0.85, turn(run, first), relation="at most", scale=1.0, note=note)


topology.control("a step before", first=0)


@mf.claim(
    "sparse-optimizers/topology-jump-of-factor",
    on=changed,
    statement=r"\text{at a change of topology the factors of the neurons jump like } (1-s_i)^{-1/2}",
    source=PAPER,
    status="heuristic",
    expects="refuted",
    tolerance=mf.tolerance(
        0.05, because="of a logarithm, root mean square over 32 neurons; the law asks for 0.1 to 0.4"
    ),
    erratum=r"The weights that are dropped are the smallest and those that are grown begin at 0, so that $\|w_i\|$ and"
    r" with it the factor $1/\|w_i\|$ hardly change: by 1 % at the first change, by up to 12 % at the second, where"
    r" $(1-s_i)^{1/2}$ changes by 10 to 40 %. It is the correction $D$ that jumps. What turns the gradient is that the"
    r" layer computes another function.",
    figure="change-of-topology",
    variables=TRAINED,
)
def jump(case, run, still=False):
    """Changes of log factor at step 100, relative to those that fan-ins tell, or (corrected) to none."""
    told, measured = jumps(run, 1)
    return mf.Comparison(0.0 * told if still else told, measured, scale=1.0, norm="rms")


def jumps(run, first):
    """For each neuron with weights before and after the log of how much larger its factor is: by fan-ins, measured."""
    fan_ins = run["masks"].sum(axis=2)[first : first + 2]
    alive = np.all(fan_ins > 0, axis=0)
    told = -np.log(fan_ins[1, alive] / fan_ins[0, alive]) / 2
    return told - told.mean(), centred(np.log(run["factor"][first + 1, alive] / run["factor"][first, alive]))


def centred(values):
    """Without their mean: a common factor is a learning rate."""
    return values - values.mean()


jump.control("the factors stay", still=True)
