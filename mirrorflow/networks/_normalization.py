"""Batch and layer normalization, the running statistics kept outside of the layers."""

import abc
import math
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp

from .. import _checks
from .._types import Real
from ._drawing import Constant, Weight

NORMALIZATIONS = ("batch", "layer")


class Moments(NamedTuple):
    """Running `mean` and `variance` of the channels of one batch normalization, each of shape (channels,)."""

    mean: Any
    variance: Any


class AbstractNormalization(eqx.Module):
    """A layer that gets statistics and gives them back, changed in training if it keeps any."""

    @abc.abstractmethod
    def statistics(self) -> Any:
        """The statistics before the first batch: an empty tuple where none are kept."""

    @abc.abstractmethod
    def __call__(self, signals: Real, statistics: Any, training: bool) -> tuple[Real, Any]:
        """Outputs of the shape of `signals`, and the statistics."""


class BatchNorm(AbstractNormalization):
    """scale·(x−μ)/√(σ²+ε)+shift for each channel, the channels along the last axis.

    In training μ and σ² are those of the batch over all other axes, σ² divided by how many numbers there are; the
    running ones become momentum·old+(1−momentum)·new, with the new variance divided by one number less. Otherwise the
    running ones are used. They are kept in single precision at least.

    **Source:** arXiv:1502.03167, algorithms 1 and 2.
    """

    scale: Weight
    shift: Weight
    epsilon: float = eqx.field(static=True)
    momentum: float = eqx.field(static=True)

    def statistics(self) -> Moments:
        """Mean 0 and variance 1."""
        dtype = jnp.promote_types(self.scale.dtype, jnp.float32)
        return Moments(jnp.zeros(self.scale.shape, dtype), jnp.ones(self.scale.shape, dtype))

    def __call__(self, signals: Real, statistics: Any, training: bool) -> tuple[Real, Any]:
        """Outputs of the shape of `signals`, and the moments.

        **Raises:** `ValueError` if in training there is only one number a channel.
        """
        if not training:
            return _standardized(signals, statistics.mean, statistics.variance, self), statistics
        count = math.prod(signals.shape[:-1])
        if count < 2:
            raise ValueError("inputs must hold at least 2 numbers a channel: the variance of one number is 0.")
        mean, variance = _moments(signals, tuple(range(signals.ndim - 1)))
        keep, unbiased = self.momentum, count / (count - 1)
        moments = Moments(
            (keep * statistics.mean + (1 - keep) * mean.ravel()).astype(statistics.mean.dtype),
            (keep * statistics.variance + (1 - keep) * unbiased * variance.ravel()).astype(statistics.variance.dtype),
        )
        return _standardized(signals, mean, variance, self), moments


class LayerNorm(AbstractNormalization):
    """scale·(x−μ)/√(σ²+ε)+shift with μ and σ² over `axis` and all axes after it; channels along the last axis.

    **Source:** arXiv:1607.06450.
    """

    scale: Weight
    shift: Weight
    epsilon: float = eqx.field(static=True)
    axis: int = eqx.field(static=True)

    def statistics(self) -> tuple[()]:
        """None are kept."""
        return ()

    def __call__(self, signals: Real, statistics: Any = (), training: bool = False) -> tuple[Real, Any]:
        """Outputs of the shape of `signals`, and the statistics as they came."""
        mean, variance = _moments(signals, tuple(range(self.axis % signals.ndim, signals.ndim)))
        return _standardized(signals, mean, variance, self), statistics


class Unnormalized(AbstractNormalization):
    """x"""

    def statistics(self) -> tuple[()]:
        """None are kept."""
        return ()

    def __call__(self, signals: Real, statistics: Any = (), training: bool = False) -> tuple[Real, Any]:
        """The signals as they came."""
        return signals, statistics


def normalizing(kind: Any, channels: int, epsilon: float, momentum: float = 0.9) -> AbstractNormalization:
    """The layer of that kind for `channels` along the last axis; scale 1 and shift 0 at first."""
    if kind is None:
        return Unnormalized()
    scale, shift = Constant((channels,), 1.0), Constant((channels,), 0.0)
    if kind == "batch":
        return BatchNorm(scale, shift, epsilon, momentum)
    return LayerNorm(scale, shift, epsilon, axis=1)


def layer_norm(channels: int, epsilon: float) -> LayerNorm:
    """Layer normalization along the last axis alone, as in transformers."""
    return LayerNorm(Constant((channels,), 1.0), Constant((channels,), 0.0), epsilon, axis=-1)


def check_normalization(kind: Any) -> Any:
    """`kind` if it is "batch", "layer" or None, else a `ValueError`."""
    if kind is not None and kind not in NORMALIZATIONS:
        raise ValueError(f"normalization must be 'batch', 'layer' or None, got {kind!r}.")
    return kind


def check_epsilon(value: Any) -> float:
    """ε > 0 as a Python number: it is a part of the network's structure, not one of its weights."""
    return _fixed("epsilon", _checks.positive("epsilon", value))


def check_momentum(value: Any) -> float:
    """A momentum in [0, 1) as a Python number."""
    return _fixed("momentum", _checks.in_interval("momentum", value, 0.0, 1.0))


def _fixed(name: str, held: Any) -> float:
    if _checks.is_traced(held):
        raise ValueError(f"{name} decides the structure of the network and cannot be traced.")
    return float(held)


def _moments(signals: Real, axes: tuple[int, ...]) -> tuple[Real, Real]:
    """Mean and variance over `axes`, which stay with length 1, in single precision at least."""
    wide = signals.astype(jnp.promote_types(signals.dtype, jnp.float32))
    mean = jnp.mean(wide, axes, keepdims=True)
    return mean, jnp.mean(jnp.square(wide - mean), axes, keepdims=True)


def _standardized(signals: Real, mean: Real, variance: Real, layer: Any) -> Real:
    def along(values: Real) -> Real:
        return values if values.ndim == signals.ndim else values.reshape((1,) * (signals.ndim - 1) + values.shape)

    dtype = jnp.promote_types(signals.dtype, jnp.float32)
    centred = signals.astype(dtype) - along(mean).astype(dtype)
    factor = along(layer.scale).astype(dtype) / jnp.sqrt(along(variance).astype(dtype) + layer.epsilon)
    return (centred * factor + along(layer.shift).astype(dtype)).astype(signals.dtype)
