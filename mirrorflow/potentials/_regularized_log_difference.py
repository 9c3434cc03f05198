"""log u−log v under the decay that commutes with it."""

import jax.numpy as jnp
import numpy as np

from .._checks import is_traced, positive
from .._types import Held, Numeric
from ..schedules import AbstractSchedule, as_schedule
from ._base import AbstractPotentialFamily, Interval
from ._log_difference import LogDifferencePotential
from ._regularized_entropy import finite_total


class RegularizedLogDifference(AbstractPotentialFamily):
    """R_t of the flow of f(log u−log v)+α_t·Σ(log u+log v) from u₀,v₀>0.

    Decay takes 2A_t from both squares, A_t=∫₀ᵗα: R_t is `LogDifferencePotential` with u₀²−2A_t and v₀²−2A_t, that is
    R'_t = ½[(u₀²+v₀²−4A_t)σ(2x) − u₀² + 2A_t]. The dual domain shrinks from both ends, and is empty once
    A_t=(u₀²+v₀²)/4: there both factors have reached 0, and the flow has ended.

    **Arguments:** `u`, `v`: u₀,v₀>0, one number or one for each coordinate; `strength`: α, a number or a schedule.

    **Raises:** `ValueError` for starts that are not positive or a negative strength.

    **Source:** arXiv:2504.12883; theory page 01 (R'_a with a=−A).

    >>> family = mf.potentials.RegularizedLogDifference(u=2.0, v=1.0, strength=0.25)
    >>> family.at(0.0).dual_domain, family.at(1.0).dual_domain
    ((-2.0, 0.5), (-1.75, 0.25))
    """

    u: Held
    v: Held
    strength: AbstractSchedule

    def __init__(self, u: Numeric, v: Numeric, strength: Numeric | AbstractSchedule):
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

    def at(self, time: Numeric) -> LogDifferencePotential:
        """R_t

        **Raises:** `ValueError` if A_t has reached (u₀²+v₀²)/4; within compiled code its numbers are NaN then.
        """
        return self._spent(self.penalty_integral(time))

    def limit(self) -> LogDifferencePotential:
        """R_∞

        **Raises:** `ValueError` if ∫α diverges or is at least (u₀²+v₀²)/4: the flow ends in finite time.
        """
        return self._spent(finite_total(self.strength))

    def _spent(self, amount: Numeric) -> LogDifferencePotential:
        square_u, square_v = (jnp.square(jnp.asarray(start)) for start in (self.u, self.v))
        spent = jnp.asarray(amount)
        left = square_u + square_v - 4 * spent
        if not is_traced(left) and not (np.asarray(left) > 0).all():
            raise ValueError(
                f"The decay spent, {float(spent):g}, has reached (u²+v²)/4 = {float(np.min(left) / 4 + spent):g}: "
                "both factors are 0 and the flow has ended."
            )
        return LogDifferencePotential(square_u=square_u - 2 * spent, square_v=square_v - 2 * spent)
