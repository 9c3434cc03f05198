"""What training asks of data."""

import abc
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Anything

PARTS = ("train", "test")


class Blocks(NamedTuple):
    """A part of the data in blocks of one size: `inputs` and `targets` of shape (blocks, size, …), and `weights`
    (blocks, size), 1 for a sample and 0 for what fills up the last block.
    """

    inputs: Any
    targets: Any
    weights: Any


class AbstractData(eqx.Module):
    """Samples to train on and others to test on, all arrays: an argument of compiled programs, not a part of them."""

    @property
    @abc.abstractmethod
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input."""

    @property
    @abc.abstractmethod
    def classes(self) -> int:
        """How many values a target has, and so how many outputs a network."""

    @abc.abstractmethod
    def samples(self, part: str = "train") -> int:
        """How many samples the part "train" or "test" has."""

    @abc.abstractmethod
    def batch(self, key: jax.Array, step: Any, size: int) -> tuple[Anything, Anything]:
        """Inputs and targets of the batch at `step`, from 0, which may be traced: the same for the same arguments.

        **Raises:** `ValueError` for a size below 1 or above the number of samples.
        """

    @abc.abstractmethod
    def _part(self, part: str) -> tuple[Anything, Anything]:
        """All inputs and targets of a part."""

    def blocks(self, part: str, size: int) -> Blocks:
        """A part in its order, in blocks of `size`; the last is filled up with its first sample, of weight 0.

        **Raises:** `ValueError` for another part than "train" and "test", or a size below 1.
        """
        inputs, targets = self._part(check_part(part))
        size, count = _checks.integer("size", size, at_least=1), inputs.shape[0]
        places = np.arange(-(-count // size) * size)
        index = np.where(places < count, places, 0).reshape(-1, size)
        weights = (places < count).astype(np.float32).reshape(-1, size)
        return Blocks(jnp.asarray(inputs)[index], jnp.asarray(targets)[index], jnp.asarray(weights))


def check_part(part: Any) -> str:
    """The part if it is "train" or "test", else a `ValueError`."""
    return _checks.one_of("part", part, PARTS)


def check_batch(size: Any, samples: int) -> int:
    """A batch size from 1 to the number of samples, else a `ValueError`."""
    size = _checks.integer("size", size, at_least=1)
    if size > samples:
        raise ValueError(f"size must be at most the number of samples, {samples}, got {size}.")
    return size
