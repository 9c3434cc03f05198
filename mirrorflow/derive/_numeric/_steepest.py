"""The velocities of steepest flows, exact, in the cell around a point in which no entry of a gradient changes sign."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from ... import _checks
from ..._types import Numeric, Real
from ...geometries import AbstractGeometry, AbstractSteepest, Spectral
from ._polar import polar, rank_of
from ._rank import double_precision

Jacobian = Callable[[Real], Real]
# An entry of a gradient below this part of its largest is taken for one that is 0 for every θ.
ZERO = 1e-9


def steepest_fields(
    jacobian: Jacobian,
    geometry: AbstractGeometry,
    duals: Numeric,
    point: Numeric,
    *,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Callable[[Real], Real]:
    """θ ↦ −direction(J(θ)ᵀG) for each of the dual vectors G, without smoothing, near a point.

    sign(a)|a|^{q−1} in each entry for exponent q, the polar factor of each array for the spectral geometry.

    **Arguments:**

    - `jacobian`: θ ↦ J, (D,) ↦ (outputs, D).
    - `geometry`: of `mf.geometries`.
    - `duals`: G, shape (fields, outputs): what the gradient of a loss may be at x.
    - `point`: shape (D,); entries of JᵀG that vanish there are held at 0, matrices keep the rank they have there.
    - `shapes`: name ↦ (rows, columns) of the arrays of which θ consists, in order; needed by the spectral geometry.

    **Returns:** a function (D,) ↦ (fields, D).

    **Raises:** `ValueError` for shapes that do not fit, single precision, or a geometry that is not known.

    **Source:** theory pages 00, 03 and 07.
    """
    at = double_precision("point", point, axes=(1,))
    given = double_precision("duals", duals, axes=(2,))
    gradients = given @ _jacobian_at(jacobian, at, given.shape[1])
    if isinstance(geometry, AbstractSteepest):
        moving = np.abs(gradients) > ZERO * np.max(np.abs(gradients), axis=1, keepdims=True)
        return lambda theta: -_powers(geometry, given @ jacobian(theta), moving)
    if isinstance(geometry, Spectral):
        matrices = matrices_of(shapes, at.size)
        ranks = [[rank_of(row[part].reshape(shape)) for part, shape in matrices] for row in gradients]
        return lambda theta: -_polar_factors(given @ jacobian(theta), matrices, ranks)
    raise ValueError(unknown(geometry))


def _powers(geometry: AbstractSteepest, gradients: Real, moving: np.ndarray) -> Real:
    # An entry that is 0 near the point keeps no derivative, which |a|^{q−1} would make infinite.
    held = jnp.where(moving, gradients, 1.0)
    return jnp.where(moving, geometry.weight(held), 0.0)


def _polar_factors(gradients: Real, matrices: list, ranks: list[list[int]]) -> Real:
    def of_row(row: Real, own: list[int]) -> Real:
        pairs = zip(matrices, own, strict=True)
        return jnp.concatenate([polar(row[part].reshape(shape), rank).ravel() for (part, shape), rank in pairs])

    # One dual after another only where their ranks differ: the same program serves all those that agree.
    if all(own == ranks[0] for own in ranks):
        return jax.vmap(lambda row: of_row(row, ranks[0]))(gradients)
    return jnp.stack([of_row(row, own) for row, own in zip(gradients, ranks, strict=True)])


def matrices_of(shapes: Mapping[str, tuple[int, ...]] | None, size: int) -> list[tuple[slice, tuple[int, ...]]]:
    """Where each matrix stands in a flat θ, and its shape."""
    if not shapes:
        raise ValueError("shapes must name the matrices of θ for the spectral geometry, such as {'U': (3, 2)}.")
    found, begin = [], 0
    for name, shape in shapes.items():
        if len(shape) != 2:
            raise ValueError(f"shapes[{name!r}] must be (rows, columns) for the spectral geometry, got {shape}.")
        found.append((slice(begin, begin + shape[0] * shape[1]), tuple(shape)))
        begin += shape[0] * shape[1]
    if begin != size:
        raise ValueError(f"shapes must have as many entries as θ, {size}, got {begin} in {dict(shapes)}.")
    return found


def _jacobian_at(jacobian: Jacobian, at: np.ndarray, outputs: int) -> np.ndarray:
    found = np.asarray(jax.jit(jacobian)(jnp.asarray(at)))
    if found.shape != (outputs, at.size):
        raise ValueError(f"jacobian must have shape ({outputs}, {at.size}) as duals and point say, got {found.shape}.")
    return np.asarray(_checks.number("jacobian", found, shape=None))


def unknown(geometry: AbstractGeometry) -> str:
    """What a geometry without known velocities is told."""
    name = type(geometry).__name__
    return f"geometry must be Euclidean, Steepest, Sign or Spectral of mf.geometries, got {name}."
