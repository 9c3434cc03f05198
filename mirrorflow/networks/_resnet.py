"""Residual networks of convolutions."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Anything, Real
from ._drawing import drawn
from ._layers import Convolution, Dense, convolution, dense
from ._model import AbstractModel, counts, fitting, image_shape, real_inputs
from ._normalization import AbstractNormalization, check_epsilon, check_momentum, check_normalization, normalizing


class Unit(eqx.Module):
    """A convolution, normalized."""

    convolution: Convolution
    norm: AbstractNormalization

    def statistics(self) -> Any:
        """Those of the normalization."""
        return self.norm.statistics()

    def __call__(self, images: Real, statistics: Any, training: bool) -> tuple[Real, Any]:
        """Shape (batch, height, width, in) → (batch, …, out), and the statistics."""
        return self.norm(self.convolution(images), statistics, training)


class Residual(eqx.Module):
    """relu(shortcut(x) + second(relu(first(x)))); the shortcut is x where the shapes are the same."""

    first: Unit
    second: Unit
    shortcut: Unit | None

    def statistics(self) -> Any:
        """Those of the units, in the order first, second, shortcut."""
        return tuple(unit.statistics() for unit in (self.first, self.second, self.shortcut) if unit is not None)

    def __call__(self, images: Real, statistics: Any, training: bool) -> tuple[Real, Any]:
        """Shape (batch, height, width, in) → (batch, …, out), and the statistics."""
        signals, first = self.first(images, statistics[0], training)
        signals, second = self.second(jax.nn.relu(signals), statistics[1], training)
        if self.shortcut is None:
            return jax.nn.relu(images + signals), (first, second)
        images, third = self.shortcut(images, statistics[2], training)
        return jax.nn.relu(images + signals), (first, second, third)


class ResNet(AbstractModel):
    """A convolution, stages of residual blocks of two convolutions each, the mean over the image, a dense layer.

    Stage s has width·2^s channels and from the second on halves the image at its start, where the shortcut is a
    convolution of size 1. ResNet20 of the literature is width 16 with blocks (3, 3, 3). Convolutions have no biases and
    start from N(0, 2/fan in).

    **Arguments:**

    - `shape`: (channels, height, width) of one input; `classes`: how many outputs.
    - `width`: channels of the first stage; `blocks`: how many residual blocks each stage has.
    - `normalization`: "batch", "layer" (over channels and image, scale and shift for each channel) or None, where each
      convolution has biases instead.
    - `key`, `epsilon`, `momentum`, `dtype`: as for `Perceptron`.

    **Raises:** `ValueError` for sizes that are none, unknown words, numbers out of range, and as `AbstractModel`.

    **Source:** arXiv:1512.03385; theory page 06 (networks).

    >>> network = mf.networks.ResNet((1, 8, 8), 10, width=4, blocks=(1, 1), key=jax.random.key(0))
    >>> outputs, statistics = network(jnp.ones((5, 1, 8, 8)), network.statistics(), training=True)
    >>> outputs.shape, len(jax.tree.leaves(statistics))
    ((5, 10), 12)
    """

    stem: Unit
    blocks: tuple[Residual, ...]
    head: Dense
    shape: tuple[int, int, int] = eqx.field(static=True)

    def __init__(
        self,
        shape: Any,
        classes: int,
        *,
        width: int = 16,
        blocks: Any = (3, 3, 3),
        key: jax.Array,
        normalization: Any = "batch",
        epsilon: Any = 1e-5,
        momentum: Any = 0.9,
        dtype: Any = jnp.float32,
    ):
        self.shape = image_shape(shape)
        classes, width = _checks.integer("classes", classes, at_least=1), _checks.integer("width", width, at_least=1)
        blocks = counts("blocks", blocks)
        kind, epsilon, momentum = check_normalization(normalization), check_epsilon(epsilon), check_momentum(momentum)
        # Without normalization the signals would grow with each block by what it adds.
        share = 1.0 if kind is not None else 1 / sum(blocks)

        def unit(before: int, after: int, size: int = 3, stride: int = 1, gain: float = 2.0) -> Unit:
            layer = convolution(before, after, size=size, stride=stride, gain=gain, bias=kind is None)
            return Unit(layer, normalizing(kind, after, epsilon, momentum))

        def residual(before: int, after: int, stride: int) -> Residual:
            shortcut = None if before == after and stride == 1 else unit(before, after, 1, stride, gain=1.0)
            second = unit(after, after, gain=2.0 * share)
            return Residual(unit(before, after, stride=stride), second, shortcut)

        parts, channels = [], width
        for stage, count in enumerate(blocks):
            for place in range(count):
                after = width * 2**stage
                parts.append(residual(channels, after, 2 if stage > 0 and place == 0 else 1))
                channels = after
        layers = (unit(self.shape[0], width), tuple(parts), dense(channels, classes))
        self.stem, self.blocks, self.head = drawn(key, dtype, layers)

    def statistics(self) -> Any:
        """A tuple: those of the first convolution, then those of each block."""
        return (self.stem.statistics(), *(block.statistics() for block in self.blocks))

    def __call__(self, inputs: Anything, statistics: Any = (), *, training: bool = False) -> tuple[Real, Any]:
        """Logits of shape (batch, classes) for inputs (batch, channels, height, width), and the statistics."""
        images = real_inputs(inputs, self.shape, self.head.weight.dtype)
        images = images.transpose(0, 2, 3, 1)
        first, *rest = fitting(self, statistics)
        images, first = self.stem(images, first, training)
        images, kept = jax.nn.relu(images), [first]
        for block, held in zip(self.blocks, rest, strict=True):
            images, held = block(images, held, training)
            kept.append(held)
        return self.head(jnp.mean(images, axis=(1, 2))), tuple(kept)
