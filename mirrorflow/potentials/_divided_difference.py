"""Divided differences of a mirror map, without cancellation."""

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Real

if TYPE_CHECKING:
    from ._base import AbstractPotential

_COARSE = np.polynomial.legendre.leggauss(7)
_FINE = np.polynomial.legendre.leggauss(9)
_AGREEMENT = 1e-11
_ROUNDING = 1e-14


def divided_difference(potential: "AbstractPotential", a: Real, b: Real) -> Real:
    """(R'(a)−R'(b))/(a−b), elementwise; R''(a) for a=b.

    Where a is close to b it is the mean of the metric between them by quadrature, if two rules agree with each other
    and, up to rounding, with the quotient. Where they do not, nothing cancels.
    """
    means = [_mean(potential, a, b, rule) for rule in (_COARSE, _FINE)]
    same = a == b
    gap = jnp.where(same, 1.0, a - b)
    at_a, at_b = potential.mirror_map(a), potential.mirror_map(b)
    quotient = (at_a - at_b) / gap
    rounding = _ROUNDING * (jnp.abs(at_a) + jnp.abs(at_b)) / jnp.abs(gap)
    smooth = jnp.abs(means[1] - means[0]) <= _AGREEMENT * means[1]
    smooth &= jnp.abs(means[1] - quotient) <= _AGREEMENT * means[1] + rounding
    return jnp.where(same, potential.metric(a), jnp.where(smooth, means[1], quotient))


def _mean(potential: "AbstractPotential", a: Real, b: Real, rule: tuple[np.ndarray, np.ndarray]) -> Real:
    nodes, weights = rule
    metric = jax.vmap(lambda share: potential.metric(b + share * (a - b)))((nodes + 1) / 2)
    return jnp.tensordot(weights / 2, metric, axes=1)
