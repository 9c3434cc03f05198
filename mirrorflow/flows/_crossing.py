"""The first moment of a step at which something falls below 0."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._types import Scalar

# Parts of a step at which it is looked whether it has.
NODES = (0.0, 1 / 3, 2 / 3, 1.0)
TRIES = 100
# A height between this and 0 is close enough.
CLOSE = -0.5


class Search(NamedTuple):
    """Moments before and at or after the first crossing, the heights there, and what was found at the later one."""

    left: Scalar
    right: Scalar
    left_height: Scalar
    right_height: Scalar
    found: Any
    node: jax.Array
    tries: jax.Array
    # What stands for the heights in regula falsi, and the end that moved last: −1 the left one, 1 the right one.
    weights: tuple[Scalar, Scalar]
    moved: jax.Array


def first_crossing(look: Callable[[Scalar], tuple[Scalar, Any]], s0: Scalar, s1: Scalar) -> Search:
    """Looks at the nodes one after another up to the first below 0, then for the moment just past the first zero before
    it, by regula falsi that halves the weight of an end which stays (Illinois). One loop, so that what it looks at is
    compiled once.

    **Arguments:** `look`: a moment ↦ (height, whatever is found there).

    **Returns:** the last search; `right_height` is below 0 if and only if something was met, at `right`.
    """
    nodes = jnp.asarray(NODES, s0.dtype)
    rounding = 4 * jnp.finfo(s0.dtype).eps

    def going(search):
        looking = (search.right_height >= 0) & (search.node < len(NODES))
        wide = search.right - search.left > rounding * jnp.maximum(jnp.abs(search.right), s1 - s0)
        return looking | ((search.right_height < CLOSE) & wide & (search.tries < TRIES))

    def proceed(search):
        looking = search.right_height >= 0
        low, high = search.weights
        share = jnp.where(jnp.isfinite(low) & (low > high), low / (low - high), 0.5)
        # Every fourth time the middle: what is lowest changes along the way.
        share = jnp.where(search.tries % 4 == 3, 0.5, jnp.clip(share, 1e-6, 1 - 1e-6))
        node = s0 + nodes[jnp.minimum(search.node, len(NODES) - 1)] * (s1 - s0)
        moment = jnp.where(looking, node, search.left + share * (search.right - search.left))
        height, found = look(moment)
        below = height < 0
        later = looking | below
        # the next node's left end is this one
        left = jnp.where(looking, search.right, jnp.where(below, search.left, moment))
        left_height = jnp.where(looking, search.right_height, jnp.where(below, search.left_height, height))
        again = jnp.where(below, search.moved == 1, search.moved == -1) & ~looking
        low = jnp.where(below & ~looking, jnp.where(again, low / 2, low), left_height)
        high = jnp.where(later, height, jnp.where(again, high / 2, high))
        return Search(
            left=left,
            right=jnp.where(later, moment, search.right),
            left_height=left_height,
            right_height=jnp.where(later, height, search.right_height),
            found=jax.tree.map(lambda new, old: jnp.where(later, new, old), found, search.found),
            node=search.node + looking,
            tries=search.tries + ~looking,
            weights=(low, high),
            moved=jnp.where(looking, 0, jnp.where(below, 1, -1)).astype(search.moved.dtype),
        )

    height, found = jax.eval_shape(look, s0)
    zero = jnp.zeros((), jnp.int32)
    none = jnp.full(height.shape, jnp.inf, height.dtype)
    empty = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), found)
    return jax.lax.while_loop(going, proceed, Search(s0, s0, none, none, empty, zero, zero, (none, none), zero))
