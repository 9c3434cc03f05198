"""Whether a point at which a flow hardly moves is a saddle: the rate at which a deviation from it would grow."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from .._types import Parameters, Scalar
from ..geometries import Euclidean
from ..reparameterizations import AbstractReparameterization, Custom, QuadraticForm
from ._dynamics import AbstractDynamics, ReparameterizedDynamics

LANCZOS_STEPS = 24


def may_linger(dynamics: AbstractDynamics) -> bool:
    """Whether the residual of this flow can be small at a saddle, because its coordinates share parameters.

    The residuals of coordinatewise maps, matrix products and potentials tell a saddle by themselves.
    """
    return isinstance(dynamics, ReparameterizedDynamics) and isinstance(
        dynamics.reparameterization, Custom | QuadraticForm
    )


def growth(dynamics: AbstractDynamics, state: Parameters, time: Scalar) -> Scalar:
    """The largest eigenvalue of −∇²(loss) at θ, decay included: positive at a strict saddle.

    By Lanczos steps with full orthogonalization, which approach it from below. A direction map other than the
    gradient's leaves the saddles of the loss where they are; with a decay outside of it nothing is known of them, and
    0 is returned.
    """
    assert isinstance(dynamics, ReparameterizedDynamics)
    flat, unflatten = ravel_pytree(state)
    euclidean = isinstance(dynamics.geometry, Euclidean)
    if not euclidean and dynamics.decay is not None:
        return jnp.zeros((), flat.dtype)
    reparameterization: AbstractReparameterization = dynamics.reparameterization

    def velocity(theta):
        if euclidean:
            moved = dynamics.velocity(unflatten(theta), time, jnp.zeros(()))
        else:
            parameters = unflatten(theta)
            gradient = dynamics.problem.gradient(reparameterization(parameters))
            moved = jax.tree.map(jnp.negative, reparameterization.pull_back(parameters, gradient))
        return ravel_pytree(moved)[0]

    return largest_eigenvalue(lambda v: jax.jvp(velocity, (flat,), (v,))[1], flat.size, flat.dtype)


def largest_eigenvalue(operator, size: int, dtype) -> Scalar:
    """Of a symmetric operator on vectors, from below; exact up to rounding if `size` ≤ LANCZOS_STEPS."""
    count = min(size, LANCZOS_STEPS)
    start = np.random.default_rng(0).standard_normal(size)

    def step(k, carry):
        basis, projected, vector = carry
        basis = basis.at[k].set(vector)
        image = operator(vector)
        row = basis @ image  # rows of the basis not yet filled are 0
        projected = projected.at[k].set(row)
        for _ in range(2):
            image = image - basis.T @ (basis @ image)
        length = jnp.linalg.norm(image)
        rest = jnp.where(length > 1e-12 * jnp.linalg.norm(row), image / jnp.where(length > 0, length, 1.0), 0.0)
        return basis, projected, rest

    first = jnp.asarray(start / np.linalg.norm(start), dtype)
    carry = (jnp.zeros((count, size), dtype), jnp.zeros((count, count), dtype), first)
    _, projected, _ = jax.lax.fori_loop(0, count, step, carry)
    # Row k holds the products with the basis up to k: the lower triangle of a symmetric matrix.
    lower = jnp.tril(projected)
    return jnp.linalg.eigvalsh(lower + jnp.tril(lower, -1).T)[-1]
