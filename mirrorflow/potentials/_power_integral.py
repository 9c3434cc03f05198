"""∫₀ᵃ s^{β−1}(s^q+λ)^{−r} ds to all digits, for every size of a."""

import jax.numpy as jnp
from jax import Array

from .._types import Real
from ._power_log import expm1_quotient


def power_integral(a: Real, exponent: float, r: Real, q: Real, balance: Real, terms: int) -> Array:
    """∫₀ᵃ s^{β−1}(s^q+λ)^{−r} ds for a≥0, β=`exponent`, λ=`balance`>0, elementwise.

    With b=β/q and v=a^q/(a^q+λ), two series: up to v=½ the hypergeometric series in v, beyond it the series of the
    integrand in w=1−v, term by term. In each form that is used all terms that matter have one sign: nothing cancels.
    `terms` decides the accuracy: the ratio of terms tends to ½ once their number exceeds |r|.
    """
    a, b, r = jnp.asarray(a), jnp.asarray(exponent / q), jnp.asarray(r)
    log_a, log_balance = jnp.log(jnp.where(a > 0, a, 1.0)), jnp.log(balance)
    log_ratio = q * log_a - log_balance  # log(a^q/λ)
    log_total = jnp.logaddexp(q * log_a, log_balance)
    far = (log_ratio > 0) & (a > 0)

    share = jnp.where(far, 0.5, jnp.exp(q * log_a - log_total))
    log_edge = jnp.where(far, log_balance / q, log_a)
    start = jnp.exp(exponent * log_edge - r * log_balance + b * jnp.log1p(-share)) / exponent
    start = start * _hypergeometric(share, b, r, terms)

    sigma, log_shrink = r - b, jnp.where(far, log_total - log_balance - jnp.log(2.0), 0.0)
    rest = jnp.exp(-sigma * (log_balance + jnp.log(2.0))) / q * _tail(log_shrink, sigma, b, terms)
    return jnp.where(a > 0, start + jnp.where(far, rest, 0.0), 0.0)


def _hypergeometric(v: Array, b: Array, r: Array, terms: int) -> Array:
    """Σ_k (1+b−r)_k/k! · b/(b+k) · v^k"""
    k = jnp.arange(1.0, terms)
    factors = (b - r + k) / k
    coefficients = jnp.concatenate([jnp.ones(1), jnp.cumprod(factors)])
    k = jnp.arange(0.0, terms)
    return _series(v, coefficients * b / (b + k))


def _tail(y: Array, sigma: Array, b: Array, terms: int) -> Array:
    """Σ_k (1−b)_k/k! · 2^{−k} · (1−e^{−(k+σ)y})/(k+σ)"""
    k = jnp.arange(1.0, terms)
    coefficients = jnp.concatenate([jnp.ones(1), jnp.cumprod((k - b) / (2 * k))])
    rate = jnp.arange(0.0, terms) + sigma
    shape = (1,) * y.ndim + (terms,)
    grown = expm1_quotient(-rate.reshape(shape) * y[..., None]) * y[..., None]
    return jnp.sum(coefficients.reshape(shape) * grown, axis=-1)


def _series(v: Array, coefficients: Array) -> Array:
    shape = (1,) * v.ndim + coefficients.shape
    powers = v[..., None] ** jnp.arange(0.0, coefficients.shape[0]).reshape(shape)
    return jnp.sum(coefficients.reshape(shape) * powers, axis=-1)
