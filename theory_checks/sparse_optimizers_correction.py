"""Page 06, SparseOpt's correction: where it has to stand beside Adam, and where it is nothing."""

import jax
import numpy as np
import optax

import mirrorflow as mf

from ._normalized import spread_masks
from ._stepping import generator, walk
from .sparse_optimizers_skew import LETTERS, PAPER

SAMPLES, FEATURES, NEURONS = 60, 20, 8
STEPS = 200
FAN_INS = {"differ": np.arange(3, 19, 2), "equal": np.full(NEURONS, 9)}
BASES = {"sgd": optax.sgd, "adam": lambda rate: optax.adam(rate, eps=0.0)}
ADAM = LETTERS | {"D": "√(1−s_i)/√(1−s_avg), of SparseOpt"}


def uncorrected(learning_rate, mask, base):
    """The base optimizer on the mask."""
    return mf.sparsity.masked(base(learning_rate), mask)


def before(learning_rate, mask, base):
    """The correction of what the base optimizer gets."""
    inside = mf.optimizers.sparse_opt(base(learning_rate), masks=mask, neuron_axis=0, correct="gradient")
    return mf.sparsity.masked(inside, mask)


def after(learning_rate, mask, base):
    """The correction of what the base optimizer gives."""
    inside = mf.optimizers.sparse_opt(base(learning_rate), masks=mask, neuron_axis=0)
    return mf.sparsity.masked(inside, mask)


WAYS = {"none": uncorrected, "before": before, "after": after}


def residual_slope(inputs, outputs, weights, k):
    """∇ of the mean of ½(Wx−y)²"""
    del k
    return (inputs @ weights.T - outputs).T @ inputs / len(inputs)


def on_mask(make, base, learning_rate, mask):
    """`make` with its base, the numbers traced."""
    return make(learning_rate, mask, base)


@mf.experiment(cases=mf.cases.grid(base=tuple(BASES), fan_ins=tuple(FAN_INS)))
def placed(case, key):
    """200 steps of 0.01 on a regression of 8 outputs on 20 inputs, without correction, with it before and after."""
    draw = generator(key)
    inputs, outputs = draw.normal(size=(SAMPLES, FEATURES)), draw.normal(size=(SAMPLES, NEURONS))
    mask = spread_masks(draw, FAN_INS[case.fan_ins], FEATURES)
    start, gradient = (
        draw.normal(size=(NEURONS, FEATURES)) * mask,
        jax.tree_util.Partial(residual_slope, inputs, outputs),
    )
    ends = {}
    for name, way in WAYS.items():
        make = jax.tree_util.Partial(on_mask, way, BASES[case.base])
        ends[name] = np.asarray(walk(make, gradient, start, [1, STEPS], learning_rate=0.01, mask=mask))
    return ends | {"mask": mask, "start": start}


def apart(run, one, other):
    """The largest distance of two ways, relative to the longest way gone."""
    return np.max(np.abs(run[one] - run[other])) / np.max(np.abs(run["none"][-1] - run["start"]))


@mf.claim(
    "sparse-optimizers/correction-before-adam",
    on=placed,
    across=True,
    statement=r"\text{Adam does not see a constant scale of its gradient: } D \text{ before it does nothing,}"
    r"\text{ after it } D \text{ scales its steps}",
    source=PAPER,
    status="proved",
    tolerance=mf.tolerance(1e-10, because="an identity, up to the rounding of 200 steps; Adam's ε is 0"),
    variables=ADAM,
)
def before_adam(runs, way="before"):
    """Weights after 1 and 200 steps; and the first step of Adam with D after it against D times its own."""
    run = runs.only(base="adam", fan_ins="differ")
    share = run["mask"].mean(axis=1, keepdims=True)
    scales = np.sqrt(share / share.mean())
    told = run["start"] + scales * (run["none"][0] - run["start"])
    return {
        "before": mf.Comparison(0.0, apart(run, way, "none"), scale=1.0),
        "after": mf.Comparison(told, run["after"][0]),
    }


before_adam.control("D after it", way="after")


@mf.claim(
    "sparse-optimizers/correction-of-descent",
    on=placed,
    across=True,
    statement=r"\text{gradient descent: } D \text{ before and } D \text{ after are one}",
    source=PAPER,
    status="proved",
    tolerance=mf.tolerance(1e-12, because="an identity, up to rounding"),
    variables=ADAM,
)
def of_descent(runs, base="sgd"):
    """Weights after 1 and 200 steps."""
    return mf.Comparison(0.0, apart(runs.only(base=base, fan_ins="differ"), "before", "after"), scale=1.0)


of_descent.control("Adam", base="adam")


@mf.claim(
    "sparse-optimizers/equal-sparsity",
    on=placed,
    across=True,
    statement=r"s_i \text{ equal for all } i:\ \text{SparseOpt is exactly the base optimizer}",
    source=PAPER,
    status="published",
    tolerance=mf.tolerance(1e-13, because="scales that are exactly 1, in a program that may round otherwise"),
    variables=ADAM,
)
def equal_sparsity(runs, fan_ins="equal"):
    """The scales of all neurons, and weights after 1 and 200 steps."""
    parts = {}
    for case, run in runs.where(fan_ins=fan_ins):
        scales = np.asarray(mf.optimizers.neuron_scales(run["mask"], 0))
        parts[f"{case.base}, scales"] = mf.Comparison(np.ones(NEURONS), scales, relation="identical")
        for way in ("before", "after"):
            parts[f"{case.base}, {way}"] = mf.Comparison(0.0, apart(run, way, "none"), scale=1.0)
    return parts


equal_sparsity.control("sparsities that differ", fan_ins="differ")
