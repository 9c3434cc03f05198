"""How far the nearest sample is from the wrong side, relative to the size of the classifier."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .._types import Real
from ..flows import Trajectory


def margin(path: Trajectory, horizon: Any) -> Real:
    """γ(x) = min_i y_i⟨x,z_i⟩/φ(x) at each point, negative where x does not separate the data; 0 for x=0.

    γ does not depend on the size of x, which is divided out first: nothing over- or underflows. At x=0, where every
    sample lies on the boundary and there is no direction, γ counts as 0.

    **Arguments:** `path`: on a problem with margins, linear in x; `horizon`: φ, a potential's `horizon` or any norm or
    gauge φ(x) that is positive for x≠0.

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
    return _margins(problem.margins, horizon, jnp.asarray(path.x))


def direction(path: Trajectory, horizon: Any) -> Real:
    """x/φ(x) at each point, 0 for x=0.

    **Arguments:** `horizon`: φ, as for `margin`.

    **Returns:** shape (points, …), that of x.

    **Raises:** `ValueError` for a horizon that is no function.

    **Source:** theory page 04.

    >>> problem = mf.problems.Classification(jnp.eye(2), jnp.ones(2))
    >>> path = mf.Trajectory.from_arrays(time=[0.0], parameters=np.array([[3e300, -1e300]]), problem=problem)
    >>> mf.observe.direction(path, mf.potentials.Lp(1)).tolist()
    [[0.75, -0.25]]
    """
    check_horizon(horizon)
    return _directions(horizon, jnp.asarray(path.x))


def check_horizon(horizon: Any) -> None:
    """`horizon` is a function φ(x)."""
    if horizon is None:
        raise ValueError("horizon is None: this potential has no horizon, so that no margin belongs to it.")
    if not callable(horizon):
        raise ValueError(f"horizon must be a norm or gauge φ(x) such as mf.potentials.Lp(p), got {horizon!r}.")


@eqx.filter_jit
def _margins(margins: Any, horizon: Any, x: Real) -> Real:
    def one(x):
        return jnp.min(margins(_unit(horizon, x)))

    return jax.lax.map(one, x)


@eqx.filter_jit
def _directions(horizon: Any, x: Real) -> Real:
    return jax.lax.map(lambda x: _unit(horizon, x), x)


def _unit(horizon: Any, x: Real) -> Real:
    largest = jnp.max(jnp.abs(x))
    # the gauge sees a nonzero point even where x=0, so that its derivative there is not asked for
    scaled = jnp.where(largest > 0, x / jnp.where(largest > 0, largest, 1.0), 1.0)
    return jnp.where(largest > 0, scaled / horizon(scaled), 0.0)
