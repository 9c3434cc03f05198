"""The differential equation of a mirror flow of matrices, in the dual variable."""

import jax
import jax.numpy as jnp

from .._types import Held, Numeric, Parameters, Real, Scalar
from ..decay import AbstractDecay, Coupled, Decoupled
from ..geometries import AbstractGeometry, Euclidean
from ..potentials import Spectral
from ..problems import AbstractProblem
from ._dynamics import AbstractDynamics, Moment, decay_jumps, no_fault, rest


class SpectralDynamics(AbstractDynamics):
    """d∇R(X) = −direction(∇f) dt − α∇²R(X)[X] dt, Z=∇R(X).

    The singular vectors of X and Z are the same, so that small singular values of an entropy keep their digits in Z.
    """

    problem: AbstractProblem
    potential: Spectral
    geometry: AbstractGeometry
    decay: AbstractDecay | None

    def state(self, start: Parameters) -> Parameters:
        """∇R(X)"""
        return self.potential.mirror_map(start)

    def predictor(self, state: Parameters, time: Scalar) -> Real:
        """∇R*(Z)"""
        return self.potential.inverse_mirror_map(state)

    def parameters(self, state: Parameters, time: Scalar) -> Parameters:
        """X itself."""
        return self.predictor(state, time)

    def velocity(self, state: Parameters, time: Scalar, log_rate: Scalar) -> Parameters:
        """Ż"""
        return self._dual_velocity(self.predictor(state, time), time, log_rate)

    def unfinished(self, state: Parameters, time: Scalar) -> Scalar:
        """Entry by entry in the singular basis of X, where the metric is diagonal."""
        x = self.predictor(state, time)
        size, dual, inverse_metric = self.potential.rotated(x, self._dual_velocity(x, time, jnp.zeros(())))
        return rest(size, dual, inverse_metric, Euclidean(), size)

    @property
    def jumps(self) -> Held:
        """Those of the decay's strength."""
        return decay_jumps(self.decay)

    def fault(self, start: Parameters, before: Moment, after: Moment, rtol: Numeric, atol: Numeric) -> jax.Array:
        """None: every dual is allowed until it leaves the range of floats."""
        return no_fault()

    def _dual_velocity(self, x: Real, time: Scalar, log_rate: Scalar) -> Real:
        log_scale, gradient = self.problem.scaled_gradient(x)
        if isinstance(self.decay, Coupled):
            gradient = jnp.exp(log_scale) * gradient + self.decay.gradient(x, time)
            log_scale = jnp.zeros_like(log_scale)
        if self.potential.symmetric:
            gradient = (gradient + gradient.T) / 2
        log_speed, direction = self.geometry.direction(gradient, log_scale)
        dual = -jnp.exp(log_rate + log_speed) * direction
        if isinstance(self.decay, Decoupled):
            dual = dual - jnp.exp(log_rate) * self.decay.strength(time) * self.potential.metric_times_identity(x)
        return dual
