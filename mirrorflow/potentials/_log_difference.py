"""The potential that gradient flow on x=log u−log v induces."""

import jax
import jax.numpy as jnp
import numpy as np
import sympy

from .._checks import is_traced, number, positive
from .._types import Held, Numeric, Real
from . import _hyperbolic as hyperbolic
from ._base import AbstractPotential, Interval, symbol
from ._horizon import Lp


class LogDifferencePotential(AbstractPotential):
    """R = ¼(u₀²+v₀²)·log(1+e^{2x}) − ½u₀²x, mirror map ½[(u₀²+v₀²)σ(2x) − u₀²], σ the logistic function.

    Along the flow u²=u₀²+2z, v²=v₀²−2z: u²+v² is conserved, and the start log u₀−log v₀ has dual 0. The mirror map is
    bounded: where u or v reaches 0, x is at infinity in finite time. The chart is x=½log(u²/v²), in which both squares
    keep all their digits; dx/dz = 4cosh²x/(u₀²+v₀²).

    **Arguments:** `u`, `v`: u₀,v₀>0, one number or one for each coordinate; `square_u`, `square_v`: in place of both,
    numbers S_u,S_v with S_u+S_v>0 that stand for u₀² and v₀². Decay makes one of them negative once the dual of the
    start has left the dual domain (−S_u/2, S_v/2).

    **Raises:** `ValueError` for starts that are not positive, squares whose sum is not positive, or unless the pair is
    given once.

    **Source:** theory page 01 (the table of commuting reparameterizations).

    >>> potential = mf.potentials.LogDifferencePotential(u=2.0, v=1.0)
    >>> potential.dual_domain, bool(jnp.isclose(potential.inverse_mirror_map(0.0), jnp.log(2.0)))
    ((-2.0, 0.5), True)
    """

    square_u: Held
    square_v: Held

    def __init__(
        self,
        u: Numeric | None = None,
        v: Numeric | None = None,
        *,
        square_u: Numeric | None = None,
        square_v: Numeric | None = None,
    ):
        starts, squares = (u is not None, v is not None), (square_u is not None, square_v is not None)
        if starts == (True, True) and squares == (False, False):
            u, v = positive("u", u, shape=None), positive("v", v, shape=None)
            self.square_u, self.square_v = (s * s if is_traced(s) else np.asarray(s * s) for s in (u, v))
        elif starts == (False, False) and squares == (True, True):
            self.square_u = number("square_u", square_u, shape=None)
            self.square_v = number("square_v", square_v, shape=None)
        else:
            given = dict(u=u, v=v, square_u=square_u, square_v=square_v)
            names = ", ".join(name for name, value in given.items() if value is not None) or "neither"
            raise ValueError(f"Give either u and v or square_u and square_v, got {names}.")
        if not (is_traced(self.square_u) or is_traced(self.square_v)):
            total = np.asarray(self.square_u) + np.asarray(self.square_v)
            if not (total > 0).all():
                raise ValueError(f"square_u + square_v must be positive, got {total.min()}.")

    @property
    def domain(self) -> Interval:
        """ℝ"""
        return (-float("inf"), float("inf"))

    @property
    def dual_domain(self) -> Interval:
        """(−u₀²/2, v₀²/2)"""
        if is_traced(self.square_u) or is_traced(self.square_v):
            raise ValueError("This depends on the starts u and v, which are traced; ask before compiling.")
        low, high = -np.asarray(self.square_u) / 2, np.asarray(self.square_v) / 2
        return (low if np.ndim(low) else float(low), high if np.ndim(high) else float(high))

    @property
    def horizon(self) -> Lp | None:
        """None: the mirror map is bounded."""
        return None

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """¼(u₀²+v₀²)·log(1+e^{2x}) − ½u₀²x"""
        u, v = symbol("square_u", self.square_u), symbol("square_v", self.square_v)
        return (u + v) / 4 * sympy.log(1 + sympy.exp(2 * x)) - u * x / 2

    def _value(self, x: Real) -> Real:
        size = hyperbolic.magnitude(x)
        slope = jnp.where(x < 0, self.square_u, self.square_v) / 2
        return self._total() / 4 * jnp.log1p(jnp.exp(-2 * size)) + slope * size

    def _mirror_map(self, x: Real) -> Real:
        """(T/2)(σ(2x)−σ(2x₀)), T=u²+v²; without a start, from an end of the dual domain."""
        started = (self.square_u > 0) & (self.square_v > 0)
        start = self._log_odds(jnp.where(started, self.square_u, 1.0), jnp.where(started, self.square_v, 1.0))
        low, high = jnp.minimum(2 * x, start), jnp.maximum(2 * x, start)
        log = jax.nn.log_sigmoid(high) + jax.nn.log_sigmoid(-low)
        moved = jnp.sign(2 * x - start) * self._total() / 2 * jnp.exp(log) * -jnp.expm1(low - high)
        below = (self._total() * jax.nn.sigmoid(2 * x) - self.square_u) / 2
        above = (self.square_v - self._total() * jax.nn.sigmoid(-2 * x)) / 2
        return jnp.where(started, moved, jnp.where(self.square_u > 0, above, below))

    def _inverse_mirror_map(self, z: Real) -> Real:
        u, v = self.square_u + 2 * z, self.square_v - 2 * z
        inside = (u > 0) & (v > 0)
        ratio = (4 * z + (self.square_u - self.square_v)) / self._total()
        close = jnp.abs(ratio) < 0.5
        far = self._log_odds(jnp.where(inside, u, 1.0), jnp.where(inside, v, 1.0)) / 2
        x = jnp.where(close, jnp.arctanh(jnp.where(close, ratio, 0.0)), far)
        beyond = jnp.where(u > 0, jnp.where(v > 0, jnp.nan, jnp.inf), jnp.where(v > 0, -jnp.inf, jnp.nan))
        return jnp.where(inside, x, beyond)

    def _metric(self, x: Real) -> Real:
        return self._total() * jax.nn.sigmoid(2 * x) * jax.nn.sigmoid(-2 * x)

    def _balance(self, x: Real) -> Real:
        """−(T/4)·H(σ(2x)) with the entropy H of a coin, symmetric in x."""
        size = 2 * hyperbolic.magnitude(x)
        return -self._total() / 4 * (size * jax.nn.sigmoid(-size) + jnp.log1p(jnp.exp(-size)))

    def _to_chart(self, x: Real) -> Real:
        return x

    def _from_chart(self, chart: Real) -> Real:
        return chart

    def _chart_rate(self, chart: Real) -> Real:
        return 4 * jnp.cosh(chart) ** 2 / self._total()

    def _log_chart_rate(self, chart: Real) -> Real:
        return jnp.log(4.0) + 2 * hyperbolic.log_cosh(chart) - jnp.log(self._total())

    def _total(self) -> Real:
        """u²+v²; not a number once decay has used it up."""
        total = self.square_u + self.square_v
        return jnp.where(total > 0, total, jnp.nan)

    @staticmethod
    def _log_odds(u: Real, v: Real) -> Real:
        return jnp.log(u) - jnp.log(v)
