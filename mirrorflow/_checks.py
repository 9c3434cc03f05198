"""Every test of an argument's value, in one place.

Concrete values are tested on the host with NumPy and come back as NumPy arrays (0-d for numbers), so that building an
object runs no device code. Tracers pass untested: inside compiled code a bad number ends as a status, not as an
exception.
"""

import numbers
from collections.abc import Callable, Sequence
from types import UnionType
from typing import Any, TypeGuard

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from ._types import Held, Numeric


def is_traced(value: Any) -> bool:
    """Whether `value` is known only inside a compiled function."""
    return isinstance(value, jax.core.Tracer)


def array_module(*values: Any) -> Any:
    """`numpy` where every value is known on the host, so that nothing is dispatched or compiled; else `jax.numpy`."""
    return jnp if any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(values)) else np


def number(name: str, value: Numeric, *, shape: tuple[int, ...] | None = ()) -> Held:
    """`value` as a real, finite array of `shape` (None: any shape)."""
    if is_traced(value):
        if shape is not None and value.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got shape {value.shape}.")
        return value
    try:
        held = np.asarray(value)
        if not _is_real(held):
            raise TypeError
        if held.dtype.kind != "f":
            held = held.astype(float)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise ValueError(f"{name} must be a real number or an array of real numbers, got {kind}: {value!r}.") from None
    if shape is not None and held.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got shape {held.shape}.")
    if not np.isfinite(held).all():
        bad = held[~np.isfinite(held)].ravel()[0]
        raise ValueError(f"{name} must be finite, got {_place(held, ~np.isfinite(held))}{bad}.")
    return held


def positive(name: str, value: Numeric, *, shape: tuple[int, ...] | None = ()) -> Held:
    """`value` > 0."""
    return _require(name, number(name, value, shape=shape), lambda v: v > 0, "positive")


def nonnegative(name: str, value: Numeric, *, shape: tuple[int, ...] | None = ()) -> Held:
    """`value` ≥ 0."""
    return _require(name, number(name, value, shape=shape), lambda v: v >= 0, "non-negative")


def greater(name: str, value: Numeric, bound: float, *, shape: tuple[int, ...] | None = ()) -> Held:
    """`value` > `bound`."""
    return _require(name, number(name, value, shape=shape), lambda v: v > bound, f"greater than {bound:g}")


def in_interval(name: str, value: Numeric, low: float, high: float, *, shape: tuple[int, ...] | None = ()) -> Held:
    """`low` ≤ `value` ≤ `high`."""
    held = number(name, value, shape=shape)
    return _require(name, held, lambda v: (v >= low) & (v <= high), f"in [{low:g}, {high:g}]")


def in_open_interval(name: str, value: Numeric, domain: tuple[Any, Any], *, shape: Any = None) -> Held:
    """Every entry of `value` strictly inside `domain`."""
    low, high = domain
    held = number(name, value, shape=shape)
    return _require(name, held, lambda v: (v > low) & (v < high), f"inside the domain ({low}, {high})")


def integer(name: str, value: Any, *, at_least: int) -> int:
    """A Python integer ≥ `at_least`; refuses what is traced, because it decides the structure of a program."""
    if is_traced(value):
        raise ValueError(f"{name} decides the structure of the computation and cannot be traced.")
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"{name} must be an integer, got {type(value).__name__}: {value!r}.")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value}.")
    return int(value)


def is_function(value: Any) -> TypeGuard[Callable[..., Any]]:
    """Whether `value` is to be called. A network of booleans, one an array, can be called too, but is a pytree."""
    leaves = jax.tree.leaves(value)
    dtypes = [
        np.asarray(leaf).dtype if isinstance(leaf, bool | int) else getattr(leaf, "dtype", None) for leaf in leaves
    ]
    return callable(value) and not (leaves and all(dtype is not None and dtype.kind in "biu" for dtype in dtypes))


def is_sequence(value: Any) -> bool:
    """Whether `value` has its entries in an order: a list, a tuple, a range, or an array of one axis."""
    return np.ndim(value) == 1 if isinstance(value, np.ndarray) else isinstance(value, list | tuple | range)


def signs(name: str, value: Numeric) -> Held:
    """Every entry −1 or 1, along one axis."""
    held = number(name, value, shape=None)
    if held.ndim != 1:
        raise ValueError(f"{name} must be one axis of signs, got shape {tuple(held.shape)}.")
    return _require(name, held, lambda v: np.abs(v) == 1, "-1 or 1")


def increasing(name: str, value: Numeric, *, from_minus_infinity: bool = False) -> Held:
    """Strictly increasing numbers along one axis, finite but for a first −∞ where that is allowed."""
    if from_minus_infinity and not is_traced(value) and np.ndim(value) == 1 and np.size(value) > 1:
        first, rest = np.asarray(value)[0], np.asarray(value)[1:]
        if first == -np.inf:
            return np.concatenate([[-np.inf], increasing(name, rest)])
    held = number(name, value, shape=None)
    if held.ndim != 1 or held.shape[0] == 0:
        raise ValueError(f"{name} must be one axis of numbers, got shape {tuple(held.shape)}.")
    if not is_traced(held) and (np.diff(np.asarray(held)) <= 0).any():
        raise ValueError(f"{name} must be strictly increasing, got {np.asarray(held).tolist()}.")
    return held


def indices(name: str, value: Numeric, size: int) -> Held:
    """One axis of at least one integer, each from 0 to size−1."""
    held = value if is_traced(value) else np.asarray(value)
    if held.ndim != 1 or held.shape[0] == 0:
        raise ValueError(f"{name} must be one axis of at least one index, got shape {tuple(held.shape)}.")
    if held.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers, got an array of {held.dtype}.")
    return _require(name, held, lambda v: (v >= 0) & (v < size), f"from 0 to {size - 1}")


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """`value` is one of the words `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")
    return value


def same_shape(**named: tuple[str, Sequence[int]]) -> None:
    """All shapes equal, else a ValueError that names each: `same_shape(a=("rows", (3,)), b=("rows", (4,)))`."""
    shapes = {tuple(shape) for _, shape in named.values()}
    if len(shapes) > 1:
        words = ", ".join(f"{name} has {label} {tuple(shape)}" for name, (label, shape) in named.items())
        raise ValueError(f"Shapes must agree: {words}.")


def instance(name: str, value: Any, kind: type | UnionType, allowed: str) -> None:
    """`value` is a `kind`, else a ValueError that says what is allowed."""
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be {allowed}, got {type(value).__name__}: {value!r}.")


def key(name: str, value: Any) -> jax.Array:
    """One key of `jax.random`, in the new or the old form."""
    if is_traced(value):
        return value
    try:
        new = jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
        single = np.shape(value) == () if new else np.shape(value) == (2,) and value.dtype == np.uint32
    except AttributeError:
        single = False
    if not single:
        given = f"{type(value).__name__} of shape {np.shape(value)}" if hasattr(value, "shape") else repr(value)
        raise ValueError(f"{name} must be one key of jax.random, such as jax.random.key(0), got {given}.")
    return value


def _is_real(held: np.ndarray) -> bool:
    """Whether the entries are real numbers: no text, dates, complex numbers or truth values, which NumPy would turn
    into some.
    """
    if held.dtype.kind == "O":
        return all(isinstance(entry, numbers.Real) and not isinstance(entry, bool) for entry in held.flat)
    return held.dtype.kind not in "bc" and jnp.issubdtype(held.dtype, np.number)


def _require(name: str, held: Held, test: Any, words: str) -> Held:
    if not is_traced(held):
        good = np.asarray(test(held))
        if not good.all():
            bad = np.asarray(held)[~good].ravel()[0]
            raise ValueError(f"{name} must be {words}, got {_place(np.asarray(held), ~good)}{bad}.")
    return held


def _place(held: np.ndarray, bad: np.ndarray | np.generic) -> str:
    if held.ndim == 0:
        return ""
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    return f"at index {index[0] if len(index) == 1 else index}: "


def masks(given: Any, params: Any) -> None:
    """`given` holds, for each array of the pytree `params`, booleans of its shape, or None."""

    def structure(tree: Any) -> Any:
        return jax.tree.structure(tree, is_leaf=lambda leaf: leaf is None)

    if structure(given) != structure(params):
        raise ValueError(
            f"masks must be a pytree of the structure of params, {structure(params)}, got {structure(given)}."
        )

    def check(path: Any, array: Any, mask: Any) -> None:
        if mask is None:
            return
        place = f"masks{jax.tree_util.keystr(path)}"
        dtype = getattr(mask, "dtype", None)
        if dtype is None or not jnp.issubdtype(dtype, jnp.bool_):
            raise ValueError(f"{place} must hold booleans, got {type(mask).__name__ if dtype is None else dtype}.")
        if mask.shape != array.shape:
            raise ValueError(f"{place} must have the shape {array.shape} of its array, got {mask.shape}.")

    jax.tree_util.tree_map_with_path(check, params, given)
