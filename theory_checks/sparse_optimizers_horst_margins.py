"""Page 06, HORST on separable data: the ℓ1 max-margin direction, where Adam goes to that of ℓ∞."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf

from ._stepping import generator, walk
from .sparse_optimizers_horst import LETTERS, PAPER

SAMPLES, FEATURES = 12, 8
SAVES = np.unique(np.geomspace(50, 40000, 25).astype(int))
FIRST, SCALE, START = 0.06, 0.01, 1e-3
MARGINS = LETTERS | {
    "z_i": "samples times their labels",
    "f": "log Σexp(−⟨θ,z_i⟩)",
    r"\gamma_p(\theta),\gamma_p^*": "min⟨θ,z_i⟩/‖θ‖_p, and its largest value",
}


def falling(make, learning_rate, **fixed):
    """`make` with a learning rate that falls like 1/√k from step 100 on."""
    return make(lambda k: learning_rate / jnp.sqrt(1 + k / 100), **fixed)


def mirror(learning_rate):
    """The hyperbolic step driven by the gradient."""
    return mf.optimizers.as_transformation(mf.optimizers.hyperbolic(learning_rate, SCALE))


METHODS = {
    "Adam": optax.adam,
    "hyperbolic step": mirror,
    "HORST": functools.partial(mf.optimizers.horst, scale=SCALE),
    "driven by the gradient": functools.partial(mf.optimizers.horst, scale=SCALE, driver="gradient"),
}


def log_loss_slope(signed, theta, k):
    """∇ log Σexp(−⟨θ,z_i⟩)"""
    del k
    return -jax.nn.softmax(-signed @ theta) @ signed


@mf.experiment(cases=mf.cases.grid(optimizer=tuple(METHODS)))
def separable(case, key):
    """12 samples N(0,I) in 8 dimensions with labels of a linear teacher; 40000 steps on the logarithm of the loss."""
    draw = generator(key)
    inputs, teacher = draw.normal(size=(SAMPLES, FEATURES)), draw.normal(size=FEATURES)
    signed = inputs * np.sign(inputs @ teacher)[:, None]
    make = jax.tree_util.Partial(falling, METHODS[case.optimizer])
    start, gradient = np.full(FEATURES, START), jax.tree_util.Partial(log_loss_slope, signed)
    return {"theta": np.asarray(walk(make, gradient, start, SAVES, learning_rate=FIRST)), "signed": signed}


@functools.lru_cache(maxsize=64)  # one problem is asked by several claims, their controls, and at two accuracies
def _best(signed, p):
    inputs = np.frombuffer(signed).reshape(-1, FEATURES)
    return mf.predict.max_margin(mf.problems.Classification(inputs, np.ones(len(inputs))), mf.potentials.Lp(p)).margin


def share(run, p):
    """γ_p(θ)/γ_p* at every point, by a linear program for γ_p*."""
    margins = np.min(run["theta"] @ run["signed"].T, axis=1) / np.linalg.norm(run["theta"], p, axis=1)
    return margins / _best(np.ascontiguousarray(run["signed"]).tobytes(), float(p))


@mf.claim(
    "sparse-optimizers/horst-l1-margin",
    on=separable,
    across=True,
    statement=r"\text{separable data, the hyperbolic map driven by } \nabla f:\ \gamma_1(\theta_k)\to\gamma_1^*",
    source=PAPER + "; page 04 (horizon of hyperbolic entropy)",
    status="published",
    tolerance=mf.tolerance(0.03, because="after 40000 steps whose size still is 0.003"),
    figure="margins-of-horst",
    variables=MARGINS,
)
def l1_margin(runs, p=1.0):
    """The mirror step alone, and after Adam's step."""
    return {
        name: mf.Comparison(1.0, share(runs.only(optimizer=name), p)[-1])
        for name in ("hyperbolic step", "driven by the gradient")
    }


l1_margin.control("ℓ∞", p=np.inf)


@mf.claim(
    "sparse-optimizers/adam-linf-margin",
    on=separable,
    across=True,
    statement=r"\text{Adam: } \gamma_\infty(\theta_k)\to\gamma_\infty^*",
    source=PAPER + "; arXiv:2406.10650",
    status="published",
    tolerance=mf.tolerance(0.05, because="after 40000 steps, ‖θ‖_∞ about 400"),
    figure="margins-of-horst",
    variables=MARGINS,
)
def linf_margin(runs, optimizer="Adam"):
    """At the last step."""
    return mf.Comparison(1.0, share(runs.only(optimizer=optimizer), np.inf)[-1])


linf_margin.control("the hyperbolic step", optimizer="hyperbolic step")


@mf.claim(
    "sparse-optimizers/horst-margin",
    on=separable,
    across=True,
    statement=r"\text{HORST, the hyperbolic map driven by Adam's direction: } \gamma_1(\theta_k)\ge0.95\,\gamma_1^*",
    source=PAPER,
    status="open",
    tolerance=mf.tolerance(0.0, because="a bound with room: 0.957 to 0.999 over draws of data"),
    figure="margins-of-horst",
    variables=MARGINS,
    notes="It stays where it is, some per cent below the largest margin, however many more steps are made: Adam's "
    "normalization of the gradient, coordinate by coordinate, leaves a trace in the limit.",
)
def horst_margin(runs, optimizer="HORST"):
    """At the last step."""
    return mf.Comparison(0.95, share(runs.only(optimizer=optimizer), 1.0)[-1], relation="at least")


horst_margin.control("Adam", optimizer="Adam")
