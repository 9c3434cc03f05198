"""The function that u^D−v^D from a common start minimizes among interpolators, for every depth."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Numeric, Real, Scalar
from ..potentials import _hyperbolic as hyperbolic
from ..potentials._power_difference import _log_odds

_CURVED = -20.0  # log of the ratio x/α^D below which q_D is quadratic to all digits


def woodworth_q(x: Numeric, depth: int, alpha: Numeric) -> Scalar:
    """Q(x) = Σα^D q_D(x_i/α^D), the Bregman divergence from 0 of x=u^D−v^D with u₀=v₀=α, up to a constant factor.

    q₂(z)=2−√(4+z²)+z·asinh(z/2); q_D=∫₀h_D⁻¹ with h_D(y)=(1−y)^{−D/(D−2)}−(1+y)^{−D/(D−2)} for D≥3. The potential R of
    the flow has D_R(x,0)=Q/4 for D=2 and Q/(D(D−2)α^{D−2}) for D≥3: one minimizer, but d∇Q=−∇f dt is the flow only
    with that factor. Towards α→0, Q/log(1/α²) tends to ‖x‖₁ for D=2, Q itself for D≥3; towards α→∞, 4α²Q and
    4Dα^DQ/(D−2) tend to ‖x‖₂².

    **Arguments:** `x`: any shape; `depth`: D≥2; `alpha`: α>0, a number. Neither x/α^D nor α^D need be within the range
    of floats.

    **Returns:** Q(x), differentiable in x and α.

    **Raises:** `ValueError` for a depth below 2, α not positive, or x not finite.

    **Source:** Woodworth et al. 2020; theory page 01.

    >>> x = jnp.array([3.0, -4.0])
    >>> round(float(mf.predict.woodworth_q(x, 2, 1e3) * 4e6), 6), round(float(mf.predict.woodworth_q(x, 3, 1e-40)), 6)
    (25.0, 7.0)
    """
    depth = _checks.integer("depth", depth, at_least=2)
    x = jnp.asarray(_checks.number("x", x, shape=None), jnp.result_type(float))
    alpha = jnp.asarray(_checks.positive("alpha", alpha), x.dtype)
    return jnp.sum(_entropic(x, alpha) if depth == 2 else _deep(depth, x, alpha))


def _entropic(x: Real, alpha: Real) -> Real:
    """|x|·[asinh(z/2) − z/(2+√(4+z²))], z=|x|/α², elementwise: its difference loses a factor of 2 at most."""
    size, scale = jnp.abs(x), 2 * alpha**2
    total = scale + hyperbolic.hypot(size, scale)
    angle = hyperbolic.arcsinh(size, scale, jnp.log(2.0) + 2 * jnp.log(alpha))
    return size * (angle - size / jnp.where(total > 0, total, 1.0))


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _deep(depth: int, x: Real, alpha: Real) -> Real:
    """|x|·[y − (1/z)∫₀^y h_D], elementwise, with slope ±y in x; homogeneity gives the slope in α."""
    slope, rest = _deep_parts(depth, x, alpha)
    return jnp.abs(x) * (slope - rest)


@_deep.defjvp
def _(depth: int, primals: Any, tangents: Any) -> Any:
    x, alpha = primals
    slope, rest = _deep_parts(depth, x, alpha)
    moved = jnp.sign(x) * slope * tangents[0] - jnp.abs(x) * rest * depth / alpha * tangents[1]
    return _deep(depth, x, alpha), moved


def _deep_parts(depth: int, x: Real, alpha: Real) -> tuple[Real, Real]:
    """y=h_D⁻¹(z) and (1/z)∫₀^y h_D for z=|x|/α^D, through log z where z leaves the range of floats."""
    power, gamma = 2 / (depth - 2), depth / (depth - 2)
    size = jnp.where(x == 0, 1.0, jnp.abs(x))
    z = size / alpha**depth
    direct = (z > float(jnp.finfo(z.dtype).tiny)) & (z < jnp.inf)
    log_z = jnp.where(direct, jnp.log(jnp.where(direct, z, 1.0)), jnp.log(size) - depth * jnp.log(alpha))
    small = jnp.where(direct, z, jnp.exp(log_z))
    odds = _log_odds(jnp.maximum(log_z, _CURVED) + gamma * jnp.log(2.0), gamma)
    y = jnp.tanh(odds / 2)
    # (1−y)^{−k}+(1+y)^{−k}−2 = 2(e^{km}cosh(ks)−1), m=−½log(1−y²), s=artanh y
    m, s = jnp.log1p(2 * jnp.sinh(jnp.minimum(odds, 20.0) / 4) ** 2), odds / 2
    m = jnp.where(odds > 20, odds / 2 - jnp.log(2.0) + jnp.log1p(jnp.exp(-odds)), m)
    wide = power * (m + s) > 1
    near, close = jnp.where(wide, 0.0, power * m), jnp.where(wide, 0.0, power * s)
    low = jnp.log(2 * (jnp.expm1(near) * jnp.cosh(close) + 2 * jnp.sinh(close / 2) ** 2) + wide)
    far, apart = jnp.where(wide, power * (m + s), 1.0), jnp.where(wide, power * s, 1.0)
    grown = far + jnp.log1p(jnp.exp(-2 * apart) - 2 * jnp.exp(-far))
    log_rest = jnp.log(1 / power) + jnp.where(wide, grown, low) - jnp.maximum(log_z, _CURVED)
    curved, linear = log_z < _CURVED, small * (depth - 2) / (2 * depth)
    return jnp.where(curved, linear, y), jnp.where(curved, linear / 2, jnp.exp(log_rest))
