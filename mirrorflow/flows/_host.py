"""Runs a task on the host: blocks of steps, progress, interruption, checkpoints."""

import os
import time
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Parameters
from ._checkpoint import Checkpoint, fingerprint
from ._solvers import is_stiff, take_over
from ._status import Code
from ._watch import Display, Interrupts, next_block
from .drive import State, Task, advance, initialize

FIRST_BLOCK = 4096
CHECKPOINT_SECONDS = 5.0
# Attempted steps after which an explicit solver is first asked whether the flow is stiff; then at every doubling.
STIFFNESS_CHECK = 8192


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
        block, kept, check = FIRST_BLOCK, time.monotonic(), self._first_check(run)
        with Display(self._progress) as display, Interrupts() as interrupts:
            while int(run.state.code) == Code.RUNNING:
                before = time.monotonic()
                length = block if check is None else min(block, check - int(run.state.steps))
                state = jax.block_until_ready(advance(run.task, run.state, np.asarray(length, np.int32)))
                run = run._replace(state=state)
                now = time.monotonic()
                if display.due:
                    display.say(_progress(run))
                if self._checkpoint and (interrupts.pending or now - kept > CHECKPOINT_SECONDS):
                    self._keep(run, mark)
                    kept = now
                if interrupts.pending:
                    hint = f"; the same call with checkpoint={self._checkpoint} continues" if self._checkpoint else ""
                    raise KeyboardInterrupt(f"integrate was interrupted after {int(state.steps)} steps{hint}")
                block = next_block(block, now - before, 16, 2**30)
                # Looked at after fixed numbers of steps, so that the result does not depend on the blocks.
                if check is not None and int(state.steps) >= check and int(state.code) == Code.RUNNING:
                    check = 2 * check
                    if is_stiff(run.task, state, self._end_known):
                        run, check, block = _taken_over(run), None, FIRST_BLOCK // 16
        if self._checkpoint:
            self._keep(run, mark)
        return run

    def _first_check(self, run: Run) -> int | None:
        """A state is kept before it is looked at, so one that was kept at a check is looked at again."""
        if not self._may_switch or run.explicit_steps is not None:
            return None
        check = STIFFNESS_CHECK
        while check < int(run.state.steps):
            check = 2 * check
        return check

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


def _taken_over(run: Run) -> Run:
    return Run(*take_over(run.task, run.state), explicit_steps=int(run.state.steps))


def _progress(run: Run) -> str:
    s, end = float(run.state.s), float(run.task.end)
    part = f"{100 * s / end:5.1f} %" if np.isfinite(end) else f"s={s:.6g}"
    return f"integrating  {part}  {int(run.state.steps):,} steps"
