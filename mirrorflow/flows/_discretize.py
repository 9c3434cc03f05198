"""The discrete twin of a flow: any optax transformation on the same loss, on the flow's time axis."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from .. import _checks
from .._types import Held, Numeric, Parameters, Scalar
from ..decay import Coupled, Decoupled
from ..geometries import AbstractGeometry
from ..reparameterizations import GradedProduct
from ._dynamics import AbstractDynamics, PotentialDynamics, ReparameterizedDynamics
from ._flow import Flow
from ._network_dynamics import NetworkDynamics
from ._spectral_dynamics import SpectralDynamics
from ._status import Code, Status
from ._trajectory import Trajectory, from_parameters


class Discretization(eqx.Module):
    """See `discretize`."""

    flow: Flow
    transformation: optax.GradientTransformation = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    step_size: Held

    def run(self, start: Parameters, save: int | Sequence[int] | None = None) -> Trajectory:
        """All steps from `start`; step k stands at the time k·step_size.

        **Arguments:** `save`: an integer n ≥ 2 for n steps even in k, the first and the last included; an increasing
        sequence of step numbers; nothing for the two ends.

        **Returns:** a `Trajectory`; if the iterates leave every bound, its status says at which saved step.
        """
        indices = _indices(save, self.steps)
        start = self.flow.check_start(start)
        saved, stop = _run(self.flow.dynamics, self.transformation, self.step_size, start, jnp.asarray(indices))
        code, count = Code.REACHED, len(indices)
        if int(stop) < count:
            code, count = Code.DIVERGED, max(int(stop), 1)
        times = np.asarray(indices[:count]) * np.asarray(self.step_size)
        parameters = jax.tree.map(lambda leaf: leaf[:count], saved)
        detail = ""
        if code != Code.REACHED:
            detail = f"between steps {indices[count - 1]} and {indices[min(count, len(indices) - 1)]}"
        stats = {"steps": int(indices[count - 1]), "gradients": int(indices[count - 1])}
        return from_parameters(self.flow, times, parameters, stats, Status(int(code), detail))


def discretize(
    flow: Flow, transformation: optax.GradientTransformation, *, steps: int, step_size: Numeric
) -> Discretization:
    """The discrete twin of a flow under any optax transformation.

    Each step feeds the gradient of the flow's (coupled-)regularized loss to `transformation`: ∇_θ[f(g(θ))+α_t h(θ)] for
    a reparameterization, ∇f(x) as the step of the dual variable ∇R(x) for a potential (mirror descent), layer by layer
    for a network. Decoupled decay subtracts step_size·α_t·θ. The direction map is the transformation's own business:
    `optax.sgd(η)` is gradient descent, `optax.sign_sgd(η)` sign descent; `scale_by_geometry(flow.geometry)` gives any
    other.

    **Arguments:**

    - `transformation`: holds the learning rate; `step_size` is only what one step counts on the time axis.
    - `steps`: how many steps, at least 1; `step_size`: > 0.

    **Raises:** `ValueError` for a family of potentials (its potential changes without a step), or numbers out of range.

    **Source:** theory page 03 (discrete counterparts).
    """
    _checks.instance("flow", flow, Flow, "an mf.Flow")
    _checks.instance("transformation", transformation, optax.GradientTransformation, "an optax transformation")
    if isinstance(flow.reparameterization, GradedProduct):
        raise ValueError("A graded product has steps of its factors only: discretize the flow of its `plain` product.")
    if not isinstance(flow.dynamics, PotentialDynamics | NetworkDynamics | SpectralDynamics | ReparameterizedDynamics):
        raise ValueError("A family of potentials in time has no gradient step: discretize the flow it came from.")
    steps = _checks.integer("steps", steps, at_least=1)
    return Discretization(flow, transformation, steps, _checks.positive("step_size", step_size))


def scale_by_geometry(geometry: AbstractGeometry) -> optax.GradientTransformation:
    """The direction map of a geometry as an optax transformation, leaf by leaf.

    `optax.chain(scale_by_geometry(mf.geometries.Steepest(q=1.5)), optax.sgd(η))` is steepest descent.
    """

    def update(updates, state, params=None):
        del params

        def leaf(gradient):
            log_speed, direction = geometry.direction(gradient, jnp.zeros((), gradient.dtype))
            return jnp.exp(log_speed) * direction

        return jax.tree.map(leaf, updates), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


class Agreement(NamedTuple):
    """Distances between a flow and its discrete twins: `errors[k]` at `step_sizes[k]`, and the fitted `order`."""

    step_sizes: np.ndarray
    errors: np.ndarray
    order: float


def agreement(
    flow: Flow,
    transformation: Callable[[float], optax.GradientTransformation],
    start: Parameters,
    *,
    time: float,
    step_sizes: Sequence[float],
    points: int = 20,
    reference: Flow | None = None,
    **settings: Any,
) -> Agreement:
    """The order at which discrete twins approach the flow as the step size goes to 0.

    max_k ‖x_discrete(t_k) − x_flow(t_k)‖_∞ over `points` common times is fitted as C·step_size^order.

    **Arguments:** `transformation`: step size ↦ optax transformation; `time`: the end, a multiple of every step size up
    to rounding; `step_sizes`: at least two; `reference`: the flow compared with, if it is another than the one whose
    gradients the steps use; `settings`: passed to `integrate`.

    **Raises:** `ValueError` for fewer than two step sizes, or runs that did not end well.
    """
    from ._integrate import integrate
    from .until import time as until_time

    sizes = np.asarray(_checks.positive("step_sizes", np.asarray(step_sizes, float), shape=None))
    if sizes.size < 2:
        raise ValueError(f"step_sizes must hold at least two sizes, got {sizes.size}.")
    errors = []
    for size in sizes:
        steps = round(time / size)
        discrete = discretize(flow, transformation(float(size)), steps=steps, step_size=time / steps)
        twin = discrete.run(start, save=points)
        compared = flow if reference is None else reference
        path = integrate(compared, start, until=until_time(time), save=np.asarray(twin.time), **settings)
        for name, run in (("discrete", twin), ("continuous", path)):
            if not run.status.ok:
                raise ValueError(f"The {name} run at step size {size:g} did not end well: {run.status}")
        distances = jax.tree.map(lambda a, b: float(jnp.max(jnp.abs(a - b))), twin.x, path.x)
        errors.append(max(jax.tree.leaves(distances)))
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    return Agreement(sizes, np.asarray(errors), float(slope))


def _indices(save: int | Sequence[int] | None, steps: int) -> np.ndarray:
    if save is None:
        return np.array([0, steps])
    if isinstance(save, int | np.integer):
        count = _checks.integer("save", int(save), at_least=2)
        if count > steps + 1:
            raise ValueError(f"save must be at most steps+1 = {steps + 1}, got {count}.")
        return np.round(np.linspace(0, steps, count)).astype(int)
    indices = np.asarray(save)
    if indices.ndim != 1 or indices.dtype.kind not in "iu" or len(indices) == 0:
        raise ValueError("save must be a number of points or a sequence of step numbers.")
    if (np.diff(indices) <= 0).any() or indices[0] < 0 or indices[-1] > steps:
        raise ValueError(f"save must be increasing step numbers from 0 to {steps}.")
    return indices


@eqx.filter_jit
def _run(dynamics: AbstractDynamics, transformation, step_size, start: Parameters, indices):
    """The parameters at each index, and how many of the saved points are finite."""

    def step(k, carry):
        state, memory = carry
        time = k * step_size
        theta = _parameters(dynamics, state)
        gradient = _gradient(dynamics, theta, time)
        updates, memory = transformation.update(gradient, memory, theta)
        moved = optax.apply_updates(state, updates)
        if isinstance(dynamics.decay, Decoupled):
            rate = step_size * dynamics.decay.strength(time)
            moved = jax.tree.map(lambda new, lost: new - rate * lost, moved, _pull(dynamics, theta))
        return moved, memory

    def segment(carry, bounds):
        carry = jax.lax.fori_loop(bounds[0], bounds[1], step, carry)
        return carry, _parameters(dynamics, carry[0])

    bounds = jnp.stack([jnp.concatenate([jnp.zeros(1, indices.dtype), indices[:-1]]), indices], axis=1)
    _, saved = jax.lax.scan(segment, (_state(dynamics, start), transformation.init(start)), bounds)
    finite = jnp.stack([jnp.all(jnp.isfinite(leaf.reshape(len(leaf), -1)), axis=1) for leaf in jax.tree.leaves(saved)])
    return saved, jnp.argmin(jnp.append(jnp.all(finite, axis=0), False))


def _through(dynamics: AbstractDynamics, of: Callable[[Any, Any], Any], values: Parameters) -> Parameters:
    """`of(potential, values)`, layer by layer for a network; the values themselves where there is no potential."""
    if isinstance(dynamics, NetworkDynamics):
        return tuple(of(potential, layer) for potential, layer in zip(dynamics.potentials, values, strict=True))
    if isinstance(dynamics, PotentialDynamics | SpectralDynamics):
        return of(dynamics.potential, values)
    return values


def _state(dynamics: AbstractDynamics, theta: Parameters) -> Parameters:
    """What a step adds to: the dual variable of a potential, else θ itself."""
    return _through(dynamics, lambda potential, x: potential.mirror_map(x), theta)


def _parameters(dynamics: AbstractDynamics, state: Parameters) -> Parameters:
    """The inverse of `_state`."""
    return _through(dynamics, lambda potential, dual: potential.inverse_mirror_map(dual), state)


def _pull(dynamics: AbstractDynamics, theta: Parameters) -> Parameters:
    """What decoupled decay of strength 1 takes from the state."""
    return _through(dynamics, lambda potential, x: potential.metric_times_identity(x), theta)


def _gradient(dynamics: AbstractDynamics, theta: Parameters, time: Scalar) -> Parameters:
    problem = dynamics.problem
    if isinstance(dynamics, ReparameterizedDynamics):
        gradient = dynamics.reparameterization.pull_back(theta, problem.gradient(dynamics.reparameterization(theta)))
    else:
        gradient = problem.gradient(theta)
    if isinstance(dynamics.decay, Coupled):
        gradient = jax.tree.map(jnp.add, gradient, dynamics.decay.gradient(theta, time))
    return gradient
