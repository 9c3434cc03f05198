"""m⊙w under weight decay: a hyperbolic entropy whose scale shrinks with the decay spent."""

import jax.numpy as jnp
import numpy as np

from .._checks import is_traced, number, positive
from .._types import Held, Numeric
from ..schedules import AbstractSchedule, as_schedule
from ._base import AbstractPotentialFamily, Interval
from ._tilted import TiltedHyperbolicEntropy


class RegularizedHyperbolicEntropy(AbstractPotentialFamily):
    """R_t = ½Σ[x·asinh(x/ρ_t) − √(x²+ρ_t²) − xτ] with ρ_t = ½β·e^{−4A_t}, τ=log(u₀/v₀), A_t = c·∫₀ᵗα.

    The flow of f(m⊙w)+α_t(‖m‖²+‖w‖²) from (m₀,w₀) with β=m₀²−w₀²>0 is d∇R_t(x_t)=−∇f dt, and the start has dual 0.
    log ρ_t is carried, so that any amount of decay is within range.

    **Arguments:** `balance`: β>0, one number or one for each coordinate; `log_ratio`: τ, likewise; `strength`: α, a
    number or a schedule; `convention`: c, 1 for `Coupled(α)`, ½ for `Decoupled(α)`; `factor`: in place of ½, ¼ for
    u²−v² (β=4u₀v₀).

    **Raises:** `ValueError` for a balance that is not positive or a negative strength or convention.

    **Source:** arXiv:2504.12883, arXiv:2408.09966 in its corrected form; theory page 02.

    >>> schedule = mf.schedules.switch_off(0.4, at=0.5)
    >>> family = mf.potentials.RegularizedHyperbolicEntropy(balance=0.5, log_ratio=0.0, strength=schedule)
    >>> bool(jnp.isclose(family.limit().metric(0.0), 0.5 / (0.25 * jnp.exp(-0.8))))
    True
    """

    balance: Held
    log_ratio: Held
    strength: AbstractSchedule
    convention: Held
    factor: Held

    def __init__(
        self,
        balance: Numeric,
        log_ratio: Numeric,
        strength: Numeric | AbstractSchedule,
        convention: Numeric = 1.0,
        factor: Numeric = 0.5,
    ):
        self.balance = positive("balance", balance, shape=None)
        self.log_ratio = number("log_ratio", log_ratio, shape=None)
        self.strength = as_schedule("strength", strength)
        self.convention = positive("convention", convention)
        self.factor = positive("factor", factor)

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
        return self.convention * self.strength.integral(time)

    def at(self, time: Numeric) -> TiltedHyperbolicEntropy:
        """R_t"""
        return self._spent(self.penalty_integral(time))

    def limit(self) -> TiltedHyperbolicEntropy:
        """R_∞

        **Raises:** `ValueError` if ∫α diverges: ρ_t→0, and R_t has no limit that is a Legendre function.
        """
        return self._spent(self.convention * finite_total(self.strength))

    def _spent(self, amount: Numeric) -> TiltedHyperbolicEntropy:
        log_scale = jnp.log(self.balance / 2) - 4 * jnp.asarray(amount)
        return TiltedHyperbolicEntropy(log_scale=log_scale, log_ratio=self.log_ratio, factor=self.factor)


def finite_total(strength: AbstractSchedule) -> float:
    """∫₀^∞α

    **Raises:** `ValueError` if it diverges.
    """
    total = strength.total()
    if not (is_traced(total) or np.isfinite(total)):
        raise ValueError("The potential has no limit: the integral of the decay strength over all times diverges.")
    return total
