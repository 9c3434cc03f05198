"""Handwritten digits that ship with scikit-learn."""

import importlib.util
import pathlib
from typing import Any

import jax
import numpy as np

from .. import _checks
from ._data_images import Images, check_test, stratified

_FILE = ("datasets", "data", "digits.csv.gz")


def digits(test: Any = 0.25, key: Any = None, *, classes: Any = None, relabel: bool = True) -> Images:
    """1797 handwritten digits of 8×8 pixels, as `Images` of shape (samples, 1, 8, 8).

    The share `test` of each digit is held out, drawn by `key`. Inputs are in units of the standard deviation of all
    pixels to train on, from their mean. Both come before `classes` are chosen: the digits 5 to 9 are the same samples
    and the same numbers whichever other digits come with them.

    **Arguments:**

    - `test`: in (0, 1); `key`: of `jax.random`, by default `jax.random.key(0)`.
    - `classes`: different digits from 0 to 9, by default all; class i is then classes[i]. With `relabel=False` the
      labels remain the digits and there are ten classes, so that networks for other digits have the same outputs.

    **Raises:** `ValueError` for a share or digits out of range; `ImportError` without scikit-learn.

    **Source:** E. Alpaydin, C. Kaynak, UCI Optical Recognition of Handwritten Digits, 1998; theory page 06 (data).

    >>> data = mf.training.digits(classes=(3, 8))
    >>> data.input_shape, data.classes, data.samples("train"), data.samples("test")
    ((1, 8, 8), 2, 267, 90)
    """
    test = check_test(test)
    key = jax.random.key(0) if key is None else _checks.key("key", key)
    chosen = tuple(range(10)) if classes is None else _digits_of(classes)
    pixels, labels = _load()
    held_out = stratified(key, labels, test)
    mean, scale = np.mean(pixels[~held_out]), np.std(pixels[~held_out])
    inputs = ((pixels - mean) / scale).reshape(-1, 1, 8, 8)
    names = np.full(10, -1)
    names[list(chosen)] = range(len(chosen)) if relabel else chosen
    labels = names[labels]
    train, rest = (labels >= 0) & ~held_out, (labels >= 0) & held_out
    return Images(inputs[train], labels[train], inputs[rest], labels[rest], len(chosen) if relabel else 10)


def _digits_of(classes: Any) -> tuple[int, ...]:
    if not _checks.is_sequence(classes) or len(classes) == 0:
        raise ValueError(f"classes must be a sequence of digits, at least one, got {classes!r}.")
    held = tuple(_checks.integer(f"classes[{i}]", digit, at_least=0) for i, digit in enumerate(classes))
    if max(held) > 9 or len(set(held)) < len(held):
        raise ValueError(f"classes must be different digits from 0 to 9, got {list(held)}.")
    return held


def _load() -> tuple[np.ndarray, np.ndarray]:
    """Pixels from 0 to 16, shape (1797, 64), and digits."""
    found = importlib.util.find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise ImportError("digits needs scikit-learn: pip install 'mirrorflow[data]'.")
    # The file alone: to import scikit-learn takes seconds.
    path = pathlib.Path(found.submodule_search_locations[0], *_FILE)
    if path.is_file():
        rows = np.loadtxt(path, delimiter=",")
        return rows[:, :-1], rows[:, -1].astype(int)
    return loaded_by_library()


def loaded_by_library() -> tuple[np.ndarray, np.ndarray]:
    """The same as scikit-learn itself loads them, wherever it keeps its files."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    return np.asarray(data.data, float), np.asarray(data.target)
