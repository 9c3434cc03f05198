"""Runs a task on the host: blocks of steps, progress, interruption, checkpoints."""

import hashlib
import os
import pathlib
import pickle
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Parameters
from ._solvers import is_stiff, take_over
from ._status import Code
from ._watch import Display, Interrupts, next_block
from .drive import State, Task, advance, initialize

FIRST_BLOCK = 4096
CHECKPOINT_SECONDS = 5.0
# Attempted steps after which an explicit solver is first asked whether the flow is stiff; then at every doubling.
STIFFNESS_CHECK = 8192


class Runner:
    """Advances tasks block by block, so that a run can be watched, interrupted and continued."""

    def __init__(self, progress: bool | None, checkpoint: str | os.PathLike | None, may_switch: bool, end_known: bool):
        self._progress = progress
        self._end_known = end_known
        self._may_switch = may_switch
        self._checkpoint = None if checkpoint is None else pathlib.Path(checkpoint)

    def run(self, task: Task, start: Parameters) -> State:
        """From the start, or from the checkpoint of the same task, to its end.

        **Raises:** `KeyboardInterrupt` when interrupted, after the state is in the checkpoint.
        """
        state = initialize(task, start)
        mark = _fingerprint(task, state) if self._checkpoint is not None else ""
        state = self._resume(state, mark)
        block, kept = FIRST_BLOCK, time.monotonic()
        check = STIFFNESS_CHECK if self._may_switch else None
        with Display(self._progress) as display, Interrupts() as interrupts:
            while int(state.code) == Code.RUNNING:
                before = time.monotonic()
                if check is not None:
                    block = min(block, check - int(state.steps))
                state = jax.block_until_ready(advance(task, state, np.asarray(block, np.int32)))
                now = time.monotonic()
                if display.due:
                    display.say(_progress(task, state))
                if self._checkpoint is not None and (interrupts.pending or now - kept > CHECKPOINT_SECONDS):
                    self._keep(state, mark)
                    kept = now
                if interrupts.pending:
                    hint = f"; the same call with checkpoint={self._checkpoint} continues" if self._checkpoint else ""
                    raise KeyboardInterrupt(f"integrate was interrupted after {int(state.steps)} steps{hint}")
                block = next_block(block, now - before, 16, 2**30)
                # Looked at after fixed numbers of steps, so that the result does not depend on the blocks.
                if check is not None and int(state.steps) >= check and int(state.code) == Code.RUNNING:
                    check = 2 * check
                    if is_stiff(task, state, self._end_known):
                        (task, state), check, block = take_over(task, state), None, FIRST_BLOCK // 16
        if self._checkpoint is not None:
            self._keep(state, mark)
        return state

    def _resume(self, state: State, mark: str) -> State:
        if self._checkpoint is None or not self._checkpoint.exists():
            return state
        try:
            kept = pickle.loads(self._checkpoint.read_bytes())
        except (pickle.UnpicklingError, EOFError, ValueError, AttributeError) as error:
            words = f"checkpoint {self._checkpoint} cannot be read: {error}. Delete it to begin anew."
            raise ValueError(words) from error
        if mark not in kept:
            return state
        leaves, structure = jax.tree.flatten(state)
        restored = [jnp.asarray(new, old.dtype) for new, old in zip(kept[mark], leaves, strict=True)]
        return jax.tree.unflatten(structure, restored)

    def _keep(self, state: State, mark: str) -> None:
        assert self._checkpoint is not None
        kept = {}
        if self._checkpoint.exists():
            kept = pickle.loads(self._checkpoint.read_bytes())
        kept[mark] = [np.asarray(leaf) for leaf in jax.tree.leaves(state)]
        partial = self._checkpoint.with_name(self._checkpoint.name + ".partial")
        partial.write_bytes(pickle.dumps(kept))
        partial.replace(self._checkpoint)


def _progress(task: Task, state: State) -> str:
    s, end = float(state.s), float(task.end)
    part = f"{100 * s / end:5.1f} %" if np.isfinite(end) else f"s={s:.6g}"
    return f"integrating  {part}  {int(state.steps):,} steps"


def _fingerprint(task: Task, state: State) -> str:
    """What determines the run: the structure of the task, every number in it, the start, the versions."""
    arrays, rest = eqx.partition((task, state), eqx.is_array)
    digest = hashlib.sha256(f"{jax.__version__} {jax.tree.structure(arrays)} {rest}".encode())
    for leaf in jax.tree.leaves(arrays):
        array = np.asarray(leaf)
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
