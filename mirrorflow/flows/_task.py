"""From what a user asks for to what the driver does; numbers may be traced, so that many runs share one program."""

from typing import NamedTuple

import diffrax
import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._accuracy import current
from .._types import Held, Numeric
from ..geometries import Sign
from ._field import Field
from ._flow import Flow
from ._mirror_step import ImplicitMirror
from ._solvers import explicit_solver, named_solver, prepared
from .clocks import AbstractClock, LogTimes, Physical
from .drive import Task
from .until import AbstractRule, Either, as_rules, earliest_end, ends_beforehand

RTOL = 1e-8
ATOL = 1e-10
MAX_STEPS = 10_000_000
# Boundaries of units at samples up to which a network's flow is followed along them.
MOST_KINKS = 50_000


class Request(NamedTuple):
    """How a flow is to be integrated, checked as far as it can be without the flow."""

    rules: tuple[AbstractRule, ...]
    clock: AbstractClock
    save: int | Held | LogTimes | None
    rtol: Held
    atol: Held
    solver: diffrax.AbstractAdaptiveSolver | None
    max_steps: Held
    slide: bool | None = None

    @property
    def end_known(self) -> bool:
        """Whether the end is known before the run."""
        return ends_beforehand(self.rules, self.clock)

    @property
    def two_passes(self) -> bool:
        """Whether a number of points is asked for up to an end that the first pass has to find."""
        return isinstance(self.save, int) and not self.end_known


def make_request(
    until: AbstractRule | Either,
    clock: AbstractClock | None,
    save: int | Numeric | LogTimes | None,
    rtol: Numeric,
    atol: Numeric,
    solver: diffrax.AbstractAdaptiveSolver | None,
    max_steps: int,
    slide: bool | None = None,
) -> Request:
    """The arguments of `integrate`, refused in words where they make no sense."""
    clock = Physical() if clock is None else clock
    _checks.instance("clock", clock, AbstractClock, "a clock of mf.clocks")
    named = None if solver is None else named_solver(solver)
    limit = np.asarray(min(_checks.integer("max_steps", max_steps, at_least=1), 2**30), np.int32)
    _checks.instance("slide", slide, bool | None, "True, False or None")
    return Request(as_rules(until), clock, _save(save), *tolerances(rtol, atol), named, limit, slide)


def make_task(flow: Flow, request: Request) -> Task:
    """What the driver is to do for one flow (the first of two passes, where there are two)."""
    clock = request.clock
    for rule in request.rules:
        rule.check(flow.problem)
    field = Field(flow.dynamics, clock, slide=_slides(flow, request.slide))
    if isinstance(request.solver, ImplicitMirror):
        request.solver.check(flow.dynamics)
    jumps = field.jumps()
    # Proportional and integral: at the limit of stability an integral controller alone has every few steps rejected.
    controller = diffrax.PIDController(request.rtol, request.atol, pcoeff=0.4, icoeff=0.6)
    end = earliest_end(request.rules, clock)
    return Task(
        field=field,
        # A rule that knows its end is no condition besides: rounded otherwise, it would fire just before it.
        rules=tuple(rule for rule in request.rules if rule.end(clock) is None),
        solver=prepared(explicit_solver() if request.solver is None else request.solver, controller),
        controller=controller,
        end=end,
        saves=_save_points(request, end),
        jumps=jumps,
        max_steps=request.max_steps,
    )


def _slides(flow: Flow, slide: bool | None) -> bool:
    """Whether kinks are followed; of networks without being asked only where they are not too many to look at."""
    kinks = flow.dynamics.kinks
    if kinks is None or slide:
        return True
    exact = isinstance(flow.geometry, Sign)
    if exact and slide is False:
        raise ValueError("slide must not be False for Sign(smoothing=None), whose flow stops at the first kink then.")
    return exact or (slide is None and kinks.count <= MOST_KINKS)


def second_pass(task: Task, end: Held, count: int) -> Task:
    """The same steps once more, now that their end is known, this time with the points they lead to."""
    saves = _checks.array_module(end).linspace(0.0, end, count, dtype=end.dtype)
    return eqx.tree_at(lambda t: (t.end, t.saves), task, (end, saves))


def tolerances(rtol: Numeric, atol: Numeric) -> tuple[Held, Held]:
    """Both tolerances times the ambient accuracy, refused where the floating type cannot reach them."""
    factor = current()
    rtol = _below_one(_checks.positive("rtol", rtol)) * factor
    atol = _checks.positive("atol", atol) * factor
    dtype = jnp.result_type(float)
    if not _checks.is_traced(rtol) and float(rtol) < 8 * float(jnp.finfo(dtype).eps):
        raise ValueError(
            f"rtol={float(rtol):g} (given × mf.accuracy) is below what {dtype} can reach, "
            f"{8 * jnp.finfo(dtype).eps:.1g}; "
            + ("call mf.enable_float64() first, or loosen it." if dtype == jnp.float32 else "loosen it.")
        )
    module = _checks.array_module(rtol, atol)
    return module.asarray(rtol, dtype), module.asarray(atol, dtype)


def _below_one(rtol: Held) -> Held:
    if not _checks.is_traced(rtol) and float(rtol) >= 1:
        raise ValueError(
            f"rtol must be less than 1, got {float(rtol):g}: a step might be wrong by as much as the state itself."
        )
    return rtol


def _save(save: int | Numeric | LogTimes | None) -> int | Held | LogTimes | None:
    if save is None or isinstance(save, LogTimes):
        return save
    if isinstance(save, int | np.integer) and not isinstance(save, bool):
        return _checks.integer("save", int(save), at_least=2)
    times = _checks.nonnegative("save", save, shape=None)
    if times.ndim != 1 or times.shape[0] == 0:
        raise ValueError(f"save must be a number of points or one axis of times, got shape {times.shape}.")
    if not _checks.is_traced(times) and (np.diff(np.asarray(times)) <= 0).any():
        raise ValueError("save must be strictly increasing times.")
    return _checks.array_module(times).asarray(times, jnp.result_type(float))


def _save_points(request: Request, end: Held) -> Held:
    """The save points in the clock's variable; infinite where they wait for the end to be found."""
    save, dtype = request.save, jnp.result_type(float)
    if save is None:
        return np.zeros(0, dtype)
    if isinstance(save, int):
        if request.two_passes:
            return np.full(save, np.inf, dtype)
        return _checks.array_module(end).linspace(0.0, end, save, dtype=dtype)
    if isinstance(save, LogTimes):
        last, points = "log t =", request.clock.from_log_time(save.values)
    else:
        last, points = "the time", request.clock.from_time(save)
    # Two ways to the same time may differ in the last digits.
    rounding = 1 + 8 * float(jnp.finfo(dtype).eps)
    if not _checks.is_traced(points) and not _checks.is_traced(end) and float(points[-1]) > float(end) * rounding:
        asked = save.values if isinstance(save, LogTimes) else save
        raise ValueError(f"save asks for {last} {float(asked[-1]):g}, after the end of the run.")
    return _checks.array_module(points, end).minimum(points, end)
