"""Elementwise roots by Newton iterations that cannot diverge."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from .._types import Real

_STEPS = 200


def increasing_root(step: Callable[[Real], Real], start: Real) -> Real:
    """The limit of y ← y − step(y), elementwise, for monotone Newton iterations.

    `step(y)` is F(y)/F'(y). The start must lie where the iteration is monotone from its first or second iterate on
    (F increasing, and convex with the start above the root, or concave with it below), so that once a step is
    small the next would be rounding. Elements whose step is not a number stay where they are. Not to be
    differentiated: callers give the implicit derivative.
    """
    tolerance = jnp.finfo(start.dtype).eps ** 0.6

    def unfinished(carry):
        _, moving, count = carry
        return jnp.any(moving) & (count < _STEPS)

    def advance(carry):
        y, moving, count = carry
        change = step(y)
        change = jnp.where(moving & jnp.isfinite(change), change, 0.0)
        moving = jnp.abs(change) > tolerance * jnp.maximum(jnp.abs(y), 1.0)
        return y - change, moving, count + 1

    carry = (start, jnp.ones(start.shape, bool), jnp.zeros((), jnp.int32))
    return jax.lax.while_loop(unfinished, advance, carry)[0]
