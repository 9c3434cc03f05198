"""Negative entropy on the positive orthant."""

import jax.numpy as jnp
import sympy

from .._types import Real
from ._base import AbstractPotential, Interval
from ._horizon import Lp


class NegativeEntropy(AbstractPotential):
    """R = Σ x_i·log x_i − x_i for x>0, mirror map log x, Q = Σx_i.

    The chart is the dual z=log x: x=e^z keeps all its digits however small, stays positive whatever an integrator
    does, and what the flow of a regression conserves is linear in it.

    **Source:** theory page 01.

    >>> entropy = mf.potentials.NegativeEntropy()
    >>> float(entropy.balance_function([0.25, 0.5])), entropy.domain
    (0.75, (0.0, inf))
    """

    @property
    def domain(self) -> Interval:
        """The half-line x>0."""
        return (0.0, float("inf"))

    @property
    def dual_domain(self) -> Interval:
        """ℝ"""
        return (-float("inf"), float("inf"))

    @property
    def horizon(self) -> Lp | None:
        """ℓ1, on the orthant."""
        return Lp(1.0, orthant=True)

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """x·log x − x"""
        return x * sympy.log(x) - x

    def _value(self, x: Real) -> Real:
        inside = x > 0
        x_log_x = x * (jnp.log(jnp.where(inside, x, 1.0)) - 1)
        return jnp.where(inside, x_log_x, jnp.where(x == 0, 0.0, jnp.inf))

    def _mirror_map(self, x: Real) -> Real:
        return jnp.log(x)

    def _inverse_mirror_map(self, z: Real) -> Real:
        return jnp.exp(z)

    def _metric(self, x: Real) -> Real:
        return jnp.where(x >= 0, 1 / jnp.abs(x), jnp.nan)

    def _balance(self, x: Real) -> Real:
        return jnp.where(x >= 0, x, jnp.nan)

    def _to_chart(self, x: Real) -> Real:
        return self._mirror_map(x)

    def _from_chart(self, chart: Real) -> Real:
        return jnp.exp(chart)

    def _chart_rate(self, chart: Real) -> Real:
        return jnp.ones_like(chart)
