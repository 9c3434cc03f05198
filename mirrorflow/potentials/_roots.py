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


def bracketed_root(residual: Callable[[Real], tuple[Real, Real]], low: Real, high: Real, start: Real) -> Real:
    """The root in [low,high] of an increasing function, elementwise, from its value and slope: `residual(y)`.

    Newton steps where they stay within the bracket and halve the last step, else bisection, so that neither kinks nor
    infinite values nor slopes that are no numbers stop it. Without a root it ends at `low` or `high`. Not to be
    differentiated: callers give the implicit derivative.
    """
    tolerance = 4 * jnp.finfo(start.dtype).eps

    def unfinished(carry):
        *_, moving, count = carry
        return jnp.any(moving) & (count < _STEPS)

    def advance(carry):
        y, low, high, last, moving, count = carry
        value, slope = residual(y)
        low, high = jnp.where(value < 0, y, low), jnp.where(value < 0, high, y)
        high = jnp.where(value == 0, y, high)
        newton = y - value / slope
        usable = jnp.isfinite(newton) & (newton > low) & (newton < high) & (jnp.abs(newton - y) < last / 2)
        usable |= jnp.isfinite(newton) & (newton == y)
        following = jnp.where(usable, newton, low + (high - low) / 2)
        following = jnp.where(value == 0, y, following)
        step = jnp.abs(following - y)
        y = jnp.where(moving, following, y)
        # a bisection that is forced by a large Newton step gives the next Newton step its chance
        last = jnp.where(usable, step, jnp.maximum(step, high - low))
        moving &= (step > tolerance * jnp.maximum(jnp.abs(y), 1.0)) & (value != 0)
        return y, low, high, last, moving, count + 1

    last = high - low
    carry = (start, low, high, last, jnp.ones(start.shape, bool), jnp.zeros((), jnp.int32))
    return jax.lax.while_loop(unfinished, advance, carry)[0]
