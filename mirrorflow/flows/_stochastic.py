"""The stochastic differential equation of a flow with noise, and the Brownian path that drives it."""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from .._types import Parameters, Real, Scalar
from ..noise import AbstractNoise
from ._dynamics import AbstractDynamics, PotentialDynamics, ReparameterizedDynamics, dual_velocity


class Equation(eqx.Module):
    """dy = drift dt + diffusion dW, y being θ for a reparameterization and the dual ∇R(x) for a potential.

    In the dual the noise of targets does not depend on the state; in a chart it would.
    """

    dynamics: AbstractDynamics
    noise: AbstractNoise

    @property
    def additive(self) -> bool:
        """Whether the diffusion is the same at every y, so that Itô's and Stratonovich's senses agree."""
        direct = not self.noise.needs_targets or not isinstance(self.dynamics, ReparameterizedDynamics)
        return self.noise.independent and direct

    def initial(self, start: Parameters) -> Parameters:
        """y at t=0."""
        if isinstance(self.dynamics, PotentialDynamics):
            return self.dynamics.potential.mirror_map(start)
        return self.dynamics.state(start)

    def parameters(self, y: Parameters, time: Scalar) -> Parameters:
        """The start's pytree, later."""
        if isinstance(self.dynamics, PotentialDynamics):
            return self.dynamics.potential.inverse_mirror_map(y)
        return self.dynamics.parameters(y, time)

    def predictor(self, y: Parameters, time: Scalar) -> Real:
        """x"""
        if isinstance(self.dynamics, PotentialDynamics):
            return self.parameters(y, time)
        return self.dynamics.predictor(y, time)

    def drift(self, time: Scalar, y: Parameters, args: Any) -> Parameters:
        """The velocity without noise."""
        rate = jnp.zeros(())
        if isinstance(self.dynamics, PotentialDynamics):
            x = self.parameters(y, time)
            return dual_velocity(self.dynamics, x, time, rate, self.dynamics.potential)
        return self.dynamics.velocity(y, time, rate)

    def driver(self, y: Parameters) -> Parameters:
        """The structure and shape of W."""
        return self.noise.driver(self.dynamics.problem, y)

    def push(self, y: Parameters | None, x: Real | None, increment: Parameters) -> Parameters:
        """B dW, what noise of strength 1 adds to y; y and x are None where they do not matter."""
        moved = self.noise.covector(self.dynamics.problem, x, increment)
        if moved is None:
            return increment
        if isinstance(self.dynamics, ReparameterizedDynamics):
            return self.dynamics.reparameterization.pull_back(y, moved)
        return moved


class Diffusion(diffrax.AbstractTerm):
    """σB(y) dW over one step, as diffrax's solvers take it, B never being made a matrix.

    What they pass around as the vector field is the strength and where B is evaluated. Where B is the same everywhere
    it is the strength alone: some solvers ask that it does not mention y, and form differences of it in time.
    """

    equation: Equation
    path: Any

    def vf(self, t, y, args):
        """The strength, and where B is evaluated."""
        strength = jnp.asarray(self.equation.noise.strength(t))
        if self.equation.additive:
            return strength, None, None
        return strength, y, self.equation.predictor(y, jnp.asarray(t))

    def contr(self, t0, t1, use_levy=False, **kwargs):
        """W over the step, with its space-time Lévy area where a solver asks for it."""
        return self.path if use_levy else self.path.W

    def prod(self, vf, control):
        """σB dW"""
        strength, y, x = vf
        moved = self.equation.push(y, x, control)
        return jax.tree.map(lambda leaf: strength.astype(leaf.dtype) * leaf, moved)


def increment(key: jax.Array, k: Any, step: Scalar, pieces: Any, driver: Parameters, with_area: bool) -> Any:
    """W over step k, the sum of `pieces` increments that are numbered through the whole path.

    So a run with `pieces` to a step is driven by the very path of a run with steps that are as many times smaller. The
    area H of the whole comes from the pieces through ∫(W_r−W_s)dr = length·(H+W/2).
    """
    leaves, structure = jax.tree.flatten(driver)
    length = step / pieces

    def piece(j, carry):
        total, integral = carry
        key_w, key_h = jax.random.split(jax.random.fold_in(key, k * pieces + j))
        w = _normals(key_w, leaves, jnp.sqrt(length))
        if with_area:
            h = _normals(key_h, leaves, jnp.sqrt(length / 12))
            integral = [i + length * (t + a + b / 2) for i, t, a, b in zip(integral, total, h, w, strict=True)]
        return [t + b for t, b in zip(total, w, strict=True)], integral

    zeros = [jnp.zeros(leaf.shape, leaf.dtype) for leaf in leaves]
    total, integral = jax.lax.fori_loop(0, pieces, piece, (zeros, zeros))
    w = jax.tree.unflatten(structure, total)
    if not with_area:
        return diffrax.BrownianIncrement(dt=step, W=w)
    area = jax.tree.unflatten(structure, [i / step - t / 2 for i, t in zip(integral, total, strict=True)])
    return diffrax.SpaceTimeLevyArea(dt=step, W=w, H=area)


def _normals(key: jax.Array, leaves: list, scale: Scalar) -> list:
    keys = jax.random.split(key, len(leaves))
    return [
        scale.astype(leaf.dtype) * jax.random.normal(one, leaf.shape, leaf.dtype)
        for one, leaf in zip(keys, leaves, strict=True)
    ]
