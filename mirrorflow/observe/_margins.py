"""How far the nearest sample is from the wrong side, relative to the size of the classifier, linear or a network."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .._types import Parameters, Real
from ..flows import Trajectory


def margin(path: Trajectory, horizon: Any) -> Real:
    """γ(x) = min_i y_i⟨x,z_i⟩/φ(x) at each point, negative where x does not separate the data; 0 for x=0.

    Of a network, γ(θ) = min_i q_i(θ)/φ(θ)^L with its margins q_i and its degree L, φ over all its weights.

    γ does not depend on the size of x, which is divided out first: nothing over- or underflows. At x=0, where every
    sample lies on the boundary and there is no direction, γ counts as 0.

    **Arguments:** `path`: on a problem with margins, homogeneous in x; `horizon`: φ, a potential's `horizon` or any
    norm or gauge φ(x) that is positive for x≠0.

    **Returns:** shape (points,).

    **Raises:** `ValueError` for a problem without margins, or a horizon that is no function.

    **Source:** theory page 04.

    >>> problem = mf.problems.Classification(jnp.eye(2), jnp.ones(2))
    >>> path = mf.Trajectory.from_arrays(time=[0.0, 1.0], parameters=np.array([[0.0, 0.0], [3e300, 1e300]]),
    ...                                  problem=problem)
    >>> mf.observe.margin(path, mf.potentials.Lp(1)).tolist()
    [0.0, 0.25]
    """
    check_horizon(horizon)
    problem = path.flow.problem
    if not hasattr(problem, "margins"):
        raise ValueError(
            f"margin needs a problem with margins, such as a Classification; got {type(problem).__name__}."
        )
    return _margins(problem.margins, horizon, jax.tree.map(jnp.asarray, path.x))


def direction(path: Trajectory, horizon: Any) -> Parameters:
    """x/φ(x) at each point, 0 for x=0; of a network, φ over all its weights.

    **Arguments:** `horizon`: φ, as for `margin`.

    **Returns:** shape (points, …), that of x; for a network a tuple, one array a layer.

    **Raises:** `ValueError` for a horizon that is no function.

    **Source:** theory page 04.

    >>> problem = mf.problems.Classification(jnp.eye(2), jnp.ones(2))
    >>> path = mf.Trajectory.from_arrays(time=[0.0], parameters=np.array([[3e300, -1e300]]), problem=problem)
    >>> mf.observe.direction(path, mf.potentials.Lp(1)).tolist()
    [[0.75, -0.25]]
    """
    check_horizon(horizon)
    return _directions(horizon, jax.tree.map(jnp.asarray, path.x))


def check_horizon(horizon: Any) -> None:
    """`horizon` is a function φ(x)."""
    if horizon is None:
        raise ValueError("horizon is None: this potential has no horizon, so that no margin belongs to it.")
    if not callable(horizon):
        raise ValueError(f"horizon must be a norm or gauge φ(x) such as mf.potentials.Lp(p), got {horizon!r}.")


@eqx.filter_jit
def _margins(margins: Any, horizon: Any, x: Parameters) -> Real:
    def one(x):
        return jnp.min(margins(in_units(horizon, x)))

    return jax.lax.map(one, x)


@eqx.filter_jit
def _directions(horizon: Any, x: Parameters) -> Parameters:
    return jax.lax.map(lambda x: in_units(horizon, x), x)


def in_units(horizon: Any, x: Parameters) -> Parameters:
    """x/φ(x), 0 for x=0."""
    leaves = jax.tree.leaves(x)
    largest = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in leaves]))
    # the gauge sees a nonzero point even where x=0, so that its derivative there is not asked for
    scaled = [jnp.where(largest > 0, leaf / jnp.where(largest > 0, largest, 1.0), 1.0) for leaf in leaves]
    size = horizon(jnp.concatenate([leaf.ravel() for leaf in scaled]) if isinstance(x, tuple | list) else scaled[0])
    units = [jnp.where(largest > 0, leaf / size, 0.0) for leaf in scaled]
    return jax.tree.unflatten(jax.tree.structure(x), units)
