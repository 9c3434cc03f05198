"""A training on the host: blocks of steps, evaluations, files, interruption."""

import dataclasses
import os
import pathlib
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Parameters
from ..flows._watch import Display, Interrupts, next_block
from ._checkpoint import Checkpoint
from ._given import adapted
from ._loop import PATIENCE, State, Task, advance, evaluate, initialize
from ._mark import differences, mark_of
from ._metrics import Metrics
from ._run import Interrupted, Progress, Run
from ._status import Code, Status

FIRST_BLOCK = 16
KEEP_SECONDS = 30.0
Tell = Callable[[Progress], None]


class Looker(NamedTuple):
    """What is looked at in an evaluation."""

    task: Task
    tests: dict[str, Any]
    observe: tuple[Any, ...]
    sparse: tuple[bool, ...]

    def row(self, state: State, start: Parameters) -> dict[str, Any]:
        """The metrics of a state as Python's numbers."""
        found = evaluate(self.task, state, start, self.tests, self.observe, self.sparse)
        return {name: np.asarray(value).tolist() for name, value in found.items()}


class Training:
    """A state on its way, with its history."""

    def __init__(
        self,
        task: Task,
        looker: Looker,
        params: Parameters,
        statistics: Any,
        out: str | os.PathLike[str] | None,
        fresh: bool,
        adapt: Callable[[dict[str, Any]], Any] | None = None,
    ):
        self._task, self._looker, self._adapt = task, looker, adapt
        self._state = initialize(task, params, statistics)
        # Apart from the state, whose arrays are given away to the steps.
        self._start = jax.tree.map(jnp.array, self._state.params) if looker.observe else params
        self._seconds, rows = 0.0, []
        folder = None if out is None else pathlib.Path(out)
        self._checkpoint = None if folder is None else Checkpoint(folder)
        if self._checkpoint is not None:
            self._mark = mark_of(task, params, statistics, self._state)
            rows = [] if fresh else self._taken_up(self._checkpoint)
        self._metrics = Metrics(folder, rows)
        for row in rows:
            self._adapted(row)

    def run(self, steps: int, every: int, progress: bool | Tell | None) -> Run:
        """To that many steps, or as far as it goes.

        **Raises:** `Interrupted`, after the state is kept; `ValueError` if there are more steps already.
        """
        if self._step > steps:
            raise ValueError(f"steps must be at least the {self._step} that were made, got {steps}.")
        told = progress if callable(progress) else None
        block = FIRST_BLOCK
        self._kept = self._ticked = time.monotonic()
        with Display(False if callable(progress) else progress) as display, Interrupts() as stop:
            if not self._metrics.rows:
                self._look(told, steps)
            while self._going(steps) and not stop.pending:
                before = time.monotonic()
                target = min(steps, (self._step // every + 1) * every)
                count = np.asarray(min(block, target - self._step), np.int32)
                self._state = jax.block_until_ready(advance(self._task, self._state, count))
                block = next_block(block, time.monotonic() - before, 1, 2**30)
                if self._step == target or self._code != Code.RUNNING:
                    self._look(told, steps)
                else:
                    self._say(told, steps, None)
                    if time.monotonic() - self._kept > KEEP_SECONDS:
                        self._keep()
                if display.due:
                    display.say(f"training  {self._step:,} of {steps:,} steps  loss {float(self._state.loss):.4g}")
            if self._going(steps):
                self._keep()
                raise Interrupted(self._hint(), self._result(Code.INTERRUPTED))
        return self._result(Code.FINISHED if self._code == Code.RUNNING else Code(self._code))

    @property
    def _step(self) -> int:
        return int(self._state.step)

    @property
    def _code(self) -> int:
        return int(self._state.code)

    def _going(self, steps: int) -> bool:
        return self._step < steps and self._code == Code.RUNNING

    def _taken_up(self, checkpoint: Checkpoint) -> list[dict[str, Any]]:
        """The rows that are kept, after taking up the state."""
        kept = checkpoint.read()
        if kept is None:
            return []
        wrong = differences(kept.mark, self._mark)
        if wrong:
            raise ValueError(
                f"{checkpoint.path.parent} holds another training: {'; '.join(wrong)}. Give another folder, or start "
                "over with fresh=True."
            )
        self._state, self._seconds = checkpoint.restored(kept, self._state), kept.seconds
        return kept.rows

    def _look(self, told: Tell | None, steps: int) -> None:
        """Evaluate, begin the means of the next batches, keep all that."""
        found = self._looker.row(self._state, self._start)
        broken = found.pop("broken")
        self._tick()
        row = {"step": self._step, **found, "skipped": int(self._state.skipped), "seconds": round(self._seconds, 3)}
        code = Code.BROKEN_MASKS if broken and self._code == Code.RUNNING else self._code
        self._state = eqx.tree_at(_means, self._state, _fresh_means(self._state, code))
        self._metrics.add(row)
        self._adapted(row)
        self._keep()
        self._metrics.tell()
        self._say(told, steps, row)

    def _adapted(self, row: dict[str, Any]) -> None:
        """Take up the numbers that follow from a row."""
        if self._adapt is not None:
            numbers = adapted(self._task.numbers, self._adapt(dict(row)))
            self._task = dataclasses.replace(self._task, numbers=numbers)

    def _keep(self) -> None:
        self._tick()
        if self._checkpoint is not None:
            self._checkpoint.write(self._state, self._metrics.rows, self._mark, self._seconds)
        self._kept = time.monotonic()

    def _tick(self) -> None:
        now = time.monotonic()
        self._seconds, self._ticked = self._seconds + now - self._ticked, now

    def _say(self, told: Tell | None, steps: int, row: dict[str, Any] | None) -> None:
        if told is not None:
            told(Progress(self._step, steps, float(self._state.loss), row))

    def _hint(self) -> str:
        hint = "" if self._checkpoint is None else f"; the same call with out={self._checkpoint.path.parent} continues"
        return f"fit was interrupted after {self._step} steps{hint}"

    def _result(self, code: Code) -> Run:
        detail = f"{PATIENCE} in a row, after step {self._step - PATIENCE}" if code == Code.NOT_FINITE else ""
        if code in (Code.FINISHED, Code.INTERRUPTED):
            skipped = int(self._state.skipped)
            detail = f"{self._step} steps" + (f", {skipped} of them skipped: not finite" if skipped else "")
        return Run(
            network=self._task.network(self._state.params),
            statistics=self._state.statistics,
            history=self._metrics.history(),
            optimizer_state=self._state.optimizer,
            status=Status(int(code), detail),
            steps=self._step,
            skipped=int(self._state.skipped),
        )


def _means(state: State) -> tuple[Any, ...]:
    return state.loss, state.accuracy, state.counted, state.code


def _fresh_means(state: State, code: int) -> tuple[jax.Array, ...]:
    return tuple(
        jnp.asarray(np.asarray(value, leaf.dtype)) for value, leaf in zip((0, 0, 0, code), _means(state), strict=True)
    )
