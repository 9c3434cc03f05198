"""The driver: advances a solver by a bounded number of steps, its whole state being one pytree.

Everything that runs long is built on `advance`: saving with an unknown end, progress, interruption, checkpoints,
lanes. Nothing it computes depends on how many steps a call is asked for. Faults are codes in the state; there are no
callbacks, so compiled programs can be kept on disk.
"""

from typing import Any, NamedTuple, cast

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from .._types import Anything, Held, Parameters
from ._dynamics import Moment
from ._field import Field
from ._sliding import ROOM, Met
from ._sliding_run import Sliding, met_in_step, sliding_at_start, snapshot
from ._status import Code
from .until import AbstractRule, code_of

FIRST_STEP = 1e-4
# Relative to the clock: how closely a fault is approached.
NEARNESS = 1e-5
# Relative change of the state per elapsed clock time that tells a blow-up from a stall when the step underflows.
BLOW_UP_RATE = 1e4
# Relative change of the state per time of the loss below which nothing blows up.
MOVING = 1e-12
# Part of the way a step goes that its error may be.
RESTLESS = 0.1
# Part of the tolerance from which on an error counts: the next step is then as long as the controller lets it be.
NEGLIGIBLE = 1e-5
# Tolerances by which a step may be off the surfaces that it slides along.
STRAYED = 1e3


class Task(eqx.Module):
    """What is to be done: everything traced except the classes of its parts and the number of points saved."""

    field: Field
    rules: tuple[AbstractRule, ...]
    solver: diffrax.AbstractAdaptiveSolver
    controller: diffrax.PIDController
    end: Held
    saves: Held
    jumps: Held
    max_steps: Held

    @property
    def terms(self) -> diffrax.ODETerm:
        """The equation as diffrax's solvers take it."""
        field: Any = self.field
        return diffrax.ODETerm(field)

    @property
    def error_order(self) -> float:
        """The order of the solver's error estimate, which every adaptive solver has."""
        order = self.solver.error_order(self.terms)
        assert order is not None
        return float(order)


class State(eqx.Module):
    """Where it is: s is the clock's variable, `origin` the y it began at."""

    origin: Parameters
    s: jax.Array
    proposed: jax.Array
    y: Parameters
    solver: Parameters
    controller: Parameters
    restart: jax.Array
    next_save: jax.Array
    saved: Parameters
    steps: jax.Array
    rejected: jax.Array
    code: jax.Array
    # Of an equation with kinks, else None: where it is, and what it met on the way.
    sliding: Sliding | None


@eqx.filter_jit
def initialize(task: Task, start: Parameters) -> State:
    """The state before the first step, the start saved as the first point if it is asked for."""
    y = task.field.initial(start)
    s = jnp.zeros((), jnp.result_type(task.end))
    count = task.saves.shape[0]
    first = jnp.minimum(FIRST_STEP, task.end)
    terms = task.terms
    sliding = sliding_at_start(task.field, s, y, ROOM)
    bad = ~_all_finite(y) | ~(task.end > 0)
    code = jnp.where(bad, Code.INVALID, _code_at_start(task, s, y))
    controller = task.controller.init(terms, s, first, y, first, None, task.solver.func, task.error_order)[1]
    return State(
        origin=y,
        s=s,
        proposed=first,
        y=y,
        solver=arrays(task.solver.init(terms, s, first, y, None)),
        controller=arrays(controller),
        restart=jnp.asarray(False),
        next_save=jnp.sum(task.saves <= 0).astype(jnp.int32),
        saved=jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), y),
        steps=jnp.zeros((), jnp.int32),
        rejected=jnp.zeros((), jnp.int32),
        code=code.astype(jnp.int32),
        sliding=sliding,
    )


def _code_at_start(task: Task, s, y) -> jax.Array:
    """A rule may be met before the first step; a clock may have nothing to count."""
    snapshot = task.field.snapshot(s, y)
    code = code_of(task.rules, snapshot)
    if task.field.clock.counts_loss:
        code = jnp.where(jnp.isfinite(snapshot.log_loss()), code, Code.NO_LOGARITHM)
    return code


def arrays(tree: Parameters) -> Parameters:
    """diffrax begins with flags of Python's, which would be compiled in: a second program for the second block."""
    return jax.tree.map(jnp.asarray, tree)


@eqx.filter_jit(donate="all-except-first")
def advance(task: Task, state: State, n_steps: Anything) -> State:
    """At most `n_steps` further steps (attempted ones), fewer if the run ends."""
    return run_steps(task, state, n_steps)


def run_steps(task: Task, state: State, n_steps: Anything) -> State:
    """`advance` without its own compilation, for use inside other compiled functions."""
    last = jnp.minimum(state.steps + n_steps, task.max_steps)

    def going(state: State):
        return (state.code == Code.RUNNING) & (state.steps < last)

    state = jax.lax.while_loop(going, lambda state: _step(task, state), state)
    spent = (state.code == Code.RUNNING) & (state.steps >= task.max_steps)
    return eqx.tree_at(lambda s: s.code, state, jnp.where(spent, Code.STEP_LIMIT, state.code).astype(jnp.int32))


class Attempt(NamedTuple):
    """A step that was tried from s0 to `whole`, the part of it up to s1 that is looked at, and what is to follow."""

    s0: Any
    whole: Any
    s1: Any
    y1: Parameters
    # Whether it stands, which fault it ended in, and where the next one ends.
    keep: Any
    fault: Any
    proposed: Any
    # Whether the step was cut short by a target, and whether that is a jump.
    clipped: Any
    at_jump: Any
    told: Parameters
    error: Parameters
    dense: Any
    solver: Parameters
    controller: Parameters
    sliding: Sliding | None
    event: Any
    crowded: Any


def _step(task: Task, state: State) -> State:
    step = _paced(task, state, _along_kinks(task, state, _attempt(task, state)))
    s0, s1, keep, proposed, sliding = step.s0, step.s1, step.keep, step.proposed, step.sliding
    fault = jnp.where(keep, step.fault, Code.RUNNING)
    landed = keep & step.clipped & step.at_jump
    # Across a jump: continue from just behind it, without evaluating at the jump itself.
    s_new = jnp.where(landed, _just_after(s1), jnp.where(keep, s1, s0))
    choose = lambda new, old: jax.tree.map(lambda a, b: jnp.where(keep, a, b), new, old)  # noqa: E731
    y = choose(step.y1, state.y)

    # From five units in the last place of s down, nine tenths of a step may round to the same step again.
    stuck = jnp.asarray(False) if sliding is None else keep & sliding.stuck
    underflow = ~keep & ~step.crowded & (proposed - s0 <= 8 * jnp.finfo(s0.dtype).eps * jnp.maximum(s0, 1e-30))
    # A conditional, not a selection: naming the reason costs a right-hand side.
    fault = jax.lax.cond(underflow | stuck, lambda: _underflow_code(task, state, s0).astype(fault.dtype), lambda: fault)
    faulty = fault != Code.RUNNING
    next_save, saved = _save(task, state, step.dense, jnp.where(keep & ~faulty, s1, s0), s0, step.whole, y)
    reached = jnp.where(
        s1 >= task.end, Code.REACHED, code_of(task.rules, snapshot(task.field, task.rules, sliding, s_new, y))
    )
    code = jnp.where(faulty, fault, jnp.where(keep, reached, Code.RUNNING))
    return State(
        origin=state.origin,
        s=jnp.where(faulty, s0, s_new),
        proposed=jnp.maximum(proposed, s_new + (proposed - s1)),
        y=jax.tree.map(lambda a, b: jnp.where(faulty, b, a), y, state.y),
        solver=choose(step.solver, state.solver),
        controller=step.controller,
        restart=jnp.where(keep, landed | step.event, state.restart),
        next_save=next_save,
        saved=saved,
        steps=state.steps + 1,
        rejected=state.rejected + (~keep).astype(jnp.int32),
        code=jnp.where(step.crowded, Code.CROWDED, code).astype(jnp.int32),
        sliding=choose(sliding, state.sliding),
    )


def _field(task: Task, state: State) -> Field:
    """The equation, continued smoothly across its kinks if it has any."""
    return task.field if state.sliding is None else task.field.held(state.sliding.modes)


def _attempt(task: Task, state: State) -> Attempt:
    """A step of the solver to what was proposed or to the next target, and what the controller says of it."""
    s0 = state.s
    target, at_jump = _next_target(task, s0)
    clipped = state.proposed + _rounding(state.proposed) >= target
    s1 = jnp.where(clipped, target, state.proposed)
    terms: Any = diffrax.ODETerm(cast(Any, _field(task, state)))
    y1, error, dense, solver_state, _ = task.solver.step(terms, s0, s1, state.y, None, state.solver, state.restart)
    # Outside its domain a field may give NaN: such a step failed, and a smaller one may not.
    error = jax.tree.map(_finite, error)
    told = jax.tree.map(lambda new, old: jnp.where(jnp.isfinite(new), new, old), y1, state.y)
    heeded = jax.tree.map(lambda e, y: _heeded(task, e, y), error, state.y)
    keep, _, proposed, _, controller_state, _ = task.controller.adapt_step_size(
        s0, s1, state.y, told, None, heeded, task.error_order, state.controller
    )
    return Attempt(
        s0=s0,
        whole=s1,
        s1=s1,
        y1=y1,
        keep=keep & _all_finite(y1),
        fault=jnp.asarray(Code.RUNNING, jnp.int32),
        proposed=proposed,
        clipped=clipped,
        at_jump=at_jump,
        told=told,
        error=error,
        dense=dense,
        solver=solver_state,
        controller=controller_state,
        sliding=state.sliding,
        event=jnp.asarray(False),
        crowded=jnp.asarray(False),
    )


def _along_kinks(task: Task, state: State, step: Attempt) -> Attempt:
    """The step up to the first event of an equation that slides; the next is tried as long as this one."""
    if state.sliding is None:
        return step
    interpolation = task.solver.interpolation_cls(t0=step.s0, t1=step.whole, **step.dense)
    met = met_in_step(task.field, state.sliding, step.keep, interpolation, step.s0, step.whole, step.y1)
    strayed = _strayed(task, met)
    length = step.whole - step.s0
    proposed = jnp.where(met.event, met.s + length, step.proposed)
    return step._replace(
        s1=met.s,
        y1=met.y,
        keep=step.keep & ~met.crowded & _all_finite(met.y) & ~strayed,
        proposed=jnp.where(strayed, step.s0 + 0.25 * length, proposed),
        clipped=step.clipped & ~met.event,
        sliding=state.sliding.after(met, met.s - step.s0),
        event=met.event,
        crowded=met.crowded,
    )


def _strayed(task: Task, met: Met) -> jax.Array:
    """Whether a step left its surfaces by more than steps may err: the way back, along a straight line, then leads
    anywhere, as where a weight comes to 0 whose metric is 0 there.
    """
    controller, (state, _, _) = task.controller, task.field.split(met.s, met.y)

    def far(way, there):
        return jnp.any(~(jnp.abs(way) <= STRAYED * (controller.atol + controller.rtol * jnp.abs(there))))

    return jnp.any(jnp.stack(jax.tree.leaves(jax.tree.map(far, met.back, state))))


def _paced(task: Task, state: State, step: Attempt) -> Attempt:
    """The step, given up where faults and rest are to be approached in smaller ones, and where the next one ends."""
    s0, s1, length, keep, proposed = step.s0, step.s1, step.whole - step.s0, step.keep, step.proposed
    # A fault is approached in ever smaller steps before it ends the run, so that everything up to it is kept.
    fault = _fault(task, state, s1, step.y1)
    keep = keep & ~((fault != Code.RUNNING) & (s1 - s0 > NEARNESS * jnp.maximum(s1, 1e-30)))
    if any(rule.needs_rest for rule in task.rules):
        restless = _restlessness(state.y, step.told, step.error)
        keep = keep & (restless < 1)
        factor = jnp.clip((0.5 / jnp.maximum(restless, 1e-5)) ** 0.2, 0.2, 10.0)
        proposed = jnp.minimum(proposed, jnp.where(keep, s1, s0) + factor * length)
    proposed = jnp.where(keep, proposed, s0 + jnp.minimum(proposed - s0, 0.9 * length))
    # A step cut short by a target says little about the next one: go on with at least the length that was proposed.
    proposed = jnp.where(keep & step.clipped, jnp.maximum(proposed, s1 + (state.proposed - s0)), proposed)
    return step._replace(keep=keep, fault=fault, proposed=proposed)


def _fault(task: Task, state: State, s1, y1) -> jax.Array:
    field, controller = task.field, task.controller
    before, after = (Moment(*field.split(*point)[:2]) for point in ((state.s, state.y), (s1, y1)))
    origin = field.split(jnp.zeros_like(s1), state.origin)[0]
    fault = field.dynamics.fault(origin, before, after, controller.rtol, controller.atol)
    if not field.clock.counts_loss:
        return fault
    snapshot = field.snapshot(s1, y1)
    countable = jnp.isfinite(snapshot.log_loss())
    if not field.dynamics.problem.nonnegative:
        # Towards 0 the logarithm is that of the number f, whose changes lose their digits here; it may go on below.
        kind = jnp.finfo(s1.dtype)
        countable = countable & (snapshot.loss() > kind.tiny / kind.eps)
    countable = countable | (code_of(task.rules, snapshot) == Code.REACHED)
    return jnp.where(countable, fault, Code.NO_LOGARITHM)


def _save(task: Task, state: State, dense, reached, s0, s1, y):
    """Fill every save point up to `reached` from the step's own interpolant."""
    interpolation = task.solver.interpolation_cls(t0=s0, t1=s1, **dense)
    count = task.saves.shape[0]

    def due(carry):
        index, _ = carry
        return (index < count) & (task.saves[jnp.minimum(index, count - 1)] <= reached)

    def fill(carry):
        index, saved = carry
        at = task.saves[index]
        values = interpolation.evaluate(at)
        values = jax.tree.map(lambda v, end: jnp.where(at >= s1, end, v), values, y)
        return index + 1, jax.tree.map(lambda buffer, v: buffer.at[index].set(v), saved, values)

    if count == 0:
        return state.next_save, state.saved
    return jax.lax.while_loop(due, fill, (state.next_save, state.saved))


def _next_target(task: Task, s):
    """The next point that a step must not pass: a jump (from just before it) or the end."""
    if task.jumps.shape[0] == 0:
        return task.end, jnp.asarray(False)
    jumps = jnp.asarray(task.jumps)
    # A jump at the end is behind everything.
    ahead = (jumps > _just_after(s)) & (_just_after(jumps) < task.end)
    jump = jnp.min(jnp.where(ahead, _just_before(jumps), jnp.inf))
    return jnp.minimum(jump, task.end), jump < task.end


def _rounding(s):
    return 8 * jnp.finfo(s.dtype).eps * jnp.maximum(jnp.abs(s), 1e-3)


def _just_before(s):
    return s - _rounding(s)


def _just_after(s):
    # From just before a jump to just behind it.
    return s + 2 * _rounding(s)


def _underflow_code(task: Task, state: State, s):
    """Why no step succeeds any more: a velocity that outgrows the state, a clock without progress, or roughness."""
    y, velocity = state.y, _field(task, state)(s, state.y, None)
    speed = _size(velocity)
    blown = ~(speed * jnp.maximum(s, 1e-3) < BLOW_UP_RATE * _size(y)) & ~_at_rest_in_time(task, s, y)
    stopped = _clock_stopped(task, s, velocity)
    code = jnp.where(stopped, Code.CLOCK_STOPPED, jnp.where(blown, Code.BLOW_UP, Code.STALLED))
    return jnp.where((s == 0) & ~jnp.isfinite(speed), Code.INVALID, code)


def _at_rest_in_time(task: Task, s, y) -> jax.Array:
    """Whether the state hardly moves in the loss's own time, though it does in a clock that runs ever faster."""
    if task.field.clock.counts_loss:
        return jnp.asarray(False)
    state, time, _ = task.field.split(s, y)
    velocity = task.field.dynamics.velocity(state, time, jnp.zeros_like(s))
    return _size(velocity) < MOVING * _size(y)


def _clock_stopped(task: Task, s, velocity) -> jax.Array:
    """Whether it is the time that runs away, the loss no longer falling."""
    if not task.field.clock.counts_loss:
        return jnp.asarray(False)
    return ~(velocity[1] * jnp.maximum(s, 1e-3) < BLOW_UP_RATE)


def _finite(error) -> jax.Array:
    return jnp.where(jnp.isfinite(error), jnp.abs(error), jnp.inf)


def _heeded(task: Task, error, y) -> jax.Array:
    """The error that step sizes follow: where the estimate is far below the tolerance, or below the rounding of the
    state, it is noise, and two programs for one flow would take different steps by it.
    """
    rounding = jnp.finfo(y.dtype).eps * jnp.abs(y)
    negligible = NEGLIGIBLE * (task.controller.atol + task.controller.rtol * jnp.abs(y))
    return jnp.maximum(error, jnp.maximum(rounding, negligible))


def _restlessness(before, after, error) -> jax.Array:
    """The error of a step over what it may be, a tenth of the way that the step went; 0 where that is rounding.

    Near a point of rest an explicit step at its limit of stability has an error as large as the way it goes. Within
    the tolerance that would pass, and the residual would hover there instead of falling; so it is tried again shorter.
    """
    way = _size(jax.tree.map(jnp.subtract, after, before))
    rounding = 64 * jnp.finfo(way.dtype).eps * _size(before)
    size = _size(error)
    return jnp.where(size > rounding, size / jnp.maximum(RESTLESS * way, rounding), 0.0)


def _size(tree) -> jax.Array:
    return jnp.sqrt(sum((jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree)), start=jnp.zeros(())))


def _all_finite(tree) -> jax.Array:
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)]))
