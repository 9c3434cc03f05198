"""Dynamic sparse training: as many weights as before, in other places."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from .. import _checks
from .._types import Anything, Numeric, Real
from ._changing import Moment, at_multiples, changing
from ._masks import largest


def sparse_evolution(
    transformation: optax.GradientTransformation,
    masks: Any,
    *,
    key: jax.Array,
    interval: int = 100,
    fraction: Numeric = 0.3,
    stop: int | None = None,
) -> optax.GradientTransformationExtraArgs:
    """SET: every `interval` steps the weights of least magnitude are dropped and as many grown at random.

    In each array a share α of its weights, `fraction` at the start and falling to 0 at `stop` along a cosine, or
    `fraction` throughout without a `stop`. Each array keeps exactly as many weights as it has.

    **Arguments:** `masks`: of the start, a pytree of booleans like params or a function of params, for instance by
    `random_masks`; arrays whose mask is True throughout stay dense. `key`: of the random choices. `stop`: the step
    after which masks stay; the papers take 75 % of training.

    What is grown starts from 0, and its moments too. The masks in force are in the state, under `masks`:
    `optax.tree.get(state, "masks")`.

    **Raises:** `ValueError` for a fraction outside [0, 1], an interval below 1, masks that do not fit params.

    **Source:** arXiv:1707.04780; theory page 06 (dynamic sparse training).
    """

    def growth(key: jax.Array, gradient: Real) -> Real:
        return jax.random.uniform(key, gradient.shape)

    return _rewired(transformation, masks, growth, key, interval, fraction, stop)


def rigl(
    transformation: optax.GradientTransformation,
    masks: Any,
    *,
    interval: int = 100,
    fraction: Numeric = 0.3,
    stop: int | None = None,
) -> optax.GradientTransformationExtraArgs:
    """RigL: as `sparse_evolution`, but grown where the gradient is largest.

    The gradient is that of the loss at the masked weights, in all places, also those without a weight, before any
    correction of the transformation inside: `rigl(sparse_opt(…), masks)` corrects steps, and grows by what is raw.

    **Source:** arXiv:1911.11134; theory page 06 (dynamic sparse training).
    """

    def growth(key: jax.Array, gradient: Real) -> Real:
        del key
        return jnp.abs(gradient)

    return _rewired(transformation, masks, growth, jax.random.key(0), interval, fraction, stop)


def _rewired(
    transformation: optax.GradientTransformation,
    masks: Any,
    growth: Callable[[jax.Array, Real], Real],
    key: jax.Array,
    interval: int,
    fraction: Numeric,
    stop: int | None,
) -> optax.GradientTransformationExtraArgs:
    fraction = _checks.in_interval("fraction", fraction, 0.0, 1.0)
    every = at_multiples(interval, interval, stop)

    def share(step: jax.Array) -> Any:
        return fraction if stop is None else fraction * (1 + jnp.cos(jnp.pi * jnp.minimum(step / stop, 1))) / 2

    def change(now: Moment) -> Any:
        leaves, structure = jax.tree.flatten(now.params)
        keys = jax.random.split(now.key, len(leaves))
        parts = zip(keys, leaves, jax.tree.leaves(now.gradients), jax.tree.leaves(now.masks), strict=True)
        return jax.tree.unflatten(structure, [rewire(share(now.step), growth, *part) for part in parts])

    start = masks if _checks.is_function(masks) else lambda params: masks
    return changing(transformation, start, every, change, _checks.key("key", key))


def rewire(
    share: Any, growth: Callable[[jax.Array, Real], Real], key: jax.Array, theta: Real, gradient: Real, mask: Anything
) -> jax.Array:
    """The mask with a share of its weights, those of least |θ|, moved to where `growth` is largest."""
    count = jnp.sum(mask, dtype=jnp.int32)
    dropped = jnp.round(share * count).astype(jnp.int32)
    stays = largest(jnp.where(mask, jnp.abs(theta), -1), count - dropped)
    scores = jnp.where(stays, -1, growth(key, gradient))
    return stays | largest(scores, dropped)
