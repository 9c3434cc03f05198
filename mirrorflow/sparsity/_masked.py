"""Training on a fixed mask: what is pruned is exactly 0 after every step."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from .. import _checks
from .._types import Anything, Parameters, Real


class MaskedState(NamedTuple):
    """`masks`: in force, a pytree of booleans; `inner`: the state of the transformation inside."""

    masks: Any
    inner: Any


def masked(transformation: optax.GradientTransformation, masks: Any) -> optax.GradientTransformationExtraArgs:
    """`transformation` on the weights where `masks` is True; the others are exactly 0 after each step.

    The transformation sees gradients and params with zeros where the masks are False, and gets the masks as the extra
    argument `masks`. Whatever it makes of them, from moments or from factors, a pruned weight does not come back.

    **Arguments:** `masks`: a pytree of booleans like params, or a function of params that gives one; None in place of
    an array is a mask of True.

    **Raises:** `ValueError` for masks of another tree or shape, or that are not booleans.

    **Source:** theory page 06 (dynamic sparse training).

    >>> optimizer = mf.sparsity.masked(optax.sgd(0.1, momentum=0.9), jnp.array([True, False]))
    >>> theta = jnp.array([1.0, 2.0])
    >>> updates, state = optimizer.update(jnp.ones(2), optimizer.init(theta), theta)
    >>> optax.apply_updates(theta, updates).tolist()
    [0.9, 0.0]
    """
    _checks.instance("transformation", transformation, optax.GradientTransformation, "an optax transformation")
    inner = optax.with_extra_args_support(transformation)

    def init(params: Parameters) -> MaskedState:
        held = full(masks(params) if _checks.is_function(masks) else masks, params)
        return MaskedState(held, inner.init(zeroed(params, held)))

    def update(
        updates: Parameters, state: Any, params: Parameters | None = None, **extra: Any
    ) -> tuple[Parameters, MaskedState]:
        if params is None:
            raise ValueError("params must be given to update: what is pruned is set to 0.")
        extra["masks"] = state.masks
        steps, memory = inner.update(zeroed(updates, state.masks), state.inner, zeroed(params, state.masks), **extra)
        return held_at_zero(steps, params, state.masks), MaskedState(state.masks, memory)

    return optax.GradientTransformationExtraArgs(init, update)


def zeroed(tree: Any, masks: Any) -> Any:
    """The tree with zeros where the masks are False, also in place of NaN."""
    return jax.tree.map(lambda leaf, mask: jnp.where(mask, leaf, jnp.zeros((), leaf.dtype)), tree, masks)


def held_at_zero(steps: Parameters, params: Parameters, masks: Any) -> Parameters:
    """The steps where the masks are True, and −θ elsewhere: θ+(−θ) is exactly 0."""

    def leaf(step: Real, theta: Real, mask: Anything) -> Real:
        return jnp.where(mask, step, -theta.astype(step.dtype))

    return jax.tree.map(leaf, steps, params, masks)


def full(masks: Any, params: Parameters) -> Any:
    """Masks for every array of params, of True where there was None; `ValueError` for what does not fit."""
    _checks.masks(masks, params)
    return jax.tree.map(
        lambda theta, mask: jnp.ones(theta.shape, bool) if mask is None else jnp.asarray(mask), params, masks
    )
