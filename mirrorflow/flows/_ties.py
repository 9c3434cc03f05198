"""Tied factors: the smallest ones of a coordinate, equal in size at the start and so for ever.

They cannot change sign one by one, and where they reach 0 together their equation has no unique continuation. An
integrator does not see that by itself: rounding lets one of them pass first, or both rest at 0.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from .._types import Real, Scalar

# Relative difference up to which two factors count as equal.
EQUAL = 1e-9
# How closely the meeting is approached, relative to the time.
NEARNESS = 1e-5
# The same where the factors are below what their errors let tell.
BLURRED = 0.1
# Exponents of |ẇ| = c|w|^e from which on 0 counts as out of reach.
EXPONENTIAL = 0.999


def tied(start: Real) -> jax.Array:
    """Which factors (first axis) are not 0 and as small as another one of their coordinate, none being smaller."""
    sizes = jnp.abs(start)
    small = jnp.min(sizes, axis=0, keepdims=True)
    equal = sizes - small <= EQUAL * sizes
    return equal & (jnp.sum(equal, axis=0, keepdims=True) >= 2) & (small > 0)


def met(
    start: Real,
    before: Real,
    after: Real,
    elapsed: Scalar,
    time: Scalar,
    descent: Callable[[Real], Real],
    floor: Real,
) -> jax.Array:
    """Whether tied factors have come to 0 in the step from `before` to `after`, which took the time `elapsed`.

    With ẇ ~ −|w|^e and e<1, 0 is reached after |w|/((1−e)|ẇ|). That is now if one of them changed sign, if it is less
    than `NEARNESS` of the time, or if |w| is below `floor`, where errors hide the rest. From e=1 on 0 is never reached,
    and a change of sign is an error within the tolerances.
    """
    ties = tied(start)
    turned = before * after < 0
    crossed = turned & (ties | (jnp.sum(turned, axis=0, keepdims=True) >= 2))
    shrunk = jnp.abs(before) - jnp.abs(after)
    soon = ties & (shrunk > 0) & (jnp.abs(after) * elapsed < BLURRED * time * shrunk)

    def look():
        exponent, left = _approach(_evened(before, ties), descent)
        blurred = (jnp.abs(after) < floor) & (left < BLURRED * time)
        arrived = crossed | (soon & ((left - elapsed < NEARNESS * time) | blurred))
        return jnp.any(arrived & (exponent < EXPONENTIAL))

    return jax.lax.cond(jnp.any(crossed | soon), look, lambda: jnp.asarray(False))


def _evened(factors: Real, ties: jax.Array) -> Real:
    """Tied factors set to the mean of their sizes, which errors have driven apart."""
    sizes = jnp.where(ties, jnp.abs(factors), 0.0)
    mean = jnp.sum(sizes, axis=0, keepdims=True) / jnp.maximum(jnp.sum(ties, axis=0, keepdims=True), 1)
    return jnp.where(ties, jnp.sign(factors) * mean, factors)


def _approach(factors: Real, descent: Callable[[Real], Real]) -> tuple[Real, Real]:
    """e and the time to 0 of factors that shrink; infinite for the others."""
    velocity, acceleration = jax.jvp(descent, (factors,), (descent(factors),))
    shrinking = velocity * factors < 0
    # |ẇ| = c|w|^e  ⇒  e = w·ẅ/ẇ²
    exponent = jnp.where(shrinking, factors * acceleration / jnp.where(shrinking, velocity, 1.0) ** 2, jnp.inf)
    left = jnp.abs(factors) / jnp.maximum((1 - exponent) * jnp.abs(velocity), 1e-300)
    return exponent, jnp.where(exponent < EXPONENTIAL, left, jnp.inf)
