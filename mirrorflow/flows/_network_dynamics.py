"""The differential equation of a network's parameters under a mirror flow, one potential for each layer."""

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Held, Numeric, Parameters, Real, Scalar
from ..decay import AbstractDecay
from ..geometries import AbstractGeometry
from ..potentials import AbstractPotential
from ..problems import AbstractProblem, NetworkClassification
from ._dynamics import AbstractDynamics, Moment, coupled, decay_jumps, decoupled, no_fault, rest
from ._kinks import AbstractKinks, NetworkKinks


class NetworkDynamics(AbstractDynamics):
    """d∇R_k(W_k) = −direction(∂f/∂W_k) dt − α∇²R_k(W_k)W_k dt for each layer k, in the chart of its potential."""

    problem: AbstractProblem
    potentials: tuple[AbstractPotential, ...]
    geometry: AbstractGeometry
    decay: AbstractDecay | None

    def state(self, start: Parameters) -> Parameters:
        """The chart's coordinates of every layer."""
        return tuple(p.to_chart(layer) for p, layer in zip(self.potentials, start, strict=True))

    def predictor(self, state: Parameters, time: Scalar) -> Parameters:
        """The parameters."""
        return tuple(p.from_chart(chart) for p, chart in zip(self.potentials, state, strict=True))

    def parameters(self, state: Parameters, time: Scalar) -> Parameters:
        """The parameters."""
        return self.predictor(state, time)

    def velocity(self, state: Parameters, time: Scalar, log_rate: Scalar) -> Parameters:
        """(dc/dz)·ż layer by layer, the two combined as logarithms."""
        rates = tuple(log_rate + p.log_chart_rate(chart) for p, chart in zip(self.potentials, state, strict=True))
        return self._dual(self.predictor(state, time), time, rates)

    def unfinished(self, state: Parameters, time: Scalar) -> Scalar:
        """The largest of the layers' residuals, coordinate by coordinate through the metric."""
        x = self.predictor(state, time)
        zero = jnp.zeros(())
        dual = self._dual(x, time, tuple(zero for _ in self.potentials))
        log_scale, gradient = coupled(self.decay, x, time, *self.problem.scaled_gradient(x))
        layers = zip(self.potentials, x, dual, gradient, strict=True)
        return jnp.max(
            jnp.stack([rest(w, v, 1 / p.metric(w), self.geometry, jnp.exp(log_scale) * g) for p, w, v, g in layers])
        )

    def _dual(self, x: Parameters, time: Scalar, rates: tuple[Real, ...]) -> Parameters:
        log_scale, gradient = coupled(self.decay, x, time, *self.problem.scaled_gradient(x))

        def layer(potential, weights, rate, gradient):
            log_speed, direction = self.geometry.direction(gradient, log_scale)
            dual = -jnp.exp(rate + log_speed) * direction
            return decoupled(self.decay, weights, time, rate, potential, dual)

        return tuple(layer(*parts) for parts in zip(self.potentials, x, rates, gradient, strict=True))

    @property
    def jumps(self) -> Held:
        """Those of the decay's strength."""
        return decay_jumps(self.decay)

    @property
    def kinks(self) -> AbstractKinks | None:
        """The boundaries of the hidden units."""
        problem = self.problem
        assert isinstance(problem, NetworkClassification)
        if not problem.kinked:
            return None
        activation = problem.network.activation
        return NetworkKinks(problem.network.gate_shapes(problem.samples), (activation.low, activation.high))

    def fault(self, start: Parameters, before: Moment, after: Moment, rtol: Numeric, atol: Numeric) -> jax.Array:
        """None: the charts cover the domains."""
        return no_fault()


def check_alive(problem: NetworkClassification, start: Parameters) -> None:
    """`ValueError` for a start at which every derivative of the loss is 0, which no flow leaves."""
    gradient = problem.scaled_gradient(start)[1]
    if any(np.any(np.asarray(leaf) != 0) for leaf in gradient):
        return
    words = unseen(problem, start) or "the parts of every sample cancel"
    raise ValueError(f"start is a dead network: every derivative of the loss is 0 ({words}), and no flow leaves it.")


def unseen(problem: NetworkClassification, x: Parameters) -> str:
    """On how many samples the network gives 0 whatever its last layer is, in words; empty if on none."""
    last = problem.network.entering(x, problem.inputs, problem.gates)
    if not last:
        return ""
    on = np.asarray(problem.network.activation(last[-1])).reshape(problem.samples, -1)
    count = int((on == 0).all(axis=1).sum())
    if count == 0:
        return ""
    return f"no unit is on at {count} of {problem.samples} samples, so that their loss cannot fall"
