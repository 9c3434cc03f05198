"""Hyperbolic entropy seen from a start: tilted so that the start has dual 0."""

import jax.numpy as jnp
import numpy as np
import sympy

from .._checks import is_traced, number, positive
from .._types import Held, Numeric, Real
from . import _hyperbolic as hyperbolic
from ._base import AbstractPotential, Interval, symbol
from ._horizon import Lp


class TiltedHyperbolicEntropy(AbstractPotential):
    """R = κ·Σ[x·asinh(x/ρ) − √(x²+ρ²) − x·τ], mirror map κ(asinh(x/ρ)−τ), minimum at ρ·sinh τ.

    m⊙w from (m₀,w₀): κ=½, ρ=½(m₀²−w₀²), τ=log(u₀/v₀) with u₀=(m₀+w₀)/√2, v₀=(m₀−w₀)/√2. u²−v² from (u₀,v₀): κ=¼,
    ρ=2u₀v₀, τ=log(u₀/v₀). The chart is the dual, as for `HyperbolicEntropy`.

    **Arguments:** `scale`: ρ>0; `log_ratio`: τ; `factor`: κ>0, a number; `log_scale`: log ρ in place of `scale`, for
    scales below the range of floats. Each of ρ and τ is one number or one for each coordinate.

    **Raises:** `ValueError` for a scale or factor that is not positive, or unless exactly one of `scale` and
    `log_scale` is given.

    **Source:** theory pages 01 (Woodworth et al.) and 02.

    >>> potential = mf.potentials.TiltedHyperbolicEntropy(scale=0.25, log_ratio=0.1)
    >>> bool(jnp.isclose(potential.inverse_mirror_map(0.0), 0.25 * jnp.sinh(0.1)))
    True
    """

    log_scale: Held
    log_ratio: Held
    factor: Held

    def __init__(
        self,
        scale: Numeric | None = None,
        log_ratio: Numeric = 0.0,
        factor: Numeric = 0.5,
        *,
        log_scale: Numeric | None = None,
    ):
        if (scale is None) == (log_scale is None):
            raise ValueError(f"Give exactly one of scale and log_scale, got scale={scale!r}, log_scale={log_scale!r}.")
        if scale is None:
            self.log_scale = number("log_scale", log_scale, shape=None)
        else:
            scale = positive("scale", scale, shape=None)
            self.log_scale = jnp.log(scale) if is_traced(scale) else np.asarray(np.log(scale))
        self.log_ratio = number("log_ratio", log_ratio, shape=None)
        self.factor = positive("factor", factor)

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
        """ℓ1, for every scale and tilt."""
        return Lp(1.0)

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """κ[x·asinh(x/ρ) − √(x²+ρ²) − xτ]"""
        scale = sympy.exp(symbol("log_rho", self.log_scale))
        tilt = x * symbol("tau", self.log_ratio)
        return symbol("kappa", self.factor) * (hyperbolic.expression(x, scale) - tilt)

    def _value(self, x: Real) -> Real:
        return x * self._mirror_map(x) - self._balance(x)

    def _mirror_map(self, x: Real) -> Real:
        return self.factor * (hyperbolic.arcsinh(x, jnp.exp(self.log_scale), self.log_scale) - self.log_ratio)

    def _inverse_mirror_map(self, z: Real) -> Real:
        return hyperbolic.sinh(z / self.factor + self.log_ratio, jnp.exp(self.log_scale), self.log_scale)

    def _metric(self, x: Real) -> Real:
        return self.factor / hyperbolic.hypot(x, jnp.exp(self.log_scale))

    def _balance(self, x: Real) -> Real:
        return self.factor * hyperbolic.hypot(x, jnp.exp(self.log_scale))

    def _to_chart(self, x: Real) -> Real:
        return self._mirror_map(x)

    def _from_chart(self, chart: Real) -> Real:
        return self.inverse_mirror_map(chart)

    def _chart_rate(self, chart: Real) -> Real:
        return jnp.ones_like(chart)
