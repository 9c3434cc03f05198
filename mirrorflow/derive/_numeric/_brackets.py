"""Lie brackets of brackets, by automatic differentiation."""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp

from ..._types import Real, Scalar

# θ ↦ (the field's value, how much of it cancellation has left: 1 for a generator).
Field: TypeAlias = Callable[[Real], tuple[Real, Scalar]]
# (weights, θ) ↦ Σ_i weights_i·w_i(θ).
Combination: TypeAlias = Callable[[Real, Real], Real]


def bracket(first: Field, second: Field) -> Field:
    """[X, Y] = DY·X − DX·Y, and what cancellation leaves: |[X, Y]|/(|DY·X|+|DX·Y|+|X||Y|/|θ|) times that of X and Y.

    Two fields that commute have a bracket of rounded zeros; the second number tells them from small fields. The last
    term is what a field makes that changes by its own size on the way to θ=0: against it, the derivatives of a field
    that is constant but for rounding are small.
    """

    def field(theta: Real) -> tuple[Real, Scalar]:
        x, _ = first(theta)
        y, y_along_x, left_of_y = jax.jvp(second, (theta,), (x,), has_aux=True)
        _, x_along_y, left_of_x = jax.jvp(first, (theta,), (y,), has_aux=True)
        value = y_along_x - x_along_y
        ordinary = _ratio(jnp.linalg.norm(x) * jnp.linalg.norm(y), jnp.linalg.norm(theta))
        before = jnp.linalg.norm(y_along_x) + jnp.linalg.norm(x_along_y) + ordinary
        return value, left_of_x * left_of_y * _ratio(jnp.linalg.norm(value), before)

    return field


def nested_bracket(combination: Combination, weights: Real, theta: Real) -> Real:
    """[f₁, [f₂, … [f_{k−1}, f_k]]] at θ for f_j=Σ_i weights_{ji}w_i, of size 1 less what cancellation took.

    The brackets of length k are spanned by the nested ones, which are linear in each f_j: those of random combinations
    span, with probability one, as many directions as there are, until all are spanned. So a level needs as many of them
    as directions are missing, however many pairs of fields there are.

    **Arguments:** `weights`: shape (k, fields); `theta`: shape (D,).
    """
    generators = [_generator(combination, row) for row in weights]
    field = generators[-1]
    for generator in reversed(generators[:-1]):
        field = bracket(generator, field)
    value, left = field(theta)
    return value * _ratio(left, jnp.linalg.norm(value))


def _generator(combination: Combination, weights: Real) -> Field:
    return lambda theta: (combination(weights, theta), jnp.ones((), theta.dtype))


def _ratio(part: Scalar, whole: Scalar) -> Scalar:
    """part/whole, 0 where there is nothing."""
    there = whole > 0
    return jnp.where(there, part / jnp.where(there, whole, 1.0), 0.0)
