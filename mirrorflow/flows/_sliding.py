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
from ._crossing import first_crossing
from ._kinks import AbstractKinks
from ._pivoting import Linear, inverse, stable

# How far behind a surface a point counts as across, relative to what the surface's function is small against; and how
# far beyond its interval a gate counts as outside. Never below so many roundings.
SHIFT = 1e-10
ROUNDINGS = 64
# Surfaces that may slide at once, at first.
ROOM = 16
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
        return jax.jvp(lambda y: self.values(y, gates), (state,), (self.velocity(state, gates),))[1]

    def velocity(self, state: Parameters, gates: Real) -> Parameters:
        """ẏ in the same units."""
        fixed = self.kinks.fixed(self.dynamics, gates)
        return fixed.velocity(state, self.time, -fixed.log_scale(state, self.time))


def shift_of(dtype: Any) -> float:
    """`SHIFT`, as far as the floating type can tell."""
    return max(SHIFT, ROUNDINGS * float(jnp.finfo(dtype).eps))


def begin(equation: Equation, state: Parameters, room: int) -> Modes:
    """The modes at a start. Surfaces that it lies on count as crossed, so that the first step chooses their sides; but
    not those whose function is 0 wherever the state is, such as a unit that sees an input of zeros.
    """
    values = equation.values(state, None)
    kinks = equation.kinks
    count, room = values.size, min(room, values.size)
    leaves, structure = jax.tree.flatten(state)
    keys = jax.random.split(jax.random.key(0), len(leaves))
    moved = [leaf + jax.random.normal(key, leaf.shape, leaf.dtype) for key, leaf in zip(keys, leaves, strict=True)]
    elsewhere = equation.values(jax.tree.unflatten(structure, moved), None)
    unit = shift_of(values.dtype) * kinks.sizes(values)
    touched = (jnp.abs(values) <= unit) & ((values != 0) | (elsewhere != 0))
    return Modes(
        sides=jnp.where(values > 0, 1, -1).astype(jnp.int8),
        slots=jnp.full(room, count, jnp.int32),
        gates=jnp.full(room, jnp.asarray(kinks.low, values.dtype)),
        slack=jnp.where(touched, -2 * unit, unit),
    )


def resolved(equation: Equation, state: Parameters, modes: Modes) -> tuple[Real, Parameters]:
    """All gates at a point, those of the surfaces that slide such that ż=0; and what to add to the state to bring it
    back to these surfaces, along the directions in which the gates move it.
    """

    def none():
        return equation.gates(modes, modes.gates), jax.tree.map(jnp.zeros_like, state)

    def some():
        linear, free = _linear(equation, state, modes, modes.slots, modes.gates)
        inverted = inverse(linear, free)
        # Once more with the true rates: rounding, and gates of several layers.
        rounds = 1 if equation.kinks.one_layer else ROUNDS

        def correct(_, chosen):
            return chosen - inverted @ _at(equation.rates(state, equation.gates(modes, chosen)), modes.slots)

        chosen = jax.lax.fori_loop(0, rounds, correct, modes.gates - inverted @ linear.rates)
        gates = equation.gates(modes, chosen)
        away = inverted @ _at(equation.values(state, gates), modes.slots)
        velocity = lambda some: equation.velocity(state, equation.gates(modes, some))  # noqa: E731
        return gates, jax.jvp(velocity, (chosen,), (-away,))[1]

    return jax.lax.cond(modes.sliding, some, none)


class Met(NamedTuple):
    """What a step met: whether anything, where, the state and the modes there, and whether they lack room; `back` is
    what brought the state to the surfaces it slides along.
    """

    event: Any
    s: Scalar
    y: Parameters
    modes: Modes
    crowded: jax.Array
    back: Parameters


def inspect(
    field: Any, modes: Modes, s0: Scalar, s1: Scalar, y1: Parameters, at: Callable[[Scalar], Parameters]
) -> Met:
    """The first event of a step from s0 to s1 that ended at y1, `at` being its interpolant."""

    def look(s, y):
        """The lowest clearance, the gates of what slides, and the way back to its surfaces."""
        equation, state = field.equation(s, y)
        gates, back = resolved(equation, state, modes)
        now = eqx.tree_at(lambda m: m.gates, modes, _at(gates, modes.slots))
        # Looked at where the step will end: the way back moves the state along the other surfaces, too.
        lowest = jnp.min(_clearance(equation, jax.tree.map(jnp.add, state, back), now))
        return jnp.minimum(lowest, _room_of_gates(equation.kinks, now)), (now.gates, back)

    def at_moment(s):
        y = jax.tree.map(lambda there, end: jnp.where(s >= s1, end, there), at(s), y1)
        return look(s, y)

    search = first_crossing(at_moment, s0, s1)
    event = search.right_height < 0
    gates, back = search.found
    here = eqx.tree_at(lambda m: m.gates, modes, gates)

    def found():
        s = search.right
        y = field.moved(jax.tree.map(lambda there, end: jnp.where(s >= s1, end, there), at(s), y1), back)
        equation, state = field.equation(s, y)
        across = (here.sides != 0) & (_clearance(equation, state, here) < 0.5)
        chosen, crowded = choose(equation, state, here, across | (here.sides == 0))
        return Met(event, s, y, chosen, crowded, back)

    def nothing():
        y = field.moved(y1, back)
        equation, state = field.equation(s1, y)
        return Met(event, s1, y, _settled(equation, state, here), jnp.asarray(False), back)

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

    def narrow(_, carry):
        linear, valid = _linear(equation, state, among, slots, carry[1])
        return stable(linear, valid, carry[0], low, high, shift_of(gates.dtype) / 2)

    rounds = 1 if equation.kinks.one_layer else ROUNDS
    sides, gates = jax.lax.fori_loop(0, rounds, narrow, (sides.astype(jnp.int32), gates))
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
    unit = shift_of(values.dtype) * equation.kinks.sizes(values)
    return jnp.where(modes.sides == 0, jnp.inf, (modes.sides * values + modes.slack) / unit)


def _settled(equation: Equation, state: Parameters, modes: Modes) -> Modes:
    """The slack no larger than it has to be: that of a point which stays behind a surface goes as it comes away."""
    values = equation.values(state, equation.gates(modes, modes.gates))
    unit = shift_of(values.dtype) * equation.kinks.sizes(values)
    slack = jnp.maximum(unit, jnp.minimum(modes.slack, unit - modes.sides * values))
    return eqx.tree_at(lambda m: m.slack, modes, slack)


def _room_of_gates(kinks: AbstractKinks, modes: Modes) -> Real:
    """How far the gates of what slides are from leaving their interval, in units of the shift."""
    width = jnp.asarray(kinks.high, modes.gates.dtype) - kinks.low
    inside = jnp.minimum(modes.gates - kinks.low, kinks.high - modes.gates) / width
    return jnp.min(
        jnp.where(modes.slots < modes.sides.size, inside / shift_of(inside.dtype) + 1, jnp.inf), initial=jnp.inf
    )


def _at(values: Any, slots: jax.Array) -> jax.Array:
    """Entries of the slots, 0 where a slot is empty."""
    return values.at[slots].get(mode="fill", fill_value=0)
