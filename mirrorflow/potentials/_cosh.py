"""The hyperbolic cosine, whose mirror flows have the ℓ∞ geometry."""

import jax.numpy as jnp
import sympy

from .._types import Real
from . import _hyperbolic as hyperbolic
from ._base import AbstractPotential, Interval
from ._horizon import Lp


class Cosh(AbstractPotential):
    """R = Σ cosh x_i − 1, mirror map sinh x, metric cosh x.

    The mirror map, and with it every dual variable, leaves the range of floats at |x|≈710, while x itself stays of
    ordinary size. So the chart is x, with dx/dz = 1/cosh x, whose logarithm is finite for every x.

    **Source:** theory pages 01 and 04.

    >>> potential = mf.potentials.Cosh()
    >>> potential.log_chart_rate([0.0, 1000.0]).round(3).tolist()  # 1/cosh(1000) is no float
    [-0.0, -999.307]
    """

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
        """ℓ∞"""
        return Lp(float("inf"))

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """cosh x − 1"""
        return sympy.cosh(x) - 1

    def _value(self, x: Real) -> Real:
        return 2 * jnp.sinh(x / 2) ** 2

    def _mirror_map(self, x: Real) -> Real:
        return jnp.sinh(x)

    def _inverse_mirror_map(self, z: Real) -> Real:
        one = jnp.ones_like(z)
        return hyperbolic.arcsinh(z, one, jnp.zeros_like(z))

    def _metric(self, x: Real) -> Real:
        return jnp.cosh(x)

    def _balance(self, x: Real) -> Real:
        # x·sinh x − (cosh x − 1), with the common factor taken out: nothing cancels at 0, and no ∞−∞ far away
        return jnp.sinh(x) * (x - jnp.tanh(x / 2))

    def _to_chart(self, x: Real) -> Real:
        return x

    def _from_chart(self, chart: Real) -> Real:
        return chart

    def _chart_rate(self, chart: Real) -> Real:
        small = jnp.exp(-hyperbolic.magnitude(chart))
        return 2 * small / (1 + small * small)

    def _log_chart_rate(self, chart: Real) -> Real:
        return -hyperbolic.log_cosh(chart)
