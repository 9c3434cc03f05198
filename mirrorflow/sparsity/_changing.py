"""Training on masks that change: the part that every method shares."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax

from .. import _checks
from .._types import Parameters
from ._forget import forgotten
from ._masked import full, zeroed


class ChangingState(NamedTuple):
    """`step`: steps made; `key`: data of the key of random choices; `masks`: in force; `inner`: of what is inside."""

    step: jax.Array
    key: jax.Array
    masks: Any
    inner: Any


class Moment(NamedTuple):
    """What a change of masks may depend on: all of the step it comes before."""

    key: jax.Array
    step: jax.Array
    masks: Any
    params: Parameters
    gradients: Parameters


def changing(
    transformation: optax.GradientTransformation,
    masks: Callable[[Parameters], Any],
    due: Callable[[jax.Array], jax.Array],
    change: Callable[[Moment], Any],
    key: jax.Array,
) -> optax.GradientTransformationExtraArgs:
    """`transformation` on masks that `change` makes anew, before each step at which they are `due`.

    A weight that is dropped is exactly 0 after that step, one that is grown starts from 0 with moments of 0.
    """
    _checks.instance("transformation", transformation, optax.GradientTransformation, "an optax transformation")
    inner = optax.with_extra_args_support(transformation)

    def init(params: Parameters) -> ChangingState:
        held = full(masks(params), params)
        return ChangingState(jnp.zeros((), jnp.int32), jax.random.key_data(key), held, inner.init(zeroed(params, held)))

    def update(
        updates: Parameters, state: Any, params: Parameters | None = None, **extra: Any
    ) -> tuple[Parameters, ChangingState]:
        if params is None:
            raise ValueError("params must be given to update: masks and zeros are made from them.")
        own = jax.random.wrap_key_data(state.key)
        now, later = jax.random.split(own)

        def changed(_: None) -> tuple[Any, Any]:
            new = change(Moment(now, state.step, state.masks, zeroed(params, state.masks), updates))
            stays = jax.tree.map(jnp.logical_and, state.masks, new)
            return new, forgotten(state.inner, params, stays)

        held, memory = lax.cond(due(state.step), changed, lambda _: (state.masks, state.inner), None)
        both = jax.tree.map(jnp.logical_and, held, state.masks)
        start = zeroed(params, both)
        extra["masks"] = held
        steps, memory = inner.update(zeroed(updates, held), memory, start, **extra)
        moved = jax.tree.map(
            lambda step, theta, mask, stayed: jnp.where(
                stayed, step, jnp.where(mask, step, 0) - theta.astype(step.dtype)
            ),
            steps,
            params,
            held,
            both,
        )
        return moved, ChangingState(state.step + 1, jax.random.key_data(later), held, memory)

    return optax.GradientTransformationExtraArgs(init, update)


def at_multiples(interval: int, begin: int, end: int | None) -> Callable[[jax.Array], jax.Array]:
    """True at begin, begin+interval, …, before `end`."""
    interval = _checks.integer("interval", interval, at_least=1)
    begin = _checks.integer("begin", begin, at_least=0)
    if end is not None:
        end = _checks.integer("end", end, at_least=begin)

    def due(step: jax.Array) -> jax.Array:
        inside = (step >= begin) & ((step - begin) % interval == 0)
        return inside if end is None else inside & (step <= end)

    return due
