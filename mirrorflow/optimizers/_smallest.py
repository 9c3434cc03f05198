"""The k entries of least magnitude, exactly, without sorting."""

import jax
import jax.numpy as jnp
from jax import lax

from .._types import Anything, Real
from ._steps import wide


def smallest(weights: Real, count: Anything | int, capacity: int, allowed: Anything | None = None) -> jax.Array:
    """Indices into the flat `weights` of the `count` entries of least |weight|, increasing, shape (capacity,).

    Among equal magnitudes the first ones. What is left of `capacity` holds the number of weights, one past the last
    index. `allowed`: booleans of the shape of `weights`; entries that are not come last.

    The bits of non-negative floats are ordered as the floats are, so the k-th smallest is found by bisection in 31
    passes of counting (63 in double precision), without a sort.
    """
    magnitude = jnp.abs(wide(weights).ravel())
    kind = jnp.int64 if magnitude.dtype == jnp.float64 else jnp.int32
    largest = jnp.asarray(jnp.iinfo(kind).max, kind)
    bits = lax.bitcast_convert_type(magnitude, kind)
    if allowed is not None:
        bits = jnp.where(allowed.ravel(), bits, largest)
    place = lax.iota(jnp.int32, bits.size)
    threshold = _least(
        lambda bound: jnp.sum(bits <= bound, dtype=jnp.int32) >= count, largest, jnp.iinfo(kind).bits - 1
    )
    below, equal = bits < threshold, bits == threshold
    missing = count - jnp.sum(below, dtype=jnp.int32)
    last = _least(
        lambda bound: jnp.sum(equal & (place <= bound), dtype=jnp.int32) >= missing,
        jnp.asarray(bits.size - 1, jnp.int32),
        bits.size.bit_length(),
    )
    (found,) = jnp.nonzero(below | (equal & (place <= last)), size=capacity, fill_value=bits.size)
    return jnp.where(lax.iota(jnp.int32, capacity) < count, found.astype(jnp.int32), bits.size)


def _least(holds, high: jax.Array, steps: int) -> jax.Array:
    """The least integer from 0 to `high` from which on `holds`, which is true at `high`."""

    def halve(_, ends):
        low, high = ends
        middle = low + (high - low) // 2
        true = holds(middle)
        return jnp.where(true, low, middle + 1), jnp.where(true, middle, high)

    return lax.fori_loop(0, steps, halve, (jnp.zeros_like(high), high))[1]
