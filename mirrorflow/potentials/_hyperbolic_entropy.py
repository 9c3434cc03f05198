"""Hyperbolic entropy, between ℓ2 (large scale) and ℓ1 (small scale)."""

import jax.numpy as jnp
import sympy

from .._checks import positive
from .._types import Held, Numeric, Real
from . import _hyperbolic as hyperbolic
from ._base import AbstractPotential, Interval, symbol
from ._horizon import Lp


class HyperbolicEntropy(AbstractPotential):
    """R = Σ x·asinh(x/ρ) − √(x²+ρ²), mirror map asinh(x/ρ), Q = Σ√(x²+ρ²).

    The chart is the dual z: there x=ρ·sinh z keeps all its digits however small, and what the flow of a regression
    conserves (z−z₀ ∈ range Aᵀ) is linear, so that Runge–Kutta methods conserve it exactly.

    **Arguments:** `scale`: ρ>0 in units of x, one number or one for each coordinate.

    **Raises:** `ValueError` for a scale that is not positive.

    **Source:** theory page 01.

    >>> entropy = mf.potentials.HyperbolicEntropy(scale=1e-3)
    >>> bool(jnp.allclose(entropy.inverse_mirror_map(entropy.mirror_map([-2.0, 1e-9])), jnp.array([-2.0, 1e-9])))
    True
    """

    scale: Held

    def __init__(self, scale: Numeric):
        self.scale = positive("scale", scale, shape=None)

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
        """ℓ1, for every scale."""
        return Lp(1.0)

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """x·asinh(x/ρ) − √(x²+ρ²)"""
        return hyperbolic.expression(x, symbol("rho", self.scale))

    def _value(self, x: Real) -> Real:
        return x * hyperbolic.arcsinh(x, self.scale, jnp.log(self.scale)) - hyperbolic.hypot(x, self.scale)

    def _mirror_map(self, x: Real) -> Real:
        return hyperbolic.arcsinh(x, self.scale, jnp.log(self.scale))

    def _inverse_mirror_map(self, z: Real) -> Real:
        return hyperbolic.sinh(z, self.scale, jnp.log(self.scale))

    def _metric(self, x: Real) -> Real:
        return 1 / hyperbolic.hypot(x, self.scale)

    def _balance(self, x: Real) -> Real:
        return hyperbolic.hypot(x, self.scale)

    def _to_chart(self, x: Real) -> Real:
        return self._mirror_map(x)

    def _from_chart(self, chart: Real) -> Real:
        return self.inverse_mirror_map(chart)

    def _chart_rate(self, chart: Real) -> Real:
        return jnp.ones_like(chart)
