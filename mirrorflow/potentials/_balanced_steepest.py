"""The potential that steepest flow on a product of equal factors induces."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import sympy

from .._checks import in_interval, integer, is_traced, number
from .._types import Anything, Held, Numeric, Real
from ._base import AbstractPotential, Interval, host_number, symbol
from ._horizon import Lp
from ._power_log import log_power_exp, power_log


class BalancedSteepest(AbstractPotential):
    """R''=|x|^{−m}/L with the metric exponent m=q(L−1)/L: q-steepest flow on x=∏w_i with all |w_i| equal.

    m<1: R=|x|^{2−m}/(L(1−m)(2−m)) on ℝ, and the origin is crossed freely. m≥1: Legendre on a half-line only, with
    mirror map (x^{1−m}−1)/(L(1−m)), log(x)/L for m=1: theory page 03's R up to a linear term, which changes neither
    metric nor divergence nor Q and makes R continuous in q. For m>1 the mirror map is bounded: x can reach infinity in
    finite time. The chart is the dual, in which a constant signal moves at constant speed.

    **Arguments:** `depth`: L≥2; `q`: the exponent of the steepest flow, in [1,2]; `side`: 1 or −1, the sign of x if
    m≥1, one for all coordinates or one for each.

    **Raises:** `ValueError` for a depth below 2, q outside [1,2] or a side that is not ±1.

    **Source:** arXiv:2603.02064; theory page 03.

    >>> mf.potentials.BalancedSteepest(depth=3, q=2.0).domain, mf.potentials.BalancedSteepest(depth=3, q=1.0).domain
    ((0.0, inf), (-inf, inf))
    """

    depth: int = eqx.field(static=True)
    q: Held
    side: Held

    def __init__(self, depth: Numeric, q: Numeric, side: Numeric = 1.0):
        self.depth = integer("depth", depth, at_least=2)
        self.q = in_interval("q", q, 1.0, 2.0)
        self.side = number("side", side, shape=None)
        if not is_traced(self.side) and not (np.abs(self.side) == 1).all():
            raise ValueError(f"side must be 1 or -1, got {np.asarray(side).tolist()}.")

    @property
    def domain(self) -> Interval:
        """ℝ for m<1, else the half-line of `side`; arrays of ends if sides differ between coordinates."""
        if self._host_exponent() < 1:
            return (-float("inf"), float("inf"))
        return _half_lines(self.side, 0.0, float("inf"))

    @property
    def dual_domain(self) -> Interval:
        """ℝ for m≤1, bounded on one side for m>1."""
        exponent = self._host_exponent()
        if exponent <= 1:
            return (-float("inf"), float("inf"))
        return _half_lines(self.side, -float("inf"), 1 / (self.depth * (exponent - 1)))

    @property
    def horizon(self) -> Lp | None:
        """ℓ_{2−m} for m≤1; none for m>1, where the mirror map is bounded."""
        exponent = self._host_exponent()
        return Lp(2 - exponent) if exponent <= 1 else None

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """|x|^{2−m}/(L(1−m)(2−m)), with the linear term for m≥1."""
        exponent, depth = self._symbolic_exponent(), sympy.Integer(self.depth)
        magnitude = sympy.Abs(x)
        if exponent == 1:
            return (magnitude * sympy.log(magnitude) - magnitude) / depth
        power = magnitude ** (2 - exponent) / (depth * (1 - exponent) * (2 - exponent))
        return power if exponent < 1 else power - magnitude / (depth * (1 - exponent))

    def _value(self, x: Real) -> Real:
        gap, free, size = self._split(x)
        open_ = size ** (1 + gap) / (self.depth * jnp.where(free, gap, 1.0) * (1 + gap))
        half = size * (power_log(jnp.log(size), gap) - 1) / (self.depth * (1 + gap))
        half = jnp.where(size > 0, half, jnp.where(size == 0, 0.0, jnp.inf))
        return jnp.where(free, open_, half)

    def _mirror_map(self, x: Real) -> Real:
        gap, free, size = self._split(x)
        open_ = jnp.sign(x) * size**gap / (self.depth * jnp.where(free, gap, 1.0))
        return jnp.where(free, open_, self.side * power_log(jnp.log(size), gap) / self.depth)

    def _inverse_mirror_map(self, z: Real) -> Real:
        gap = self._gap()
        free, depth = gap > 0, self.depth
        safe = jnp.where(free, gap, 1.0)
        open_ = jnp.sign(z) * (depth * safe * jnp.abs(z)) ** (1 / safe)
        half = self.side * jnp.exp(log_power_exp(depth * self.side * z, jnp.where(free, 0.0, gap)))
        return jnp.where(free, open_, half)

    def _metric(self, x: Real) -> Real:
        gap, _, size = self._split(x)
        return jnp.where(size >= 0, jnp.abs(size) ** (gap - 1), jnp.nan) / self.depth

    def _balance(self, x: Real) -> Real:
        gap, _, size = self._split(x)
        return jnp.where(size >= 0, jnp.abs(size) ** (1 + gap), jnp.nan) / (self.depth * (1 + gap))

    def _to_chart(self, x: Real) -> Real:
        return self._mirror_map(x)

    def _from_chart(self, chart: Real) -> Real:
        return self.inverse_mirror_map(chart)

    def _chart_rate(self, chart: Real) -> Real:
        return jnp.ones_like(chart)

    def _gap(self) -> Real:
        """1−m, exactly 0 for q=L/(L−1) in floats."""
        return (self.depth - self.q * (self.depth - 1)) / self.depth

    def _split(self, x: Real) -> tuple[Real, Anything, Real]:
        """1−m, whether R is Legendre on ℝ, and the distance of x from the origin, negative on the wrong side."""
        gap = self._gap()
        free = jnp.asarray(gap > 0)
        return gap, free, jnp.where(free, jnp.abs(x), self.side * x)

    def _host_exponent(self) -> float:
        q = host_number("q", self.q)
        return 1 - (self.depth - q * (self.depth - 1)) / self.depth

    def _symbolic_exponent(self) -> sympy.Expr:
        return symbol("q", self.q) * sympy.Rational(self.depth - 1, self.depth)


def _half_lines(side: Held, low: float, high: float) -> Interval:
    """(low, high) reflected for side −1."""
    if is_traced(side):
        raise ValueError("This depends on the value of side, which is traced; ask before compiling.")
    if (np.asarray(side) == np.ravel(side)[0]).all():
        return (low, high) if np.ravel(side)[0] > 0 else (-high + 0.0, -low + 0.0)
    return (np.where(side > 0, low, -high), np.where(side > 0, high, -low))
