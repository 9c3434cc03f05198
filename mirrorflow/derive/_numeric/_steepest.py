"""The velocities of steepest flows, exact, in the cell around a point in which no entry of a gradient changes sign."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ... import _checks
from ..._types import Numeric, Real
from ...geometries import AbstractGeometry, AbstractSteepest, Spectral
from ._polar import SMALLEST, polar, rank_of
from ._rank import double_precision, normalized, span

Jacobian = Callable[[Real], Real]
# An entry of a gradient below this part of its largest is taken for one that is 0 for every θ.
ZERO = 1e-9
# How far columns of size 1 may be from parallel: above the rounding of a derivative, below what random points make.
PARALLEL = 1e-9
# The most dual vectors tried, in units of the number of parameters.
MOST_DUALS = 64


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
        matrices = _matrices(shapes, at.size)
        ranks = [[rank_of(row[part].reshape(shape)) for part, shape in matrices] for row in gradients]
        return lambda theta: -_polar_factors(given @ jacobian(theta), matrices, ranks)
    raise ValueError(_unknown(geometry))


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


def _matrices(shapes: Mapping[str, tuple[int, ...]] | None, size: int) -> list[tuple[slice, tuple[int, ...]]]:
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


@dataclass(frozen=True)
class Duals:
    """Dual vectors `values`, shape (rank, outputs), with independent velocities at a point, as many as could be found:
    `rank`. `bound`: what the rank is if every dual vector is allowed, None where no formula is known. `enough`: all
    velocities are spanned, by the bound or, without one, because twice as many dual vectors spanned no more.
    """

    values: np.ndarray
    rank: int
    bound: int | None
    enough: bool


def spanning_duals(
    jacobian: Jacobian,
    geometry: AbstractGeometry,
    point: Numeric,
    *,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    seed: int = 0,
) -> Duals:
    """Random dual vectors whose steepest velocities span those of all dual vectors at a point.

    For q<2 the span of sign(JᵀG)|JᵀG|^{q−1} over all G has as many dimensions as J has columns that are not 0 and not
    parallel: the entries of JᵀG vanish on different hyperplanes, each of which can be crossed alone, where only its own
    entry jumps (or has an infinite slope); on parallel columns the entries stay proportional. For q=2 it is the rank
    of J.

    **Arguments:** as for `steepest_fields`; `seed`: of the random vectors.

    **Source:** theory page 07 (the counts of sign flow).
    """
    at = double_precision("point", point, axes=(1,))
    j = np.asarray(jax.jit(jacobian)(jnp.asarray(at)))
    bound, random = _bound(geometry, j), np.random.default_rng(seed)
    values, before = np.zeros((0, len(j))), -1
    while True:
        values = np.concatenate([values, random.standard_normal((max(len(values), at.size + 1), len(j)))])
        velocities = normalized(_velocities(geometry, values @ j, shapes))
        rank = span(velocities).rank
        enough = rank == bound if bound is not None else rank == before
        if enough or len(values) > MOST_DUALS * at.size:
            return Duals(values[_independent(velocities, rank)], rank, bound, enough)
        before = rank


def _velocities(geometry: AbstractGeometry, gradients: np.ndarray, shapes) -> np.ndarray:
    """What `steepest_fields` computes at one point, for as many gradients as one likes and without compiling."""
    if isinstance(geometry, AbstractSteepest):
        moving = np.abs(gradients) > ZERO * np.max(np.abs(gradients), axis=1, keepdims=True)
        return np.where(moving, np.sign(gradients) * np.abs(gradients) ** (float(geometry.q) - 1), 0.0)
    if not isinstance(geometry, Spectral):
        raise ValueError(_unknown(geometry))
    factors = []
    for part, shape in _matrices(shapes, gradients.shape[1]):
        stack = gradients[:, part].reshape(-1, *shape)
        left, values, right = np.linalg.svd(stack, full_matrices=False)
        kept = values > SMALLEST * values[:, :1]
        factors.append(((left * kept[:, None, :]) @ right).reshape(len(gradients), -1))
    return np.concatenate(factors, axis=1)


def _independent(rows: np.ndarray, rank: int) -> list[int]:
    """`rank` rows that span all, each the one furthest from the span of those before."""
    rest, chosen = np.array(rows), []
    for _ in range(rank):
        chosen.append(int(np.argmax(np.linalg.norm(rest, axis=1))))
        unit = rest[chosen[-1]] / np.linalg.norm(rest[chosen[-1]])
        rest = rest - np.outer(rest @ unit, unit)
    return chosen


def _unknown(geometry: AbstractGeometry) -> str:
    name = type(geometry).__name__
    return f"geometry must be Euclidean, Steepest, Sign or Spectral of mf.geometries, got {name}."


def _bound(geometry: AbstractGeometry, j: np.ndarray) -> int | None:
    if not isinstance(geometry, AbstractSteepest):
        return None
    if float(geometry.q) == 2.0:
        return span(normalized(j)).rank
    return len(parallel_classes(j))


def parallel_classes(j: np.ndarray) -> list[list[int]]:
    """The columns of J that are not 0, in classes of parallel ones."""
    sizes = np.linalg.norm(j, axis=0)
    classes: list[list[int]] = []
    for index in np.flatnonzero(sizes > ZERO * max(np.max(sizes, initial=0.0), np.finfo(float).tiny)):
        column = j[:, index] / sizes[index]
        for each in classes:
            other = j[:, each[0]] / sizes[each[0]]
            if np.linalg.norm(column - (column @ other) * other) < PARALLEL:
                each.append(int(index))
                break
        else:
            classes.append([int(index)])
    return classes
