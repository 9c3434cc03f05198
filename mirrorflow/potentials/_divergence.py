"""Bregman divergences without cancellation."""

from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Real
from . import _derivatives as derivatives

if TYPE_CHECKING:
    from ._base import AbstractPotential

_COARSE = np.polynomial.legendre.leggauss(7)
_FINE = np.polynomial.legendre.leggauss(9)
_AGREEMENT = 1e-11
_ROUNDING = 1e-14


@eqx.filter_custom_jvp
def divergence(potential: "AbstractPotential", x: Real, y: Real) -> Real:
    """R(x)−R(y)−R'(y)(x−y), elementwise.

    Where x is close to y all digits of that difference cancel. There it is ∫_y^x (x−s)R''(s) ds by quadrature, if two
    rules agree and their nodes give ∫_y^x R''(s) ds = R'(x)−R'(y): then the metric is smooth between y and x. Where it
    is not, nothing cancels.
    """
    return _divergence(potential, x, y)


def _divergence(potential: "AbstractPotential", x: Real, y: Real) -> Real:
    at_x, at_y = potential._mirror_map(x), potential._mirror_map(y)
    values = potential._value(x), potential._value(y)
    difference = values[0] - values[1] - jnp.where(x == y, 0.0, at_y * (x - y))
    # Where a value leaves the range of floats so does the divergence; ∞−∞ says nothing.
    overflown = (jnp.isinf(values[0]) | jnp.isinf(values[1])) & ~jnp.isnan(at_y)
    difference = jnp.where(overflown, jnp.where(x == y, 0.0, jnp.inf), difference)
    coarse, _ = _remainder(potential, x, y, _COARSE)
    fine, rise = _remainder(potential, x, y, _FINE)
    rounding = _ROUNDING * (jnp.abs(at_x) + jnp.abs(at_y))
    smooth = jnp.abs(fine - coarse) <= _AGREEMENT * jnp.abs(fine)
    smooth &= jnp.abs(rise - (at_x - at_y)) <= _AGREEMENT * jnp.abs(rise) + rounding
    return jnp.where(smooth, fine, jnp.maximum(difference, 0.0))


@divergence.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    potential, x, y = primals
    along_x = derivatives.mirror_map(potential, x) - derivatives.mirror_map(potential, y)
    along_y = potential._metric(y) * (y - x)
    slopes = (
        None if tangents[1] is None else along_x * tangents[1],
        None if tangents[2] is None else along_y * tangents[2],
        derivatives.partial(lambda p: _divergence(p, x, y), potential, tangents[0]),
    )
    present = [slope for slope in slopes if slope is not None]
    return divergence(potential, x, y), sum(present[1:], start=present[0])


def _remainder(potential: "AbstractPotential", x: Real, y: Real, rule: tuple[np.ndarray, np.ndarray]) -> tuple:
    """∫(x−s)R''(s) ds and ∫R''(s) ds from y to x."""
    nodes, weights = rule
    fractions = (nodes + 1) / 2
    metric = jax.vmap(lambda fraction: potential._metric(y + fraction * (x - y)))(fractions)
    first = jnp.tensordot(weights / 2 * (1 - fractions), metric, axes=1) * (x - y) ** 2
    return first, jnp.tensordot(weights / 2, metric, axes=1) * (x - y)
