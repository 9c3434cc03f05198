"""Laws that are integrals: what a model says of them is checked in numbers before it is reported."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
import sympy

from .._types import Real
from ._model import Integral, Model

if TYPE_CHECKING:
    from ._laws import Law

POINTS = 3
# Relative to the gradients' sizes; integrals are computed to about 1e-13.
ORTHOGONAL = 1e-9
# Independent gradients of random points are far from the span of others; dependent ones come to rounding.
INDEPENDENT = 1e-6


def checked_integrals(model: Model, known: Sequence["Law"]) -> tuple[Integral, ...]:
    """The integrals of the model that are laws at random points, independent of the known ones and of each other."""
    with jax.enable_x64(True):
        random = np.random.default_rng(0)
        points = jnp.asarray(random.standard_normal((POINTS, len(model.variables))))
        features = _stacked(model, model.features)
        laws = _stacked(model, [law.expression for law in known])

        def integrals(flat: Real) -> Real:
            values = [flat[i] for i in range(flat.shape[0])]
            return jnp.stack([each.function(values) for each in model.integrals])

        slopes = jax.jit(
            lambda points: jax.lax.map(lambda p: [jax.jacrev(f)(p) for f in (features, laws, integrals)], points)
        )
        velocities, old, new = (np.asarray(found) for found in slopes(points))
    return tuple(model.integrals[k] for k in _independent(old[0], new[0]) if _orthogonal(new[:, k], velocities))


def _stacked(model: Model, expressions: Sequence[sympy.Expr]):
    function = sympy.lambdify(model.variables, list(expressions), modules=["jax"], cse=True)
    return lambda flat: jnp.stack([jnp.asarray(value, flat.dtype) for value in function(*flat)])


def _orthogonal(normals: np.ndarray, velocities: np.ndarray) -> bool:
    """Whether gradients (points, D) are orthogonal to the velocities (points, features, D) at every point."""
    sizes = np.linalg.norm(normals, axis=-1)[:, None] * np.linalg.norm(velocities, axis=-1)
    return bool((np.abs(np.einsum("pkd,pd->pk", velocities, normals)) <= ORTHOGONAL * sizes).all())


def _independent(old: np.ndarray, new: np.ndarray) -> list[int]:
    """Which of the gradients `new` (laws, D) add to the span of `old`."""
    basis, chosen = np.linalg.qr(old.T)[0], []
    for k, row in enumerate(new):
        rest = row - basis @ (basis.T @ row)
        if np.linalg.norm(rest) > INDEPENDENT * np.linalg.norm(row):
            chosen.append(k)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return chosen
