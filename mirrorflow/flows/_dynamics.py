"""The differential equation of a flow: what is integrated, and how x and the parameters are read off it.

One class for each kind of coordinates. `log1p_time` is log(1+t); velocities are multiplied by e^{log_rate} = dt/ds, so
that clocks and losses beyond the range of floats only ever meet as sums of logarithms.
"""

import abc
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Held, Numeric, Parameters, Real, Scalar
from ..decay import AbstractDecay, BalancedSquares, Coupled, Decoupled
from ..geometries import AbstractGeometry, AbstractSteepest, Euclidean
from ..potentials import AbstractPotential, AbstractPotentialFamily
from ..problems import AbstractProblem
from ..reparameterizations import AbstractCoordinatewise, AbstractProduct, AbstractReparameterization
from . import _ties
from ._kinks import AbstractKinks, sign_kinks
from ._status import Code


class AbstractDynamics(eqx.Module):
    """ẏ = velocity(y, t), x = predictor(y, t)."""

    problem: eqx.AbstractVar[AbstractProblem]
    geometry: eqx.AbstractVar[AbstractGeometry]
    decay: eqx.AbstractVar[AbstractDecay | None]

    @abc.abstractmethod
    def state(self, start: Parameters) -> Parameters:
        """What is integrated, from the start as the user gives it."""

    @abc.abstractmethod
    def predictor(self, state: Parameters, time: Scalar) -> Real:
        """x"""

    @abc.abstractmethod
    def parameters(self, state: Parameters, time: Scalar) -> Parameters:
        """The start's pytree, later."""

    @abc.abstractmethod
    def velocity(self, state: Parameters, time: Scalar, log_rate: Scalar) -> Parameters:
        """dy/dt·e^{log_rate}"""

    @abc.abstractmethod
    def unfinished(self, state: Parameters, time: Scalar) -> Scalar:
        """The residual of `until.stationary`."""

    def log_scale(self, state: Parameters, time: Scalar) -> Scalar:
        """The logarithm of the unit in which velocities are of ordinary size: that of the gradient of gradient flow."""
        scale = self.problem.scaled_gradient(self.predictor(state, time))[0]
        return scale if isinstance(self.geometry, Euclidean) else jnp.zeros_like(scale)

    @property
    @abc.abstractmethod
    def jumps(self) -> Held:
        """The times at which the equation jumps, increasing."""

    @property
    def kinks(self) -> AbstractKinks | None:
        """The surfaces across which the equation jumps, None where it is smooth."""
        return None

    @abc.abstractmethod
    def fault(self, start: Parameters, before: "Moment", after: "Moment", rtol: Numeric, atol: Numeric) -> jax.Array:
        """A code if the step from `before` to `after` ended what the equation describes, else `RUNNING`."""


class Moment(NamedTuple):
    """A state and its time."""

    state: Parameters
    time: Scalar


class PotentialDynamics(AbstractDynamics):
    """d∇R(x) = −direction(∇f) dt − α∇Q(x) dt, in the chart of the potential."""

    problem: AbstractProblem
    potential: AbstractPotential
    geometry: AbstractGeometry
    decay: AbstractDecay | None

    def state(self, start: Parameters) -> Parameters:
        """The chart's coordinate of x."""
        return self.potential.to_chart(start)

    def predictor(self, state: Parameters, time: Scalar) -> Real:
        """from_chart(c)"""
        return self.potential.from_chart(state)

    def parameters(self, state: Parameters, time: Scalar) -> Parameters:
        """x itself."""
        return self.potential.from_chart(state)

    def velocity(self, state: Parameters, time: Scalar, log_rate: Scalar) -> Parameters:
        """(dc/dz)·ż, the two combined as logarithms: each may be far outside the range of floats."""
        x = self.potential.from_chart(state)
        log_rates = log_rate + self.potential.log_chart_rate(state)
        return dual_velocity(self, x, time, log_rates, self.potential)

    def unfinished(self, state: Parameters, time: Scalar) -> Scalar:
        """Coordinate by coordinate through the metric."""
        x = self.predictor(state, time)
        dual = dual_velocity(self, x, time, jnp.zeros(()), self.potential)
        gradient = self.problem.gradient(x)
        if isinstance(self.decay, Coupled):
            gradient = gradient + self.decay.gradient(x, time)
        return rest(x, dual, 1 / self.potential.metric(x), self.geometry, gradient)

    @property
    def jumps(self) -> Held:
        """Those of the decay's strength."""
        return decay_jumps(self.decay)

    @property
    def kinks(self) -> AbstractKinks | None:
        """Where entries of the gradient change their sign, if it is the sign itself that drives."""
        return sign_kinks(self.geometry, self.problem.shape)

    def fault(self, start: Parameters, before: Moment, after: Moment, rtol: Numeric, atol: Numeric) -> jax.Array:
        """None, for the chart covers the domain; but the penalty of balanced factors ends where x comes to 0."""
        if not (isinstance(self.decay, Coupled) and isinstance(self.decay.penalty, BalancedSquares)):
            return no_fault()
        old, new = self.potential.from_chart(before.state), self.potential.from_chart(after.state)
        met = jnp.any((old != 0) & (old * new <= 0))
        return jnp.where(met, Code.TIED_FACTORS, Code.RUNNING).astype(jnp.int32)


class FamilyDynamics(AbstractDynamics):
    """d∇R_t(x_t) = −direction(∇f) dt, in the dual variable."""

    problem: AbstractProblem
    potential: AbstractPotentialFamily
    geometry: AbstractGeometry
    decay: AbstractDecay | None

    def state(self, start: Parameters) -> Parameters:
        """∇R₀(x)"""
        return self.potential.at(jnp.zeros(())).mirror_map(start)

    def predictor(self, state: Parameters, time: Scalar) -> Real:
        """∇R_t*(z)"""
        return self.potential.at(time).inverse_mirror_map(state)

    def parameters(self, state: Parameters, time: Scalar) -> Parameters:
        """x itself."""
        return self.predictor(state, time)

    def velocity(self, state: Parameters, time: Scalar, log_rate: Scalar) -> Parameters:
        """−direction(∇f)"""
        log_scale, gradient = self.problem.scaled_gradient(self.predictor(state, time))
        log_speed, direction = self.geometry.direction(gradient, log_scale)
        return -jnp.exp(log_rate + log_speed) * direction

    def unfinished(self, state: Parameters, time: Scalar) -> Scalar:
        """Coordinate by coordinate, the drift of the potential included."""
        dual = self.velocity(state, time, jnp.zeros(()))
        x, velocity = jax.jvp(self.predictor, (state, time), (dual, jnp.ones_like(time)))
        inverse_metric = self.potential.at(time).conjugate_metric(state)
        return rest(x, velocity / inverse_metric, inverse_metric, self.geometry, self.problem.gradient(x))

    @property
    def jumps(self) -> Held:
        """Those of the family."""
        return self.potential.jumps

    def fault(self, start: Parameters, before: Moment, after: Moment, rtol: Numeric, atol: Numeric) -> jax.Array:
        """None: every dual is allowed until it leaves the range of floats."""
        return no_fault()


class ReparameterizedDynamics(AbstractDynamics):
    """θ̇ = −direction(∇_θ f(g(θ))) with coupled or decoupled decay."""

    problem: AbstractProblem
    reparameterization: AbstractReparameterization
    geometry: AbstractGeometry
    decay: AbstractDecay | None

    def state(self, start: Parameters) -> Parameters:
        """θ"""
        return start

    def predictor(self, state: Parameters, time: Scalar) -> Real:
        """g(θ)"""
        return self.reparameterization(state)

    def parameters(self, state: Parameters, time: Scalar) -> Parameters:
        """θ"""
        return state

    def velocity(self, state: Parameters, time: Scalar, log_rate: Scalar) -> Parameters:
        """−direction, and what decay adds before or after it."""
        log_scale, gradient = self.problem.scaled_gradient(self.reparameterization(state))
        moved = self._descent(state, gradient, log_scale, time, log_rate)
        if isinstance(self.decay, Decoupled):
            rate = jnp.exp(log_rate) * self.decay.strength(time)
            moved = jax.tree.map(lambda v, theta: v - rate * theta, moved, state)
        return moved

    def _descent(self, state, gradient, log_scale, time, log_rate) -> Parameters:
        geometry, reparameterization = self.geometry, self.reparameterization
        coupled = self.decay if isinstance(self.decay, Coupled) else None
        if isinstance(geometry, Euclidean):
            scale = jnp.exp(log_rate + log_scale)
            moved = jax.tree.map(lambda g: -scale * g, reparameterization.pull_back(state, gradient))
            if coupled is None:
                return moved
            rate = jnp.exp(log_rate)
            return jax.tree.map(lambda v, p: v - rate * p, moved, coupled.gradient(state, time))
        if (
            coupled is None
            and isinstance(geometry, AbstractSteepest)
            and isinstance(reparameterization, AbstractCoordinatewise)
        ):
            # Only ∇f is smoothed: the product's own partials keep their exact signs, and with them the balance law.
            log_speed, direction = geometry.direction(gradient, log_scale)
            weights = geometry.weight(reparameterization.partials(state))
            return -jnp.exp(log_rate + log_speed) * weights * direction[None]
        total = reparameterization.pull_back(state, gradient)
        if coupled is not None:
            scale = jnp.exp(log_scale)
            total = jax.tree.map(lambda g, p: scale * g + p, total, coupled.gradient(state, time))
            log_scale = jnp.zeros_like(log_scale)

        def leaf(g):
            log_speed, direction = geometry.direction(g, log_scale)
            return -jnp.exp(log_rate + log_speed) * direction

        return jax.tree.map(leaf, total)

    def unfinished(self, state: Parameters, time: Scalar) -> Scalar:
        """Coordinate by coordinate where coordinates have factors of their own, else by norms."""
        velocity = self.velocity(state, time, jnp.zeros(()))
        x, x_velocity = jax.jvp(self.reparameterization, (state,), (velocity,))
        gradient = self.problem.gradient(x)
        reparameterization = self.reparameterization
        if isinstance(reparameterization, AbstractCoordinatewise):
            partials = reparameterization.partials(state)
            weights = self.geometry.weight(partials) if isinstance(self.geometry, AbstractSteepest) else partials
            inverse_metric = jnp.sum(partials * weights, axis=0)
            dual = jnp.where(inverse_metric > 0, x_velocity / jnp.where(inverse_metric > 0, inverse_metric, 1.0), 0.0)
            return rest(x, dual, inverse_metric, self.geometry, gradient)
        if not isinstance(self.geometry, Euclidean) and self.decay is None:
            velocity = jax.tree.map(jnp.negative, self.reparameterization.pull_back(state, gradient))
        return self.reparameterization.unfinished(state, velocity, gradient, decay_rate(self.decay, time))

    @property
    def jumps(self) -> Held:
        """Those of the decay's strength."""
        return decay_jumps(self.decay)

    @property
    def kinks(self) -> AbstractKinks | None:
        """Where entries of the gradient change their sign, if it is the sign itself that drives."""
        return sign_kinks(self.geometry, self.problem.shape)

    def fault(self, start: Parameters, before: Moment, after: Moment, rtol: Numeric, atol: Numeric) -> jax.Array:
        """Two factors of one coordinate that reach 0 together (see `_ties`)."""
        if not isinstance(self.reparameterization, AbstractProduct) or isinstance(self.geometry, Euclidean):
            return no_fault()

        def descent(factors):
            log_scale, gradient = self.problem.scaled_gradient(self.reparameterization(factors))
            return self._descent(factors, gradient, log_scale, before.time, jnp.zeros_like(log_scale))

        floor = 10 * (atol + rtol * jnp.abs(start))
        elapsed = after.time - before.time
        met = _ties.met(start, before.state, after.state, elapsed, after.time, descent, floor)
        return jnp.where(met, Code.TIED_FACTORS, Code.RUNNING).astype(jnp.int32)


def rest(x: Real, dual: Real, inverse_metric: Real, geometry: AbstractGeometry, gradient: Real) -> Scalar:
    """The largest of: |dual velocity| where |x| grows; the smaller of it and |ẋ| where |x| shrinks.

    `dual` is turned back into units of ∇f by the slope of the direction map.
    """
    outward = x * dual > 0
    starting = (x == 0) & (dual != 0)
    velocity = jnp.abs(dual) * inverse_metric
    residual = jnp.abs(dual)
    if isinstance(geometry, AbstractSteepest):
        residual = residual / geometry.slope(gradient)
    return jnp.max(jnp.where(outward | starting, residual, jnp.minimum(residual, velocity)))


class Snapshot(eqx.Module):
    """What a stopping rule may look at; each thing is computed only if a rule asks for it."""

    dynamics: AbstractDynamics
    state: Parameters
    time: Scalar
    log1p_time: Scalar

    def loss(self) -> Scalar:
        """f(x)"""
        return self.dynamics.problem.loss(self.dynamics.predictor(self.state, self.time))

    def log_loss(self) -> Scalar:
        """log f(x)"""
        return self.dynamics.problem.log_loss(self.dynamics.predictor(self.state, self.time))

    def unfinished(self) -> Scalar:
        """The residual of `until.stationary`."""
        return self.dynamics.unfinished(self.state, self.time)

    def past_jumps(self) -> jax.Array:
        """Whether no jump of a schedule is still to come."""
        return jnp.all(self.time >= jnp.asarray(self.dynamics.jumps))


def decay_jumps(decay: AbstractDecay | None) -> Held:
    return np.zeros(0) if decay is None else decay.jumps


def decay_rate(decay: AbstractDecay | None, time: Scalar) -> Scalar:
    """The rate at which a decay shrinks the parameters: α of −αθ, 2α of the gradient of α‖θ‖²."""
    if decay is None:
        return jnp.zeros(())
    return decay.strength(time) * (2.0 if isinstance(decay, Coupled) else 1.0)


def no_fault() -> jax.Array:
    return jnp.asarray(Code.RUNNING, jnp.int32)


def dual_direction(dynamics: PotentialDynamics, x: Real, time: Scalar) -> tuple[Real, Real]:
    """(s, d), the direction of ∇f + coupled decay being eˢ·d."""
    log_scale, gradient = dynamics.problem.scaled_gradient(x)
    log_scale, gradient = coupled(dynamics.decay, x, time, log_scale, gradient)
    return dynamics.geometry.direction(gradient, log_scale)


def dual_velocity(
    dynamics: PotentialDynamics, x: Real, time: Scalar, log_rate: Real, potential: AbstractPotential
) -> Real:
    """−direction(∇f + coupled) − α·∇²R(x)x, times e^{log_rate}: one number, or one for each coordinate."""
    log_speed, direction = dual_direction(dynamics, x, time)
    return decoupled(dynamics.decay, x, time, log_rate, potential, -jnp.exp(log_rate + log_speed) * direction)


def coupled(
    decay: AbstractDecay | None, x: Parameters, time: Scalar, log_scale: Scalar, gradient: Parameters
) -> tuple[Scalar, Parameters]:
    """The scaled gradient of the loss with that of a coupled decay."""
    if not isinstance(decay, Coupled):
        return log_scale, gradient
    scale = jnp.exp(log_scale)
    total = jax.tree.map(lambda g, p: scale * g + p, gradient, decay.gradient(x, time))
    return jnp.zeros_like(log_scale), total


def decoupled(
    decay: AbstractDecay | None, x: Real, time: Scalar, log_rate: Real, potential: AbstractPotential, dual: Real
) -> Real:
    """A dual velocity with what decoupled decay adds to it: −α·∇²R(x)x·e^{log_rate}."""
    if not isinstance(decay, Decoupled):
        return dual
    return dual - jnp.exp(log_rate) * decay.strength(time) * potential.metric_times_identity(x)
