"""The gradient flow of the factors of a matrix product, in their graded form."""

import jax
import jax.numpy as jnp

from .._types import Held, Numeric, Parameters, Real, Scalar
from ..decay import AbstractDecay
from ..geometries import AbstractGeometry
from ..problems import AbstractProblem
from ..reparameterizations import GradedProduct
from ._dynamics import AbstractDynamics, Moment, decay_jumps, decay_rate, no_fault

_MOST = 600.0  # e^600 is a float


class GradedDynamics(AbstractDynamics):
    """Q̇ = AQ−QT, ℓ̇ = diag T − decay, Ṅ = strict(e^{−ℓ}Te^{ℓ})N for Y = Q·e^ℓ·N with Ẏ = AY − decay·Y."""

    problem: AbstractProblem
    reparameterization: GradedProduct
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
        """θ̇, and in Q what draws it back to orthonormal columns: 0 where they are."""
        frame, logs = state["frame"], state["log_scales"]
        log_scale, gradient = self.problem.scaled_gradient(self.reparameterization(state))
        moved = self.reparameterization.driven(frame, gradient)
        form = frame.T @ moved
        triangular = jnp.triu(form) + jnp.triu(form, 1)
        # faster than QT, which where T shrinks drives the columns away from orthonormal, ever does
        pull = 2 * jnp.linalg.norm(gradient) * (jnp.eye(logs.shape[0]) - frame.T @ frame)
        ratios = jnp.exp(jnp.minimum(logs[None, :] - logs[:, None], _MOST))
        speed, rate = jnp.exp(log_rate + log_scale), jnp.exp(log_rate)
        return {
            "frame": speed * (moved - frame @ triangular + frame @ pull),
            "log_scales": speed * jnp.diagonal(form) - rate * decay_rate(self.decay, time),
            "mixing": speed * jnp.triu(triangular * ratios, 1) @ state["mixing"],
        }

    def unfinished(self, state: Parameters, time: Scalar) -> Scalar:
        """Direction by direction."""
        gradient = self.problem.gradient(self.reparameterization(state))
        return self.reparameterization.unfinished(state, state, gradient, decay_rate(self.decay, time))

    @property
    def jumps(self) -> Held:
        """Those of the decay's strength."""
        return decay_jumps(self.decay)

    def fault(self, start: Parameters, before: Moment, after: Moment, rtol: Numeric, atol: Numeric) -> jax.Array:
        """None."""
        return no_fault()
