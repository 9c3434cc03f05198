"""What the driver keeps of a run that slides along kinks, and what it asks at every step."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .._types import Parameters, Scalar
from ._dynamics import Snapshot
from ._field import Field
from ._sliding import Met, Modes, begin, inspect
from ._status import Code
from .until import AbstractRule

# Events in a row that may choose the sides of surfaces anew without any progress.
MOST_IDLE = 100


class Sliding(eqx.Module):
    """The modes; how many events there were, how many of them in a row without progress, and how long it slid in s."""

    modes: Modes
    events: jax.Array
    idle: jax.Array
    slid: jax.Array

    @property
    def stuck(self) -> jax.Array:
        """Whether the sides are chosen anew without end."""
        return self.idle > MOST_IDLE

    def after(self, met: Met, length: Scalar) -> "Sliding":
        """This after a step of that length."""
        rounding = 8 * jnp.finfo(met.s.dtype).eps * jnp.maximum(jnp.abs(met.s), 1e-3)
        idle = jnp.where(met.event & (length <= rounding), self.idle + 1, 0)
        slid = self.slid + jnp.where(self.modes.sliding, length, 0.0)
        return Sliding(met.modes, self.events + met.event.astype(jnp.int32), idle.astype(jnp.int32), slid)


def sliding_at_start(field: Field, s: Scalar, y: Parameters, room: int) -> Sliding | None:
    """That of a start, with room for so many surfaces that slide at once; None for an equation without kinks."""
    if field.kinks is None:
        return None
    equation, state = field.equation(s, y)
    nothing = jnp.zeros((), jnp.int32)
    return Sliding(begin(equation, state, room), nothing, nothing, jnp.zeros_like(s))


def met_in_step(
    field: Field, sliding: Sliding, keep: Any, interpolation: Any, s0: Scalar, s1: Scalar, y1: Parameters
) -> Met:
    """What a step met, nothing if it failed."""

    def looked():
        return inspect(field, sliding.modes, s0, s1, y1, interpolation.evaluate)

    def failed():
        nowhere = jax.tree.map(jnp.zeros_like, field.split(s1, y1)[0])
        return Met(jnp.asarray(False), s1, y1, sliding.modes, jnp.asarray(False), nowhere)

    return jax.lax.cond(keep, looked, failed)


def snapshot(
    field: Field, rules: tuple[AbstractRule, ...], sliding: Sliding | None, s: Scalar, y: Parameters
) -> Snapshot:
    """What rules look at; of an equation that slides, with its gates where a rule looks at velocities."""
    if sliding is None or all(rule.code != Code.STATIONARY for rule in rules):
        return field.snapshot(s, y)
    return Snapshot(field.held(sliding.modes).driven(s, y), *field.split(s, y))
