"""Velocities, and brackets of them, at many points in one compiled program."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ... import _checks
from ..._types import Real
from ._brackets import Combination, nested_bracket


def velocities(fields: Callable[[Real], Real], points: np.ndarray) -> np.ndarray:
    """The values of `fields` at each point, shape (points, fields, D); refuses other shapes and what is not finite."""
    _checks.instance("fields", fields, Callable, "a function of θ")
    values = np.asarray(jax.jit(jax.vmap(fields))(jnp.asarray(points)))
    if values.ndim != 3 or values.shape[2] != points.shape[1]:
        raise ValueError(
            f"fields must make velocities of shape (fields, {points.shape[1]}), got shape {values.shape[1:]}."
        )
    _require_finite(values, "fields")
    return values


def brackets_at(fields: Callable[[Real], Real], points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Nested brackets of combinations with weights (brackets, k, fields), at each point: (points, brackets, D)."""
    combination = _combination_of(fields)

    def at(theta: Real, weights: Real) -> Real:
        return jax.vmap(lambda each: nested_bracket(combination, each, theta))(weights)

    scaled = weights / np.sqrt(weights.shape[-1])
    values = np.asarray(jax.jit(jax.vmap(at, in_axes=(0, None)))(jnp.asarray(points), jnp.asarray(scaled)))
    _require_finite(values, f"brackets of length {weights.shape[1]} of fields")
    return values


def _combination_of(fields: Callable[[Real], Real]) -> Combination:
    """(weights, θ) ↦ Σ_i weights_i·w_i(θ): the fields' own way if they have one."""
    own = getattr(fields, "combine", None)
    return own if own is not None else lambda weights, theta: weights @ fields(theta)


def _require_finite(values: np.ndarray, name: str) -> None:
    for index, rows in enumerate(values):
        if not np.isfinite(rows).all():
            raise ValueError(f"{name} must be finite and smooth near every point, and are not at point {index}.")
