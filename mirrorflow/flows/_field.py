"""A flow's equation in the variable of a clock: the function that solvers call."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._checks import array_module
from .._types import Anything, Held, Parameters, Scalar
from ._dynamics import AbstractDynamics, Snapshot
from ._kinks import AbstractKinks
from ._sliding import Equation, Modes, resolved
from .clocks import AbstractClock, log_time


class Field(eqx.Module):
    """dy/ds, where y is the state, or (state, log(1+t)) under the loss clock; with `modes`, its smooth continuation."""

    dynamics: AbstractDynamics
    clock: AbstractClock
    modes: Modes | None = None
    # Whether kinks are followed as differential inclusions; else steps go across them.
    slide: bool = eqx.field(static=True, default=True)

    @property
    def kinks(self) -> AbstractKinks | None:
        """The surfaces that are followed."""
        return self.dynamics.kinks if self.slide else None

    def initial(self, start: Parameters) -> Parameters:
        """y at s=0."""
        state = self.dynamics.state(start)
        return (state, jnp.zeros(())) if self.clock.counts_loss else state

    def split(self, s: Scalar, y: Parameters) -> tuple[Parameters, Scalar, Scalar]:
        """(state, t, log(1+t))"""
        state, carried = y if self.clock.counts_loss else (y, None)
        log1p_time = self.clock.log1p_time(s, carried)
        return state, self.clock.time(s, log1p_time), log1p_time

    def __call__(self, s: Scalar, y: Parameters, args: None) -> Parameters:
        """dy/ds"""
        state, time, log1p_time = self.split(s, y)
        dynamics = self.driven(s, y)
        if not self.clock.counts_loss:
            return dynamics.velocity(state, time, self.clock.log_rate(s, None))
        velocity, log_scale, log_rate = self.counted(dynamics, s, state, time)
        scale = jnp.exp(log_rate + log_scale)
        return jax.tree.map(lambda v: scale * v, velocity), jnp.exp(log_rate - log1p_time)

    def counted(self, dynamics: AbstractDynamics, s: Scalar, state: Parameters, time: Scalar):
        """ẏ·e^{−log_scale}, log_scale, log dt/ds: in the scale of the gradient, which may be far below any float."""
        problem = dynamics.problem
        x = dynamics.predictor(state, time)
        gradient_scale, gradient = problem.scaled_gradient(x)
        log_scale = dynamics.log_scale(state, time)
        velocity = dynamics.velocity(state, time, -log_scale)
        x_velocity = jax.jvp(lambda y: dynamics.predictor(y, time), (state,), (velocity,))[1]
        products = jax.tree.map(lambda g, v: jnp.sum(g * v), gradient, x_velocity)
        falling = -sum(jax.tree.leaves(products), start=jnp.zeros(()))
        # log(−d log f/dt), NaN where the loss does not fall
        log_loss_speed = jnp.log(falling) + log_scale + gradient_scale - problem.log_loss(x)
        return velocity, log_scale, self.clock.log_rate(s, log_loss_speed)

    def equation(self, s: Scalar, y: Parameters) -> tuple[Equation, Parameters]:
        """The equation with kinks at one moment, and the state there."""
        state, time, _ = self.split(s, y)
        kinks = self.kinks
        assert kinks is not None
        return Equation(self.dynamics, kinks, time), state

    def moved(self, y: Parameters, offset: Parameters) -> Parameters:
        """y with something added to the state in it."""
        if not self.clock.counts_loss:
            return jax.tree.map(jnp.add, y, offset)
        return jax.tree.map(jnp.add, y[0], offset), y[1]

    def driven(self, s: Scalar, y: Parameters) -> AbstractDynamics:
        """The smooth equation that holds at a point."""
        if self.modes is None:
            return self.dynamics
        equation, state = self.equation(s, y)
        return equation.kinks.fixed(self.dynamics, resolved(equation, state, self.modes)[0])

    def held(self, modes: Modes | None) -> "Field":
        """The smooth continuation of the equation with these modes."""
        return Field(self.dynamics, self.clock, modes, self.slide)

    def snapshot(self, s: Scalar, y: Parameters) -> Snapshot:
        """What stopping rules look at."""
        return Snapshot(self.dynamics, *self.split(s, y))

    def points(self, s: Anything, y: Parameters) -> "Points":
        """What a trajectory holds, for many s along the first axis."""
        return _points(self, s, y)

    def jumps(self) -> Held:
        """The values of s at which a schedule jumps, increasing."""
        times = self.dynamics.jumps
        if times.shape[0] == 0:
            return np.zeros(0, jnp.result_type(float))
        if self.clock.counts_loss:
            raise ValueError(
                "The loss clock cannot land on the jumps of a schedule: use the physical or the log clock."
            )
        return self.clock.from_time(array_module(times).asarray(times, jnp.result_type(float)))


class Points(NamedTuple):
    """The points of a path, along the first axis of everything."""

    time: Any
    log_time: Any
    parameters: Parameters
    x: Any
    loss: Any
    log_loss: Any


@eqx.filter_jit
def _points(field: Field, s: Anything, y: Parameters) -> Points:
    def one(point):
        state, time, log1p_time = field.split(*point)
        dynamics = field.dynamics
        x = dynamics.predictor(state, time)
        problem = dynamics.problem
        parameters = dynamics.parameters(state, time)
        return Points(time, log_time(log1p_time), parameters, x, problem.loss(x), problem.log_loss(x))

    return jax.lax.map(one, (s, y))
