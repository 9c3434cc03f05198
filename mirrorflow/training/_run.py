"""What comes out of a training, and what is told on the way."""

from typing import Any, NamedTuple

import equinox as eqx
import numpy as np

from .._types import Parameters
from ._loop import masks_of
from ._status import Status


class Run(NamedTuple):
    """What came of a training.

    **Fields:** `network`, trained; `statistics`: its running statistics; `history`: arrays by name, one entry an
    evaluation; `optimizer_state`; `status`: how it ended, in words, `status.ok` if as asked; `steps`: batches taken;
    `skipped`: those of them that made no step.
    """

    network: Any
    statistics: Any
    history: dict[str, np.ndarray]
    optimizer_state: Any
    status: Status
    steps: int
    skipped: int

    @property
    def params(self) -> Parameters:
        """The trained arrays: the network with None in place of everything else."""
        return eqx.filter(self.network, eqx.is_inexact_array)

    @property
    def masks(self) -> Any:
        """The masks in force, a pytree of booleans like `params`; None if the optimizer has none."""
        found = masks_of(self.optimizer_state, self.params)
        return found[0] if found else None


class Interrupted(KeyboardInterrupt):
    """A training was interrupted; `run` is what it was after its last step."""

    def __init__(self, words: str, run: Run):
        super().__init__(words)
        self.run = run


class Progress(NamedTuple):
    """How far a training is: `loss` the mean since the last evaluation, `row` an evaluation just made or None."""

    step: int
    steps: int
    loss: float
    row: dict[str, Any] | None
