"""Dense layers and convolutions on batches, their weights laid out as equinox's: (out, in) and (out, in, h, w)."""

from functools import partial

import equinox as eqx
import jax.numpy as jnp
from jax import lax

from .._types import Real
from ._drawing import Constant, Normal, Weight


class Dense(eqx.Module):
    """W x + b along the last axis: `weight` (out, in), `bias` (out,) or None."""

    weight: Weight
    bias: Weight | None

    def __call__(self, signals: Real) -> Real:
        """Shape (…, in) → (…, out)."""
        outputs = signals @ self.weight.T
        return outputs if self.bias is None else outputs + _along(self.bias, outputs.ndim)


class Convolution(eqx.Module):
    """A convolution that pads with zeros: `weight` (out, in, k, k) with odd k, `bias` (out,) or None.

    Channels are the last axis of the images, as in `weight` the first two, so that normalization and dense layers find
    them in one place.
    """

    weight: Weight
    bias: Weight | None
    stride: int = eqx.field(static=True)

    def __call__(self, images: Real) -> Real:
        """Shape (batch, height, width, in) → (batch, ⌈height/stride⌉, ⌈width/stride⌉, out)."""
        # Inside a loop XLA's own convolution is ten times slower on a processor than one product of matrices.
        outputs = lax.platform_dependent(
            images, self.weight, cpu=partial(_product, self.stride), default=partial(_convolution, self.stride)
        )
        return outputs if self.bias is None else outputs + _along(self.bias, outputs.ndim)


def dense(inputs: int, outputs: int, *, gain: float = 1.0, bias: bool = True) -> Dense:
    """A dense layer that starts from N(0, gain/inputs) and biases 0."""
    weight = Normal((outputs, inputs), gain / inputs)
    return Dense(weight, Constant((outputs,), 0.0) if bias else None)


def convolution(
    inputs: int, outputs: int, *, size: int = 3, stride: int = 1, gain: float = 1.0, bias: bool = False
) -> Convolution:
    """A convolution that starts from N(0, gain/(inputs·size²)) and biases 0."""
    weight = Normal((outputs, inputs, size, size), gain / (inputs * size**2))
    return Convolution(weight, Constant((outputs,), 0.0) if bias else None, stride)


def _convolution(stride: int, images: Real, weight: Real) -> Real:
    margin = weight.shape[-1] // 2
    padding = ((margin, margin), (margin, margin))
    return lax.conv_general_dilated(
        jnp.asarray(images), jnp.asarray(weight), (stride, stride), padding, dimension_numbers=("NHWC", "OIHW", "NHWC")
    )


def _product(stride: int, images: Real, weight: Real) -> Real:
    """The same as a product of the weights with what lies under them at each place."""
    size, (_, height, width, _) = weight.shape[-1], images.shape
    margin = size // 2
    padded = jnp.pad(images, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    under = [padded[:, i : i + height : stride, j : j + width : stride] for i in range(size) for j in range(size)]
    rows = weight.transpose(2, 3, 1, 0).reshape(-1, weight.shape[0])
    return jnp.concatenate(under, axis=-1) @ rows


def _along(values: Real, axes: int) -> Real:
    """Values of shape (n,) as the last of `axes` axes."""
    return values.reshape((1,) * (axes - 1) + values.shape)
