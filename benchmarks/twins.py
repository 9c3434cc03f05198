"""Flows stated twice: with mirrorflow, and as someone would write the same equation directly in diffrax."""

import dataclasses
from collections.abc import Callable

import diffrax
import jax
import jax.numpy as jnp

import mirrorflow as mf

RTOL, ATOL = 1e-7, 1e-10


@dataclasses.dataclass(frozen=True)
class Twin:
    """`flow` from `start` for mirrorflow; dy/dt = `rate`(y), y(0) = `state`, x = `predictor`(y) for diffrax."""

    name: str
    flow: mf.Flow
    start: jax.Array
    rate: Callable[[jax.Array], jax.Array]
    state: jax.Array
    predictor: Callable[[jax.Array], jax.Array]
    end: float


def twins(samples: int, features: int, end: float) -> list[Twin]:
    """Regression in three coordinates: none, m⊙w, and the dual of a hyperbolic entropy."""
    problem = mf.problems.SparseRegression.sample(jax.random.key(0), samples=samples, features=features, support=5)
    design, target = jnp.asarray(problem.design), jnp.asarray(problem.target)
    scale = 0.5

    def gradient(x: jax.Array) -> jax.Array:
        return (design @ x - target) @ design

    def product_rate(y: jax.Array) -> jax.Array:
        return -gradient(y[0] * y[1]) * y[::-1]

    origin = jnp.zeros(features)
    plain = mf.Flow(problem, potential=mf.potentials.Quadratic())
    product = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    entropic = mf.Flow(problem, potential=mf.potentials.HyperbolicEntropy(scale=scale))
    factors = product.lift(x=origin, balance=0.5)
    return [
        Twin("gradient flow", plain, origin, lambda y: -gradient(y), origin, lambda y: y, end),
        Twin("m⊙w", product, factors, product_rate, factors, lambda y: y[0] * y[1], end),
        Twin(
            "hyperbolic entropy",
            entropic,
            origin,
            lambda z: -gradient(scale * jnp.sinh(z)),
            origin,
            lambda z: scale * jnp.sinh(z),
            end,
        ),
    ]


def with_mirrorflow(twin: Twin, save: int) -> Callable[[], mf.Trajectory]:
    """The call that a user of this package makes."""

    def call() -> mf.Trajectory:
        return mf.integrate(
            twin.flow,
            twin.start,
            until=mf.until.time(twin.end),
            save=save,
            rtol=RTOL,
            atol=ATOL,
            solver=diffrax.Tsit5(),
        )

    return call


def with_diffrax(
    twin: Twin, save: int, solver: diffrax.AbstractSolver | None = None, rtol: float = RTOL, atol: float = ATOL
) -> Callable[..., diffrax.Solution]:
    """The call that a user of diffrax makes, compiled once; it may be given another end."""
    chosen = diffrax.Tsit5() if solver is None else solver

    @jax.jit
    def solve(state: jax.Array, end: float) -> diffrax.Solution:
        return diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, args: twin.rate(y)),
            chosen,
            0.0,
            end,
            None,
            state,
            saveat=diffrax.SaveAt(ts=jnp.linspace(0.0, end, save)),
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
            max_steps=1_000_000,
        )

    return lambda end=twin.end: solve(twin.state, end)
