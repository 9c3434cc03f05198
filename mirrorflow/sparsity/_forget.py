"""Optimizer states that forget what they held of some weights."""

from typing import Any

import jax
import jax.numpy as jnp

from .._types import Parameters


def forgotten(state: Any, params: Parameters, keep: Any) -> Any:
    """The state with zeros, in everything it holds weight by weight, where `keep` is False.

    What belongs to an array of params is found by its place: its path in the state contains the array's path in params,
    and it has the array's shape. So moments are found, also those of the factors of an array; the factors themselves,
    in a field `factors`, are the weight and no memory of it.
    """
    owners = [
        (_names(path), theta.shape, mask)
        for (path, theta), mask in zip(jax.tree_util.tree_leaves_with_path(params), jax.tree.leaves(keep), strict=True)
    ]

    def leaf(path: Any, value: Any) -> Any:
        names = _names(path)
        if ".factors" in names:
            return value
        for owner, shape, mask in owners:
            if jnp.shape(value) == shape and _contains(names, owner):
                return jnp.where(mask, value, jnp.zeros((), value.dtype))
        return value

    return jax.tree_util.tree_map_with_path(leaf, state)


def _names(path: Any) -> tuple[str, ...]:
    return tuple(jax.tree_util.keystr((entry,)) for entry in path)


def _contains(names: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return any(names[k : k + len(part)] == part for k in range(len(names) - len(part) + 1))
