"""`sweep`: the same question asked of every point of a grid."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import diffrax
import jax
import numpy as np

from .. import __version__, _checks
from .._accuracy import current
from .._types import Numeric
from ..flows._status import WORDS, Code, Status
from ..flows._task import ATOL, MAX_STEPS, RTOL, Request, make_request, make_task
from ..flows._watch import Display, Interrupts, next_block
from ..flows.clocks import AbstractClock
from ..flows.until import AbstractRule, Either
from ._grid import Grid
from ._lanes import Build, Measure, built, run_lanes

if TYPE_CHECKING:
    import xarray

# What jax raises where a number is needed that only the compiled program will know.
NEEDS_NUMBERS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)


def sweep(
    build: Build,
    grid: Mapping[str, Numeric],
    measure: Measure,
    *,
    until: AbstractRule | Either,
    clock: AbstractClock | None = None,
    save: int | Numeric | None = None,
    rtol: Numeric = RTOL,
    atol: Numeric = ATOL,
    solver: diffrax.AbstractAdaptiveSolver | None = None,
    max_steps: int = MAX_STEPS,
    store: str | os.PathLike | None = None,
    devices: Sequence[Any] | None = None,
    block: int = 64,
    progress: bool | None = None,
) -> "xarray.Dataset":
    """Integrate the flow of every point of a grid and keep what is measured on it.

    All lanes (points of the grid) share one compiled program, in which `build`, the integration and `measure` run for
    one lane after another. No result depends on `block`, on the other lanes, or on their order; each is that of
    `integrate` on the same flow up to rounding, except that the solver stays the same to the end.

    **Arguments:**

    - `build`: called with one number per axis by name, returns a flow and its start. The numbers are traced: they may
      stand wherever a number of a flow stands, but not decide its structure (a depth, a shape, a branch).
    - `grid`: name ↦ numbers, shape (n,); lanes are all combinations. Integers stay integers (seeds, say).
    - `measure`: called with each lane's `Trajectory`, returns a dictionary of numbers or arrays. The status is part of
      the result and cannot be read here; where a lane fails, points it did not reach repeat the last one it did.
    - `until`, `clock`, `save`, `rtol`, `atol`, `max_steps`: as in `integrate`, for every lane.
    - `solver`: any adaptive diffrax solver; Tsit5 unless given. Name an L-stable one for a grid of stiff flows.
    - `store`, `devices`: not available yet; results are kept in memory.
    - `block`: the most lanes in one call of the program; progress and Ctrl-C act between calls.
    - `progress`: whether to show progress; by default in a terminal once a sweep takes longer than two seconds.

    **Returns:** an `xarray.Dataset` over the axes of the grid with the measurements (further axes of an array `a` are
    called `a_axis_0`, …), `status` (its meaning in its attributes), `status_ok` and `steps`.

    **Raises:** `ValueError` for a bad grid or argument, and where `build` refuses an extreme of an axis: the smallest
    and the largest number of each axis are built eagerly first. `KeyboardInterrupt` on Ctrl-C.

    **Source:** theory page 00; `integrate`.

    >>> problem = mf.problems.LinearRegression(jnp.ones((1, 2)), jnp.ones(1))
    >>> def build(alpha):
    ...     flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    ...     return flow, flow.lift(x=jnp.array([0.1, 0.0]), balance=alpha)
    >>> measure = lambda path: {"x": path.x[-1]}
    >>> data = mf.ensembles.sweep(build, {"alpha": [0.01, 100.0]}, measure, until=mf.until.stationary(1e-9))
    >>> data.x.values.round(2).tolist(), data.status_ok.values.tolist()
    ([[0.98, 0.02], [0.55, 0.45]], [True, True])
    """
    for name, value in (("store", store), ("devices", devices)):
        if value is not None:
            raise ValueError(f"{name} is not available yet: a sweep runs here and returns its results in memory.")
    block = _checks.integer("block", block, at_least=1)
    points = Grid(grid, build)
    request = make_request(until, clock, save, rtol, atol, solver, max_steps)
    _try_extremes(build, points, request)
    return _dataset(points, _run(build, measure, points, request, block, progress))


def _try_extremes(build: Build, grid: Grid, request: Request) -> None:
    for numbers in grid.extremes():
        try:
            flow, _ = built(build, numbers)
            make_task(flow, request)
        except (ValueError, TypeError) as error:
            place = ", ".join(f"{name}={value}" for name, value in numbers.items())
            raise ValueError(f"The grid cannot be built at {place}: {error}") from error


def _run(build, measure, grid: Grid, request: Request, block: int, progress: bool | None) -> dict[str, np.ndarray]:
    parts, done, count = [], 0, 1
    accuracy = np.asarray(current(), float)
    with Display(progress) as display, Interrupts() as interrupts:
        while done < grid.lanes:
            count = min(count, grid.lanes - done)
            before = time.monotonic()
            part = _call(build, measure, request, accuracy, grid.numbers(done, block), np.asarray(count, np.int32))
            parts.append({name: np.asarray(values)[:count] for name, values in part.items()})
            done += count
            if display.due:
                display.say(f"sweeping  {done:,} of {grid.lanes:,} flows")
            if interrupts.pending:
                raise KeyboardInterrupt(f"sweep was interrupted after {done} of {grid.lanes} flows")
            count = next_block(count, time.monotonic() - before, 1, block)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _call(build, measure, *arguments) -> dict[str, jax.Array]:
    try:
        return run_lanes(build, measure, *arguments)
    except NEEDS_NUMBERS as error:
        raise ValueError(
            "build and measure run inside one compiled program for all points of the grid, so the numbers they are "
            "given must not decide a Python branch or a shape, nor be turned into Python or NumPy numbers."
        ) from error


def _dataset(grid: Grid, found: dict[str, np.ndarray]) -> "xarray.Dataset":
    try:
        import xarray
    except ImportError as error:  # pragma: no cover
        raise ImportError("sweep needs xarray: pip install 'mirrorflow[data]'.") from error
    names = tuple(grid.axes)
    variables: dict[str, Any] = {}
    for name, values in found.items():
        dims = (*names, *[f"{name}_axis_{i}" for i in range(values.ndim - 1)])
        variables[name] = (dims, values.reshape(*grid.shape, *values.shape[1:]))
    codes = found["status"].reshape(grid.shape)
    meanings = {f"code_{int(code)}": words for code, words in WORDS.items() if (codes == code).any()}
    variables["status"] = (names, codes, meanings)
    good = [int(code) for code in Code if Status(int(code)).ok]
    variables["status_ok"] = (names, np.isin(codes, good))
    attributes = {"integrated": grid.lanes, "mirrorflow_version": __version__, "jax_version": jax.__version__}
    return xarray.Dataset(variables, coords=grid.axes, attrs=attributes)
