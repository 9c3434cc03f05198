"""The equation of a mirror flow at one point of a step, its exponentials combined as logarithms."""

import equinox as eqx
import jax
import jax.numpy as jnp

from .._types import Anything, Parameters, Real, Scalar
from ._dynamics import PotentialDynamics, dual_direction, dual_velocity
from ._field import Field


class MirrorEquation(eqx.Module):
    """∇²R(x)·dx/ds = −(dt/ds)·∇f(x) in the chart c of the potential: (dz/dc)·c' = v·dt/ds with z=∇R(x).

    Nothing is solved for c', so the equation of a coordinate whose metric is e^{1000} times smaller than the others'
    is the algebraic v=0 to all digits. The unknowns are one vector: c, and under the loss clock also log(1+t) and
    log dt/ds, the latter fixed by d log f/ds=−1. A residual is divided by e^{exponents}, the largest exponent in it.
    """

    field: Field

    @property
    def _dynamics(self) -> PotentialDynamics:
        dynamics = self.field.dynamics
        assert isinstance(dynamics, PotentialDynamics)
        return dynamics

    @property
    def counts_loss(self) -> bool:
        """Whether the clock is the loss's."""
        return self.field.clock.counts_loss

    def pack(self, y: Parameters) -> Real:
        """The state as one vector, without log dt/ds."""
        if not self.counts_loss:
            return jnp.ravel(y)
        chart, log1p_time = y
        return jnp.append(jnp.ravel(chart), log1p_time)

    def unpack(self, vector: Real) -> Parameters:
        """The state of a vector, whose log dt/ds is dropped."""
        shape = self._dynamics.problem.shape
        if not self.counts_loss:
            return vector.reshape(shape)
        size = vector.shape[0] - 1
        return vector[:size].reshape(shape), vector[size]

    def start(self, s: Scalar, y: Parameters) -> tuple[Real, Scalar]:
        """dy/ds as a vector, and log dt/ds, from the right-hand side: for a point that is not yet stiff."""
        slope = self.pack(self.field(s, y, None))
        if not self.counts_loss:
            return slope, jnp.zeros(())
        state, time, _ = self.field.split(s, y)
        return slope, self.field.counted(self._dynamics, s, state, time)[2]

    def exponents(self, s: Scalar, unknown: Real) -> Real:
        """The largest exponent in each equation."""
        chart, time, log_rate, log1p_time = self._read(s, unknown)
        potential = self._dynamics.potential
        log_speed, _ = dual_direction(self._dynamics, potential.from_chart(chart), time)
        moving = jnp.ravel(jnp.maximum(-potential.log_chart_rate(chart), log_rate + log_speed))
        if self.counts_loss:
            clock = jnp.stack([jnp.maximum(log_rate - log1p_time, 0.0), jnp.zeros(())])
            moving = jnp.concatenate([moving, clock])
        return jax.lax.stop_gradient(moving)

    def residual(self, s: Scalar, unknown: Real, slope: Real, exponents: Real) -> Real:
        """What the equations are short of, over e^{exponents}, for the slope du/ds."""
        chart, time, log_rate, log1p_time = self._read(s, unknown)
        dynamics, potential = self._dynamics, self._dynamics.potential
        size = chart.size
        x = potential.from_chart(chart)
        own = exponents[:size].reshape(chart.shape)
        chart_slope = slope[:size].reshape(chart.shape)
        pulled = dual_velocity(dynamics, x, time, log_rate - own, potential)
        moving = jnp.exp(-potential.log_chart_rate(chart) - own) * chart_slope - pulled
        if not self.counts_loss:
            return jnp.ravel(moving)
        clock = jnp.exp(-exponents[size]) * slope[size] - jnp.exp(log_rate - log1p_time - exponents[size])
        log_scale, gradient = dynamics.problem.scaled_gradient(x)
        x_slope = jax.jvp(potential.from_chart, (chart,), (chart_slope,))[1]
        fall = jnp.exp(log_scale - dynamics.problem.log_loss(x)) * jnp.sum(gradient * x_slope) + 1
        return jnp.concatenate([jnp.ravel(moving), jnp.stack([clock, fall])])

    def linearized(self, s: Scalar, unknown: Real, slope: Real, exponents: Real) -> tuple[Real, Real]:
        """The derivatives of the residual by the unknowns and by their slopes."""

        def of(unknown, slope):
            return self.residual(s, unknown, slope, exponents)

        # Both at once, so that what does not depend on the direction is computed once.
        both = jax.jacfwd(lambda pair: of(*pair))((unknown, slope))
        return both[0], both[1]

    def _read(self, s: Scalar, unknown: Real) -> tuple[Real, Scalar, Scalar, Anything]:
        """(chart, t, log dt/ds, log(1+t))"""
        if not self.counts_loss:
            chart = self.unpack(unknown)
            _, time, log1p_time = self.field.split(s, chart)
            return chart, time, self.field.clock.log_rate(s, None), log1p_time
        chart, carried = self.unpack(unknown[:-1])
        _, time, log1p_time = self.field.split(s, (chart, carried))
        return chart, time, unknown[-1], log1p_time
