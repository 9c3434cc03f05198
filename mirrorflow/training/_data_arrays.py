"""A user's own arrays."""

import os
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from .. import _checks
from ._data_images import Images, check_test, stratified

_NAMES = ("inputs", "labels")
_TEST_NAMES = ("test_inputs", "test_labels")


def arrays(
    source: Any, *, test: Any = 0.25, key: Any = None, classes: int | None = None, standardize: bool = True
) -> Images:
    """A user's samples as `Images`, from an npz file or a mapping of arrays.

    **Arguments:**

    - `source`: a path or a mapping with `inputs` (samples, …), real numbers, and `labels` (samples,), integers from 0
      on; and, if there are own samples to test on, `test_inputs` and `test_labels` alike.
    - `test`, `key`: without such, the share of each class that is held out and what draws it, as in `digits`.
    - `classes`: how many there are; by default the largest label plus 1, and each needs a sample to train on.
    - `standardize`: whether inputs are given in units of the standard deviation of all numbers to train on, from their
      mean.

    Inputs are held in single precision.

    **Raises:** `ValueError` for a file that is no npz, arrays that are missing, unknown, empty, of other lengths,
    shapes or kinds, numbers that are not finite, labels out of range, classes without samples.

    **Source:** theory page 06 (data).

    >>> data = mf.training.arrays({"inputs": np.arange(24.0).reshape(8, 3), "labels": np.arange(8) % 2})
    >>> data.input_shape, data.classes, data.samples("train"), data.samples("test")
    ((3,), 2, 6, 2)
    """
    found = _found(source)
    inputs, labels = _pair(found, _NAMES)
    if any(name in found for name in _TEST_NAMES):
        test_inputs, test_labels = _pair(found, _TEST_NAMES)
        if test_inputs.shape[1:] != inputs.shape[1:]:
            raise ValueError(
                f"test_inputs must have samples of the shape {inputs.shape[1:]} of inputs, got {test_inputs.shape[1:]}."
            )
    else:
        key = jax.random.key(0) if key is None else _checks.key("key", key)
        held_out = stratified(key, labels, check_test(test))
        test_inputs, test_labels = inputs[held_out], labels[held_out]
        inputs, labels = inputs[~held_out], labels[~held_out]
    outputs = _classes(classes, labels, test_labels)
    if standardize:
        mean, scale = np.mean(inputs), np.std(inputs)
        if scale == 0:
            raise ValueError(f"inputs must not all be one number to be standardized, all are {mean:g}.")
        inputs, test_inputs = (inputs - mean) / scale, (test_inputs - mean) / scale
    return Images(inputs, labels, test_inputs, test_labels, outputs)


def _found(source: Any) -> dict[str, np.ndarray]:
    """The arrays of the source by name."""
    if isinstance(source, str | os.PathLike):
        found = _read(pathlib.Path(source))
    elif isinstance(source, Mapping):
        found = {name: np.asarray(value) for name, value in source.items()}
    else:
        raise ValueError(f"source must be the path of an npz file or a mapping of arrays, got {type(source).__name__}.")
    for name in found:
        if name not in _NAMES + _TEST_NAMES:
            raise ValueError(f"source must hold {', '.join(_NAMES + _TEST_NAMES)} and nothing else, got {name!r}.")
    return found


def _read(path: pathlib.Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise ValueError(f"source must be an npz file, there is none at {path}.")
    try:
        # A file of its own, because NumPy leaves one open that it cannot read.
        with path.open("rb") as file:
            found: Any = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                raise ValueError("one array without a name.")
            return {name: found[name] for name in found.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"source must be an npz file of numbers as numpy.savez writes it, {path}: {error}") from None


def _pair(found: dict[str, np.ndarray], names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels of one part, checked by themselves."""
    for name in names:
        if name not in found:
            raise ValueError(f"source must hold {names[0]} and {names[1]}, {name} is missing.")
    inputs, labels = _inputs(names[0], found[names[0]]), _labels(names[1], found[names[1]])
    _checks.same_shape(
        **{name: ("samples", (len(array),)) for name, array in zip(names, (inputs, labels), strict=True)}
    )
    return inputs, labels


def _inputs(name: str, values: np.ndarray) -> np.ndarray:
    held = np.asarray(_checks.number(name, values, shape=None), float)
    if held.ndim < 2 or held.size == 0:
        raise ValueError(f"{name} must have shape (samples, …), at least one number a sample, got {held.shape}.")
    return held


def _labels(name: str, values: np.ndarray) -> np.ndarray:
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"{name} must have shape (samples,), at least one, got {values.shape}.")
    if values.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers, got an array of {values.dtype}.")
    if values.min() < 0:
        raise ValueError(f"{name} must be at least 0, got {values.min()} at index {int(np.argmin(values))}.")
    return values.astype(np.int32)


def _classes(classes: Any, labels: np.ndarray, test_labels: np.ndarray) -> int:
    """How many classes there are; `ValueError` for labels that are none of them."""
    largest = int(max(labels.max(), test_labels.max()))
    if classes is not None:
        if largest >= _checks.integer("classes", classes, at_least=1):
            raise ValueError(f"labels must be from 0 to classes − 1 = {classes - 1}, got {largest}.")
        return int(classes)
    missing = sorted(set(range(largest + 1)) - set(labels.tolist()))
    if missing:
        raise ValueError(
            f"labels must have a sample of each class from 0 to {largest} to train on, class {missing[0]} has none; "
            "give classes to say that this is meant."
        )
    return largest + 1
