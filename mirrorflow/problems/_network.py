"""Losses of a network that classifies, in logarithms: they fall far below the range of floats."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Held, Numeric, Parameters, Real, Scalar
from ..networks import AbstractNetwork
from ._base import AbstractProblem
from ._tails import LOSSES, log_losses, log_slopes


class NetworkClassification(AbstractProblem):
    """Exponential or logistic loss of a network f(θ;·) that classifies. The predictor x is θ, a tuple of arrays.

    With one output, labels y_i=±1 and one margin a sample, q_i = y_i·f(θ;z_i). With C≥2 outputs, labels 0…C−1 and a
    margin for each class c≠y_i, q_ic = f_{y_i}(θ;z_i)−f_c(θ;z_i). Exponential: Σ_{i,c} e^{−q_ic}; logistic:
    Σ_i log(1+Σ_c e^{−q_ic}), the cross entropy.

    `gates` stand in place of the slopes of the activations in every pass through the network (see
    `mf.networks.AbstractNetwork`); None, the default, for the network itself.

    **Arguments:**

    - `network`: of `mf.networks`.
    - `inputs`: the z_i, shape (samples, *network.input_shape), finite.
    - `labels`: shape (samples,): −1 or 1 for a network with one output, integers from 0 to outputs−1 for more.
    - `loss`: `"exponential"` or `"logistic"`.

    **Raises:** `ValueError` on wrong shapes, entries that are not finite, labels that are none, or an unknown loss.

    **Source:** theory pages 00 (loss conventions) and 04.

    >>> network = mf.networks.MLP((2, 3, 1), key=jax.random.key(0))
    >>> problem = mf.problems.NetworkClassification.sample(jax.random.key(1), network, samples=4)
    >>> problem.margins(network.parameters).shape, problem.shape, problem.degree
    ((4,), ((3, 2), (1, 3)), 2.0)
    """

    nonnegative: ClassVar[bool] = True
    network: AbstractNetwork
    inputs: Held
    labels: Held
    gates: tuple[Any, ...] | None
    loss_name: str = eqx.field(static=True)

    def __init__(self, network: AbstractNetwork, inputs: Numeric, labels: Numeric, *, loss: str = "exponential"):
        _checks.instance("network", network, AbstractNetwork, "a network of mf.networks")
        self.network = network
        self.inputs = _checks.number("inputs", inputs, shape=None)
        expected = network.input_shape
        if self.inputs.ndim == 0 or self.inputs.shape[0] == 0 or tuple(self.inputs.shape[1:]) != expected:
            words = ", ".join(map(str, expected))
            raise ValueError(
                f"inputs must have shape (samples, {words}), samples not 0, to go with the network, "
                f"got shape {tuple(self.inputs.shape)}."
            )
        if network.outputs == 1:
            self.labels = _checks.signs("labels", labels)
        else:
            self.labels = _checks.indices("labels", labels, network.outputs)
        if self.labels.shape != self.inputs.shape[:1]:
            raise ValueError(
                f"labels must have shape (samples,) = {tuple(self.inputs.shape[:1])} to go with inputs of shape "
                f"{tuple(self.inputs.shape)}, got shape {tuple(self.labels.shape)}."
            )
        self.gates = None
        self.loss_name = _checks.one_of("loss", loss, LOSSES)

    @classmethod
    def sample(
        cls, key: jax.Array, network: AbstractNetwork, samples: int, *, loss: str = "exponential"
    ) -> "NetworkClassification":
        """A random instance that a network of the same kind separates: inputs N(0,I), labels from a random teacher.

        The labels are the signs of the teacher's output, or the number of its largest one. Nothing makes every label
        occur: the outputs of a narrow teacher may all have one sign.

        **Arguments:** `network`: whose kind the teacher is of; its own weights do not matter; `samples`: at least 1.

        **Raises:** `ValueError` where an argument is out of range.
        """
        _checks.instance("network", network, AbstractNetwork, "a network of mf.networks")
        samples = _checks.integer("samples", samples, at_least=1)
        keys = jax.random.split(_checks.key("key", key), 2)
        return cls(network, *_sample(keys[0], network.initial(keys[1]), samples), loss=loss)

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the layers."""
        return self.network.shape

    @property
    def axis_names(self) -> tuple[tuple[str, ...], ...]:
        """Names for the axes of each layer."""
        return self.network.axis_names

    @property
    def degree(self) -> float:
        """L with f(cθ)=c^L·f(θ)."""
        return self.network.degree

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return self.inputs.shape[0]

    @property
    def kinked(self) -> bool:
        """Whether the loss has kinks that no gates take away."""
        return self.network.kinked and self.gates is None

    def at(self, gates: tuple[Any, ...] | None) -> "NetworkClassification":
        """The same problem with these gates in every pass through the network.

        **Raises:** `ValueError` for gates of other shapes than `network.gate_shapes(samples)`.
        """
        self.network.check_gates(gates, self.samples)
        return eqx.tree_at(lambda problem: problem.gates, self, gates, is_leaf=lambda node: node is None)

    def outputs(self, x: Parameters) -> Real:
        """f(θ;z_i), shape (samples, outputs)."""
        return self.network.forward(x, self.inputs, self.gates)

    def preactivations(self, x: Parameters) -> tuple[Real, ...]:
        """What enters the kinked activations (see `mf.networks.AbstractNetwork.preactivations`)."""
        return self.network.preactivations(x, self.inputs, self.gates)

    def pair_margins(self, x: Parameters) -> Real:
        """q_ic, shape (samples, outputs−1), the classes c≠y_i in their order; (samples, 1) for one output."""
        outputs, labels = self.outputs(x), jnp.asarray(self.labels)
        if self.network.outputs == 1:
            return labels[:, None] * outputs
        others = jnp.arange(self.network.outputs - 1)[None, :]
        others = others + (others >= labels[:, None])
        own = jnp.take_along_axis(outputs, labels[:, None], axis=1)
        return own - jnp.take_along_axis(outputs, others, axis=1)

    def margins(self, x: Parameters) -> Real:
        """min_c q_ic, shape (samples,)."""
        return jnp.min(self.pair_margins(x), axis=1)

    def loss(self, x: Parameters) -> Scalar:
        """𝓛(θ), 0 where it underflows."""
        return jnp.exp(self.log_loss(x))

    def log_loss(self, x: Parameters) -> Scalar:
        """log 𝓛(θ), by logarithms of sums of exponentials."""
        exponents = jax.nn.logsumexp(-self.pair_margins(x), axis=1)
        return jax.nn.logsumexp(log_losses(self.loss_name, -exponents))

    def scaled_gradient(self, x: Parameters) -> tuple[Scalar, Parameters]:
        """(s, −Σ_ic e^{l_ic−s}∇q_ic) with l_ic=log(−∂𝓛/∂q_ic) and s the largest of them."""
        pairs, pull_back = jax.vjp(self.pair_margins, jax.tree.map(jnp.asarray, x))
        logs = self._log_slopes(pairs)
        largest = jax.lax.stop_gradient(jnp.max(logs))
        return largest, pull_back(-jnp.exp(logs - largest))[0]

    def log_weights(self, x: Parameters) -> Real:
        """The logarithms of the shares −∂𝓛/∂q_ic of the pairs in the gradient, which sum to 1; as `pair_margins`."""
        logs = self._log_slopes(self.pair_margins(x))
        return logs - jax.nn.logsumexp(logs)

    def _log_slopes(self, pairs: Real) -> Real:
        # log(1+Σe^{−q}) is the logistic loss of the one margin −log Σe^{−q}, which each pair has its share in.
        exponents = jax.nn.logsumexp(-pairs, axis=1)
        return log_slopes(self.loss_name, -exponents)[:, None] - pairs - exponents[:, None]


@eqx.filter_jit
def _sample(key: jax.Array, teacher: AbstractNetwork, samples: int):
    inputs = jax.random.normal(key, (samples, *teacher.input_shape))
    outputs = teacher.forward(teacher.parameters, inputs)
    if teacher.outputs > 1:
        return inputs, jnp.argmax(outputs, axis=1)
    return inputs, jnp.where(outputs[:, 0] < 0, -1.0, 1.0).astype(inputs.dtype)
