"""How a training ended, as a code inside compiled code and as words outside."""

import enum
from typing import NamedTuple


class Code(enum.IntEnum):
    """Codes of a training; `FINISHED` alone is what was asked for."""

    RUNNING = 0
    FINISHED = 1
    INTERRUPTED = 2
    NOT_FINITE = 3
    BAD_START = 4
    BROKEN_MASKS = 5


WORDS = {
    Code.RUNNING: "running: the training was read before it ended",
    Code.FINISHED: "finished: all steps that were asked for",
    Code.INTERRUPTED: "interrupted: the state is that of the last step",
    Code.NOT_FINITE: "not finite: loss, gradients or new weights are not, batch after batch; the weights are the last "
    "ones that were",
    Code.BAD_START: "bad start: weights or statistics are not finite before the first step",
    Code.BROKEN_MASKS: "broken masks: weights that the masks prune are not 0; put the masks around everything else",
}


class Status(NamedTuple):
    """How a training ended: `ok`, a `code`, and words.

    >>> status = mf.training.Status(1, "2000 steps")
    >>> status.ok, str(status)
    (True, 'finished: all steps that were asked for (2000 steps)')
    """

    code: int
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the training ended as asked."""
        return self.code == Code.FINISHED

    def __str__(self) -> str:
        words = WORDS[Code(self.code)]
        return f"{words} ({self.detail})" if self.detail else words
