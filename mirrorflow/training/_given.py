"""The arguments of `fit`, turned into what compiled code takes."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Parameters

# Samples that are evaluated at once.
BLOCK = 256


def numbers_of(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as Python's are taken by jax, of no precision of their own; arrays as they are.

    **Raises:** `ValueError` for what is neither, or not finite.
    """
    if not isinstance(numbers, Mapping):
        raise ValueError(f"numbers must be a mapping from names to numbers, got {type(numbers).__name__}.")
    return {name: _number(f"numbers[{name!r}]", value) for name, value in numbers.items()}


def _number(name: str, value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic) and value.ndim == 0 and value.dtype.kind in "fiu":
        value = value.item()
    if isinstance(value, int | float) and not isinstance(value, bool):
        _checks.number(name, value)
        return jnp.asarray(value)
    if not jax.tree.leaves(value) or not all(map(eqx.is_array, jax.tree.leaves(value))):
        raise ValueError(
            f"{name} must be a number or a pytree of arrays, got {type(value).__name__}: {value!r}; what decides the "
            "structure of the optimizer belongs into make_optimizer."
        )
    return jax.tree.map(jnp.asarray, value)


def batch_of(batch: Any, data: Any) -> int:
    """A batch of at least 1 and at most all samples.

    **Raises:** `ValueError` for others.
    """
    size, samples = _checks.integer("batch", batch, at_least=1), data.samples("train")
    if size > samples:
        raise ValueError(f"batch must be at most the {samples} samples to train on, got {size}.")
    return size


def adapted(numbers: Mapping[str, Any], changes: Any) -> dict[str, Any]:
    """The numbers with some of them changed, in their types.

    **Raises:** `ValueError` for other names, structures or types.
    """
    if not isinstance(changes, Mapping) or not set(changes) <= set(numbers):
        raise ValueError(f"adapt must give new values of {', '.join(numbers)} by name, got {changes!r}.")
    new = {**numbers, **numbers_of(changes)}
    if jax.tree.map(jax.typeof, new) != jax.tree.map(jax.typeof, dict(numbers)):
        raise ValueError(f"adapt must give values of the types they have, {dict(numbers)}, got {dict(changes)}.")
    return new


def start_of(network: Any, initial: Any, statistics: Any) -> tuple[Parameters, Any, Any]:
    """The arrays to start from, the rest of the network, the running statistics.

    **Raises:** `ValueError` for a network without weights, an `initial` or statistics of another structure.
    """
    params, frame = eqx.partition(network, eqx.is_inexact_array)
    if not jax.tree.leaves(params):
        raise ValueError(f"network must have arrays of floating-point numbers to train, got {type(network).__name__}.")
    own = network.statistics()
    if initial is not None:
        params = _like(eqx.filter(initial, eqx.is_inexact_array), params, "initial")
    return params, frame, own if statistics is None else _like(statistics, own, "initial's statistics")


def _like(given: Any, wanted: Any, name: str) -> Any:
    """`given` if its arrays are those of `wanted` in path and shape, in the precision of `wanted`."""
    there, here = _shapes(given), _shapes(wanted)
    for path in [*here, *there]:
        if there.get(path) != here.get(path):
            raise ValueError(
                f"{name} must have the arrays of the network, got {_said(there.get(path))} at {path or 'its root'} in "
                f"place of {_said(here.get(path))}."
            )
    leaves = [new.astype(old.dtype) for new, old in zip(jax.tree.leaves(given), jax.tree.leaves(wanted), strict=True)]
    return jax.tree.unflatten(jax.tree.structure(wanted), leaves)


def _shapes(tree: Any) -> dict[str, tuple[int, ...]]:
    return {jax.tree_util.keystr(path): leaf.shape for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def _said(shape: tuple[int, ...] | None) -> str:
    return "none" if shape is None else f"shape {shape}"


def tests_of(data: Any, tests: Mapping[str, Any]) -> dict[str, Any]:
    """The test sets by name, in blocks; those without a sample left out.

    **Raises:** `ValueError` for names that the history has already.
    """
    found = {"test": data}
    for name, other in tests.items():
        short = name.replace(" ", "_")
        if short in ("train", *found):
            raise ValueError(f"tests must have names other than {', '.join(['train', *found])}, got {name!r}.")
        found[short] = other
    counts = {name: one.samples("test") for name, one in found.items()}
    return {name: one.blocks("test", min(BLOCK, counts[name])) for name, one in found.items() if counts[name] > 0}
