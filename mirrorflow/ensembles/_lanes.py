"""Many lanes in one compiled program, one after another: a lane that fails does not touch its neighbours."""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _accuracy
from .._types import Held, Parameters
from ..flows import Flow, Status, Trajectory
from ..flows._status import Code
from ..flows._task import Request, make_task, second_pass
from ..flows._trajectory import from_points
from ..flows.drive import State, Task, initialize, run_steps
from ._grid import RESERVED

Build = Callable[..., tuple[Flow, Parameters]]
Measure = Callable[[Trajectory], Mapping[str, Any]]


@eqx.filter_jit
def run_lanes(
    build: Build, measure: Measure, request: Request, accuracy: Held, numbers: Mapping[str, Held], count: Held
) -> dict[str, jax.Array]:
    """What the first `count` lanes measure, in arrays of the length of the `numbers`.

    The number of lanes is traced: it neither compiles anew nor changes what is compiled for a lane.
    """

    @jax.jit
    def lane(index):
        own = {name: jnp.asarray(axis)[index] for name, axis in numbers.items()}
        return run_lane(build, measure, request, accuracy, own)

    first = jnp.zeros((), jnp.int32)
    shapes = jax.eval_shape(lane, first)
    length = len(next(iter(numbers.values())))
    buffers = jax.tree.map(lambda leaf: jnp.zeros((length, *leaf.shape), leaf.dtype), shapes)

    def fill(index, buffers):
        return jax.tree.map(lambda buffer, value: buffer.at[index].set(value), buffers, lane(index))

    return jax.lax.fori_loop(first, jnp.asarray(count, jnp.int32), fill, buffers)


def run_lane(
    build: Build, measure: Measure, request: Request, accuracy: Held, numbers: Mapping[str, Held]
) -> dict[str, jax.Array]:
    """One lane: build, integrate, measure."""
    with _accuracy.exactly(accuracy):
        flow, start = built(build, numbers)
        task = make_task(flow, request)
        task, final = _drive(task, request, start)
        measured = measurements(measure, _path(flow, task, start, final), tuple(numbers))
    return measured | {"status": final.code, "steps": final.steps}


def built(build: Build, numbers: Mapping[str, Held]) -> tuple[Flow, Parameters]:
    """What `build` makes of these numbers, checked."""
    made = build(**numbers)
    if not isinstance(made, tuple) or len(made) != 2 or not isinstance(made[0], Flow):
        raise ValueError(f"build must return a flow and its start, got {_kind(made)}.")
    flow, start = made
    return flow, flow.check_start(start)


def measurements(measure: Measure, path: Trajectory, axes: tuple[str, ...]) -> dict[str, jax.Array]:
    """What `measure` reads off a path, checked."""
    measured = measure(path)
    if not isinstance(measured, Mapping) or not measured:
        raise ValueError(f"measure must return a dictionary of named numbers or arrays, got {_kind(measured)}.")
    for name, value in measured.items():
        if not isinstance(name, str) or name in (*RESERVED, *axes):
            raise ValueError(f"measure must not name a measurement {name!r}: the result uses that name itself.")
        if not hasattr(value, "shape") and not isinstance(value, bool | int | float):
            raise ValueError(f"measure must return numbers or arrays, got {_kind(value)} as {name!r}.")
    return {name: jnp.asarray(value) for name, value in measured.items()}


def _drive(task: Task, request: Request, start: Parameters) -> tuple[Task, State]:
    """As `integrate` does: once to the end, or twice where the end must be found before its points can be saved."""
    if not request.two_passes:
        return task, run_steps(task, initialize(task, start), jnp.asarray(task.max_steps))
    count = request.save
    assert isinstance(count, int)

    def with_points(end, saves):
        return eqx.tree_at(lambda t: (t.end, t.saves), task, (end, saves))

    def one_pass(_, carry):
        end, saves, before = carry
        now = with_points(end, saves)
        final = run_steps(now, initialize(now, start), jnp.asarray(now.max_steps))
        code = jnp.where(before.code == Code.RUNNING, final.code, before.code)
        after = second_pass(task, final.s, count)
        return after.end, after.saves, eqx.tree_at(lambda state: state.code, final, code)

    # One loop of two rounds, so that the flow is compiled once.
    nothing = initialize(task, start)
    carry = (jnp.asarray(task.end), jnp.asarray(task.saves), nothing)
    end, saves, final = jax.lax.fori_loop(0, 2, one_pass, carry)
    return with_points(end, saves), final


def _path(flow: Flow, task: Task, start: Parameters, final: State) -> Trajectory:
    """The points asked for; those a failed run did not reach repeat the last state that it did reach."""
    count = task.saves.shape[0]
    if count == 0:
        s = jnp.stack([jnp.zeros_like(final.s), final.s])
        y = jax.tree.map(lambda a, b: jnp.stack([jnp.asarray(a), b]), task.field.initial(start), final.y)
    else:
        reached = jnp.arange(count) < final.next_save
        s = jnp.where(reached, task.saves, final.s)

        def held(saved, last):
            there = reached.reshape(-1, *[1] * last.ndim)
            return jnp.where(there, saved, jnp.broadcast_to(last, saved.shape))

        y = jax.tree.map(held, final.saved, final.y)
    status = Status(int(Code.RUNNING), "inside a sweep, whose result holds the status")
    stats = {"steps": final.steps, "rejected": final.rejected}
    return from_points(flow, task.field.points(s, y), stats, status)


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{name} of {len(value)}" if isinstance(value, tuple | dict) else name
