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


@mf.claim(
    "steepest/depth-learns-sparse",
    on=classifiers,
    across=True,
    statement=r"\text{sign descent: } x/\|x\|_\infty \text{ is dense noise for } L=1, "
    r"\text{ sparse with its three largest on the support for } L=10",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(0.05, because="of averages over 97 features"),
    variables=LETTERS,
    figure="sparse-classification",
)
def depth_learns_sparse(runs, deep=10):
    """Three draws: the mean |x_i| off the support is above ½ for L=1 and below ¼ for L=10, of the largest."""
    one, ten = (runs.where(depth=depth) for depth in (1, deep))
    largest = [np.sort(np.argsort(-np.abs(run["direction"]))[: len(SUPPORT)]) for _, run in ten]
    return {
        "all samples are classified": mf.Comparison(
            0.0, [float(run["margin"]) for _, run in runs], relation="at least", scale=1.0
        ),
        "L=1, off the support": mf.Comparison(
            0.5, [off_support(run) for _, run in one], relation="at least", scale=1.0
        ),
        f"L={deep}, off the support": mf.Comparison(
            0.25, [off_support(run) for _, run in ten], relation="at most", scale=1.0
        ),
        f"L={deep}, its three largest": mf.Comparison(np.tile(SUPPORT, (len(largest), 1)), np.array(largest)),
    }


depth_learns_sparse.control("three factors", deep=3)
