"""How trainable weights start, said first and drawn together."""

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from .. import _checks


@dataclasses.dataclass(frozen=True)
class Normal:
    """Independent N(0, variance) of `shape`."""

    shape: tuple[int, ...]
    variance: float


@dataclasses.dataclass(frozen=True)
class Constant:
    """`value` everywhere, of `shape`."""

    shape: tuple[int, ...]
    value: float


# An array; while a network is put together, how it is drawn.
Weight = Any


def drawn(key: jax.Array, dtype: Any, layers: Any) -> Any:
    """The pytree `layers` with arrays where it says how they are drawn: from one key and in one program.

    All come from one long row of normal numbers: a draw for each array compiles ten times as long. It is made in single
    precision, so that networks of all types start from the same weights up to rounding.

    **Raises:** `ValueError` for a key that is none and a type that is no floating one.
    """
    leaves, structure = jax.tree.flatten(layers)
    arrays = _drawn(_checks.key("key", key), tuple(leaves), floating("dtype", dtype))
    return jax.tree.unflatten(structure, arrays)


def floating(name: str, dtype: Any) -> Any:
    """`dtype` if it is one of real floating numbers, else a `ValueError`."""
    try:
        held = jnp.dtype(dtype)
    except TypeError:
        held = None
    if held is None or not jnp.issubdtype(held, jnp.floating):
        raise ValueError(f"{name} must be a floating type such as jnp.float32, got {dtype!r}.")
    if jax.dtypes.canonicalize_dtype(held) != held:
        raise ValueError(f"{name} {held} needs double precision: call mf.enable_float64() first.")
    return held


def _drawn_arrays(key: Any, leaves: tuple[Any, ...], dtype: Any) -> list[Any]:
    total = sum(math.prod(leaf.shape) for leaf in leaves if isinstance(leaf, Normal))
    row, place, arrays = jax.random.normal(key, (total,), jnp.float32), 0, []
    for leaf in leaves:
        if isinstance(leaf, Constant):
            arrays.append(jnp.full(leaf.shape, leaf.value, dtype))
            continue
        size = math.prod(leaf.shape)
        numbers = row[place : place + size].reshape(leaf.shape) * math.sqrt(leaf.variance)
        arrays.append(numbers.astype(dtype))
        place += size
    return arrays


_drawn = jax.jit(_drawn_arrays, static_argnums=(1, 2))
