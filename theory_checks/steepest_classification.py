"""Page 03: sign descent on products learns sparse classifiers, the sparser the deeper."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

import mirrorflow as mf

from .steepest import LETTERS

SOURCE = "arXiv:2603.02064, separable classification with a sparse ground truth; theory page 03 (experiments)"
SAMPLES, FEATURES = 80, 100
SUPPORT = np.arange(50, 53)
STEP, STEPS = 1e-3, 2000
LARGE = 30.0  # margins beyond which log(1+e^{−m}) = e^{−m} in double precision


class LogLogistic(eqx.Module):
    """log of the mean logistic loss of the margins m=rows·x: its gradient has the signs of the loss's own."""

    rows: jax.Array

    def __call__(self, x):
        """log mean log(1+e^{−m}), without the underflow of the mean itself"""
        margins = self.rows @ x
        close = jnp.minimum(margins, LARGE)
        return jax.nn.logsumexp(jnp.where(margins > LARGE, -margins, jnp.log(jax.nn.softplus(-close)))) - np.log(
            SAMPLES
        )


@mf.experiment(cases=mf.cases.grid(depth=(1, 3, 10), draw=(0, 1, 2)))
def classifiers(case, key):
    """Sign descent from x=0 on 80×100 normal samples that features 50 to 52 label; one factor 0, the others 0.7."""
    rows = np.asarray(jax.random.normal(jax.random.fold_in(key, case.draw), (SAMPLES, FEATURES)))
    signed = rows * np.sign(rows[:, SUPPORT].sum(axis=1, keepdims=True))
    problem = mf.problems.Objective(LogLogistic(jnp.asarray(signed)), FEATURES)
    geometry = mf.geometries.Steepest(q=1.0, smoothing=1e-9)
    if case.depth == 1:
        flow, start = mf.Flow(problem, potential=mf.potentials.Quadratic(), geometry=geometry), np.zeros(FEATURES)
    else:
        product = mf.reparameterizations.Hadamard(depth=case.depth)
        flow = mf.Flow(problem, reparameterization=product, geometry=geometry)
        start = flow.lift(x=np.zeros(FEATURES), balance=0.7)
    run = mf.discretize(flow, optax.sign_sgd(STEP), steps=STEPS, step_size=STEP).run(start, save=2)
    x = np.asarray(run.x)[-1]
    return {"direction": x / np.abs(x).max(), "margin": (signed @ x).min() / np.abs(x).max()}


def off_support(run):
    """Mean of |x_i|/‖x‖_∞ over the features that do not matter."""
    return np.delete(np.abs(run["direction"]), SUPPORT).mean()


def on_support(run):
    """The least |x_i|/‖x‖_∞ of the three features that matter."""
    return np.abs(run["direction"])[SUPPORT].min()


def found(run):
    """How many of the three largest features are in the support."""
    return len(np.intersect1d(np.argsort(-np.abs(run["direction"]))[: len(SUPPORT)], SUPPORT))


@mf.claim(
    "steepest/depth-learns-sparse",
    on=classifiers,
    across=True,
    statement=r"\text{sign descent: } x/\|x\|_\infty \text{ is dense noise for } L=1, "
    r"\text{ and for } L=10 \text{ sparse: small off the support, large on it}",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(0.05, because="averages over 97 features of a draw scatter by so much; a count may not"),
    variables=LETTERS,
    figure="sparse-classification",
    notes="Of ten seeds with three draws each, the three largest features are the support in all but one, where they "
    "are two of it. The step of 10⁻³ is part of the statement, so that no run is refined.",
)
def depth_learns_sparse(runs, deep=10):
    """Three draws, |x_i| in units of the largest: the mean off the support, the least on it, and the largest three."""
    one, ten = (runs.where(depth=depth) for depth in (1, deep))

    def bound(value, measured, relation):
        return mf.Comparison(value, np.array(measured, float), relation=relation, scale=1.0)

    return {
        "all samples are classified": bound(0.0, [float(run["margin"]) for _, run in runs], "at least"),
        "L=1, off the support": bound(0.5, [off_support(run) for _, run in one], "at least"),
        f"L={deep}, off the support": bound(0.2, [off_support(run) for _, run in ten], "at most"),
        f"L={deep}, on the support": bound(0.4, [on_support(run) for _, run in ten], "at least"),
        f"L={deep}, support among its three largest": bound(2, [found(run) for _, run in ten], "at least"),
    }


depth_learns_sparse.control("three factors", deep=3)
