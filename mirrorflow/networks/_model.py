"""What every trainable network has."""

import abc
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Anything, Real


class AbstractModel(eqx.Module):
    """A network to train: `outputs, statistics = network(inputs, statistics, training=True)`.

    The network itself is the pytree of its parameters: every leaf is an array that is trained. What is not trained, the
    running moments of batch normalization, stands in `statistics`, which `statistics()` makes and each call gives back.
    Dense weights have shape (out, in) and convolutions (out, in, height, width), so that neurons lie along axis 0.
    Gradients, masks (`mf.sparsity`) and optimizers apply to the network as to any pytree.
    """

    @abc.abstractmethod
    def statistics(self) -> Any:
        """Statistics before the first batch: a pytree of arrays, without any where there is no batch normalization."""

    @abc.abstractmethod
    def __call__(self, inputs: Anything, statistics: Any = (), *, training: bool = False) -> tuple[Real, Any]:
        """Logits of a batch, and the statistics, changed if `training`.

        **Raises:** `ValueError` for inputs of another shape, or statistics that are not the network's.
        """


def image_shape(shape: Any) -> tuple[int, int, int]:
    """`shape` as (channels, height, width), else a `ValueError`."""
    if not _checks.is_sequence(shape) or len(shape) != 3:
        raise ValueError(f"shape must be (channels, height, width) of one input, got {shape!r}.")
    channels, height, width = (_checks.integer(f"shape[{i}]", size, at_least=1) for i, size in enumerate(shape))
    return channels, height, width


def counts(name: str, sizes: Any) -> tuple[int, ...]:
    """`sizes` as a tuple of integers ≥ 1, at least one of them, else a `ValueError`."""
    if not _checks.is_sequence(sizes) or len(sizes) == 0:
        raise ValueError(f"{name} must be a sequence of integers, at least one, got {sizes!r}.")
    return tuple(_checks.integer(f"{name}[{i}]", size, at_least=1) for i, size in enumerate(sizes))


def real_inputs(inputs: Any, shape: Sequence[int], dtype: Any) -> Real:
    """`inputs` of shape (batch, *shape) in the network's type, else a `ValueError`."""
    signals = jnp.asarray(inputs)
    if signals.ndim == 0 or tuple(signals.shape[1:]) != tuple(shape):
        expected = ", ".join(map(str, shape))
        raise ValueError(f"inputs must have shape (batch, {expected}), got shape {tuple(signals.shape)}.")
    return signals.astype(dtype)


def fitting(network: AbstractModel, statistics: Any) -> Any:
    """`statistics` if they have the structure and shapes of the network's own, else a `ValueError`."""

    def described(tree: Any) -> str:
        return str(jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(jnp.shape(leaf), jnp.result_type(leaf)), tree))

    expected = network.statistics()
    if not jax.tree.leaves(expected) and not jax.tree.leaves(statistics):
        return expected
    same = jax.tree.structure(expected) == jax.tree.structure(statistics)
    if not same or jax.tree.map(jnp.shape, expected) != jax.tree.map(jnp.shape, statistics):
        raise ValueError(
            "statistics must be the running moments of the network's batch normalizations, as network.statistics() "
            f"makes them, {described(expected)}, got {described(statistics)}."
        )
    return statistics
