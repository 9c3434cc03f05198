"""Small convolutional networks, their neurons the channels."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Numeric, Parameters, Real
from ._activations import AbstractActivation, activation_of
from ._base import AbstractNetwork, drawn, no_bias


class Convolutional(AbstractNetwork):
    """Convolutions with an activation after each, then one dense layer on all they give; no biases, no pooling.

    z[c,i,j] = Σ_{b,k,l} W[c,b,k,l]·x[b, stride·i+k, stride·j+l], no padding. A channel is a neuron: f is homogeneous in
    its filter, and in what leaves it. The weights are drawn as in `MLP`.

    **Arguments:**

    - `shape`: (channels, height, width) of one input.
    - `channels`: how many channels each convolution gives, at least one of them.
    - `outputs`: how many outputs the dense layer gives.
    - `key`, `activation`, `bias`, `scale`: as for `MLP`.
    - `kernel`, `stride`: of every convolution.

    **Raises:** `ValueError` for sizes that are none, kernels larger than what they act on, and as for `MLP`.

    **Source:** theory page 04 (experiments to regenerate).

    >>> network = mf.networks.Convolutional((1, 8, 8), (4,), 10, key=jax.random.key(0))
    >>> network.shape, network.forward(network.parameters, jnp.ones((2, 1, 8, 8))).shape
    (((4, 1, 3, 3), (10, 36)), (2, 10))
    """

    parameters: tuple[Any, ...]
    activation: AbstractActivation
    sizes: tuple[tuple[int, int, int], ...] = eqx.field(static=True)  # (channels, height, width), input first
    kernel: int = eqx.field(static=True)
    stride: int = eqx.field(static=True)
    classes: int = eqx.field(static=True)

    def __init__(
        self,
        shape: Any,  # sequences; what else is given is refused in words
        channels: Any,
        outputs: int,
        *,
        key: jax.Array,
        kernel: int = 3,
        stride: int = 2,
        activation: Any = "relu",
        bias: bool = False,
        scale: Numeric = 1.0,
    ):
        no_bias(bias)
        if not _checks.is_sequence(shape) or len(shape) != 3:
            raise ValueError(f"shape must be (channels, height, width) of one input, got {shape!r}.")
        if not _checks.is_sequence(channels) or len(channels) == 0:
            raise ValueError(f"channels must be one integer for each convolution, at least one, got {channels!r}.")
        self.kernel = _checks.integer("kernel", kernel, at_least=1)
        self.stride = _checks.integer("stride", stride, at_least=1)
        self.classes = _checks.integer("outputs", outputs, at_least=1)
        depth, height, width = (_checks.integer(f"shape[{i}]", size, at_least=1) for i, size in enumerate(shape))
        sizes = [(depth, height, width)]
        for i, count in enumerate(channels):
            count = _checks.integer(f"channels[{i}]", count, at_least=1)
            if min(height, width) < self.kernel:
                raise ValueError(
                    f"kernel must fit into what it acts on: convolution {i} has a kernel of {self.kernel}, "
                    f"and images of {height}×{width} enter it."
                )
            height, width = ((size - self.kernel) // self.stride + 1 for size in (height, width))
            sizes.append((count, height, width))
        self.sizes = tuple(sizes)
        self.activation = activation_of(activation)
        self.parameters = drawn(key, self.shape, self.activation.gain, scale)

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """(out, in, kernel, kernel) of each convolution, then (outputs, channels·height·width)"""
        counts = [size[0] for size in self.sizes]
        filters = [(counts[i + 1], counts[i], self.kernel, self.kernel) for i in range(len(counts) - 1)]
        return (*filters, (self.classes, math.prod(self.sizes[-1])))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(channels, height, width)"""
        return self.sizes[0]

    @property
    def unit_shapes(self) -> tuple[tuple[int, ...], ...]:
        """(channels, height, width) after each convolution"""
        return self.sizes[1:]

    @property
    def axis_names(self) -> tuple[tuple[str, ...], ...]:
        """("channel_1", "channel_0", "row", "column"), …, ("output", "feature")"""
        filters = [(f"channel_{i + 1}", f"channel_{i}", "row", "column") for i in range(self.hidden_layers)]
        return (*filters, ("output", "feature"))

    def initial(self, key: jax.Array, scale: Numeric = 1.0) -> "Convolutional":
        """The same network with weights drawn anew."""
        return Convolutional(
            self.sizes[0],
            [size[0] for size in self.sizes[1:]],
            self.classes,
            key=key,
            kernel=self.kernel,
            stride=self.stride,
            activation=self.activation,
            scale=scale,
        )

    def incoming_weights(self, layer: int, values: Parameters) -> Real:
        """The filters of the channels, shape (channels, in·kernel²)."""
        weights = jnp.asarray(values[self.check_layer(layer)])
        return weights.reshape(weights.shape[0], -1)

    def outgoing_weights(self, layer: int, values: Parameters) -> Real:
        """What the next layer has for each channel, shape (channels, fan out)."""
        weights = jnp.asarray(values[self.check_layer(layer) + 1])
        count = self.sizes[layer + 1][0]
        return jnp.moveaxis(weights.reshape(weights.shape[0], count, -1), 1, 0).reshape(count, -1)

    def _linear(self, layer: int, weights: Real, signals: Real) -> Real:
        if layer == self.hidden_layers:
            return signals.reshape(signals.shape[0], math.prod(self.sizes[-1])) @ weights.T
        images, filters = jnp.asarray(signals), jnp.asarray(weights)
        return jax.lax.conv_general_dilated(images, filters, (self.stride, self.stride), "VALID")
