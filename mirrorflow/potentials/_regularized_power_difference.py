"""u^D−v^D under the decay that commutes with it."""

import equinox as eqx
import jax.numpy as jnp

from .._checks import integer, positive
from .._types import Held, Numeric
from ..schedules import AbstractSchedule, as_schedule
from ._base import AbstractPotentialFamily, Interval
from ._power_difference import PowerDifferencePotential
from ._regularized_entropy import finite_total


class RegularizedPowerDifference(AbstractPotentialFamily):
    """R_t of the flow of f(u^D−v^D)+α_t·Σ(u^D+v^D) from u₀,v₀>0, D≥3.

    Decay adds c·A_t to both brackets, c=D(D−2), A_t=∫₀ᵗα: R_t is `PowerDifferencePotential` from the starts
    u₀(1+c·A_t·u₀^{D−2})^{−1/(D−2)}, likewise v. The dual domain grows with decay, the x reached at a bounded dual
    shrinks.

    **Arguments:** `depth`: D≥3; `u`, `v`: u₀,v₀>0, one number or one for each coordinate; `strength`: α, a number or a
    schedule.

    **Raises:** `ValueError` for a depth below 3, starts that are not positive or a negative strength.

    **Source:** arXiv:2504.12883; theory page 02 (range shrinking, with D=2k).

    >>> family = mf.potentials.RegularizedPowerDifference(depth=4, u=0.5, v=0.5, strength=1.0)
    >>> [round(family.at(time).dual_domain[1], 9) for time in (0.0, 2.0)]
    [0.5, 2.5]
    """

    depth: int = eqx.field(static=True)
    u: Held
    v: Held
    strength: AbstractSchedule

    def __init__(self, depth: Numeric, u: Numeric, v: Numeric, strength: Numeric | AbstractSchedule):
        self.depth = integer("depth", depth, at_least=3)
        self.u = positive("u", u, shape=None)
        self.v = positive("v", v, shape=None)
        self.strength = as_schedule("strength", strength)

    @property
    def domain(self) -> Interval:
        """ℝ"""
        return (-float("inf"), float("inf"))

    @property
    def jumps(self) -> Held:
        """The jumps of α."""
        return self.strength.jumps

    def penalty_integral(self, time: Numeric) -> Numeric:
        """A_t"""
        return self.strength.integral(time)

    def at(self, time: Numeric) -> PowerDifferencePotential:
        """R_t"""
        return self._spent(self.penalty_integral(time))

    def limit(self) -> PowerDifferencePotential:
        """R_∞

        **Raises:** `ValueError` if ∫α diverges: the starts go to 0, and R_t has no limit that is a Legendre function.
        """
        return self._spent(finite_total(self.strength))

    def _spent(self, amount: Numeric) -> PowerDifferencePotential:
        grow = self.depth * (self.depth - 2) * jnp.asarray(amount)

        def shrunk(start: Held) -> Numeric:
            start = jnp.asarray(start)
            return jnp.log(start) - jnp.log1p(grow * start ** (self.depth - 2)) / (self.depth - 2)

        return PowerDifferencePotential(self.depth, log_u=shrunk(self.u), log_v=shrunk(self.v))
