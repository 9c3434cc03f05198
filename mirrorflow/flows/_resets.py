"""Balances that are set back from time to time while x stays where it is."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Parameters
from ..schedules import Piecewise
from ._dynamics import decay_jumps
from ._flow import Flow
from ._trajectory import Trajectory


def reset(flow: Flow, parameters: Parameters, balance: Numeric) -> Parameters:
    """The parameters of the same x with another balance: flow.lift(g(θ), balance).

    For x=m⊙w: m=√((β+√(β²+4x²))/2), w=x/m.

    **Arguments:** `parameters`: θ; `balance`: ≥ 0, a number or of the shape of x.

    **Raises:** `ValueError` for a flow with a potential, and as `flow.lift` does.

    **Source:** arXiv:2504.12801 (the reset rule); theory page 05.

    >>> flow = mf.Flow(mf.problems.TeacherNeuron(1), reparameterization=mf.reparameterizations.Hadamard(depth=2))
    >>> theta = mf.flows.reset(flow, jnp.array([[2.0, 1.0], [0.5, -1.0]]), balance=1.0)
    >>> (theta[0] ** 2 - theta[1] ** 2).round(12).tolist(), (theta[0] * theta[1]).round(12).tolist()
    ([1.0, 1.0], [1.0, -1.0])
    """
    if flow.reparameterization is None:
        raise ValueError("reset changes how x is split into parameters; a flow with a potential has no parameters.")
    return flow.lift(flow.reparameterization(flow.check_start(parameters)), balance)


def run_with_resets(
    run: Callable[[Parameters], Trajectory], flow: Flow, start: Parameters, *, balance: Numeric, pieces: int
) -> Trajectory:
    """Run from `start`, set the balances back, run on, …: `pieces` runs, and so pieces−1 resets, as one trajectory.

    All pieces are the same computation from other parameters: what one compiles serves all.

    **Arguments:**

    - `run`: a start ↦ a `Trajectory` of the flow or of a discrete twin, such as
      `lambda start: mf.integrate(flow, start, until=mf.until.time(5.0))` or `twin.run`.
    - `flow`, `start`: as for `integrate`, with a reparameterization and without a decay that changes in time (every
      piece begins at t=0).
    - `balance`: as for `reset`; `pieces`: at least 1.

    **Returns:** the pieces one after another on one time axis. A moment of reset is there twice, before and after. A
    piece that does not end well is the last.

    **Raises:** `ValueError` as `reset` does, and for a decay that changes in time.

    **Source:** arXiv:2504.12801 (resets every p epochs); theory page 05.
    """
    _checks.instance("flow", flow, Flow, "an mf.Flow")
    pieces = _checks.integer("pieces", pieces, at_least=1)
    constant = flow.decay is None or (
        isinstance(flow.decay.strength, Piecewise) and np.size(decay_jumps(flow.decay)) == 0
    )
    if not constant:
        raise ValueError("flow must have a decay that does not change in time, for every piece begins at t=0.")
    paths = [run(start)]
    while len(paths) < pieces and paths[-1].status.ok:
        last = jax.tree.map(lambda leaf: leaf[-1], paths[-1].parameters)
        paths.append(run(reset(flow, last, balance)))
    return _joined(paths)


def _joined(paths: list[Trajectory]) -> Trajectory:
    ends = np.cumsum([0.0] + [float(path.time[-1]) for path in paths])
    times = jnp.concatenate([path.time + end for path, end in zip(paths, ends, strict=False)])

    def joined(*leaves):
        return jnp.concatenate(leaves)

    x, loss, log_loss = (jnp.concatenate([getattr(path, name) for path in paths]) for name in ("x", "loss", "log_loss"))
    parameters = jax.tree.map(joined, *(path.parameters for path in paths))
    stats = {name: sum(path.stats[name] for path in paths) for name in paths[-1].stats}
    return Trajectory(times, jnp.log(times), x, parameters, loss, log_loss, paths[-1].flow, stats, paths[-1].status)
