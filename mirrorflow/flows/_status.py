"""How a run ended, as a code inside compiled code and as words outside."""

import enum
from typing import NamedTuple


class Code(enum.IntEnum):
    """Codes of a run; `RUNNING` and those from `REACHED` to `STATIONARY` are not faults."""

    RUNNING = 0
    REACHED = 1
    STATIONARY = 2
    STEP_LIMIT = 3
    BLOW_UP = 4
    STALLED = 5
    LEFT_DOMAIN = 6
    TIED_FACTORS = 7
    INVALID = 8
    CLOCK_STOPPED = 9
    NO_LOGARITHM = 10
    AT_REST = 11
    DIVERGED = 12
    CROWDED = 13


WORDS = {
    Code.RUNNING: "running: the run was read before it ended",
    Code.REACHED: "reached the end that was asked for",
    Code.STATIONARY: "stationary: the residual fell below the tolerance",
    Code.STEP_LIMIT: "hit the step limit before the end; raise max_steps, loosen rtol/atol, or name another solver",
    Code.BLOW_UP: "blew up: state or velocity leaves every bound in finite time, so no solution exists beyond it",
    Code.STALLED: "stalled: no step, however small, meets the tolerance (a discontinuity, rounding, or too stiff)",
    Code.LEFT_DOMAIN: "left the domain of the problem: the loss is not a number from here on",
    Code.TIED_FACTORS: "tied factors reached zero together: the factors have no unique continuation beyond this time",
    Code.INVALID: "invalid: a number given to the run, or the velocity at its start, is not finite or out of range",
    Code.CLOCK_STOPPED: "the clock stopped: the loss no longer decreases, so it cannot measure progress",
    Code.NO_LOGARITHM: "no logarithm: the loss is not positive, and until.log_loss or clocks.Loss would go by its log; "
    "use until.loss and another clock, or add a constant to the loss",
    Code.AT_REST: "at rest: the flow no longer moves beyond rounding, and the rule is not met",
    Code.CROWDED: "crowded: more surfaces slide at once than this run has room for",
    Code.DIVERGED: "diverged: the iterates leave every bound; smaller steps may not",
}


class Status(NamedTuple):
    """How a run ended: `ok`, a `code`, and words.

    >>> status = mf.Status(1)
    >>> status.ok, str(status)
    (True, 'reached the end that was asked for')
    """

    code: int
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the run ended as asked."""
        return self.code in (Code.REACHED, Code.STATIONARY)

    def __str__(self) -> str:
        words = WORDS[Code(self.code)]
        return f"{words} ({self.detail})" if self.detail else words
