"""Page 07: every derived law holds along gradient flow of networks on random data, and no altered one does."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._law_networks import (
    KEPT,
    LETTERS,
    PRODUCT_OF_FOUR,
    Network,
    attention,
    drifts,
    flattened,
    laws_of,
    linear,
    misfit,
    on_data,
    relu,
    started,
)

models = mf.derive.models
TIMES = np.linspace(0.0, 1.5, 31)
NETWORKS = {
    "UVᵀ": Network(models.matrix_factorization(2, 3, 2), lambda theta, x: theta["left"] @ theta["right"].T @ x, 3),
    "linear network": Network(models.linear_network(2, 3, 2, 1), linear, 2),
    "ReLU network": Network(models.relu_network(2, 3, 1, biases=True), relu, 2),
    "product of four": PRODUCT_OF_FOUR,
    "attention": Network(models.attention(2, 2), attention, 2),
    "softmax layer": Network(
        models.softmax_layer(3, 2), lambda theta, x: jax.nn.softmax(theta["theta"] @ x, axis=0), 2
    ),
}


@mf.experiment(cases=mf.cases.grid(decay=("none", "on a schedule")))
def gradient(case, key):
    """Six networks on random data under gradient flow of a random loss; decay decoupled, on three random steps."""
    rng = counts.generator(key)
    theta = started(NETWORKS, rng)
    networks = on_data(NETWORKS, rng)
    strengths = rng.uniform(0.2, 1.5, 3) * (case.decay != "none")
    schedule = mf.schedules.Piecewise(strengths, times=[0.3 * TIMES[-1], 0.7 * TIMES[-1]])
    flow = mf.Flow(
        misfit(rng, networks, theta),
        reparameterization=mf.reparameterizations.Custom(networks),
        decay=mf.decay.Decoupled(schedule),
    )
    until, solver = mf.until.time(TIMES[-1]), diffrax.Tsit5()
    path = mf.integrate(flow, theta, until=until, save=TIMES, rtol=1e-9, atol=1e-12, solver=solver)
    decayed = np.asarray(jax.vmap(schedule.integral)(jnp.asarray(TIMES)))
    return {"status": path.status, "decayed": decayed, "states": flattened(NETWORKS, path.parameters)}


@mf.claim(
    "conservation-laws/along-gradient-flow",
    on=gradient,
    statement=r"\dot\theta=-\nabla\mathcal L-\lambda_t\theta:\quad h(\theta_t)=h(\theta_0)\,e^{-c\int\lambda},"
    r"\ c=\deg h, \text{ for every derived law}",
    source=f"{counts.MARCOTTE}; {counts.PAGE} (decay)",
    status="proved",
    tolerance=KEPT,
    figure="laws-along-trajectories",
    variables=LETTERS | {r"\lambda_t": "the decay, on three random steps, or none"},
)
def along_gradient_flow(case, run, altered=False):
    """All laws of six networks at 31 times, of degree 2 and, for the softmax layer, 1."""
    return drifts(laws_of(NETWORKS, decay="decoupled"), run["states"], run["decayed"], altered=altered)


along_gradient_flow.control("a term of each law with the other sign", altered=True)


@mf.claim(
    "conservation-laws/degree-of-decay",
    on=gradient,
    across=True,
    statement=r"h(\theta e^{\int\lambda}) \text{ is constant}:\quad h(\theta_t)=h(\theta_0)\,e^{-2\int\lambda} "
    r"\text{ for a law of degree } 2",
    source=f"{counts.PAGE} (decay)",
    status="proved",
    tolerance=KEPT,
    variables=LETTERS | {r"\lambda_t": "the decay, on three random steps"},
)
def degree_of_decay(runs, degree=2.0):
    """UVᵀ, linear and ReLU network, product and attention."""
    run = runs.only(decay="on a schedule")
    laws = laws_of(NETWORKS, decay="decoupled")
    del laws["softmax layer"]
    return drifts(laws, run["states"], run["decayed"], degree=degree)


degree_of_decay.control("the parameters' own rate", degree=1.0)
