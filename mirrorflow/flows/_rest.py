"""Whether a run that waits for a rule is at rest: nothing moves, now or later, and nothing would grow."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from .._types import Numeric, Parameters, Scalar
from ._dynamics import AbstractDynamics
from ._solvers import spectral_radius
from .drive import State, Task
from .until import log_loss

# Units in the last place of a state within which a resting one is jostled by steps at their limit of stability.
JOSTLE = 1024
# A rate of growth that counts, relative to the fastest rate: eigenvalues that are 0 come out far smaller.
GROWING = 1e-10
# By how many times larger a 1+t the equation is looked at too: a decay that dies out may set free what it holds now.
LATER = (1.0, 8.0, 2.0**10, 2.0**40)
# Part of itself by which a state that slides may move in all its time and be at rest.
SLIDING = 1e-7
# Unknowns up to which the eigenvalues are affordable; a larger flow goes on to its step limit.
MOST_UNKNOWNS = 1024
# The part of itself by which a level must fall from check to check to count as falling; that much for a logarithm.
FALLEN = 0.1


class Standstill(NamedTuple):
    """A state found at rest, and the levels of the rules there: confirmed if the next check finds them no lower."""

    state: State
    levels: tuple[float, ...]
    units: tuple[float, ...]

    def confirmed_by(self, later: "Standstill") -> bool:
        """Whether no level has fallen since."""
        each = zip(self.levels, later.levels, self.units, strict=True)
        return all(before - now <= FALLEN * unit for before, now, unit in each)


def waits(task: Task) -> bool:
    """Whether the run could go on for ever, because its rules wait for something to fall."""
    return bool(np.isinf(task.end)) and any(rule.needs_rest for rule in task.rules)


def standstill(task: Task, state: State) -> Standstill | None:
    """The state, kept, if it is at rest.

    With ρ the fastest rate of the equation, rounding of y makes velocities of ρ·ε·|y|. At rest they are no larger, nor
    would they be at any later time, nor does the predictor drift; and no deviation grows, the equation's Jacobian
    having no eigenvalue beyond 0. That tells rest from a saddle, however close to it the state is. Parameters at 0 that
    do not move are left out: a factor at 0 beside another one stays there for ever.
    """
    size = sum(leaf.size for leaf in jax.tree.leaves(state.y))
    if size > MOST_UNKNOWNS or task.field.clock.counts_loss:
        return None
    allowed = JOSTLE * float(jnp.finfo(state.s.dtype).eps)
    radius = float(spectral_radius(task, state)) if state.sliding is None else _sliding_radius(state, allowed)
    moves, drifts, past, levels = _motion(task, state)
    if not (bool(past) and float(moves) <= allowed * radius and float(drifts) <= allowed):
        return None
    kept = jax.tree.map(jnp.copy, state)
    for factor in LATER:
        if _growth(*_jacobian(task, state, jnp.asarray(factor, state.s.dtype))) > GROWING * radius:
            return None
    levels = tuple(float(level) for level in levels)
    falling = [rule for rule in task.rules if rule.needs_rest]
    units = tuple(1.0 if isinstance(rule, log_loss) else abs(at) for rule, at in zip(falling, levels, strict=True))
    return Standstill(kept, levels, units)


def _sliding_radius(state: State, allowed: float) -> float:
    """What stands for the fastest rate where an equation slides: gates hold it to their tolerance, not to rounding, so
    that at rest it moves by that in all the time that it has had.
    """
    return SLIDING / allowed / (1 + float(state.s))


@eqx.filter_jit
def _motion(task: Task, state: State):
    """The largest velocity and predictor's drift, now and later, relative to the state; what rules look at."""
    y, time, _ = task.field.split(state.s, state.y)
    dynamics = _driven(task, state, state.y)
    log_rate = task.field.clock.log_rate(state.s, None)
    here = ravel_pytree(dynamics.predictor(y, time))[0]

    def at(factor):
        later = _later(time, factor)
        velocity = ravel_pytree(dynamics.velocity(y, later, log_rate))[0]
        return jnp.linalg.norm(velocity), jnp.linalg.norm(ravel_pytree(dynamics.predictor(y, later))[0] - here)

    speeds, drifts = zip(*(at(factor) for factor in LATER), strict=True)
    tiny = jnp.finfo(state.s.dtype).tiny
    moves = jnp.max(jnp.stack(speeds)) / jnp.maximum(jnp.linalg.norm(ravel_pytree(y)[0]), tiny)
    drift = jnp.max(jnp.stack(drifts)) / jnp.maximum(jnp.linalg.norm(here), tiny)
    snapshot = task.field.snapshot(state.s, state.y)
    levels = tuple(rule.level(snapshot) for rule in task.rules if rule.needs_rest)
    return moves, drift, snapshot.past_jumps(), levels


def _driven(task: Task, state: State, y: Parameters) -> AbstractDynamics:
    """The equation at y, with the gates of what slides."""
    if state.sliding is None:
        return task.field.dynamics
    return task.field.held(state.sliding.modes).driven(state.s, y)


def _later(time: Scalar, factor: Numeric) -> Scalar:
    return time + (factor - 1) * (1 + time)


@eqx.filter_jit
def _jacobian(task: Task, state: State, factor: Numeric):
    """That of the velocity at a later time, and which unknowns are anything but 0 and still."""
    y, time, _ = task.field.split(state.s, state.y)
    flat, unflatten = ravel_pytree(y)
    log_rate = task.field.clock.log_rate(state.s, None)

    def velocity(values):
        dynamics = _driven(task, state, unflatten(values))
        return ravel_pytree(dynamics.velocity(unflatten(values), _later(time, factor), log_rate))[0]

    return jax.jacfwd(velocity)(flat), (flat != 0) | (velocity(flat) != 0)


def _growth(jacobian: jax.Array, alive: jax.Array) -> float:
    """The largest real part of an eigenvalue; infinite where one is not a number."""
    chosen = np.flatnonzero(np.asarray(alive))
    matrix = np.asarray(jacobian)[np.ix_(chosen, chosen)]
    if not np.isfinite(matrix).all():
        return np.inf
    return float(np.linalg.eigvals(matrix).real.max(initial=0.0))
