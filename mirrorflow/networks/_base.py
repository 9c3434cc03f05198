"""The interface of a network, and what follows from its layers for every one."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Numeric, Parameters, Real
from ._activations import AbstractActivation

Gates = tuple[Real, ...] | None


class AbstractNetwork(eqx.Module):
    """Linear layers with one activation between them: f(θ;x) = W_K σ(W_{K−1} σ(… W_1 x)), no biases.

    Positively homogeneous in θ=(W_1,…,W_K), of `degree` L: f(cθ)=c^L·f(θ) for c>0.

    With `gates` g, one array for each hidden layer of a kinked activation, a unit gives g·z in place of σ(z): with the
    gates held, the network is multilinear in its layers, and with g=σ'(z) it is the network itself.
    """

    parameters: eqx.AbstractVar[tuple[Any, ...]]
    activation: eqx.AbstractVar[AbstractActivation]

    @property
    @abc.abstractmethod
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each layer's weights."""

    @property
    @abc.abstractmethod
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input."""

    @property
    @abc.abstractmethod
    def unit_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of the preactivations of each hidden layer for one input, the neurons along its first axis."""

    @property
    @abc.abstractmethod
    def axis_names(self) -> tuple[tuple[str, ...], ...]:
        """Names for the axes of each layer's weights in labelled results."""

    @abc.abstractmethod
    def initial(self, key: jax.Array, scale: Numeric = 1.0) -> "AbstractNetwork":
        """The same network with weights drawn anew."""

    @abc.abstractmethod
    def _linear(self, layer: int, weights: Real, signals: Real) -> Real:
        """What a layer makes of the signals before it, both with the samples first."""

    @abc.abstractmethod
    def incoming_weights(self, layer: int, values: Parameters) -> Real:
        """What stands in `values` (of the shapes of θ) at the weights into each neuron, shape (neurons, fan in)."""

    @abc.abstractmethod
    def outgoing_weights(self, layer: int, values: Parameters) -> Real:
        """What stands in `values` (of the shapes of θ) at the weights out of each neuron, shape (neurons, fan out)."""

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for each input."""
        return self.shape[-1][0]

    @property
    def hidden_layers(self) -> int:
        """How many layers have an activation."""
        return len(self.shape) - 1

    @property
    def layer_degrees(self) -> tuple[float, ...]:
        """The degree of homogeneity in each layer alone: k^j with j activations of degree k behind the layer."""
        return tuple(float(self.activation.degree**j) for j in reversed(range(len(self.shape))))

    @property
    def degree(self) -> float:
        """L, the degree of homogeneity in all parameters: the depth for activations of degree 1."""
        return sum(self.layer_degrees)

    @property
    def kinked(self) -> bool:
        """Whether the network has kinks: the slopes of its activation differ at 0, and there are hidden layers."""
        return self.activation.kinked and self.hidden_layers > 0

    def gate_shapes(self, samples: int) -> tuple[tuple[int, ...], ...]:
        """The shapes of gates and of `preactivations` for that many samples."""
        return tuple((samples, *shape) for shape in self.unit_shapes) if self.kinked else ()

    def forward(self, parameters: Parameters, inputs: Numeric, gates: Gates = None) -> Real:
        """f(θ;x), shape (samples, outputs).

        **Arguments:** `parameters`: θ, of the network's `shape`; `inputs`: shape (samples, *input_shape); `gates`: see
        the class, of the shapes `gate_shapes(samples)`.

        **Raises:** `ValueError` for other shapes.
        """
        return self._run(parameters, inputs, gates)[1]

    def preactivations(self, parameters: Parameters, inputs: Numeric, gates: Gates = None) -> tuple[Real, ...]:
        """What enters activations with a kink, one array of shape (samples, units…) for each hidden layer.

        Empty if the activation has no kink. Arguments and what is raised are those of `forward`.
        """
        return self.entering(parameters, inputs, gates) if self.kinked else ()

    def entering(self, parameters: Parameters, inputs: Numeric, gates: Gates = None) -> tuple[Real, ...]:
        """What enters the activations, kinked or not; otherwise as `preactivations`."""
        return self._run(parameters, inputs, gates)[0]

    def gates(self, parameters: Parameters, inputs: Numeric) -> tuple[Real, ...]:
        """The slopes of the activations, the gates with which the network is itself."""
        return tuple(self.activation.slope(z) for z in self.preactivations(parameters, inputs))

    def incoming(self, layer: int, values: Parameters) -> Real:
        """The sum over the weights into each neuron of a hidden layer, shape (neurons,).

        **Arguments:** `layer`: 0 for the first hidden layer; `values`: numbers for each weight, of the shapes of θ.
        """
        return jnp.sum(self.incoming_weights(layer, values), axis=1)

    def outgoing(self, layer: int, values: Parameters) -> Real:
        """The sum over the weights out of each neuron of a hidden layer, shape (neurons,), as `incoming`."""
        return jnp.sum(self.outgoing_weights(layer, values), axis=1)

    def check_layer(self, layer: int) -> int:
        """`layer` if it is the number of a hidden layer, else a `ValueError`."""
        if _checks.integer("layer", layer, at_least=0) >= self.hidden_layers:
            raise ValueError(f"layer must be below the number of hidden layers, {self.hidden_layers}, got {layer}.")
        return int(layer)

    def check(self, parameters: Parameters) -> None:
        """`ValueError` if the parameters are no tuple of arrays of the network's shapes."""
        if not isinstance(parameters, tuple | list):
            raise ValueError(f"parameters must be a tuple of arrays, one a layer, got {type(parameters).__name__}.")
        given = tuple(tuple(jnp.shape(weights)) for weights in parameters)
        if given != self.shape:
            raise ValueError(f"parameters must have the shapes {self.shape} of the layers, got {given}.")

    def check_gates(self, gates: Gates, samples: int) -> None:
        """`ValueError` if the gates do not go with that many samples."""
        given = None if gates is None else tuple(tuple(jnp.shape(gate)) for gate in gates)
        if given is not None and given != self.gate_shapes(samples):
            raise ValueError(f"gates must have the shapes {self.gate_shapes(samples)}, got {given}.")

    def _run(self, parameters: Parameters, inputs: Numeric, gates: Gates) -> tuple[tuple[Real, ...], Real]:
        signals = jnp.asarray(inputs)
        if tuple(signals.shape[1:]) != self.input_shape or signals.ndim == 0:
            expected = ", ".join(map(str, self.input_shape))
            raise ValueError(f"inputs must have shape (samples, {expected}), got shape {tuple(signals.shape)}.")
        self.check(parameters)
        self.check_gates(gates, signals.shape[0])
        entering = []
        for layer in range(self.hidden_layers):
            z = self._linear(layer, jnp.asarray(parameters[layer]), signals)
            entering.append(z)
            signals = gates[layer] * z if gates and self.kinked else self.activation(z)
        return tuple(entering), self._linear(self.hidden_layers, jnp.asarray(parameters[-1]), signals)


def drawn(key: jax.Array, shapes: tuple[tuple[int, ...], ...], gain: Numeric, scale: Numeric) -> tuple[Any, ...]:
    """Weights N(0, scale²·gain/fan in), the last layer's N(0, scale²/fan in)."""
    return _drawn(_checks.key("key", key), gain, _checks.positive("scale", scale), shapes)


def _drawn_arrays(key, gain, scale, shapes: tuple[tuple[int, ...], ...]):
    keys = jax.random.split(key, len(shapes))
    weights = []
    for i, shape in enumerate(shapes):
        fan_in = 1
        for size in shape[1:]:
            fan_in *= size
        variance = (gain if i + 1 < len(shapes) else 1.0) / fan_in
        weights.append(scale * jnp.sqrt(variance) * jax.random.normal(keys[i], shape))
    return tuple(weights)


_drawn = jax.jit(_drawn_arrays, static_argnums=(3,))


def no_bias(bias: Any) -> None:
    """`ValueError` for a network that asks for biases."""
    if bias is not False:
        raise ValueError(
            f"bias must be False, got {bias!r}: with biases f(cθ)=c^L·f(θ) fails, and with it margins and balances. "
            "A constant feature in the inputs serves as a bias of the first layer."
        )
