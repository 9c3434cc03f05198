"""What a run returns."""

from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import __version__, _checks
from .._types import Anything, Numeric, Parameters
from ..problems import AbstractProblem
from ..reparameterizations import AbstractReparameterization
from ._field import Points
from ._status import Code, Status
from .clocks import log_time

if TYPE_CHECKING:
    import xarray

    from ..decay import AbstractDecay
    from ..geometries import AbstractGeometry
    from ..potentials import AbstractPotential
    from ._flow import Flow


class Trajectory(eqx.Module):
    """A flow's path, its points along the first axis of everything.

    - `time`, `log_time`: t and log t, shape (points,); t is `inf` where it leaves the range of floats, log t does not.
    - `x`: the predictor, shape (points, …).
    - `parameters`: the start's pytree with a leading axis (for a potential: x itself).
    - `loss`, `log_loss`: f and log f, shape (points,).
    - `stats`: numbers of steps, of those rejected, of implicit ones, of right-hand sides in explicit ones, of passes;
      where it may slide also of `events`, and `slid`, the part of the path that did.
    - `status`: how the run ended, in words; `status.ok`.
    - `flow`: what was integrated; None for a run made elsewhere without a geometry.
    """

    time: Any
    log_time: Any
    x: Any
    parameters: Parameters
    loss: Any
    log_loss: Any
    flow: Any
    stats: dict[str, Any]
    status: Status = eqx.field(static=True)

    def to_xarray(self) -> "xarray.Dataset":
        """The path as a labelled `xarray.Dataset` with versions and status as attributes.

        Of a network, `x.0`, `x.1`, … are the layers.

        **Raises:** `ImportError` that names the extra to install if xarray is missing.
        """
        try:
            import xarray
        except ImportError as error:  # pragma: no cover
            raise ImportError("to_xarray needs xarray: pip install 'mirrorflow[data]'.") from error
        problem = self.flow.problem
        axes = tuple(problem.axis_names)
        arrays: dict[str, Any] = {}
        if isinstance(self.x, tuple | list):
            for i, (layer, names) in enumerate(zip(self.x, axes, strict=True)):
                arrays[f"x.{i}"] = (("time", *names), np.asarray(layer))
        else:
            arrays["x"] = (("time", *axes), np.asarray(self.x))
        for name in ("loss", "log_loss", "log_time"):
            arrays[name] = (("time",), np.asarray(getattr(self, name)))
        if self.flow.reparameterization is not None:
            arrays.update(_labelled_parameters(self.parameters, self.flow.reparameterization, axes))
        attributes = {
            "mirrorflow_version": __version__,
            "jax_version": jax.__version__,
            "status": str(self.status),
            "status_ok": int(self.status.ok),
            **{key: float(value) if key == "slid" else int(value) for key, value in self.stats.items()},
        }
        return xarray.Dataset(arrays, coords={"time": np.asarray(self.time)}, attrs=attributes)

    @classmethod
    def from_arrays(
        cls,
        *,
        time: Numeric,
        parameters: Parameters,
        problem: AbstractProblem,
        reparameterization: AbstractReparameterization | None = None,
        potential: "AbstractPotential | None" = None,
        geometry: "AbstractGeometry | None" = None,
        decay: "AbstractDecay | None" = None,
    ) -> "Trajectory":
        """A run made elsewhere (another framework's logs), which every observer and claim then reads.

        **Arguments:**

        - `time`: shape (points,), increasing, t ≥ 0.
        - `parameters`: a pytree of arrays with a leading axis of that length; without a reparameterization, x itself.
        - `problem`, and the coordinates, geometry and decay the run was made with, as in `Flow`.

        **Raises:** `ValueError` for lengths that differ, times that do not increase, entries that are not finite, or
        parameters the reparameterization does not accept.
        """
        from ..potentials import Quadratic
        from ._flow import Flow

        times = np.asarray(_checks.nonnegative("time", time, shape=None), float)
        if times.ndim != 1 or len(times) == 0 or (np.diff(times) <= 0).any():
            raise ValueError(f"time must be one strictly increasing axis, got shape {times.shape}.")
        held = jax.tree.map(lambda leaf: jnp.asarray(_checks.number("parameters", leaf, shape=None)), parameters)
        for leaf in jax.tree.leaves(held):
            if leaf.ndim == 0 or leaf.shape[0] != len(times):
                raise ValueError(f"parameters must have {len(times)} points on their first axis, got {leaf.shape}.")
        if reparameterization is None and potential is None:
            potential = Quadratic()
        flow = Flow(problem, potential=potential, reparameterization=reparameterization, geometry=geometry, decay=decay)
        flow.check_start(jax.tree.map(lambda leaf: leaf[0], held))
        return from_parameters(flow, times, held, {"steps": len(times) - 1}, Status(int(Code.REACHED)))


def from_points(flow: "Flow", points: Points, stats: dict[str, Any], status: Status) -> Trajectory:
    """A trajectory from the points of a driven flow."""
    time, log_times, parameters, x, loss, log_loss = points
    return Trajectory(time, log_times, x, parameters, loss, log_loss, flow, stats, status)


def from_parameters(
    flow: "Flow", times: Anything, parameters: Parameters, stats: dict[str, Any], status: Status
) -> Trajectory:
    """A trajectory from its parameters; predictors and losses are computed here."""
    x, loss, log_loss = derive(flow.problem, flow.reparameterization, parameters)
    return Trajectory(jnp.asarray(times), _log_times(times), x, parameters, loss, log_loss, flow, stats, status)


def undefined_start(parameters: Parameters) -> str:
    """What to say of a start whose loss is NaN, given the parameters along the path."""
    largest = max(float(np.max(np.abs(np.asarray(leaf[0])))) for leaf in jax.tree.leaves(parameters))
    most = float(np.sqrt(jnp.finfo(jnp.result_type(float)).max))
    if largest > most:
        return (
            f"start must stay below {most:.2g}, where squares leave the range of floats, got an entry of size "
            f"{largest:g}: the loss there overflows to NaN."
        )
    return "start lies outside the problem's domain: the loss at t=0 is NaN."


@eqx.filter_jit
def derive(problem, reparameterization, parameters):
    """x, f and log f of parameters with a leading axis."""

    def one(theta):
        x = theta if reparameterization is None else reparameterization(theta)
        return x, problem.loss(x), problem.log_loss(x)

    return jax.lax.map(one, parameters)


@jax.jit
def _log_times(times):
    return log_time(jnp.log1p(times))


def _labelled_parameters(parameters, reparameterization, axes) -> dict[str, Any]:
    leaves, _ = jax.tree_util.tree_flatten_with_path(parameters)
    labelled = {}
    for path, leaf in leaves:
        array = np.asarray(leaf)
        name = "parameters" + "".join(f".{getattr(key, 'key', getattr(key, 'idx', key))}" for key in path)
        front = reparameterization.parameter_axes
        if not path and front is not None and array.ndim == 1 + len(front) + len(axes):
            dims = ("time", *front, *axes)
        else:
            dims = ("time", *[f"{name}_axis_{i}" for i in range(array.ndim - 1)])
        labelled[name] = (dims, array)
    return labelled
