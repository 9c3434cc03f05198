"""Masks: pytrees of booleans, True where a weight is, with exactly the density asked for."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Anything, Numeric, Parameters

Where = Any


def kept(density: Numeric, size: int, name: str = "density") -> int:
    """How many of `size` entries a density in (0, 1] keeps: the nearest integer, at least 1."""
    held = _checks.number(name, density)
    if _checks.is_traced(held):
        raise ValueError(f"{name} decides how many weights there are and cannot be traced.")
    if not 0 < held <= 1:
        raise ValueError(f"{name} must be in (0, 1], got {density}.")
    return max(1, math.floor(float(held) * size + 0.5))


def random_mask(key: jax.Array, shape: Sequence[int], density: Numeric) -> jax.Array:
    """A mask of `shape` with exactly round(density·size) entries True, drawn uniformly.

    **Raises:** `ValueError` for a density outside (0, 1].

    >>> mask = mf.sparsity.random_mask(jax.random.key(0), (3, 4), density=0.25)
    >>> mask.shape, int(mask.sum())
    ((3, 4), 3)
    """
    shape = tuple(_checks.integer("shape", size, at_least=1) for size in shape)
    return _random_mask(_checks.key("key", key), kept(density, math.prod(shape)), shape)


def _random_mask(key: jax.Array, count: Any, shape: tuple[int, ...]) -> jax.Array:
    size = math.prod(shape)
    return (jax.random.permutation(key, size) < count).reshape(shape)


def magnitude_mask(weights: Anything, density: Numeric) -> jax.Array:
    """True at exactly the round(density·size) entries of largest |weight|, among equal ones at the first.

    **Raises:** `ValueError` for a density outside (0, 1].

    >>> mf.sparsity.magnitude_mask(jnp.array([3.0, -4.0, 0.5, 1.0]), density=0.5).tolist()
    [True, True, False, False]
    """
    weights = jnp.asarray(weights)
    return largest(jnp.abs(weights), kept(density, weights.size))


def largest(scores: Anything, count: Any) -> jax.Array:
    """True at exactly the `count` largest scores, among equal ones at the first; `count` may be traced."""
    order = jnp.argsort(-scores.ravel(), stable=True)
    rank = jnp.zeros(scores.size, jnp.int32).at[order].set(jnp.arange(scores.size, dtype=jnp.int32))
    return (rank < count).reshape(scores.shape)


def n_m_mask(weights: Anything, n: int, m: int, axis: int = -1) -> jax.Array:
    """True at the n largest |weight| of each m in a row along `axis`.

    **Raises:** `ValueError` unless 1 ≤ n ≤ m and the axis is a multiple of m long.

    >>> mf.sparsity.n_m_mask(jnp.array([3.0, -4.0, 0.5, 1.0]), 1, 2).tolist()
    [False, True, False, True]
    """
    weights = jnp.asarray(weights)
    m = _checks.integer("m", m, at_least=1)
    n = _checks.integer("n", n, at_least=1)
    if n > m:
        raise ValueError(f"n must be at most m = {m}, got {n}.")
    if not -weights.ndim <= axis < weights.ndim:
        raise ValueError(f"axis must be one of an array of shape {weights.shape}, got {axis}.")
    rows = jnp.moveaxis(jnp.abs(weights), axis, -1)
    if rows.shape[-1] % m:
        raise ValueError(f"axis {axis} must be a multiple of m = {m} long, got {rows.shape[-1]}.")
    groups = rows.reshape(*rows.shape[:-1], -1, m)
    rank = jnp.argsort(jnp.argsort(-groups, axis=-1, stable=True), axis=-1, stable=True)
    return jnp.moveaxis((rank < n).reshape(rows.shape), -1, axis)


def random_masks(
    key: jax.Array,
    params: Parameters,
    density: Numeric,
    *,
    distribution: str = "uniform",
    where: Where = None,
) -> Any:
    """Random masks like params that keep exactly round(density·N) of the N weights in the arrays `where`.

    **Arguments:**

    - `density`: in (0, 1], of all sparse arrays together.
    - `distribution`: "uniform" gives each array that density; "erk" (Erdős–Rényi kernel) gives an array of shape
      (n_1,…,n_d) a density in proportion to Σn_i/Πn_i, cut off at 1.
    - `where`: the arrays that are sparse: booleans in a pytree like params, or a function of an array; by default those
      of two or more axes. The others get masks of True.

    **Raises:** `ValueError` for a density outside (0, 1], an unknown distribution, or params without a sparse array.

    **Source:** arXiv:1911.11134 (ERK); theory page 06 (dynamic sparse training).

    >>> masks = mf.sparsity.random_masks(jax.random.key(0), {"w": jnp.ones((4, 5)), "b": jnp.ones(5)}, 0.5)
    >>> {name: int(mask.sum()) for name, mask in masks.items()}
    {'b': 5, 'w': 10}
    """
    _checks.key("key", key)
    leaves, structure = jax.tree.flatten(params)
    sparse = _sparse(params, where)
    counts = layer_counts([leaf.shape for leaf, on in zip(leaves, sparse, strict=True) if on], density, distribution)
    keys, counts, masks = iter(jax.random.split(key, len(counts))), iter(counts), []
    for leaf, on in zip(leaves, sparse, strict=True):
        masks.append(_random_mask(next(keys), next(counts), leaf.shape) if on else jnp.ones(leaf.shape, bool))
    return jax.tree.unflatten(structure, masks)


def layer_counts(shapes: Sequence[tuple[int, ...]], density: Numeric, distribution: str = "uniform") -> list[int]:
    """How many weights each layer keeps so that together they are exactly round(density·N).

    Shares that are no integers are rounded down, and what is missing goes to the largest remainders.
    """
    if not shapes:
        raise ValueError("params must have at least one array of two or more axes, or `where` name one.")
    if distribution not in ("uniform", "erk"):
        raise ValueError(f'distribution must be "uniform" or "erk", got {distribution!r}.')
    sizes = np.array([math.prod(shape) for shape in shapes])
    total = kept(density, int(sizes.sum()))
    raw = np.array([sum(shape) for shape in shapes], float) if distribution == "erk" else sizes.astype(float)
    shares, full = np.zeros(len(sizes)), np.zeros(len(sizes), bool)
    while True:
        free = total - sizes[full].sum()
        shares = np.where(full, sizes, raw * free / max(raw[~full].sum(), 1e-300))
        over = ~full & (shares > sizes)
        if not over.any():
            break
        full |= over
    counts = np.floor(shares + 1e-9).astype(int)
    for place in np.argsort(-(shares - counts), kind="stable"):
        if counts.sum() < total and counts[place] < sizes[place]:
            counts[place] += 1
    return [int(count) for count in counts]


def magnitude_masks(params: Parameters, density: Numeric, *, layerwise: bool = False, where: Where = None) -> Any:
    """Masks of the largest |weight|: of all arrays `where` together, or with `layerwise` of each by itself.

    **Raises:** `ValueError` as `random_masks`.
    """
    if not layerwise:
        return masks_of_largest(params, kept(density, sparse_size(params, where)), where)
    leaves, structure = jax.tree.flatten(params)
    masks = [
        magnitude_mask(leaf, density) if on else jnp.ones(leaf.shape, bool)
        for leaf, on in zip(leaves, _sparse(params, where), strict=True)
    ]
    return jax.tree.unflatten(structure, masks)


def masks_of_largest(params: Parameters, count: Any, where: Where = None) -> Any:
    """True at exactly the `count` largest |weight| of all arrays `where` together; `count` may be traced."""
    leaves, structure = jax.tree.flatten(params)
    sparse = _sparse(params, where)
    scores = [jnp.abs(wide(leaf)).ravel() for leaf, on in zip(leaves, sparse, strict=True) if on]
    chosen, masks, place = largest(jnp.concatenate(scores), count), [], 0
    for leaf, on in zip(leaves, sparse, strict=True):
        if not on:
            masks.append(jnp.ones(leaf.shape, bool))
            continue
        masks.append(chosen[place : place + leaf.size].reshape(leaf.shape))
        place += leaf.size
    return jax.tree.unflatten(structure, masks)


def sparse_size(params: Parameters, where: Where = None) -> int:
    """How many weights the arrays `where` have; `ValueError` if there are none."""
    size = sum(leaf.size for leaf, on in zip(jax.tree.leaves(params), _sparse(params, where), strict=True) if on)
    if not size:
        layer_counts([], 1.0)
    return size


def apply_masks(params: Parameters, masks: Any) -> Parameters:
    """Params with exact zeros where the masks are False."""
    return jax.tree.map(lambda theta, mask: jnp.where(mask, theta, jnp.zeros((), theta.dtype)), params, masks)


def density(masks: Any) -> float:
    """The share of True in all masks together."""
    leaves = jax.tree.leaves(masks)
    return float(sum(np.asarray(mask).sum() for mask in leaves) / sum(mask.size for mask in leaves))


def wide(leaf: Anything) -> Anything:
    """The leaf in at least single precision."""
    return leaf.astype(jnp.promote_types(leaf.dtype, jnp.float32))


def _sparse(params: Parameters, where: Where) -> list[bool]:
    """Whether each array, in the order of the leaves, is sparse."""
    if where is None:
        return [leaf.ndim >= 2 for leaf in jax.tree.leaves(params)]
    if _checks.is_function(where):
        return [bool(where(leaf)) for leaf in jax.tree.leaves(params)]
    if jax.tree.structure(where) != jax.tree.structure(params):
        raise ValueError(f"where must be a pytree of booleans like params, got {jax.tree.structure(where)}.")
    return [bool(on) for on in jax.tree.leaves(where)]
