"""Dense layers and convolutions on batches, their weights laid out as equinox's: (out, in) and (out, in, h, w)."""

import equinox as eqx
import jax
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
        return outputs if self.bias is None else outputs + _along(self.bias, outputs.ndim, outputs.ndim - 1)


class Convolution(eqx.Module):
    """A convolution that pads with zeros: `weight` (out, in, k, k) with odd k, `bias` (out,) or None."""

    weight: Weight
    bias: Weight | None
    stride: int = eqx.field(static=True)

    def __call__(self, images: Real) -> Real:
        """Shape (batch, in, height, width) → (batch, out, ⌈height/stride⌉, ⌈width/stride⌉)."""
        margin = self.weight.shape[-1] // 2
        outputs = lax.conv_general_dilated(
            images, self.weight, (self.stride, self.stride), ((margin, margin), (margin, margin))
        )
        return outputs if self.bias is None else outputs + _along(self.bias, outputs.ndim, 1)


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


def _along(values: Real, axes: int, axis: int) -> Real:
    """Values of shape (n,) with `axes` axes, theirs the axis `axis`."""
    return jax.numpy.expand_dims(values, [k for k in range(axes) if k != axis])
