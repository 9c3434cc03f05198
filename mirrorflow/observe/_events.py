"""When something happens along a path."""

import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Anything, Numeric, Parameters, Real
from ..flows import Trajectory


def escape_time(path: Trajectory, to: Numeric, coordinate: int | tuple[int, ...] | None = None) -> Real:
    """The first time at which |x_i| reaches `to`, or ‖x‖_∞ if no coordinate is named; infinite if it never does.

    Between two saved points log|x| is taken to be linear in t (|x| itself from a point at 0).

    **Arguments:**

    - `to`: a positive level or an array of levels.
    - `coordinate`: an index into x, a tuple of indices where x has several axes; of a network, the number of a layer
      and the indices into its weights.

    **Returns:** times in the loss's own unit, of the shape of `to`.

    **Raises:** `ValueError` for a level that is not positive, or a coordinate that x does not have.

    >>> problem = mf.problems.LinearRegression(jnp.eye(1), jnp.ones(1))
    >>> path = mf.Trajectory.from_arrays(time=[0.0, 2.0], parameters=np.array([[1e-4], [1.0]]), problem=problem)
    >>> mf.observe.escape_time(path, [1e-3, 1e-2, 2.0]).round(12).tolist()
    [0.5, 1.0, inf]
    """
    levels = jnp.asarray(_checks.positive("to", to, shape=None))
    if coordinate is None:
        leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(path.x)]
        sizes = jnp.max(jnp.stack([jnp.max(jnp.abs(x.reshape(x.shape[0], -1)), axis=1) for x in leaves]), axis=0)
    else:
        x, coordinate = _leaf(path.x, coordinate)
        sizes = jnp.abs(x[(slice(None), *_index(coordinate, x.shape[1:]))])
    time = jnp.asarray(path.time)
    crossing = jax.vmap(lambda level: _crossing(time, sizes, level))
    return crossing(levels.ravel()).reshape(levels.shape)


def sign_flips(path: Trajectory) -> Parameters:
    """How often each coordinate of x changes its sign along the saved points; zeros in between are skipped.

    **Returns:** counts of the shape of x, for a network a tuple of them, one array a layer. Flips between two saved
    points that undo each other are not seen.

    >>> problem = mf.problems.LinearRegression(jnp.eye(2), jnp.ones(2))
    >>> x = np.array([[1.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [3.0, 1.0]])
    >>> mf.observe.sign_flips(mf.Trajectory.from_arrays(time=np.arange(4.0), parameters=x, problem=problem)).tolist()
    [2, 0]
    """
    return jax.tree.map(lambda x: _flips(jnp.asarray(x)), path.x)


def _flips(x: Real) -> Anything:
    signs = jnp.sign(x)
    points = jnp.arange(signs.shape[0]).reshape(-1, *[1] * (signs.ndim - 1))
    # At each point the sign it has, or the last one it had; 0 only before the first.
    latest = jax.lax.cummax(jnp.where(signs != 0, jnp.broadcast_to(points, signs.shape), 0), axis=0)
    carried = jnp.take_along_axis(signs, latest, axis=0)
    return jnp.sum(carried[1:] * carried[:-1] < 0, axis=0)


def _leaf(x: Parameters, coordinate: int | tuple[int, ...]) -> tuple[Real, int | tuple[int, ...]]:
    """The array of x that a coordinate is one of, and the coordinate within it."""
    if not isinstance(x, tuple | list):
        return jnp.asarray(x), coordinate
    layer, rest = (coordinate[0], coordinate[1:]) if isinstance(coordinate, tuple) and coordinate else (coordinate, ())
    if not isinstance(layer, int) or not 0 <= layer < len(x):
        raise ValueError(f"coordinate must begin with the number of a layer, below {len(x)}, got {coordinate!r}.")
    return jnp.asarray(x[layer]), rest


def _index(coordinate: int | tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    index = coordinate if isinstance(coordinate, tuple) else (coordinate,)
    if len(index) != len(shape) or any(not -n <= i < n for i, n in zip(index, shape, strict=True)):
        raise ValueError(f"coordinate must be an index into x of shape {shape}, got {coordinate!r}.")
    return index


def _crossing(time: Real, sizes: Real, level: Real) -> Real:
    reached = sizes >= level
    after = jnp.argmax(reached)
    before = jnp.maximum(after - 1, 0)
    low, high = sizes[before], sizes[after]
    positive = (low > 0) & (after > 0)
    logs = jnp.log(jnp.where(positive, level / jnp.where(positive, low, 1.0), 1.0))
    span = jnp.log(jnp.where(positive, high / jnp.where(positive, low, 1.0), jnp.e))
    straight = level / jnp.where(high > 0, high, 1.0)
    part = jnp.clip(jnp.where(positive, logs / jnp.where(span > 0, span, 1.0), straight), 0.0, 1.0)
    moment = jnp.where(after == 0, time[0], time[before] + part * (time[after] - time[before]))
    return jnp.where(jnp.any(reached), moment, jnp.inf)
