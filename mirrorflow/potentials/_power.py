"""Powers of the absolute value, whose mirror flows have the ℓp geometry."""

import jax.numpy as jnp
import sympy

from .._checks import greater
from .._types import Anything, Held, Numeric, Real
from ._base import AbstractPotential, Interval, host_number, symbol
from ._horizon import Lp

_FAR = 1e8  # asinh(z) is log(2z) to all digits from here on
_WIDE = 30.0  # sinh(s) is e^s/2 to all digits from here on


class Power(AbstractPotential):
    """R = Σ|x_i|^p/p for p>1.

    At 0 the metric (p−1)|x|^{p−2} is infinite for p<2 and 0 for p>2, and so are Hessians there. The mirror map
    z=sign(x)|x|^{p−1} leaves 0 at finite speed for every p, while far away x is the better
    conditioned of the two. The chart c = 2^{1−k}·sinh(k·asinh z), k=1/(p−1), is proportional to z near 0, equal to x
    far away, and smooth in z between.

    **Arguments:** `p`: the exponent, above 1, a number.

    **Raises:** `ValueError` for p≤1.

    **Source:** theory page 01.

    >>> mf.potentials.Power(3).mirror_map([-2.0, 0.0, 1.0]).tolist()
    [-4.0, 0.0, 1.0]
    """

    p: Held

    def __init__(self, p: Numeric):
        self.p = greater("p", p, 1.0)

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
        """ℓp"""
        return Lp(host_number("p", self.p))

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """|x|^p/p"""
        p = symbol("p", self.p)
        return sympy.Abs(x) ** p / p

    def _value(self, x: Real) -> Real:
        return jnp.abs(x) ** self.p / self.p

    def _mirror_map(self, x: Real) -> Real:
        return jnp.sign(x) * jnp.abs(x) ** (self.p - 1)

    def _inverse_mirror_map(self, z: Real) -> Real:
        return jnp.sign(z) * jnp.abs(z) ** (1 / (self.p - 1))

    def _metric(self, x: Real) -> Real:
        return (self.p - 1) * jnp.abs(x) ** (self.p - 2)

    def _balance(self, x: Real) -> Real:
        return (1 - 1 / self.p) * jnp.abs(x) ** self.p

    def _to_chart(self, x: Real) -> Real:
        rate, magnitude = 1 / (self.p - 1), jnp.abs(x)
        far = magnitude > _FAR ** jnp.minimum(rate, 30.0)
        angle = rate * jnp.arcsinh(jnp.where(far, 0.0, magnitude) ** (self.p - 1))
        log2 = rate * jnp.log(2.0)
        wide = angle > _WIDE
        curved = 2 * jnp.exp(-log2) * jnp.sinh(jnp.where(wide, 0.0, angle))
        return jnp.sign(x) * jnp.where(far, magnitude, jnp.where(wide, jnp.exp(angle - log2), curved))

    def _from_chart(self, chart: Real) -> Real:
        angle, far = self._angle(chart)
        curved = jnp.sinh(angle) ** (1 / (self.p - 1))
        return jnp.sign(chart) * jnp.where(far, jnp.abs(chart), curved)

    def _chart_rate(self, chart: Real) -> Real:
        rate = 1 / (self.p - 1)
        angle, far = self._angle(chart)
        distant = jnp.where(far, jnp.abs(chart), 1.0) ** (2 - self.p)
        return rate * jnp.where(far, distant, jnp.hypot(chart, 2 ** (1 - rate)) / jnp.cosh(angle))

    def _angle(self, chart: Real) -> tuple[Real, Anything]:
        """asinh z, and whether z is so large that c=x to all digits (the angle is 0 then)."""
        rate, magnitude = 1 / (self.p - 1), jnp.abs(chart)
        log2 = rate * jnp.log(2.0)
        wide = jnp.log(jnp.where(magnitude > 0, magnitude, 1.0)) + log2 > _WIDE
        close = jnp.where(wide, 0.0, magnitude) * 2 ** (rate - 1)
        log = jnp.log(jnp.where(wide, magnitude, 1.0)) + log2
        angle = (self.p - 1) * jnp.where(wide, log, jnp.arcsinh(close))
        far = angle > jnp.log(2 * _FAR)
        return jnp.where(far, 0.0, angle), far
