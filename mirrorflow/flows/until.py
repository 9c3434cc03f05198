"""When a flow stops. Rules combine with `|`: the first that is met ends the run."""

import abc
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Anything, Held, Numeric
from ..problems import AbstractProblem
from ._growth import growth, may_linger
from ._status import Code
from .clocks import AbstractClock

if TYPE_CHECKING:
    from ._dynamics import Snapshot


class AbstractRule(eqx.Module):
    """A condition that ends a run."""

    code: eqx.AbstractClassVar[Code]
    # Whether what the rule looks at must go on falling where the flow comes to rest (see drive._restlessness).
    needs_rest: eqx.AbstractClassVar[bool]

    @abc.abstractmethod
    def end(self, clock: AbstractClock) -> Numeric | None:
        """Where in the clock's variable it ends, if that is known beforehand."""

    @abc.abstractmethod
    def met(self, snapshot: "Snapshot") -> Anything:
        """Whether it ends the run here."""

    @abc.abstractmethod
    def level(self, snapshot: "Snapshot") -> Anything:
        """What has to fall until the rule is met, NaN where it has no value; 0 for a rule that waits for a time."""

    @abc.abstractmethod
    def check(self, problem: AbstractProblem) -> None:
        """Refuse what no flow on this problem can reach."""

    def __or__(self, other: Any) -> "Either":
        return Either((self,)) | other

    def __ror__(self, other: Any) -> "Either":
        return Either(as_rules(other)) | self


class Either(eqx.Module):
    """Several rules, of which the first that is met ends the run."""

    rules: tuple[AbstractRule, ...]

    def __or__(self, other: Any) -> "Either":
        return Either(self.rules + as_rules(other))

    def __ror__(self, other: Any) -> "Either":
        return Either(as_rules(other)) | self


class time(AbstractRule):
    """Ends at the time `end` > 0: the last point is at that time exactly, in the loss clock at the first step past it.

    **Raises:** `ValueError` for an end that is not positive and finite.
    """

    code = Code.REACHED
    needs_rest = False
    at: Held

    def __init__(self, end: Numeric):
        self.at = _checks.positive("until.time", end)

    def end(self, clock: AbstractClock) -> Numeric | None:
        """The end in the clock's variable."""
        return None if clock.counts_loss else clock.from_time(self.at)

    def met(self, snapshot: "Snapshot") -> Anything:
        """t ≥ end"""
        return snapshot.log1p_time >= jnp.log1p(self.at)

    def level(self, snapshot: "Snapshot") -> Anything:
        """0"""
        return jnp.zeros(())

    def check(self, problem: AbstractProblem) -> None:
        """Nothing to refuse."""


class log_time(AbstractRule):
    """Ends at log t = `end`, which may be far beyond the range of floats for t itself.

    **Raises:** `ValueError` for an end that is not finite.
    """

    code = Code.REACHED
    needs_rest = False
    at: Held

    def __init__(self, end: Numeric):
        self.at = _checks.number("until.log_time", end)

    def end(self, clock: AbstractClock) -> Numeric | None:
        """The end in the clock's variable."""
        return None if clock.counts_loss else clock.from_log_time(self.at)

    def met(self, snapshot: "Snapshot") -> Anything:
        """log t ≥ end"""
        return snapshot.log1p_time >= jnp.logaddexp(0.0, self.at)

    def level(self, snapshot: "Snapshot") -> Anything:
        """0"""
        return jnp.zeros(())

    def check(self, problem: AbstractProblem) -> None:
        """Nothing to refuse."""


class log_loss(AbstractRule):
    """Ends at the first step with log f ≤ `value`; with the status "no logarithm" where f is negative.

    **Raises:** `ValueError` for a value that is not finite.
    """

    code = Code.REACHED
    needs_rest = True
    value: Held

    def __init__(self, value: Numeric):
        self.value = _checks.number("until.log_loss", value)

    def end(self, clock: AbstractClock) -> Numeric | None:
        """Not known beforehand."""
        return None

    def met(self, snapshot: "Snapshot") -> Anything:
        """log f(x) ≤ value"""
        return snapshot.log_loss() <= self.value

    def level(self, snapshot: "Snapshot") -> Anything:
        """log f(x)"""
        return snapshot.log_loss()

    def check(self, problem: AbstractProblem) -> None:
        """Nothing to refuse."""


class loss(AbstractRule):
    """Ends at the first step with f ≤ `value`.

    **Raises:** `ValueError` for a value that is not finite, and from `integrate` for one that is not positive where the
    loss is a sum of squares or of classification losses, which a flow brings to 0 at most in the limit.
    """

    code = Code.REACHED
    needs_rest = True
    value: Held

    def __init__(self, value: Numeric):
        self.value = _checks.number("until.loss", value)

    def end(self, clock: AbstractClock) -> Numeric | None:
        """Not known beforehand."""
        return None

    def met(self, snapshot: "Snapshot") -> Anything:
        """f(x) ≤ value"""
        return snapshot.loss() <= self.value

    def level(self, snapshot: "Snapshot") -> Anything:
        """f(x)"""
        return snapshot.loss()

    def check(self, problem: AbstractProblem) -> None:
        """Refuse a value that is not positive where the loss cannot fall below 0."""
        if problem.nonnegative:
            name = type(problem).__name__
            _checks.greater(f"until.loss of a {name}, which is above 0 until the limit,", self.value, 0.0)


class stationary(AbstractRule):
    """Ends when the flow is at rest to within `tolerance`, in the units of ∇f, and no schedule has a jump to come.

    The residual is the largest over the coordinates i of x of

    - |v_i|, where v = ẋ/S is the *dual* velocity (S the inverse metric, Σ_j(∂x_i/∂θ_j)² for parameters), while |x_i|
      grows: without decay this is |∂_if| itself, however close to a saddle x is, so it does not fire at one;
    - the smaller of |v_i| and |ẋ_i| while |x_i| shrinks: a decay that draws x_i to 0 for ever comes to rest.

    For directions other than the gradient's, v_i is divided by the slope of the direction map, which turns it back into
    units of ∇f. A matrix product is looked at column by column, after a rotation that makes the columns of (U; V)
    orthogonal: the speed of each relative to its length, or, while it shrinks, the larger of its speed and the rate
    ‖∇f(X)‖₂−decay at which others would grow. Quadratic forms and custom maps use the larger of ‖θ̇‖/‖Dg(θ)‖ and of
    |ẋ_i|/‖Dg_i(θ)‖², and where that is small they rest only if −∇²(loss) has no eigenvalue above the tolerance.

    **Raises:** `ValueError` for a tolerance that is not positive.
    """

    code = Code.STATIONARY
    needs_rest = True
    tolerance: Held

    def __init__(self, tolerance: Numeric = 1e-8):
        self.tolerance = _checks.positive("until.stationary", tolerance)

    def end(self, clock: AbstractClock) -> Numeric | None:
        """Not known beforehand."""
        return None

    def met(self, snapshot: "Snapshot") -> Anything:
        """residual ≤ tolerance, after the last jump, and no deviation grows"""
        resting = snapshot.past_jumps() & (snapshot.unfinished() <= self.tolerance)
        if not may_linger(snapshot.dynamics):
            return resting
        # A conditional, not a selection: it costs as much as two dozen right-hand sides.
        return jax.lax.cond(
            resting,
            lambda: growth(snapshot.dynamics, snapshot.state, snapshot.time) <= self.tolerance,
            lambda: jnp.asarray(False),
        )

    def level(self, snapshot: "Snapshot") -> Anything:
        """The residual."""
        return snapshot.unfinished()

    def check(self, problem: AbstractProblem) -> None:
        """Nothing to refuse."""


def as_rules(rules: Any) -> tuple[AbstractRule, ...]:
    """The rules of what a user passes as `until`."""
    if isinstance(rules, Either):
        return rules.rules
    if isinstance(rules, AbstractRule):
        return (rules,)
    raise ValueError(
        f"until must be a rule of mf.until, or several joined with |, got {type(rules).__name__}: {rules!r}."
    )


def earliest_end(rules: tuple[AbstractRule, ...], clock: AbstractClock) -> Held:
    """Where in the clock's variable the run ends at the latest; infinity if no rule knows."""
    ends = [end for rule in rules if (end := rule.end(clock)) is not None]
    module = _checks.array_module(*ends)
    dtype = jnp.result_type(float)
    return module.min(module.stack([module.asarray(end, dtype) for end in [*ends, np.inf]]))


def ends_beforehand(rules: tuple[AbstractRule, ...], clock: AbstractClock) -> bool:
    """Whether the end is known before the run: every rule is a time in a clock that knows times."""
    return all(isinstance(rule, time | log_time) for rule in rules) and not clock.counts_loss


def code_of(rules: tuple[AbstractRule, ...], snapshot: "Snapshot") -> jax.Array:
    """The code of the first rule that is met or waits for a logarithm that there is not; `RUNNING` if none is."""
    code = jnp.asarray(Code.RUNNING, jnp.int32)
    for rule in reversed(rules):
        code = jnp.where(rule.met(snapshot), jnp.int32(rule.code), code)
        if isinstance(rule, log_loss):
            code = jnp.where(jnp.isnan(rule.level(snapshot)), jnp.int32(Code.NO_LOGARITHM), code)
    return code
