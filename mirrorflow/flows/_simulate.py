"""`simulate`: a flow with noise, from a start and a key to a trajectory."""

from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Held, Numeric, Parameters
from ..noise import AbstractNoise
from ..problems import AbstractLeastSquares
from ..reparameterizations import GradedProduct
from . import until as rules
from ._flow import Flow
from ._status import Code, Status
from ._stochastic import Diffusion, Equation, increment
from ._trajectory import Trajectory, derive, from_parameters, undefined_start

SENSES = ("ito", "stratonovich")
# Relative distance up to which a time counts as lying on the grid of steps.
ON_GRID = 1e-6
# From this size of a parameter on a loss that is not a number has overflowed.
HUGE = 1e8
# Steps are numbered with 32 bits.
MOST = 2**31 - 1


class _Request(NamedTuple):
    equation: Equation
    start: Parameters
    solver: Any
    step: np.ndarray
    indices: np.ndarray
    pieces: np.ndarray


def simulate(
    flow: Flow,
    start: Parameters,
    *,
    noise: AbstractNoise,
    key: jax.Array,
    until: rules.time,
    step_size: Numeric,
    save: int | Numeric | None = None,
    sense: str = "ito",
    solver: diffrax.AbstractSolver | None = None,
    increments: int = 1,
) -> Trajectory:
    """One path of `flow` under `noise`, in steps of one size.

    For a reparameterization dθ = −∇_θ(loss) dt + σB(θ) dW, for a potential d∇R(x) = −∇f dt + σB(x) dW in the dual; what
    B is, the noise says. Decay is part of the drift.

    **Arguments:**

    - `flow`, `start`: as for `integrate`, with gradient geometry.
    - `noise`: of `mf.noise`.
    - `key`: the path is a function of it.
    - `until`: `mf.until.time(T)`.
    - `step_size`: the largest step; T is divided into the smallest number of equal ones that are not longer.
    - `save`: an integer n ≥ 2 for n steps even in their number, both ends included; an increasing array of times that
      lie on steps; nothing for the two ends. Memory grows with what is saved only.
    - `sense`: `"ito"` or `"stratonovich"`, how the product σB dW is meant where B depends on the state.
    - `solver`: any explicit diffrax solver for that sense. Unless given: where B does not depend on the state, ShARK
      (strong order 1.5, weak order 2); else Euler–Maruyama for Itô's sense (strong order ½, weak order 1) and
      Euler–Heun for Stratonovich's (the same, and strong order 1 for a commuting reparameterization under `Label`).
    - `increments`: how many Brownian increments make up one step: with n of them a run is driven by the path of a run
      with steps n times as small and the same key.

    **Returns:** a `Trajectory`. A path that leaves every bound or the domain says so in its status, with everything up
    to there kept.

    **Raises:** `ValueError` for noise on targets with a problem that has none, geometries other than the gradient's,
    another rule than a time, schedules that jump between two steps, or numbers out of range.

    **Source:** Kloeden and Platen 1992 (orders); theory page 02.

    >>> problem = mf.problems.LinearRegression(jnp.eye(2), jnp.array([1.0, 0.0]))
    >>> flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    >>> start, options = flow.lift(x=jnp.zeros(2), balance=1.0), dict(until=mf.until.time(1.0), step_size=1e-3)
    >>> path = mf.simulate(flow, start, noise=mf.noise.Label(1.0), key=jax.random.key(0), save=5, **options)
    >>> balance = path.parameters[-1, 0] ** 2 - path.parameters[-1, 1] ** 2  # e^{−σ²‖a_i‖²T}, on every path
    >>> path.status.ok, bool(jnp.all(jnp.abs(balance - jnp.exp(-1.0)) < 0.1))
    (True, True)
    """
    request = _request(flow, start, noise, until, step_size, save, sense, solver, increments)
    key = _checks.key("key", key)
    saved, last, final = _one(request.equation, request.solver, *request[3:], request.start, key)
    return _trajectory(flow, request, saved, int(last), final)


class Paths(eqx.Module):
    """Many paths of one flow; path i is `simulate` with the key `jax.random.split(key, paths)[i]`.

    - `time`: shape (points,); `x`, `loss`, `log_loss`: shape (paths, points, …); `parameters`: the start's pytree with
      these two leading axes.
    - `finished`: shape (paths,), whether a path reached the end. One that did not keeps its last finite point.
    """

    time: Any
    x: Any
    parameters: Parameters
    loss: Any
    log_loss: Any
    finished: Any


def simulate_paths(
    flow: Flow,
    start: Parameters,
    *,
    paths: int,
    noise: AbstractNoise,
    key: jax.Array,
    until: rules.time,
    step_size: Numeric,
    save: int | Numeric | None = None,
    sense: str = "ito",
    solver: diffrax.AbstractSolver | None = None,
    increments: int = 1,
) -> Paths:
    """`simulate` for many independent paths at once, for means and moments.

    **Arguments:** `paths`: how many, at least 1; all others as for `simulate`.

    **Returns:** `Paths`.

    **Raises:** `ValueError` as `simulate` does.

    >>> problem = mf.problems.LinearRegression(jnp.ones((1, 1)), jnp.zeros(1))
    >>> flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
    >>> options = dict(until=mf.until.time(1.0), step_size=0.1, noise=mf.noise.Label(0.5))
    >>> many = mf.simulate_paths(flow, jnp.ones(1), paths=2000, key=jax.random.key(0), **options)
    >>> bool(abs(many.x[:, -1].mean() - jnp.exp(-1.0)) < 0.05)  # an Ornstein–Uhlenbeck process
    True
    """
    paths = _checks.integer("paths", paths, at_least=1)
    request = _request(flow, start, noise, until, step_size, save, sense, solver, increments)
    keys = jax.random.split(_checks.key("key", key), paths)
    saved, last = _many(request.equation, request.solver, *request[3:], request.start, keys)
    x, loss, log_loss = eqx.filter_vmap(derive, in_axes=(None, None, 0))(flow.problem, flow.reparameterization, saved)
    finished = (last == request.indices[-1]) & jnp.all(jnp.isfinite(log_loss) | (loss == 0), axis=1)
    return Paths(jnp.asarray(request.indices * request.step), x, saved, loss, log_loss, finished)


def _request(flow, start, noise, until, step_size, save, sense, solver, increments) -> _Request:
    _checks.instance("flow", flow, Flow, "an mf.Flow")
    _checks.instance("noise", noise, AbstractNoise, "a noise of mf.noise")
    _checks.instance("until", until, rules.time, "mf.until.time(T): noise has no other end")
    if not flow.geometry.smooth:
        raise ValueError(f"simulate needs gradient geometry (q=2), got {type(flow.geometry).__name__}.")
    if isinstance(flow.reparameterization, GradedProduct):
        raise ValueError("simulate adds noise to factors, of which a graded product has none: use its `plain` one.")
    if noise.needs_targets and not isinstance(flow.problem, AbstractLeastSquares):
        raise ValueError(
            f"noise {type(noise).__name__} acts on the targets of a squared loss; {type(flow.problem).__name__} has "
            "none. mf.noise.Isotropic acts on any flow."
        )
    sense = _checks.one_of("sense", sense, SENSES)
    equation = Equation(flow.dynamics, noise)
    chosen = _solver(solver, sense, equation.additive)
    step, steps = _grid(until.at, _checks.positive("step_size", step_size))
    pieces = _checks.integer("increments", increments, at_least=1)
    if steps * pieces > MOST:
        raise ValueError(f"step_size makes {steps} steps of {pieces} increments, more than {MOST} in all.")
    for name, jumps in (("decay", flow.dynamics.jumps), ("noise", noise.strength.jumps)):
        _check_jumps(name, jumps, step, steps)
    indices = _indices(save, step, steps)
    dtype = jnp.result_type(float)
    return _Request(
        equation, flow.check_start(start), chosen, np.asarray(step, dtype), indices, np.asarray(pieces, np.int32)
    )


def _solver(solver: Any, sense: str, additive: bool) -> Any:
    if solver is None:
        solver = diffrax.ShARK() if additive else diffrax.Euler() if sense == "ito" else diffrax.EulerHeun()
    kinds = {"ito": diffrax.AbstractItoSolver, "stratonovich": diffrax.AbstractStratonovichSolver}
    _checks.instance("solver", solver, diffrax.AbstractItoSolver | diffrax.AbstractStratonovichSolver, "one for SDEs")
    name = type(solver).__name__
    if isinstance(solver, diffrax.AbstractImplicitSolver):
        raise ValueError(f"solver must be explicit, got {name}.")
    if isinstance(solver, diffrax.ItoMilstein):
        raise ValueError("solver ItoMilstein wants the diffusion as a matrix, which is never made here; use Euler.")
    if not additive and not isinstance(solver, kinds[sense]):
        raise ValueError(f"solver must be one for the sense {sense!r}, which diffrax.{name} is not.")
    if isinstance(solver, diffrax.AbstractSRK) and solver.tableau.is_additive_noise() and not additive:
        raise ValueError(f"solver {name} is for noise that does not depend on the state, which this noise does.")
    if getattr(solver, "scan_kind", "lax") is None:
        solver = eqx.tree_at(lambda s: s.scan_kind, solver, "lax", is_leaf=lambda leaf: leaf is None)
    return solver


def _grid(end: Held, step_size: Held) -> tuple[float, int]:
    """The step, and how many of them."""
    if _checks.is_traced(end) or _checks.is_traced(step_size):
        raise ValueError("simulate counts its steps beforehand, so until and step_size cannot be traced.")
    if float(step_size) > float(end) * (1 + ON_GRID):
        raise ValueError(f"step_size must be at most the end {float(end):g}, got {float(step_size):g}.")
    count = float(end) / float(step_size)
    steps = max(int(np.ceil(count - ON_GRID * max(count, 1.0) * 1e-3)), 1)
    return float(end) / steps, steps


def _check_jumps(name: str, jumps: Held, step: float, steps: int) -> None:
    if _checks.is_traced(jumps):
        return
    places = np.asarray(jumps, float) / step
    between = (places < steps) & (np.abs(places - np.round(places)) > ON_GRID * np.maximum(places, 1.0))
    if between.any():
        at = float(np.asarray(jumps)[between][0])
        raise ValueError(f"step_size must have the jump of the {name} at t={at:g} on a step; the step is {step:g}.")


def _indices(save: int | Numeric | None, step: float, steps: int) -> np.ndarray:
    if save is None:
        return np.array([0, steps])
    if isinstance(save, int | np.integer) and not isinstance(save, bool):
        count = _checks.integer("save", int(save), at_least=2)
        if count > steps + 1:
            raise ValueError(f"save must be at most the {steps + 1} points there are, got {count}.")
        return np.round(np.linspace(0, steps, count)).astype(int)
    times = np.asarray(_checks.nonnegative("save", save, shape=None), float)
    if times.ndim != 1 or times.size == 0 or (np.diff(times) <= 0).any():
        raise ValueError(f"save must be a number of points or one increasing axis of times, got shape {times.shape}.")
    places = times / step
    indices = np.round(places).astype(int)
    off = np.abs(places - indices) > ON_GRID * np.maximum(places, 1.0)
    if off.any() or indices[-1] > steps:
        raise ValueError(
            f"save must hold times on steps up to the end; {times[off][0] if off.any() else times[-1]:g} is none with "
            f"{steps} steps of {step:g}."
        )
    return indices


@eqx.filter_jit
def _one(equation, solver, step, indices, pieces, start, key):
    """The parameters at each index, how many steps went well, and the parameters after the last of them."""
    saved, last, final = _states(equation, solver, step, indices, pieces, start, key)
    return saved, last, equation.parameters(final, last * step)


@eqx.filter_jit
def _many(equation, solver, step, indices, pieces, start, keys):
    return jax.vmap(lambda key: _states(equation, solver, step, indices, pieces, start, key)[:2])(keys)


def _states(equation: Equation, solver, step, indices, pieces, start, key):
    indices = jnp.asarray(indices)
    y0 = equation.initial(start)
    driver = equation.driver(y0)
    with_area = isinstance(solver, diffrax.AbstractSRK)
    # A step lies between two jumps of a schedule, and sees the values on its own side of them.
    inside = 8 * jnp.finfo(step.dtype).eps

    drift: Any = equation.drift

    def terms(k):
        path = increment(key, k, step, pieces, driver, with_area)
        return diffrax.MultiTerm(diffrax.ODETerm(drift), Diffusion(equation, path))

    def times(k):
        begin, end = k * step, (k + 1) * step
        return begin + inside * end, end - inside * end

    def advance(k, carry):
        y, memory, last = carry
        moved, _, _, memory, _ = solver.step(terms(k), *times(k), y, None, memory, jnp.asarray(False))
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(moved)]))
        going = finite & (last == k)
        y = jax.tree.map(lambda new, old: jnp.where(going, new, old), moved, y)
        return y, memory, jnp.where(going, k + 1, last)

    def segment(carry, bounds):
        carry = jax.lax.fori_loop(bounds[0], bounds[1], advance, carry)
        return carry, equation.parameters(carry[0], jnp.minimum(bounds[1], carry[2]) * step)

    memory = jax.tree.map(jnp.asarray, solver.init(terms(0), *times(0), y0, None))
    bounds = jnp.stack([jnp.concatenate([jnp.zeros(1, indices.dtype), indices[:-1]]), indices], axis=1)
    (final, _, last), saved = jax.lax.scan(segment, (y0, memory, jnp.zeros((), indices.dtype)), bounds)
    return saved, last, final


def _trajectory(flow: Flow, request: _Request, saved: Parameters, last: int, final: Parameters) -> Trajectory:
    indices, step = request.indices, float(request.step)
    code, detail = Code.REACHED, ""
    kept = int((indices <= last).sum())
    points = indices[:kept]
    saved = jax.tree.map(lambda leaf: leaf[:kept], saved)
    if last < indices[-1]:
        code, detail = Code.BLOW_UP, f"at t={last * step:.6g} after {last} steps"
        if kept == 0 or points[-1] < last:
            points = np.append(points, last)
            saved = jax.tree.map(lambda leaf, end: jnp.concatenate([leaf, end[None]]), saved, final)
    stats = {"steps": last}
    path = from_parameters(flow, points * step, saved, stats, Status(int(code), detail))
    undefined = np.isnan(np.asarray(path.loss))
    if not undefined.any():
        return path
    count = int(undefined.argmax())
    if count == 0:
        raise ValueError(undefined_start(saved))
    # Products of parameters overflow, and their loss with them, long before the parameters do.
    largest = max(float(jnp.max(jnp.abs(leaf[count]))) for leaf in jax.tree.leaves(saved))
    code = Code.BLOW_UP if largest > HUGE else Code.LEFT_DOMAIN
    outside = Status(int(code), f"between t={points[count - 1] * step:.6g} and t={points[count] * step:.6g}")
    saved = jax.tree.map(lambda leaf: leaf[:count], saved)
    return from_parameters(flow, points[:count] * step, saved, stats, outside)
