"""Permutations of which each entry is computed by itself."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .._types import Anything

_ROUNDS = 6  # for each bit of the number of entries, as the bound of the source has it


def secrets(key: jax.Array, count: int) -> jax.Array:
    """What makes one permutation of `count` entries: a pivot and a salt for each round, shape (rounds, 2)."""
    rounds = _ROUNDS * max(1, (count - 1).bit_length())
    return jax.random.bits(key, (rounds, 2), jnp.uint32)


def permuted(places: Anything, made: Anything, count: int) -> Any:
    """Where a random permutation of 0…count−1 takes `places`, shape (n,), by "swap or not".

    In each round x and pivot−x (mod count) change places or not, by a bit that is the same for both: a permutation for
    any pivots and any bits. It costs as many steps for a place whatever count is; to sort 60 thousand random numbers
    for each batch would take longer than to train on it.

    **Arguments:** `made`: `secrets` of a key, or others for each place, shape (rounds, 2, 1 or n).

    **Source:** V. Hoang, B. Morris, P. Rogaway, CRYPTO 2012, arXiv:1208.1176.
    """

    def swapped_or_not(place: Any, secret: Any) -> tuple[Any, None]:
        other = (secret[0] % np.uint32(count)).astype(jnp.int32) - place
        other = jnp.where(other < 0, other + count, other)
        return jnp.where(_bit(jnp.maximum(place, other), secret[1]), other, place), None

    return lax.scan(swapped_or_not, jnp.asarray(places, jnp.int32), jnp.asarray(made))[0]


def _bit(value: Any, salt: Any) -> Any:
    """A bit that hangs on all bits of both: the highest of MurmurHash3's mixer."""
    mixed = value.astype(jnp.uint32) ^ salt
    mixed = (mixed ^ (mixed >> 16)) * np.uint32(0x85EBCA6B)
    mixed = (mixed ^ (mixed >> 13)) * np.uint32(0xC2B2AE35)
    return mixed >> 31 == 1
