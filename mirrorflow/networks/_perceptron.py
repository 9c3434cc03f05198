"""Fully connected networks with biases and normalization, for training."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Anything, Real
from ._attention import GELU_GAIN
from ._drawing import drawn
from ._layers import Dense, dense
from ._model import AbstractModel, counts, fitting, real_inputs
from ._normalization import AbstractNormalization, check_epsilon, check_momentum, check_normalization, normalizing

# σ, and 1/E σ(z)² for z~N(0,1), by which weights are larger so that signals keep their size.
_ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "relu": (jax.nn.relu, 2.0),
    "gelu": (jax.nn.gelu, GELU_GAIN),
    "tanh": (jnp.tanh, 2.536),
    "linear": (lambda z: z, 1.0),
}


class Layer(eqx.Module):
    """W x + b, normalized; the activation comes after."""

    linear: Dense
    norm: AbstractNormalization


class Perceptron(AbstractModel):
    """f(x) = W_K h_{K−1} + b_K with h_k = σ(norm(W_k h_{k−1} + b_k)) and h_0 = x in one row.

    Weights start from N(0, gain/fan in), gain=1/Eσ(z)², biases from 0. Batch normalization takes every bias before it
    away, so there is none. `mf.networks.MLP` is the homogeneous network of the theory, without either.

    **Arguments:**

    - `shape`: of one input, a sequence; `classes`: how many outputs; `widths`: of the hidden layers, at least one.
    - `normalization`: "batch", "layer" or None, of each hidden layer before its activation.
    - `key`: of `jax.random`, for the weights; `dtype`: of all of them.
    - `activation`: "relu", "gelu", "tanh" or "linear"; `bias`: whether there are biases.
    - `epsilon`: ε of the normalization; `momentum`: of the running moments of batch normalization.

    **Raises:** `ValueError` for sizes that are none, unknown words, numbers out of range, and as `AbstractModel`.

    **Source:** theory page 06 (networks); arXiv:1502.01852 (gain).

    >>> network = mf.networks.Perceptron((1, 8, 8), 10, (32, 16), normalization="batch", key=jax.random.key(0))
    >>> outputs, statistics = network(jnp.ones((5, 1, 8, 8)), network.statistics(), training=True)
    >>> outputs.shape, statistics[0].mean.shape
    ((5, 10), (32,))
    """

    layers: tuple[Layer, ...]
    head: Dense
    shape: tuple[int, ...] = eqx.field(static=True)
    activation: str = eqx.field(static=True)

    def __init__(
        self,
        shape: Any,
        classes: int,
        widths: Any,
        *,
        key: jax.Array,
        normalization: Any = None,
        activation: str = "relu",
        bias: bool = True,
        epsilon: Any = 1e-5,
        momentum: Any = 0.9,
        dtype: Any = jnp.float32,
    ):
        self.shape = counts("shape", shape)
        self.activation = _checks.one_of("activation", activation, tuple(_ACTIVATIONS))
        classes, widths = _checks.integer("classes", classes, at_least=1), counts("widths", widths)
        kind, epsilon, momentum = check_normalization(normalization), check_epsilon(epsilon), check_momentum(momentum)
        sizes, gain = (math.prod(self.shape), *widths), _ACTIVATIONS[self.activation][1]
        layers = tuple(
            Layer(
                dense(before, after, gain=gain, bias=bias and kind != "batch"),
                normalizing(kind, after, epsilon, momentum),
            )
            for before, after in itertools.pairwise(sizes)
        )
        self.layers, self.head = drawn(key, dtype, (layers, dense(sizes[-1], classes, bias=bias)))

    def statistics(self) -> Any:
        """A tuple of the statistics of each hidden layer."""
        return tuple(layer.norm.statistics() for layer in self.layers)

    def __call__(self, inputs: Anything, statistics: Any = (), *, training: bool = False) -> tuple[Real, Any]:
        """Logits of shape (batch, classes) for inputs (batch, *shape), and the statistics."""
        signals = real_inputs(inputs, self.shape, self.head.weight.dtype)
        signals = signals.reshape(signals.shape[0], math.prod(self.shape))
        activation, kept = _ACTIVATIONS[self.activation][0], []
        for layer, held in zip(self.layers, fitting(self, statistics), strict=True):
            signals, held = layer.norm(layer.linear(signals), held, training)
            signals = activation(signals)
            kept.append(held)
        return self.head(signals), tuple(kept)
