"""The potential of hyperbolic-aware minimization: quadratic near 0, of entropic growth far away."""

import jax.numpy as jnp
import numpy as np
import sympy

from .._checks import positive
from .._types import Anything, Held, Numeric, Real
from ._base import AbstractPotential, Interval, symbol
from ._horizon import Lp
from ._hyperbolic import largest_exponent

_ODD = 2.0 * np.arange(18) + 3  # the series below converges like 9^−k
_TINY = 1e-20  # 1+α|x| is 1 to all digits up to here


class HyperbolicAware(AbstractPotential):
    """R = Σ[(1+α|x|)·log(1+α|x|) − α|x|]/α², mirror map sign(x)·log(1+α|x|)/α, metric 1/(1+α|x|).

    Quadratic as α→0. The chart is the dual z: x=sign(z)(e^{α|z|}−1)/α leaves the range of floats only where x itself
    does, it keeps small x to all digits, and what the flow of a regression conserves is linear in it.

    **Arguments:** `alpha`: α>0 in units of 1/x, one number or one for each coordinate.

    **Raises:** `ValueError` for an alpha that is not positive.

    **Source:** arXiv:2506.02630; theory pages 01 and 06.

    >>> float(mf.potentials.HyperbolicAware(alpha=2.0).metric(-0.5))
    0.5
    """

    alpha: Held

    def __init__(self, alpha: Numeric):
        self.alpha = positive("alpha", alpha, shape=None)

    @property
    def domain(self) -> Interval:
        """ℝ"""
        return (-float("inf"), float("inf"))

    @property
    def dual_domain(self) -> Interval:
        """ℝ"""
        return (-float("inf"), float("inf"))

    @property
    def horizon(self) -> Lp | None:
        """ℓ1, for every α."""
        return Lp(1.0)

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """[(1+α|x|)·log(1+α|x|) − α|x|]/α²"""
        alpha = symbol("alpha", self.alpha)
        u = alpha * sympy.Abs(x)
        return ((1 + u) * sympy.log(1 + u) - u) / alpha**2

    def _value(self, x: Real) -> Real:
        u, far = self._split(x)
        far_u = jnp.where(far, self.alpha * jnp.abs(x), 1.0)
        distant = jnp.abs(x) / self.alpha * ((1 + 1 / far_u) * self._log(far_u, x) - 1)
        return jnp.where(far, distant, x * x * (1 - (1 + u) * _lag(u)))

    def _mirror_map(self, x: Real) -> Real:
        magnitude = jnp.abs(x)
        u = self.alpha * magnitude
        return jnp.sign(x) * jnp.where(u < _TINY, magnitude, self._log(u, x) / self.alpha)

    def _inverse_mirror_map(self, z: Real) -> Real:
        u = self.alpha * jnp.abs(z)
        large = largest_exponent(u)
        grown = jnp.where(u < large, jnp.expm1(jnp.minimum(u, large)) / self.alpha, jnp.exp(u - jnp.log(self.alpha)))
        return jnp.sign(z) * jnp.where(u < _TINY, jnp.abs(z), grown)

    def _metric(self, x: Real) -> Real:
        return 1 / (1 + self.alpha * jnp.abs(x))

    def _balance(self, x: Real) -> Real:
        u, far = self._split(x)
        far_u = jnp.where(far, self.alpha * jnp.abs(x), 1.0)
        distant = jnp.abs(x) / self.alpha * (1 - self._log(far_u, x) / far_u)
        return jnp.where(far, distant, x * x * _lag(u))

    def _to_chart(self, x: Real) -> Real:
        return self._mirror_map(x)

    def _from_chart(self, chart: Real) -> Real:
        return self.inverse_mirror_map(chart)

    def _chart_rate(self, chart: Real) -> Real:
        return jnp.ones_like(chart)

    def _split(self, x: Real) -> tuple[Real, Anything]:
        """α|x| where it is at most 1 (else 0), and where it is larger."""
        u = self.alpha * jnp.abs(x)
        far = u > 1
        return jnp.where(far, 0.0, u), far

    def _log(self, u: Real, x: Real) -> Real:
        """log(1+α|x|), α|x| beyond the range of floats included."""
        wide = jnp.isinf(u)
        magnitude = jnp.where(wide, jnp.abs(x), 1.0)
        return jnp.where(wide, jnp.log(self.alpha) + jnp.log(magnitude), jnp.log1p(jnp.where(wide, 0.0, u)))


def _lag(u: Real) -> Real:
    """(u−log(1+u))/u² for 0≤u≤1, by log(1+u)=2·atanh s with s=u/(2+u)."""
    square = (u / (2 + u)) ** 2
    tail = jnp.zeros_like(u)
    for odd in _ODD[::-1]:
        tail = tail * square + 1 / odd
    return 1 / (2 + u) - 2 * u / (2 + u) ** 3 * tail
