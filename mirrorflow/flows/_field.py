"""A flow's equation in the variable of a clock: the function that solvers call."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._checks import array_module
from .._types import Anything, Held, Parameters, Scalar
from ._dynamics import AbstractDynamics, Snapshot
from .clocks import AbstractClock, log_time


class Field(eqx.Module):
    """dy/ds, where y is the state, or (state, log(1+t)) under the loss clock."""

    dynamics: AbstractDynamics
    clock: AbstractClock

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
        if not self.clock.counts_loss:
            return self.dynamics.velocity(state, time, self.clock.log_rate(s, None))
        velocity = self.dynamics.velocity(state, time, jnp.zeros(()))
        log_rate = self.clock.log_rate(s, self.log_loss_speed(state, velocity, time))
        scale = jnp.exp(log_rate)
        return jax.tree.map(lambda v: scale * v, velocity), jnp.exp(log_rate - log1p_time)

    def log_loss_speed(self, state: Parameters, velocity: Parameters, time: Scalar) -> Scalar:
        """log(−d log f/dt), NaN where the loss does not fall."""
        problem = self.dynamics.problem
        x, x_velocity = jax.jvp(lambda y: self.dynamics.predictor(y, time), (state,), (velocity,))
        log_scale, gradient = problem.scaled_gradient(x)
        return jnp.log(-jnp.sum(gradient * x_velocity)) + log_scale - problem.log_loss(x)

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
