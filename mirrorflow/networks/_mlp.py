"""Fully connected networks."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Numeric, Parameters, Real
from ._activations import AbstractActivation, activation_of
from ._base import AbstractNetwork, drawn, no_bias


class MLP(AbstractNetwork):
    """f(x) = W_K σ(W_{K−1} … σ(W_1 x)), W_k of shape (sizes[k], sizes[k−1]), no biases.

    Weights are N(0, scale²·gain/fan in), gain=1/Eσ(z)² (2 for relu), and N(0, scale²/fan in) in the last layer.

    **Arguments:**

    - `sizes`: (inputs, hidden…, outputs), at least two integers ≥ 1.
    - `key`: of `jax.random`, for the weights.
    - `activation`: `"relu"`, `"leaky relu"` (slope 0.01), `"linear"`, `"squared relu"`, or an activation of
      `mf.networks`.
    - `bias`: False; with biases the network is not homogeneous.
    - `scale`: of the weights, positive.

    **Raises:** `ValueError` for sizes that are none, an activation that is not homogeneous, biases, or a scale ≤ 0.

    **Source:** theory page 04 (setting).

    >>> network = mf.networks.MLP((5, 10, 1), key=jax.random.key(0))
    >>> inputs = jnp.ones((3, 5))
    >>> twice = network.forward(jax.tree.map(lambda w: 2 * w, network.parameters), inputs)
    >>> network.degree, network.shape, bool(jnp.allclose(twice, 4 * network.forward(network.parameters, inputs)))
    (2.0, ((10, 5), (1, 10)), True)
    """

    parameters: tuple[Any, ...]
    activation: AbstractActivation
    sizes: tuple[int, ...] = eqx.field(static=True)

    def __init__(
        self,
        sizes: Any,  # a sequence; what else is given is refused in words
        *,
        key: jax.Array,
        activation: Any = "relu",
        bias: bool = False,
        scale: Numeric = 1.0,
    ):
        no_bias(bias)
        if not _checks.is_sequence(sizes) or len(sizes) < 2:
            raise ValueError(f"sizes must be (inputs, hidden…, outputs), at least two integers, got {sizes!r}.")
        self.sizes = tuple(_checks.integer(f"sizes[{i}]", size, at_least=1) for i, size in enumerate(sizes))
        self.activation = activation_of(activation)
        self.parameters = drawn(key, self.shape, self.activation.gain, scale)

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """(out, in) of each layer"""
        return tuple((self.sizes[i + 1], self.sizes[i]) for i in range(len(self.sizes) - 1))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(inputs,)"""
        return self.sizes[:1]

    @property
    def unit_shapes(self) -> tuple[tuple[int, ...], ...]:
        """(width,) of each hidden layer"""
        return tuple((size,) for size in self.sizes[1:-1])

    @property
    def axis_names(self) -> tuple[tuple[str, ...], ...]:
        """("unit_1", "feature"), ("unit_2", "unit_1"), …, ("output", …)"""
        names = ["feature", *(f"unit_{i + 1}" for i in range(self.hidden_layers)), "output"]
        return tuple((names[i + 1], names[i]) for i in range(len(self.shape)))

    def initial(self, key: jax.Array, scale: Numeric = 1.0) -> "MLP":
        """The same network with weights drawn anew."""
        return MLP(self.sizes, key=key, activation=self.activation, scale=scale)

    def incoming_weights(self, layer: int, values: Parameters) -> Real:
        """The rows of W_layer, counted from 0, shape (neurons, fan in)."""
        return jnp.asarray(values[self.check_layer(layer)])

    def outgoing_weights(self, layer: int, values: Parameters) -> Real:
        """The columns of the next layer's weights, shape (neurons, fan out)."""
        return jnp.asarray(values[self.check_layer(layer) + 1]).T

    def _linear(self, layer: int, weights: Real, signals: Real) -> Real:
        return signals @ weights.T
