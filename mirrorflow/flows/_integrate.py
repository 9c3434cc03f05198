"""`integrate`: from a flow and a start to a trajectory."""

import os
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Held, Numeric, Parameters
from ..problems import Classification, NetworkClassification
from ._field import Field, Points
from ._flow import Flow
from ._host import Run, Runner
from ._network_dynamics import check_alive, unseen
from ._status import Code, Status
from ._task import ATOL, MAX_STEPS, RTOL, make_request, make_task, second_pass
from ._trajectory import Trajectory, from_points, undefined_start
from .clocks import AbstractClock, LogTimes
from .drive import State, Task
from .until import AbstractRule, Either

# A margin below this part of the largest counts as 0: a unit held on a sample gives it 1e-16.
UNCLASSIFIED = 1e-9


def integrate(
    flow: Flow,
    start: Parameters,
    *,
    until: AbstractRule | Either,
    clock: AbstractClock | None = None,
    save: int | Numeric | LogTimes | None = None,
    rtol: Numeric = RTOL,
    atol: Numeric = ATOL,
    solver: diffrax.AbstractAdaptiveSolver | None = None,
    max_steps: int = MAX_STEPS,
    slide: bool | None = None,
    progress: bool | None = None,
    checkpoint: str | os.PathLike | None = None,
) -> Trajectory:
    """Integrate `flow` from `start` until a rule ends it.

    **Arguments:**

    - `flow`, `start`: the start is θ for a reparameterization (see `flow.lift`), x for a potential.
    - `until`: a rule of `mf.until`, or several joined with `|`.
    - `clock`: the variable that steps and even saves are even in; physical time unless given.
    - `save`: an integer n ≥ 2 for n points even in the clock's variable, both ends included (with an end that is not
      known beforehand they cost a second pass over the same steps); an increasing array of times for those times, and
      the point at which a rule such as `until.loss` ended the run; `mf.clocks.LogTimes(…)` for times given by their
      logarithms; nothing for the two ends.
    - `rtol`, `atol`: tolerances per step, multiplied by the ambient `mf.accuracy`.
    - `solver`: any adaptive diffrax solver or one of `mf.solvers`; unless given, an explicit one (Tsit5) begins and an
      L-stable one takes over where the flow proves stiff: Kvaerno5, or `mf.solvers.ImplicitMirror` for a potential and
      a positive loss of at most 128 unknowns under the log or loss clock.
    - `max_steps`: attempted steps after which the run ends with a status.
    - `slide`: whether the boundaries of ReLU units are followed as a differential inclusion (Filippov) where the flow
      holds them on a sample, which it does for most of the way; else steps go across them, which an adaptive solver
      rejects again and again. By default up to 50,000 of them (units times samples); `stats` then counts the `events`,
      and `slid` is the part of the path, in the clock's variable, that slid. Exact signs always slide.
    - `progress`: whether to show progress; by default in a terminal once a run takes longer than two seconds.
    - `checkpoint`: a file in which an interrupted run keeps its state, and from which the same call continues it with
      the same result.

    **Returns:** a `Trajectory`. What goes wrong on the way is a status in words, with everything up to that point kept;
    a run that waits for a rule while nothing moves any more ends "at rest". A start that meets a rule is a path of one
    point.

    **Raises:** `ValueError` for a bad start or argument; tolerances that the floating type cannot reach.

    **Source:** theory pages 00 to 03; the numerics of the solvers are diffrax's.
    """
    _checks.instance("flow", flow, Flow, "an mf.Flow")
    _checks.instance("progress", progress, bool | None, "True, False or None")
    request = make_request(until, clock, save, rtol, atol, solver, max_steps, slide)
    start = flow.check_start(start)
    if isinstance(flow.problem, NetworkClassification):
        check_alive(flow.problem, start)
    task = make_task(flow, request)
    runner = Runner(progress, checkpoint, may_switch=solver is None, end_known=request.end_known)
    run = runner.run(task, start)
    passes = 1
    if request.two_passes and int(run.state.steps) > 0:
        assert isinstance(request.save, int)
        task = second_pass(task, np.asarray(run.state.s), request.save)
        code = run.state.code
        run = runner.run(task, start)
        run = run._replace(state=eqx.tree_at(lambda state: state.code, run.state, code))
        passes = 2
    return _trajectory(flow, run, start, _stats(task, run, passes), request.end_known)


def _stats(task: Task, run: Run, passes: int) -> dict[str, Any]:
    """Of the last pass; evaluations are counted for explicit steps only, an implicit one iterates."""
    steps = int(run.state.steps)
    per_step = stages(task.solver)
    explicit = steps if run.explicit_steps is None else run.explicit_steps
    sliding = run.state.sliding
    events = {} if sliding is None else {"events": int(sliding.events), "slid": _share(sliding.slid, run.state.s)}
    return {
        **events,
        "steps": steps,
        "implicit_steps": steps - (explicit if per_step else 0),
        "rejected": int(run.state.rejected),
        "right_hand_sides": explicit * per_step,
        "passes": passes,
    }


def _share(part: Held, whole: Held) -> float:
    return float(part) / float(whole) if float(whole) > 0 else 0.0


def _trajectory(flow: Flow, run: Run, start: Parameters, stats: dict[str, int], end_known: bool) -> Trajectory:
    """The points that were asked for and reached; then the last one, where a rule or a fault chose it."""
    task, final = run.task, run.state
    field = task.field
    code = int(final.code)
    status = Status(code, _detail(field, final))
    if float(final.s) == 0:
        start_alone = jnp.zeros(1, final.s.dtype), jax.tree.map(lambda leaf: leaf[None], final.y)
        return _within_domain(flow, field.points(*start_alone), stats, status)
    if task.saves.shape[0] == 0:
        s = jnp.stack([jnp.zeros_like(final.s), final.s])
        y = jax.tree.map(lambda a, b: jnp.stack([jnp.asarray(a), b]), field.initial(start), final.y)
        return _within_domain(flow, field.points(s, y), stats, status)
    reached = int(final.next_save)
    s, y = task.saves, final.saved
    if (end_known and status.ok) or (reached > 0 and float(s[reached - 1]) >= float(final.s)):
        return _within_domain(flow, _first(reached, field.points(s, y)), stats, status)
    s, y = _ended(s, y, final.next_save, final.s, final.y)
    return _within_domain(flow, _first(reached + 1, field.points(s, y)), stats, status)


@jax.jit
def _ended(s: Held, y: Parameters, reached: Held, last_s: Held, last_y: Parameters) -> tuple[Held, Parameters]:
    """The save points with the last state in place of all that were not reached: one shape, wherever it ended."""
    after = jnp.arange(s.shape[0] + 1) >= reached

    def fill(buffer, last):
        longer = jnp.concatenate([buffer, last[None]])
        return jnp.where(after.reshape(-1, *[1] * last.ndim), last, longer)

    return fill(jnp.asarray(s), last_s), jax.tree.map(fill, y, last_y)


def _first(count: int, points: Points) -> Points:
    """The first points, cut on the host: a program for every length would have to be compiled otherwise."""
    if count == points.time.shape[0]:
        return points
    return jax.tree.map(lambda leaf: jax.device_put(np.asarray(leaf)[:count]), points)


def _within_domain(flow: Flow, points: Points, stats: dict[str, int], status: Status) -> Trajectory:
    """The points up to the first at which the loss is not a number."""
    undefined = np.isnan(np.asarray(points.loss))
    if not undefined.any():
        return from_points(flow, points, stats, _without_logarithm(points, status))
    count = int(undefined.argmax())
    if count == 0:
        raise ValueError(undefined_start(points.parameters))
    outside = Status(int(Code.LEFT_DOMAIN), f"between t={points.time[count - 1]:.6g} and t={points.time[count]:.6g}")
    return from_points(flow, _first(count, points), stats, outside)


def _without_logarithm(points: Points, status: Status) -> Status:
    """The status, with where `log_loss` is NaN because the loss is negative."""
    negative = np.asarray(points.loss) < 0
    if not negative.any():
        return status
    words = f"log_loss is NaN from t={points.time[int(negative.argmax())]:.6g} on, where the loss is negative"
    return status._replace(detail="; ".join(filter(None, [status.detail, words])))


def _detail(field: Field, final: State) -> str:
    if final.code not in (Code.REACHED, Code.STATIONARY):
        return "; ".join(filter(None, [_where(field, final), *_samples(field, final)]))
    if float(final.s) > 0:
        return ""
    return "the start is a point of rest" if final.code == Code.STATIONARY else "met by the start"


def _where(field: Field, final: State) -> str:
    _, time, log1p_time = field.split(final.s, final.y)
    place = f"t={float(time):.6g}" if np.isfinite(float(time)) else f"log t={float(log1p_time):.6g}"
    return f"at {place} after {int(final.steps)} steps"


def _samples(field: Field, final: State) -> list[str]:
    """How many samples a classifier has on the wrong side, and which of a network's keep the loss from falling."""
    problem = field.dynamics.problem
    if not isinstance(problem, Classification | NetworkClassification):
        return []
    state, time, _ = field.split(final.s, final.y)
    x = field.dynamics.predictor(state, time)
    margins = np.asarray(problem.margins(x))
    count = int(np.sum(margins <= UNCLASSIFIED * np.abs(margins).max()))
    missed = f"{count} of {margins.size} samples not classified" if count else ""
    return [missed, unseen(problem, x) if isinstance(problem, NetworkClassification) else ""]


def stages(solver: diffrax.AbstractAdaptiveSolver) -> int:
    """Right-hand sides a step of an explicit solver; 0 for an implicit one."""
    tableau = getattr(solver, "tableau", None)
    if not isinstance(solver, diffrax.AbstractERK) or not isinstance(tableau, diffrax.ButcherTableau):
        return 0
    return len(tableau.c) if tableau.fsal else len(tableau.c) + 1
