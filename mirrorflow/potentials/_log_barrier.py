"""The logarithmic barrier on the positive orthant."""

import jax.numpy as jnp
import sympy

from .._types import Real
from ._base import AbstractPotential, Interval
from ._horizon import Lp


class LogBarrier(AbstractPotential):
    """R = −Σ log x_i for x>0, mirror map −1/x<0, Q = Σ log x_i − 1.

    The mirror map is bounded above by 0: there x is at infinity, which a flow can reach in finite time. The chart is
    log x, which no step of an integrator takes out of the domain, and in which both x and z=−e^{−log x} keep all
    their digits.

    **Source:** theory page 01.

    >>> barrier = mf.potentials.LogBarrier()
    >>> barrier.inverse_mirror_map([-4.0, 0.5]).tolist(), barrier.dual_domain
    ([0.25, inf], (-inf, 0.0))
    """

    @property
    def domain(self) -> Interval:
        """The half-line x>0."""
        return (0.0, float("inf"))

    @property
    def dual_domain(self) -> Interval:
        """The half-line z<0."""
        return (-float("inf"), 0.0)

    @property
    def horizon(self) -> Lp | None:
        """None: the mirror map is bounded above."""
        return None

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """−log x"""
        return -sympy.log(x)

    def _value(self, x: Real) -> Real:
        inside = x > 0
        return jnp.where(inside, -jnp.log(jnp.where(inside, x, 1.0)), jnp.inf)

    def _mirror_map(self, x: Real) -> Real:
        return jnp.where(x >= 0, -1 / jnp.abs(x), jnp.nan)

    def _inverse_mirror_map(self, z: Real) -> Real:
        inside = z < 0
        beyond = jnp.where(jnp.isnan(z), jnp.nan, jnp.inf)
        return jnp.where(inside, -1 / jnp.where(inside, z, -1.0), beyond)

    def _metric(self, x: Real) -> Real:
        return jnp.where(x >= 0, 1 / x**2, jnp.nan)

    def _balance(self, x: Real) -> Real:
        return jnp.log(x) - 1

    def _to_chart(self, x: Real) -> Real:
        return jnp.log(x)

    def _from_chart(self, chart: Real) -> Real:
        return jnp.exp(chart)

    def _chart_rate(self, chart: Real) -> Real:
        return jnp.exp(chart)

    def _log_chart_rate(self, chart: Real) -> Real:
        return chart
