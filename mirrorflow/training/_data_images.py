"""Samples with a class each: images, or features of any shape."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Anything
from ._data import AbstractData, check_batch, check_part
from ._shuffle import permuted, secrets

_INT32 = 2**31


class Images(AbstractData):
    """Inputs with a class each: `inputs` (samples, …), `labels` (samples,), `test_inputs`, `test_labels`, `classes`.

    Batches go through the samples in an order that is drawn anew for each epoch, from `fold_in(key, epoch)`,
    and run on from one epoch into the next: batch k has the places k·size to (k+1)·size−1 in the row of all epochs, so
    every sample comes once an epoch also where the size divides nothing.
    """

    inputs: Anything
    labels: Anything
    test_inputs: Anything
    test_labels: Anything
    outputs: int = eqx.field(static=True)

    def __init__(self, inputs: Any, labels: Any, test_inputs: Any, test_labels: Any, classes: int):
        """Inputs in single precision, labels as integers of 32 bits; `arrays` checks a user's own."""
        self.inputs, self.test_inputs = (jnp.asarray(part, jnp.float32) for part in (inputs, test_inputs))
        self.labels, self.test_labels = (jnp.asarray(part, jnp.int32) for part in (labels, test_labels))
        self.outputs = classes

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(channels, height, width) of images."""
        return tuple(self.inputs.shape[1:])

    @property
    def classes(self) -> int:
        """How many classes a network is to tell apart; some may have no sample."""
        return self.outputs

    def samples(self, part: str = "train") -> int:
        """How many samples the part "train" or "test" has."""
        return self._part(check_part(part))[1].shape[0]

    def batch(self, key: jax.Array, step: Any, size: int) -> tuple[Anything, Anything]:
        """Inputs (size, …) and labels (size,) of the batch at `step`."""
        count = self.samples()
        size = check_batch(size, count)
        if size * count >= _INT32:
            raise ValueError(
                f"size times the number of samples must be below 2^31 for places to be counted, got {size}·{count}."
            )
        epoch, start = place(jnp.asarray(step), size, count)
        places = start + jnp.arange(size, dtype=jnp.int32)
        inside = places < count
        now, later = (secrets(jax.random.fold_in(key, epoch + k), count) for k in (0, 1))
        made = jnp.where(inside.reshape(1, 1, -1), jnp.expand_dims(now, -1), jnp.expand_dims(later, -1))
        chosen = permuted(jnp.where(inside, places, places - count), made, count)
        return self.inputs[chosen], self.labels[chosen]

    def validation(self, share: Any = 0.2) -> "Images":
        """The same data without its test part, the share of each class to train on held out in its place: to tune on.

        **Raises:** `ValueError` for a share outside (0, 1).

        >>> data = mf.training.digits()
        >>> data.samples("train"), data.validation().samples("train"), data.validation().samples("test")
        (1347, 1078, 269)
        """
        held = stratified(jax.random.key(0), self.labels, check_test(share))
        return Images(self.inputs[~held], self.labels[~held], self.inputs[held], self.labels[held], self.outputs)

    def _part(self, part: str) -> tuple[Anything, Anything]:
        return (self.inputs, self.labels) if part == "train" else (self.test_inputs, self.test_labels)


def place(step: Any, size: int, count: int) -> tuple[Any, Any]:
    """The epoch and the place in it at which batch `step` starts: divmod(step·size, count) without the product."""
    whole, rest = step // count, step % count
    return whole * size + rest * size // count, rest * size % count


def stratified(key: jax.Array, labels: Anything, test: float) -> np.ndarray:
    """True at round(test·n) of the n samples of each class, at least one, and one at least left over, drawn by `key`.

    **Raises:** `ValueError` for a class of one sample.
    """
    labels = np.asarray(labels)
    chance, chosen = np.asarray(jax.random.uniform(key, labels.shape)), np.zeros(labels.shape, bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if members.size < 2:
            raise ValueError(f"labels must have at least 2 samples of each class to test on one, class {label} has 1.")
        count = min(max(1, round(test * members.size)), members.size - 1)
        chosen[members[np.argsort(chance[members], kind="stable")[:count]]] = True
    return chosen


def check_test(test: Any) -> float:
    """A share of samples to test on, in (0, 1), else a `ValueError`."""
    held = _checks.number("test", test)
    if _checks.is_traced(held) or not 0 < held < 1:
        raise ValueError(f"test must be a share of the samples between 0 and 1, got {test}.")
    return float(held)
