"""Laws that are integrals: what a model says of them is checked in numbers before it is reported."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
import sympy

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
        points = [jnp.asarray(random.standard_normal(len(model.variables))) for _ in range(POINTS)]
        gradients = [jax.grad(_at(each)) for each in model.integrals]
        forces = _forces(model)
        laws = [each for each, g in zip(model.integrals, gradients, strict=True) if _orthogonal(g, forces, points)]
        return tuple(_independent(model, known, laws, points[0]))


def _at(integral: Integral):
    return lambda flat: integral.function([flat[i] for i in range(flat.shape[0])])


def _forces(model: Model):
    features = sympy.lambdify(model.variables, list(model.features), modules=["jax"], cse=True)
    return jax.jacrev(lambda flat: jnp.stack([jnp.asarray(value) for value in features(*flat)]))


def _orthogonal(gradient, forces, points) -> bool:
    for point in points:
        normal, velocities = gradient(point), forces(point)
        size = jnp.linalg.norm(normal) * jnp.linalg.norm(velocities, axis=1)
        if not bool(jnp.all(jnp.abs(velocities @ normal) <= ORTHOGONAL * size)):
            return False
    return True


def _independent(model: Model, known: Sequence["Law"], laws: Sequence[Integral], point) -> list[Integral]:
    rows = [np.asarray(jax.grad(law.residual)(point)) for law in known]
    basis = np.linalg.qr(np.stack(rows).T)[0] if rows else np.zeros((len(model.variables), 0))
    chosen = []
    for law in laws:
        row = np.asarray(jax.grad(_at(law))(point))
        rest = row - basis @ (basis.T @ row)
        if np.linalg.norm(rest) > INDEPENDENT * np.linalg.norm(row):
            chosen.append(law)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return chosen
