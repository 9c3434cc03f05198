"""Runs a task on the host: blocks of steps, progress, interruption, checkpoints."""

import os
import time
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Parameters
from ._checkpoint import Checkpoint, fingerprint
from ._rest import Standstill, standstill, waits
from ._sliding import with_room
from ._solvers import is_stiff, take_over
from ._status import Code
from ._watch import Display, Interrupts, next_block
from .drive import State, Task, advance, initialize

FIRST_BLOCK = 4096
CHECKPOINT_SECONDS = 5.0
# Attempted steps after which an explicit solver is first asked whether the flow is stiff; then at every doubling.
STIFFNESS_CHECK = 8192
# Steps of an implicit solver that took over, after which a run is asked whether it is at rest; then at every doubling.
REST_CHECK = 1024


class Run(NamedTuple):
    """A task on its way; `explicit_steps` counts those before the implicit solver took over, if it did."""

    task: Task
    state: State
    explicit_steps: int | None


class Runner:
    """Advances tasks block by block, so that a run can be watched, interrupted and continued."""

    def __init__(self, progress: bool | None, checkpoint: str | os.PathLike | None, may_switch: bool, end_known: bool):
        self._progress = progress
        self._end_known = end_known
        self._may_switch = may_switch
        self._checkpoint = Checkpoint(checkpoint)

    def run(self, task: Task, start: Parameters) -> Run:
        """From the start, or from the checkpoint of the same task, to its end.

        **Raises:** `KeyboardInterrupt` when interrupted, after the state is in the checkpoint; `ValueError` for a
        checkpoint that cannot be read.
        """
        state = initialize(task, start)
        mark = fingerprint(task, state) if self._checkpoint else ""
        run = self._resume(Run(task, state, None), mark)
        block, kept, check = FIRST_BLOCK, time.monotonic(), self._next_check(run)
        resting: Standstill | None = None
        with Display(self._progress) as display, Interrupts() as interrupts:
            while int(run.state.code) in (Code.RUNNING, Code.CROWDED):
                if int(run.state.code) == Code.CROWDED:
                    run = run._replace(state=_with_room(run.state))
                before = time.monotonic()
                length = block if check is None else min(block, check - int(run.state.steps))
                state = jax.block_until_ready(advance(run.task, run.state, np.asarray(length, np.int32)))
                run = run._replace(state=state)
                now = time.monotonic()
                if display.due:
                    display.say(_progress(run))
                if self._checkpoint and (interrupts.pending or now - kept > CHECKPOINT_SECONDS):
                    # A state found at rest is kept until the next check confirms it or not, which needs its levels.
                    self._keep(run if resting is None else run._replace(state=resting.state), mark)
                    kept = now
                if interrupts.pending:
                    hint = f"; the same call with checkpoint={self._checkpoint} continues" if self._checkpoint else ""
                    raise KeyboardInterrupt(f"integrate was interrupted after {int(state.steps)} steps{hint}")
                block = next_block(block, now - before, 16, 2**30)
                # Looked at after fixed numbers of steps, so that the result does not depend on the blocks.
                if check is not None and int(state.steps) >= check and int(state.code) == Code.RUNNING:
                    found = standstill(run.task, state) if waits(run.task) else None
                    if found is not None and resting is not None and resting.confirmed_by(found):
                        run = run._replace(state=_ended_at_rest(state))
                        break
                    resting = found
                    if self._may_take_over(run) and is_stiff(run.task, state, self._end_known):
                        run, block, resting = _taken_over(run), FIRST_BLOCK // 16, None
                    check = self._next_check(run, past=True)
        if self._checkpoint:
            self._keep(run, mark)
        return run

    def _may_take_over(self, run: Run) -> bool:
        return self._may_switch and run.explicit_steps is None and run.state.sliding is None

    def _next_check(self, run: Run, past: bool = False) -> int | None:
        """The number of steps at which to look, which depends on nothing but the run.

        A state is kept before it is looked at, so one that was kept at a check is looked at again unless that is past.
        """
        if not self._may_take_over(run) and not waits(run.task):
            return None
        begun, check = (0, STIFFNESS_CHECK) if run.explicit_steps is None else (run.explicit_steps, REST_CHECK)
        steps = int(run.state.steps)
        while begun + check < steps + past:
            check = 2 * check
        return begun + check

    def _resume(self, run: Run, mark: str) -> Run:
        kept = self._checkpoint.read(mark)
        if kept is None:
            return run
        leaves, explicit_steps = kept
        if explicit_steps is not None:
            run = _taken_over(run)._replace(explicit_steps=explicit_steps)
        fresh, structure = jax.tree.flatten(run.state)
        restored = [jnp.asarray(new, old.dtype) for new, old in zip(leaves, fresh, strict=True)]
        return run._replace(state=jax.tree.unflatten(structure, restored))

    def _keep(self, run: Run, mark: str) -> None:
        self._checkpoint.write(mark, jax.tree.leaves(run.state), run.explicit_steps)


def _with_room(state: State) -> State:
    """The same run with room for twice as many surfaces that slide at once."""
    assert state.sliding is not None
    modes = with_room(state.sliding.modes, 2 * state.sliding.modes.slots.size)
    parts = lambda state: (state.sliding.modes, state.code)  # noqa: E731
    return eqx.tree_at(parts, state, (modes, jnp.asarray(Code.RUNNING, jnp.int32)))


def _ended_at_rest(state: State) -> State:
    return eqx.tree_at(lambda s: s.code, state, jnp.asarray(Code.AT_REST, jnp.int32))


def _taken_over(run: Run) -> Run:
    return Run(*take_over(run.task, run.state), explicit_steps=int(run.state.steps))


def _progress(run: Run) -> str:
    s, end = float(run.state.s), float(run.task.end)
    part = f"{100 * s / end:5.1f} %" if np.isfinite(end) else f"s={s:.6g}"
    return f"integrating  {part}  {int(run.state.steps):,} steps"
