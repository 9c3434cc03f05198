"""Linear complementarity of gates in intervals: which of them are at an end, and which keep their surface."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .._types import Numeric, Real

# Surfaces that coincide share a gate between them; this, against the size of the equations, makes the share definite.
RIDGE = 1e-12
PATIENCE = 3


class Linear(NamedTuple):
    """ż = rates + slopes·(gates − `gates`)."""

    gates: Real
    rates: Real
    slopes: Real


def inverse(linear: Linear, free: jax.Array, ridge: float = RIDGE) -> jax.Array:
    """slopes⁻¹ among the free ones, 0 elsewhere; rows and columns are brought to their own units first.

    `ridge` damps combinations of surfaces on which the slopes are smaller than it.
    """
    eye = jnp.eye(free.size, dtype=linear.slopes.dtype)
    both = free[:, None] & free[None, :]
    matrix = jnp.where(both, linear.slopes, eye)
    columns = _unit(jnp.max(jnp.abs(matrix), axis=0))
    matrix = matrix / columns[None, :]
    rows = _unit(jnp.max(jnp.abs(matrix), axis=1))
    matrix = matrix / rows[:, None]
    signed = ridge * jnp.where(jnp.diagonal(matrix) < 0, -1.0, 1.0)
    inverted = jnp.linalg.inv(matrix + jnp.diag(signed))
    return jnp.where(both, inverted / columns[:, None] / rows[None, :], 0.0)


class _Search(NamedTuple):
    sides: jax.Array
    gates: Real
    fewest: jax.Array
    patience: jax.Array
    rounds: jax.Array
    wrong: jax.Array


def stable(
    linear: Linear, valid: jax.Array, sides: jax.Array, low: Real, high: Real, tolerance: Numeric
) -> tuple[jax.Array, Real]:
    """Sides and gates such that gates at an end belong to a z that moves to that side, all others have ż=0.

    Block principal pivoting: all that are on the wrong side change at once, and one at a time (the last) where that
    does not lessen their number.

    **Source:** Júdice & Pires, A block principal pivoting algorithm for large-scale strictly monotone linear
    complementarity problems, Computers & Operations Research 21 (1994).
    """
    width = high - low
    attractive = jnp.diagonal(linear.slopes) < 0
    unit = jnp.abs(jnp.diagonal(linear.slopes)) * width
    unit = jnp.where(unit > 0, unit, _unit(jnp.max(jnp.abs(linear.rates), initial=0.0)))

    def of(sides):
        """Gates and, in units of a gate's interval, rates."""
        ends = jnp.where(sides < 0, low, high)
        free = valid & (sides == 0)
        moved = jnp.where(free | ~valid, 0.0, ends - linear.gates)
        rates = linear.rates + linear.slopes @ moved
        change = inverse(linear, free) @ rates
        gates = jnp.where(free, linear.gates - change, jnp.where(valid, ends, linear.gates))
        return gates, (rates - linear.slopes @ change) / unit

    def changes(sides):
        """The gates, and where each would go; 2 where it stays."""
        gates, rates = of(sides)
        free = sides == 0
        above, below = free & (gates > high + tolerance * width), free & (gates < low - tolerance * width)
        stay = jnp.full(sides.shape, 2, jnp.int32)
        target = jnp.where(above, jnp.where(attractive, 1, -1), stay)
        target = jnp.where(below, jnp.where(attractive, -1, 1), target)
        target = jnp.where((sides > 0) & (rates < -tolerance), jnp.where(attractive, 0, -1), target)
        target = jnp.where((sides < 0) & (rates > tolerance), jnp.where(attractive, 0, 1), target)
        return gates, jnp.where(valid, target, stay)

    most = 4 * valid.size + 8

    def going(search):
        return (search.wrong > 0) & (search.rounds < most)

    def pivot(search):
        gates, target = changes(search.sides)
        wrong = target != 2
        number = jnp.sum(wrong)
        better = number < search.fewest
        patience = jnp.where(better, PATIENCE, search.patience - 1)
        last = jnp.max(jnp.where(wrong, jnp.arange(wrong.size), -1))
        moving = wrong & ((patience >= 0) | (jnp.arange(wrong.size) == last))
        sides = jnp.where(moving, target, search.sides)
        return _Search(sides, gates, jnp.minimum(number, search.fewest), patience, search.rounds + 1, number)

    start = sides.astype(jnp.int32)
    many = jnp.asarray(valid.size + 1)
    search = _Search(start, linear.gates, many, jnp.asarray(PATIENCE), jnp.asarray(0), jnp.asarray(1))
    search = jax.lax.while_loop(going, pivot, search)
    return search.sides, jnp.clip(search.gates, low, high)


def _unit(size: Real) -> Real:
    return jnp.where(size > 0, size, 1.0)
