"""The potential that steepest flow on a product of factors induces, from a start with one small factor."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import sympy
from jax.lax import lgamma

from .._checks import in_interval, integer, is_traced, positive
from .._types import Held, Numeric, Real
from . import _derivatives as derivatives
from ._base import AbstractPotential, Interval, host_number, symbol
from ._horizon import Lp
from ._inverse_function import inverse_function
from ._power_integral import power_integral
from ._power_log import log_power_exp
from ._roots import increasing_root


class SteepestFamily(AbstractPotential):
    """R''=1/S for x=∏w_i under q-steepest flow with |w_i|^q=|w_L|^q+λ for i<L.

    With the small, sign-carrying factor a=w_L and W=|a|^q+λ: x=a·W^{(L−1)/q}, S=W^{L−2}(W+(L−1)|a|^q), mirror map
    ∫₀ᵃ(|s|^q+λ)^{−r}ds with r=(L−1)(q−1)/q, and Q=∫₀ᵃ s(|s|^q+λ)^{(L−1)/q−r}ds. Depth 2: R''=1/√(4|x|^q+λ²). The
    chart is a, in which x is explicit. If (L−1)(q−1)>1 the mirror map is bounded and x can reach infinity in finite
    time.

    **Arguments:** `depth`: L≥2; `q`: the exponent of the steepest flow, in [1,2]; `balance`: λ=|w_i|^q−|w_L|^q>0, one
    number or one for each coordinate (λ=0 is another potential, `BalancedSteepest`).

    **Raises:** `ValueError` for a depth below 2, q outside [1,2] or a balance that is not positive.

    **Source:** arXiv:2603.02064; theory page 03.

    >>> potential = mf.potentials.SteepestFamily(depth=2, q=2.0, balance=0.5)
    >>> entropy = mf.potentials.HyperbolicEntropy(scale=0.25)  # of m⊙w, up to a factor 2
    >>> bool(jnp.allclose(2 * potential.mirror_map([0.3]), entropy.mirror_map([0.3])))
    True
    """

    depth: int = eqx.field(static=True)
    q: Held
    balance: Held

    def __init__(self, depth: Numeric, q: Numeric, balance: Numeric):
        self.depth = integer("depth", depth, at_least=2)
        self.q = in_interval("q", q, 1.0, 2.0)
        self.balance = positive("balance", balance, shape=None)

    @property
    def domain(self) -> Interval:
        """ℝ"""
        return (-float("inf"), float("inf"))

    @property
    def dual_domain(self) -> Interval:
        """ℝ, or bounded if (L−1)(q−1)>1."""
        host_number("q", self.q)
        if is_traced(self.balance):
            raise ValueError("This depends on the value of balance, which is traced; ask before compiling.")
        with jax.ensure_compile_time_eval():
            end = np.asarray(derivatives.as_jax(self)._dual_end())
        return (-float(end), float(end)) if end.ndim == 0 else (-end, end)

    @property
    def horizon(self) -> Lp | None:
        """ℓ_{2−m} for the metric exponent m=q(L−1)/L≤1; none for m>1, where the mirror map is bounded."""
        exponent = host_number("q", self.q) * (self.depth - 1) / self.depth
        return Lp(2 - exponent) if exponent <= 1 else None

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """x·z−Q as hypergeometric functions of a(x)."""
        q, balance = symbol("q", self.q), symbol("lambda", self.balance)
        others, y = sympy.Integer(self.depth - 1), sympy.Symbol("a", real=True)
        product = y * (sympy.Abs(y) ** q + balance) ** (others / q)
        a: Any = inverse_function(sympy.Lambda(y, product), x)
        ratio, r, grow = -(sympy.Abs(a) ** q) / balance, others * (q - 1) / q, others * (2 - q) / q
        dual = a * balance ** (-r) * sympy.hyper([r, 1 / q], [1 + 1 / q], ratio)
        conserved = a**2 / 2 * balance**grow * sympy.hyper([-grow, 2 / q], [1 + 2 / q], ratio)
        return x * dual - conserved

    def _value(self, x: Real) -> Real:
        return x * self._mirror_map(x) - self._balance(x)

    def _mirror_map(self, x: Real) -> Real:
        a = derivatives.to_chart(self, x)
        return jnp.sign(a) * self._integral(jnp.abs(a), 1)

    def _inverse_mirror_map(self, z: Real) -> Real:
        return self._from_chart(_factor_of_dual(self, z))

    def _metric(self, x: Real) -> Real:
        power, total = self._powers(derivatives.to_chart(self, x))
        return 1 / (total ** (self.depth - 2) * (total + (self.depth - 1) * power))

    def _balance(self, x: Real) -> Real:
        return self._integral(jnp.abs(derivatives.to_chart(self, x)), 2)

    def _to_chart(self, x: Real) -> Real:
        return _factor_of_product(self, x)

    def _from_chart(self, chart: Real) -> Real:
        _, total = self._powers(chart)
        return chart * total ** ((self.depth - 1) / self.q)

    def _chart_rate(self, chart: Real) -> Real:
        _, total = self._powers(chart)
        return total ** self._r()

    def _r(self) -> Real:
        return (self.depth - 1) * (self.q - 1) / self.q

    def _dual_end(self) -> Real:
        """∫₀^∞(s^q+λ)^{−r}ds"""
        r, b = self._r(), 1 / self.q
        bounded = r > b
        rest = jnp.where(bounded, r - b, 1.0)
        log = lgamma(1 + b) + lgamma(rest) - lgamma(jnp.where(bounded, r, 1.0)) - rest * jnp.log(self.balance)
        return jnp.where(bounded, jnp.exp(log), jnp.inf)

    def _powers(self, a: Real) -> tuple[Real, Real]:
        power = jnp.abs(a) ** self.q
        return power, power + self.balance

    def _integral(self, a: Real, exponent: int) -> Real:
        r = self._r() if exponent == 1 else -(self.depth - 1) * (2 - self.q) / self.q
        return power_integral(a, float(exponent), r, self.q, self.balance, terms=64 + 3 * self.depth)


@eqx.filter_jit
def _factor_of_product(potential: SteepestFamily, x: Real) -> Real:
    """a(x): Newton from above in log|a|, where log|x| is convex with slope between 1 and L, then once in a itself."""
    q, rate, log_balance = potential.q, (potential.depth - 1) / potential.q, jnp.log(potential.balance)
    log_x = jnp.log(jnp.where(x == 0, 1.0, jnp.abs(x)))

    def step(y: Real) -> Real:
        slope = 1 + (potential.depth - 1) * jax.nn.sigmoid(q * y - log_balance)
        return (y + rate * jnp.logaddexp(q * y, log_balance) - log_x) / slope

    y = increasing_root(step, jnp.minimum(log_x / potential.depth, log_x - rate * log_balance))
    a = jnp.exp(y)
    power, total = potential._powers(a)
    error = (1 - jnp.abs(x) / (a * total**rate)) / (1 + (potential.depth - 1) * power / total)
    polished = jnp.where(jnp.abs(error) < 1e-6, a * (1 - error), a)
    return jnp.where(x == 0, x, jnp.where(jnp.isinf(x), x, jnp.sign(x) * polished))


@eqx.filter_jit
def _factor_of_dual(potential: SteepestFamily, z: Real) -> Real:
    """a(z): Newton from below in log|a|, where log|z| is concave; ±∞ beyond the values of the mirror map.

    It starts at the larger of two lower bounds, from (s^q+λ)^{−r} ≤ λ^{−r} and, past s=λ^{1/q}, ≤ s^{−qr}.
    """
    r, q, log_balance = potential._r(), potential.q, jnp.log(potential.balance)
    inside = jnp.abs(z) < potential._dual_end()
    log_z = jnp.log(jnp.where((z != 0) & inside, jnp.abs(z), 1.0))
    gap = 1 - q * r
    log_unit = log_z - gap * log_balance / q
    flat = log_z + r * log_balance
    steep = log_balance / q + log_power_exp(jnp.expm1(jnp.clip(log_unit, 0.0, 650.0)), gap)
    start = jnp.where((log_unit > 0) & jnp.isfinite(steep), jnp.maximum(flat, steep), flat)

    def step(y: Real) -> Real:
        a = jnp.exp(y)
        dual = potential._integral(a, 1)
        slope = jnp.exp(y - r * jnp.logaddexp(q * y, log_balance) - jnp.log(dual))
        return (jnp.log(dual) - log_z) / slope

    a = jnp.exp(increasing_root(step, start))
    _, total = potential._powers(a)
    change = (potential._integral(a, 1) - jnp.abs(z)) * total**r
    polished = jnp.where(jnp.abs(change) < 1e-6 * a, a - change, a)
    return jnp.where(z == 0, z, jnp.sign(z) * jnp.where(inside, polished, jnp.inf))
