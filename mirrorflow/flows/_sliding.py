"""Flows with kinks followed as differential inclusions (Filippov): which side of every surface a point is on, which
surfaces it slides along, and with which gates.

A step is made with all sides as they are, which is smooth. The first moment at which a surface is crossed, or at which
a gate leaves its interval, ends the step there, and the sides are chosen anew.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from .._types import Parameters, Real, Scalar
from ._kinks import AbstractKinks
from ._pivoting import Linear, solve, stable

# How far behind a surface a point counts as across, relative to what the surface's function is small against; and how
# far beyond its interval a gate counts as outside.
SHIFT = 1e-10
# Part of its distance by which a point that slides is drawn back to its surface in a step.
PULL = 0.3
# Surfaces that may slide at once, at first.
ROOM = 16
# Parts of a step at which it is looked whether a surface was crossed.
NODES = (1 / 3, 2 / 3, 1.0)
LOCATING = 60
# Linearizations of velocities in the gates of several layers, which are no affine functions of them.
ROUNDS = 3


class Modes(eqx.Module):
    """Where a point is: `sides` −1, 1, or 0 where it slides; `slots` the surfaces that slide (their number where a slot
    is empty) with their `gates`; `slack`, how far behind each surface it counts as across.
    """

    sides: jax.Array
    slots: jax.Array
    gates: jax.Array
    slack: jax.Array

    @property
    def sliding(self) -> jax.Array:
        """Whether any surface slides."""
        return jnp.any(self.sides == 0)


class Equation(NamedTuple):
    """The equation at one moment: everything but the state and the gates."""

    dynamics: Any
    kinks: AbstractKinks
    time: Scalar

    def gates(self, modes: Modes, slots: Real) -> Real:
        """All gates, those in the slots being the given ones."""
        dtype = slots.dtype
        sides = jnp.where(modes.sides < 0, jnp.asarray(self.kinks.low, dtype), jnp.asarray(self.kinks.high, dtype))
        return sides.at[modes.slots].set(slots, mode="drop")

    def values(self, state: Parameters, gates: Real | None) -> Real:
        """All z_i."""
        return self.kinks.values(self.dynamics, state, self.time, gates)

    def rates(self, state: Parameters, gates: Real) -> Real:
        """All ż_i in units of e^{−log_scale}, the scale of the gradient."""
        fixed = self.kinks.fixed(self.dynamics, gates)
        velocity = fixed.velocity(state, self.time, -fixed.log_scale(state, self.time))
        return jax.jvp(lambda y: self.values(y, gates), (state,), (velocity,))[1]


def begin(equation: Equation, state: Parameters, dtype: Any, room: int) -> tuple[Modes, jax.Array]:
    """The modes at a start, and whether more surfaces slide there than there is room for."""
    values = equation.values(state, None)
    count, room = values.size, min(room, values.size)
    sides = jnp.where(values > 0, 1, -1).astype(jnp.int8)
    shift = SHIFT * equation.kinks.sizes(values)
    empty = jnp.full(room, count, jnp.int32)
    middle = jnp.full(room, (jnp.asarray(equation.kinks.low, dtype) + equation.kinks.high) / 2, dtype)
    return choose(equation, state, Modes(sides, empty, middle, shift), jnp.abs(values) <= shift)


def resolved(equation: Equation, state: Parameters, modes: Modes, pull: Callable[[Real, Real], Real]) -> Real:
    """All gates at a point: those of the surfaces that slide keep ż=0, or ż=−pull(z, gates)."""

    def none():
        return equation.gates(modes, modes.gates)

    def some():
        linear, free = _linear(equation, state, modes, modes.slots, modes.gates)
        chosen = jnp.where(free, modes.gates - solve(linear, linear.rates, free), modes.gates)
        # Once more with the true rates: rounding, and gates of several layers.
        for _ in range(1 if equation.kinks.one_layer else ROUNDS):
            gates = equation.gates(modes, chosen)
            wanted = pull(equation.values(state, gates), gates)
            rates = _at(equation.rates(state, gates) + wanted, modes.slots)
            chosen = jnp.where(free, chosen - solve(linear, rates, free), chosen)
        return equation.gates(modes, chosen)

    return jax.lax.cond(modes.sliding, some, none)


def no_pull(values: Real, gates: Real) -> Real:
    """0"""
    return jnp.zeros_like(values)


class Met(NamedTuple):
    """What a step met: whether anything, where, the state and the modes there, and whether they lack room."""

    event: jax.Array
    s: Scalar
    y: Parameters
    modes: Modes
    crowded: jax.Array


def inspect(
    field: Any, modes: Modes, s0: Scalar, s1: Scalar, y1: Parameters, at: Callable[[Scalar], Parameters]
) -> Met:
    """The first event of a step from s0 to s1 that ended at y1, `at` being its interpolant."""

    def lowest(s, y, modes):
        equation, state = field.equation(s, y)
        return jnp.min(_clearance(equation, state, modes))

    def with_gates(s, y):
        equation, state = field.equation(s, y)
        gates = resolved(equation, state, modes, no_pull)
        now = eqx.tree_at(lambda m: m.gates, modes, _at(gates, modes.slots))
        return jnp.minimum(lowest(s, y, now), _room_of_gates(equation.kinks, now)), now

    points = [s0 + node * (s1 - s0) for node in NODES[:-1]]
    end, now = with_gates(s1, y1)
    heights = jnp.stack([*(lowest(s, at(s), modes) for s in points), end])
    event = jnp.any(heights < 0)
    moments = jnp.stack([s0, *points, s1])

    def found():
        first = jnp.argmax(heights < 0)
        s, y = _locate(lambda s: with_gates(s, at(s))[0], at, moments[first], moments[first + 1], heights[first])
        y = jax.tree.map(lambda there, end: jnp.where(s >= s1, end, there), y, y1)
        equation, state = field.equation(s, y)
        here = with_gates(s, y)[1]
        across = (here.sides != 0) & (_clearance(equation, state, here) < 0.5)
        chosen, crowded = choose(equation, state, here, across | (here.sides == 0))
        return Met(event, s, y, chosen, crowded)

    def nothing():
        equation, state = field.equation(s1, y1)
        return Met(event, s1, y1, _settled(equation, state, now), jnp.asarray(False))

    return jax.lax.cond(event, found, nothing)


def choose(equation: Equation, state: Parameters, modes: Modes, touched: jax.Array) -> tuple[Modes, jax.Array]:
    """The modes with which a point goes on that is on the `touched` surfaces: for each of them the gate is at the end
    of its interval from which z moves to that side, or inside it with ż=0.
    """
    room, count = modes.slots.size, modes.sides.size
    crowded = jnp.sum(touched) > room
    slots = jnp.nonzero(touched, size=room, fill_value=count)[0].astype(jnp.int32)
    before = equation.gates(modes, modes.gates)
    sides = _at(modes.sides, slots)
    among = eqx.tree_at(lambda m: m.slots, modes, slots)
    gates = _at(before, slots)
    low, high = (jnp.asarray(end, gates.dtype) for end in (equation.kinks.low, equation.kinks.high))
    for _ in range(1 if equation.kinks.one_layer else ROUNDS):
        linear, valid = _linear(equation, state, among, slots, gates)
        sides, gates = stable(linear, valid, sides, low, high, SHIFT / 2)
    everywhere = modes.sides.at[slots].set(sides.astype(jnp.int8), mode="drop")
    full = equation.gates(among, gates)
    slots = jnp.nonzero(everywhere == 0, size=room, fill_value=count)[0].astype(jnp.int32)
    fresh = Modes(everywhere, slots, _at(full, slots), jnp.full_like(modes.slack, jnp.inf))
    return _settled(equation, state, fresh), crowded


def with_room(modes: Modes, room: int) -> Modes:
    """The same modes with more slots."""
    more = min(room, modes.sides.size) - modes.slots.size
    return Modes(
        modes.sides,
        jnp.concatenate([modes.slots, jnp.full(more, modes.sides.size, modes.slots.dtype)]),
        jnp.concatenate([modes.gates, jnp.zeros(more, modes.gates.dtype)]),
        modes.slack,
    )


def _linear(equation: Equation, state: Parameters, modes: Modes, slots, gates) -> tuple[Linear, jax.Array]:
    """ż of the surfaces in the slots as a linear function of their gates, and which slots are filled."""

    def rates(gates):
        return _at(equation.rates(state, equation.gates(modes, gates)), slots)

    value, push = jax.linearize(rates, gates)
    slopes = jax.vmap(push)(jnp.eye(gates.size, dtype=gates.dtype)).T
    return Linear(gates, value, slopes), slots < modes.sides.size


def _clearance(equation: Equation, state: Parameters, modes: Modes) -> Real:
    """How far each surface is from being crossed, in units of its shift; infinite where it slides."""
    values = equation.values(state, equation.gates(modes, modes.gates))
    unit = SHIFT * equation.kinks.sizes(values)
    return jnp.where(modes.sides == 0, jnp.inf, (modes.sides * values + modes.slack) / unit)


def _settled(equation: Equation, state: Parameters, modes: Modes) -> Modes:
    """The slack no larger than it has to be: that of a point which stays behind a surface goes as it comes away."""
    values = equation.values(state, equation.gates(modes, modes.gates))
    unit = SHIFT * equation.kinks.sizes(values)
    slack = jnp.maximum(unit, jnp.minimum(modes.slack, unit - modes.sides * values))
    return eqx.tree_at(lambda m: m.slack, modes, slack)


def _room_of_gates(kinks: AbstractKinks, modes: Modes) -> Real:
    """How far the gates of what slides are from leaving their interval, in units of the shift."""
    width = jnp.asarray(kinks.high, modes.gates.dtype) - kinks.low
    inside = jnp.minimum(modes.gates - kinks.low, kinks.high - modes.gates) / width
    return jnp.min(jnp.where(modes.slots < modes.sides.size, inside / SHIFT + 1, jnp.inf), initial=jnp.inf)


def _locate(height, at, left, right, right_height) -> tuple[Scalar, Parameters]:
    """The moment just past the first zero of `height` between two moments (regula falsi, with bisections)."""
    finest = 4 * jnp.finfo(left.dtype).eps * jnp.maximum(jnp.abs(right), right - left)

    def going(carry):
        left, right, _, high, count = carry
        return (high < -0.5) & (right - left > finest) & (count < LOCATING)

    def narrow(carry):
        left, right, low, high, count = carry
        share = jnp.where(jnp.isfinite(low), low / (low - high), 0.5)
        # Every third time the middle, or one end might never move.
        share = jnp.where(count % 3 == 2, 0.5, jnp.clip(share, 1e-3, 1 - 1e-3))
        middle = left + share * (right - left)
        value = height(middle)
        below = value < 0
        return (
            jnp.where(below, left, middle),
            jnp.where(below, middle, right),
            jnp.where(below, low, value),
            jnp.where(below, value, high),
            count + 1,
        )

    first = height(left)
    begun = first < 0
    carry = (
        left,
        jnp.where(begun, left, right),
        first,
        jnp.where(begun, first, right_height),
        jnp.zeros((), jnp.int32),
    )
    _, right, _, _, _ = jax.lax.while_loop(going, narrow, carry)
    return right, at(right)


def _at(values: Real, slots: Real) -> Real:
    """Entries of the slots, 0 where a slot is empty."""
    return values.at[slots].get(mode="fill", fill_value=0)
