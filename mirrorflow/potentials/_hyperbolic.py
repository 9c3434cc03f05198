"""sinh and its inverse at a scale ρ anywhere in or below the range of floats."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy

from .._types import Real


@jax.custom_jvp
def arcsinh(x: Real, scale: Real, log_scale: Real) -> Real:
    """asinh(x/ρ) given ρ (which may have underflown to 0) and log ρ, in which it is differentiated."""
    ratio = x / jnp.where(scale > 0, scale, 1.0)
    direct = (scale > 0) & (jnp.abs(ratio) < float(jnp.finfo(ratio.dtype).max) ** 0.5)
    far = ~direct & (x != 0)
    log = jnp.log(jnp.where(far, jnp.abs(x), 1.0)) + jnp.log(2.0) - log_scale
    return jnp.where(far, jnp.sign(x) * log, jnp.arcsinh(jnp.where(direct, ratio, 0.0)))


@arcsinh.defjvp
def _(primals: Any, tangents: Any) -> Any:
    x, scale, log_scale = primals
    root = jnp.hypot(x, scale)
    root = jnp.where(root > 0, root, 1.0)  # the slope in x there is the metric's business
    return arcsinh(x, scale, log_scale), tangents[0] / root - x / root * tangents[2]


@jax.custom_jvp
def hypot(x: Real, scale: Real) -> Real:
    """√(x²+ρ²), with derivatives that neither over- nor underflow."""
    return jnp.hypot(x, scale)


@hypot.defjvp
def _(primals: Any, tangents: Any) -> Any:
    root = hypot(*primals)
    safe = jnp.where(root > 0, root, 1.0)
    return root, primals[0] / safe * tangents[0] + primals[1] / safe * tangents[1]


def sinh(y: Real, scale: Real, log_scale: Real) -> Real:
    """ρ·sinh(y) given ρ (which may have underflown to 0) and log ρ."""
    magnitude = jnp.abs(y)
    far = (magnitude > largest_exponent(magnitude)) | (scale == 0)
    near = jnp.where(far, 0.0, y)
    grown = jnp.sign(y) * jnp.exp(magnitude + log_scale - jnp.log(2.0))
    return jnp.where(far, grown, scale * jnp.sinh(near))


def log_cosh(x: Real) -> Real:
    """log cosh x, to relative accuracy near 0 and finite for every x."""
    size = magnitude(x)
    near = size < 1
    close = jnp.log1p(2 * jnp.sinh(jnp.where(near, x, 0.0) / 2) ** 2)
    return jnp.where(near, close, size + jnp.log1p(jnp.exp(-2 * size)) - np.log(2.0))


def magnitude(x: Real) -> Real:
    """|x|, of slope 1 at 0: even formulas in it keep their derivatives there."""
    return jnp.where(x < 0, -x, x)


def largest_exponent(x: Real) -> float:
    """Somewhat less than the logarithm of the largest number of the dtype of x: 700 in double precision."""
    return float(np.log(jnp.finfo(x.dtype).max)) - 9.7


def expression(x: sympy.Expr, scale: sympy.Expr) -> sympy.Expr:
    """x·asinh(x/ρ) − √(x²+ρ²)"""
    return x * sympy.asinh(x / scale) - sympy.sqrt(x**2 + scale**2)
