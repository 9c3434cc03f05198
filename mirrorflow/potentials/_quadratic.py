"""The quadratic potential, whose mirror flow is gradient flow."""

import jax.numpy as jnp
import sympy

from .._types import Real
from ._base import AbstractPotential, Interval
from ._horizon import Lp


class Quadratic(AbstractPotential):
    """R = ½‖x‖²; mirror map, metric and chart are the identity.

    **Source:** theory page 01.

    >>> float(mf.potentials.Quadratic().value([3.0, 4.0]))
    12.5
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
        """ℓ2"""
        return Lp(2.0)

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """x²/2"""
        return x**2 / 2

    def _value(self, x: Real) -> Real:
        return x * x / 2

    def _mirror_map(self, x: Real) -> Real:
        return x

    def _inverse_mirror_map(self, z: Real) -> Real:
        return z

    def _metric(self, x: Real) -> Real:
        return jnp.ones_like(x)

    def _balance(self, x: Real) -> Real:
        return x * x / 2

    def _to_chart(self, x: Real) -> Real:
        return x

    def _from_chart(self, chart: Real) -> Real:
        return chart

    def _chart_rate(self, chart: Real) -> Real:
        return jnp.ones_like(chart)
