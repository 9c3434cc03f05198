"""As many dual vectors as it takes for their steepest velocities to span those of all dual vectors."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ..._types import Numeric
from ...geometries import AbstractGeometry, AbstractSteepest, Spectral
from ._polar import SMALLEST
from ._rank import double_precision, normalized, span
from ._steepest import ZERO, Jacobian, matrices_of, unknown

# How far columns of size 1 may be from parallel: above the rounding of a derivative, below what random points make.
PARALLEL = 1e-9
# The most dual vectors tried, in units of the number of parameters.
MOST_DUALS = 64


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
        raise ValueError(unknown(geometry))
    factors = []
    for part, shape in matrices_of(shapes, gradients.shape[1]):
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
