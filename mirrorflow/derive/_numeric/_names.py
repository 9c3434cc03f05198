"""Names and symbols of the arrays of a pytree."""

from collections import Counter
from typing import Any

import numpy as np
import sympy

from .._model import symbols


def name_of(path: tuple[Any, ...]) -> str:
    """A name from the path of a leaf: its keys, joined."""
    parts = (str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", "")))) for key in path)
    words = "_".join("".join(c if c.isalnum() else "_" for c in part) for part in parts).strip("_")
    return words if words[:1].isalpha() else f"theta{words}"


def symbols_of(leaves: list[tuple[str, tuple[int, ...]]]) -> dict[str, np.ndarray]:
    """Symbols for each array; where two would be called the same, a number is put to the name of the later array."""
    arrays: dict[str, np.ndarray] = {}
    taken: set[sympy.Symbol] = set()
    tries: Counter[str] = Counter()
    for name, shape in leaves:
        label, made = name, symbols(f"{name}_" if name[-1].isdigit() and shape else name, *shape)
        while label in arrays or taken & set(made.ravel().tolist()):
            tries[name] += 1
            label = f"{name}_{'i' * tries[name]}"
            made = symbols(label, *shape)
        arrays[label] = made
        taken |= set(made.ravel().tolist())
    return arrays
