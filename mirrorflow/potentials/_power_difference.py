"""The potential that gradient flow on x=u^D−v^D induces."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import sympy

from .._checks import integer, is_traced, number, positive
from .._types import Held, Numeric, Real
from . import _derivatives as derivatives
from ._base import AbstractPotential, Interval, symbol
from ._horizon import Lp
from ._inverse_function import inverse_function
from ._roots import increasing_root


class PowerDifferencePotential(AbstractPotential):
    """The potential of gradient flow on x=u^D−v^D from u₀,v₀>0, D≥3, given through its inverse mirror map.

    With c=D(D−2), γ=D/(D−2) and the brackets P=u₀^{2−D}−cz=u^{2−D}, N=v₀^{2−D}+cz=v^{2−D}: x=P^{−γ}−N^{−γ},
    R''=1/(D²(u^{2D−2}+v^{2D−2})), Q=R*=(u²+v²)/(2D); the start u₀^D−v₀^D has dual 0. The mirror map is bounded: a
    bracket that reaches 0 is x at infinity in finite time. The chart is log(N/P), in which x is explicit and which
    keeps all digits of a bracket that is small against its start. D=2 is `TiltedHyperbolicEntropy` with factor ¼.

    **Arguments:** `depth`: D≥3; `u`, `v`: u₀,v₀>0, one number or one for each coordinate; `log_u`, `log_v`: their
    logarithms, in place of them.

    **Raises:** `ValueError` for a depth below 3, starts that are not positive, or unless each start is given once.

    **Source:** Woodworth et al. 2020; theory pages 01 and 02.

    >>> potential = mf.potentials.PowerDifferencePotential(depth=3, u=0.5, v=0.4)
    >>> bool(jnp.isclose(potential.inverse_mirror_map(0.0), 0.5**3 - 0.4**3))
    True
    """

    depth: int = eqx.field(static=True)
    log_u: Held
    log_v: Held

    def __init__(
        self,
        depth: Numeric,
        u: Numeric | None = None,
        v: Numeric | None = None,
        *,
        log_u: Numeric | None = None,
        log_v: Numeric | None = None,
    ):
        self.depth = integer("depth", depth, at_least=3)
        self.log_u = _logarithm("u", u, log_u)
        self.log_v = _logarithm("v", v, log_v)

    @property
    def domain(self) -> Interval:
        """ℝ"""
        return (-float("inf"), float("inf"))

    @property
    def dual_domain(self) -> Interval:
        """Where both brackets are positive: (−v₀^{2−D}/c, u₀^{2−D}/c)."""
        if is_traced(self.log_u) or is_traced(self.log_v):
            raise ValueError("This depends on the starts u and v, which are traced; ask before compiling.")
        c = self.depth * (self.depth - 2)
        low, high = (np.exp((2 - self.depth) * np.asarray(log)) / c for log in (self.log_v, self.log_u))
        return (-low if np.ndim(low) else -float(low), high if np.ndim(high) else float(high))

    @property
    def horizon(self) -> Lp | None:
        """None: the mirror map is bounded."""
        return None

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """x·z−Q with z(x) by the root of x=P^{−γ}−N^{−γ} in y=log(N/P)."""
        depth, y = sympy.Integer(self.depth), sympy.Symbol("y", real=True)
        p, n = (sympy.exp((2 - depth) * symbol(f"log_{k}", log)) for k, log in (("u", self.log_u), ("v", self.log_v)))
        minus, plus = (p + n) / (1 + sympy.exp(y)), (p + n) / (1 + sympy.exp(-y))
        gamma = depth / (depth - 2)
        root: Any = inverse_function(sympy.Lambda(y, minus**-gamma - plus**-gamma), x)
        minus, plus = minus.subs(y, root), plus.subs(y, root)
        dual = (plus - n) / (depth * (depth - 2))
        conserved = (minus ** (-2 / (depth - 2)) + plus ** (-2 / (depth - 2))) / (2 * depth)
        return x * dual - conserved

    def _value(self, x: Real) -> Real:
        return x * self._mirror_map(x) - self._balance(x)

    def _mirror_map(self, x: Real) -> Real:
        """(T/c)(σ(y)−σ(y₀)) with T=P+N."""
        y, y0 = derivatives.to_chart(self, x), self._log_n() - self._log_p()
        low, high = jnp.minimum(y, y0), jnp.maximum(y, y0)
        log = self._log_total() + jax.nn.log_sigmoid(high) + jax.nn.log_sigmoid(-low)
        return jnp.sign(y - y0) * jnp.exp(log) * -jnp.expm1(low - high) / (self.depth * (self.depth - 2))

    def _inverse_mirror_map(self, z: Real) -> Real:
        plus = z * self.depth * (self.depth - 2) * jnp.exp(-self._log_n())
        minus = -z * self.depth * (self.depth - 2) * jnp.exp(-self._log_p())
        inside = jnp.minimum(plus, minus) > -1
        y = self._log_n() - self._log_p() + jnp.log1p(jnp.where(inside, plus, 0.0))
        y = y - jnp.log1p(jnp.where(inside, minus, 0.0))
        return jnp.where(inside, self._from_chart(y), jnp.sign(z) * jnp.inf)

    def _metric(self, x: Real) -> Real:
        power = (2 * self.depth - 2) / (self.depth - 2)
        minus, plus = self._log_brackets(derivatives.to_chart(self, x))
        return jnp.exp(-jnp.logaddexp(-power * minus, -power * plus)) / self.depth**2

    def _balance(self, x: Real) -> Real:
        power = 2 / (self.depth - 2)
        minus, plus = self._log_brackets(derivatives.to_chart(self, x))
        return (jnp.exp(-power * minus) + jnp.exp(-power * plus)) / (2 * self.depth)

    def _to_chart(self, x: Real) -> Real:
        gamma = self.depth / (self.depth - 2)
        log_x = jnp.log(jnp.where(x == 0, 1.0, jnp.abs(x)))
        y = _log_odds(jnp.where(x == 0, 0.0, log_x + gamma * self._log_total()), gamma)
        return jnp.where((x == 0) | jnp.isinf(x), x, jnp.sign(x) * y)

    def _from_chart(self, chart: Real) -> Real:
        gamma, y = self.depth / (self.depth - 2), jnp.abs(chart)
        size = jnp.exp(gamma * (jax.nn.softplus(y) - self._log_total()))
        return jnp.sign(chart) * size * -jnp.expm1(-gamma * y)

    def _chart_rate(self, chart: Real) -> Real:
        half = jnp.exp(-self._log_total() / 2) * jnp.cosh(chart / 2)
        return 4 * self.depth * (self.depth - 2) * half**2

    def _log_p(self) -> Real:
        return (2 - self.depth) * self.log_u

    def _log_n(self) -> Real:
        return (2 - self.depth) * self.log_v

    def _log_total(self) -> Real:
        return jnp.logaddexp(self._log_p(), self._log_n())

    def _log_brackets(self, chart: Real) -> tuple[Real, Real]:
        """log P, log N"""
        total = self._log_total()
        return total + jax.nn.log_sigmoid(-chart), total + jax.nn.log_sigmoid(chart)


@eqx.filter_jit
def _log_odds(log_size: Real, gamma: float) -> Real:
    """The y>0 with (1+e^y)^γ−(1+e^{−y})^γ=X: Newton from above, where the left side is convex."""
    steep = jnp.exp(jnp.minimum(log_size - jnp.log(gamma) - gamma * jnp.log(2.0), 100.0))
    wide = jnp.logaddexp(log_size, gamma * jnp.log(2.0)) / gamma
    log_wide = jnp.where(wide > 30, wide, jnp.log(jnp.expm1(jnp.minimum(wide, 30.0))))
    start = jnp.where(log_size < -10, steep, jnp.minimum(steep, log_wide))

    def step(y: Real) -> Real:
        log = gamma * jax.nn.softplus(y) + jnp.log(-jnp.expm1(-gamma * y))
        return -jnp.expm1(log_size - log) / (gamma * jax.nn.sigmoid(y) + gamma / jnp.expm1(gamma * y))

    return increasing_root(step, start)


def _logarithm(name: str, value: Numeric | None, log: Numeric | None) -> Held:
    if (value is None) == (log is None):
        raise ValueError(f"Give exactly one of {name} and log_{name}, got {name}={value!r}, log_{name}={log!r}.")
    if value is None:
        return number(f"log_{name}", log, shape=None)
    value = positive(name, value, shape=None)
    return jnp.log(value) if is_traced(value) else np.asarray(np.log(value))
