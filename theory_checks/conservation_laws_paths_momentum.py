"""Page 07: every derived law holds along heavy-ball flow on random losses, and no altered one does."""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._law_networks import KEPT, LETTERS, Network, drifts, factored, flattened, laws_of, started

models = mf.derive.models
DAMPING = 0.7
SIZES = {f"{n}×{m}, rank {r}": (n, m, r) for n, m, r in [(2, 3, 3), (1, 1, 3)]}
FACTORS = {name: Network(models.matrix_factorization(*size), factored) for name, size in SIZES.items()}
TIMES = np.linspace(0.0, 3.0, 31)


class Push(eqx.Module):
    """(θ̇, −τθ̇−∇𝓛) for all factorizations, each with ½‖C⊙(UVᵀ−X)‖²."""

    weights: dict[str, Any]
    targets: dict[str, Any]

    def loss(self, theta):
        """The sum of the losses"""
        off = {name: self.weights[name] * (factored(factors) - self.targets[name]) for name, factors in theta.items()}
        return sum(jnp.sum(each**2) / 2 for each in off.values())

    def __call__(self, time, state, damping):
        """The velocity of (θ, θ̇)"""
        theta, velocity = state
        slopes = jax.grad(self.loss)(theta)
        return velocity, jax.tree.map(lambda v, g: -damping * v - g, velocity, slopes)


@mf.experiment(cases=mf.cases.single())
def momentum(case, key):
    """Heavy-ball flow of two factorizations with random losses from random velocities, τ=0.7."""
    rng = counts.generator(key, 3)
    start = tuple(started(FACTORS, rng) for _ in range(2))
    push = Push(*({name: rng.standard_normal(size[:2]) for name, size in SIZES.items()} for _ in range(2)))
    with mf.accuracy(1.0) as factor:
        rtol = 1e-9 * factor
    numbers = jax.tree.map(jnp.asarray, (push, start, rtol))  # traced, so that other numbers compile nothing
    theta, velocity = (flattened(FACTORS, part) for part in jax.tree.map(np.asarray, _followed(*numbers)))
    return {"time": TIMES, "states": {name: (theta[name], velocity[name]) for name in FACTORS}}


@eqx.filter_jit
def _followed(push, start, rtol):
    control = diffrax.PIDController(rtol=rtol, atol=rtol * 1e-3)
    save, term, end = diffrax.SaveAt(ts=jnp.asarray(TIMES)), diffrax.ODETerm(push), TIMES[-1]
    return diffrax.diffeqsolve(
        term, diffrax.Tsit5(), 0.0, end, None, start, DAMPING, saveat=save, stepsize_controller=control
    ).ys


@mf.claim(
    "conservation-laws/along-heavy-ball",
    on=momentum,
    statement=r"\ddot\theta+\tau\dot\theta=-\nabla:\quad h(\theta_t,\dot\theta_t)=h(\theta_0,\dot\theta_0)\,e^{-\tau t}"
    r" \text{ for every derived law}",
    source=f"{counts.MIRROR}; {counts.PAGE} (linear, heavy-ball momentum)",
    status="proved",
    tolerance=KEPT,
    figure="laws-along-trajectories",
    variables=LETTERS | {r"\tau": "the damping"},
)
def along_heavy_ball(case, run, altered=False, degree=None):
    """All laws of two factorizations, one of a scalar, at 31 times."""
    states = {name: tuple(each) for name, each in run["states"].items()}
    decayed = DAMPING * np.asarray(run["time"])
    return drifts(laws_of(FACTORS, momentum="heavy-ball"), states, decayed, altered=altered, degree=degree)


along_heavy_ball.control("a term of each law with the other sign", altered=True)
along_heavy_ball.control("without the weight of time", degree=0.0)
