"""The toolkit's numeric potential for an orbit: its own where it has one, else one made of the derived metric."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import sympy

from .. import potentials
from .._types import Real
from ..potentials._roots import bracketed_root
from ..reparameterizations import AbstractProduct, LogDifference, PowerDifference
from ._formulas import Formulas, Parametric
from ._setting import Setting

FAR = 700.0


def numeric_potential(asked: Setting, found: Formulas, domain: Any, side: int) -> potentials.AbstractPotential:
    """An `AbstractPotential` with the derived metric.

    **Raises:** `ValueError` while symbols other than x have no numbers.
    """
    free = (found.metric.free_symbols | asked.q.free_symbols) - {found.x}
    if free:
        raise ValueError(f"A numeric potential needs numbers for {sorted(map(str, free))}.")
    return _own(asked, side) or _custom(found, domain)


def _own(asked: Setting, side: int) -> potentials.AbstractPotential | None:
    given, q, gradient = asked.given, float(asked.q), asked.q == 2
    if isinstance(asked.balance, dict):
        return None
    balance = float(asked.balance)
    if isinstance(given, AbstractProduct):
        if balance > 0:
            return potentials.SteepestFamily(given.depth, q, balance)
        return potentials.BalancedSteepest(given.depth, q, float(side))
    if isinstance(given, PowerDifference) and gradient:
        if given.power == 2:
            return potentials.TiltedHyperbolicEntropy(2 * balance**2, factor=0.25)
        return potentials.PowerDifferencePotential(given.power, balance, balance)
    if isinstance(given, LogDifference) and gradient:
        return potentials.LogDifferencePotential(balance, balance)
    return None


def _custom(found: Formulas, domain: Any) -> potentials.Custom:
    if not isinstance(domain, sympy.Interval):
        raise ValueError(f"A numeric potential needs a domain, got {domain}.")
    interval = float(domain.inf), float(domain.sup)
    if found.parametric is None:
        return potentials.Custom(metric=sympy.lambdify(found.x, found.metric, "jax"), domain=interval)
    return potentials.Custom(metric=_RootMetric(found.parametric), domain=interval)


class _RootMetric(eqx.Module):
    """1/S at the root of x(y)=x."""

    x: Any = eqx.field(static=True)
    slope: Any = eqx.field(static=True)
    speed: Any = eqx.field(static=True)

    def __init__(self, given: Parametric):
        made = (given.x, given.x.diff(given.y), given.speed)
        self.x, self.slope, self.speed = (sympy.lambdify(given.y, each, "jax") for each in made)

    def __call__(self, x: Real) -> Real:
        """Elementwise; the last Newton step carries the derivative."""
        held = jax.lax.stop_gradient(x)
        ends = jnp.full_like(held, -FAR), jnp.full_like(held, FAR)
        y = bracketed_root(lambda y: (self.x(y) - held, self.slope(y)), *ends, jnp.zeros_like(held))
        y = jax.lax.stop_gradient(y)
        return 1 / self.speed(y - (self.x(y) - x) / self.slope(y))
