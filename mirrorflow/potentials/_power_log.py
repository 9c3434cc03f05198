"""The logarithm's neighbours (x^g−1)/g, smooth in g through g=0, with their derivatives."""

import jax.numpy as jnp

from .._types import Real

_SMALL = 1e-4  # the fifth powers that the series below leave out are below rounding


def power_log(log_x: Real, gap: Real) -> Real:
    """(x^g−1)/g of log x; log x for g=0."""
    return log_x * expm1_quotient(gap * log_x)


def log_power_exp(y: Real, gap: Real) -> Real:
    """log x of (x^g−1)/g=y: log(1+gy)/g; ∞ where there is no such x for g<0, −∞ for g>0."""
    power = gap * y
    small, beyond = jnp.abs(power) < _SMALL, power <= -1
    safe = jnp.where(small | beyond, 1.0, power)
    near = jnp.where(small, power, 0.0)
    series = 1 - near * (1 / 2 - near * (1 / 3 - near * (1 / 4 - near / 5)))
    return jnp.where(beyond, -jnp.sign(gap) * jnp.inf, y * jnp.where(small, series, jnp.log1p(safe) / safe))


def expm1_quotient(y: Real) -> Real:
    """(e^y−1)/y"""
    small = jnp.abs(y) < _SMALL
    near, safe = jnp.where(small, y, 0.0), jnp.where(small, 1.0, y)
    series = 1 + near / 2 * (1 + near / 3 * (1 + near / 4 * (1 + near / 5)))
    return jnp.where(small, series, jnp.expm1(safe) / safe)
