"""How fast mirror flow of separable data approaches its largest margin: exponents and constants in log t."""

from typing import Any, NamedTuple

import numpy as np

from .. import _checks
from .._types import Numeric
from ..potentials import Lp


class LossExponents(NamedTuple):
    """𝓛 ≍ t^{`time`}·(log t)^{`log_time`}."""

    time: float
    log_time: float


def norm_exponent(degree: Numeric) -> float:
    """1/L: ‖θ‖ ≍ (log t)^{1/L} for an L-homogeneous predictor.

    **Raises:** `ValueError` for a degree that is not positive.

    **Source:** theory page 04 (rates; heuristic).

    >>> mf.predict.norm_exponent(4)
    0.25
    """
    return 1 / float(_checks.positive("degree", degree))


def loss_exponents(degree: Numeric, growth: Numeric) -> LossExponents:
    """𝓛 ≍ (log t)^{κ/L−2}/t for an L-homogeneous predictor and a potential R~|θ|^κ, κ>1.

    For R~|θ|log|θ| (hyperbolic entropy) the law is that of κ=1 with the logarithm log log t beside it.

    **Raises:** `ValueError` for a degree that is not positive, or a growth below 1.

    **Source:** theory page 04 (rates; heuristic).

    >>> mf.predict.loss_exponents(degree=1, growth=2)
    LossExponents(time=-1.0, log_time=0.0)
    """
    degree, growth = (
        float(_checks.positive("degree", degree)),
        float(_checks.in_interval("growth", growth, 1.0, np.inf)),
    )
    return LossExponents(-1.0, growth / degree - 2)


def norm_growth(best: Any) -> float:
    """lim φ(x_t)/log t of a linear classifier: 1/γ*, and 1/(1+γ*) for ℓ∞, the horizon of cosh.

    Every sample of the support loses its margin at the rate of log t, m_min≃log t; the metric of cosh adds e^{‖x‖_∞}
    to the time that takes.

    **Arguments:** `best`: what `max_margin` returns.

    **Source:** theory page 04 (rates).
    """
    return 1 / (1 + best.margin) if best.horizon == Lp(np.inf) else 1 / best.margin


def margin_gap_constant(best: Any) -> float:
    """lim (1−γ(x_t)/γ*)·log t = H(p)−H_∞(p), the Shannon entropy of the shares less their min-entropy, in nats.

    For powers, and for hyperbolic entropy whose ℓ1 solution has full support. For ℓ∞, the horizon of cosh, it is
    (1+γ*)·[(H−H_∞)(p)/γ* + (H−H_∞)(|c|)] with c the `dual`. 0 where all shares are equal.

    **Raises:** `ValueError` for ℓ1 with an entry at 0: the gap then shrinks like `coordinate_exponents` say.

    **Source:** theory page 04 (rates; the gap's constant is an entropy).

    >>> problem = mf.problems.Classification(jnp.array([[2.0, 1.0], [1.0, 3.0]]), jnp.ones(2))
    >>> best = mf.predict.max_margin(problem, mf.potentials.Lp(1))  # shares 2/3 and 1/3
    >>> bool(np.isclose(mf.predict.margin_gap_constant(best), np.log(2) / 3))
    True
    """
    if best.horizon == Lp(1.0) and (best.dual_slacks > 1e-9).any():
        raise ValueError(
            "margin_gap_constant for Lp(1) needs a solution of full support; here "
            f"{int((best.dual_slacks > 1e-9).sum())} of {best.dual_slacks.size} features have a slack, and the gap "
            "shrinks like (log t)^(−least slack), see coordinate_exponents."
        )
    excess = _entropy_excess(best.shares)
    if best.horizon == Lp(np.inf):
        return (1 + best.margin) * (excess / best.margin + _entropy_excess(np.abs(best.dual)))
    return excess


def coordinate_exponents(best: Any) -> np.ndarray:
    """−δ_j with |x_j|/‖x‖₁ ~ (log t)^{−δ_j} for hyperbolic entropy, δ_j the dual slacks; 0 on the support.

    The least slack off the support decides how slowly the ℓ1 direction is reached.

    **Arguments:** `best`: what `max_margin` returns for `Lp(1)`.

    **Raises:** `ValueError` for another horizon.

    **Source:** theory page 04 (rates; heuristic).
    """
    return -best.dual_slacks


def direction_error_exponent() -> float:
    """−1: ‖x/‖x‖₂−direction‖ = O(1/log t) for linear ℓ2 with exponential tails.

    **Source:** theory page 04 (rates; proved).
    """
    return -1.0


def bregman_gap_exponent(p: Numeric) -> float:
    """1−p: the Bregman gap of the normalized iterate is O((log t)^{1−p}) for the potential |x|^p/p.

    **Raises:** `ValueError` for p≤1.

    **Source:** Sun et al. 2022 (arXiv:2205.12808); theory page 04 (rates).

    >>> mf.predict.bregman_gap_exponent(3.0)
    -2.0
    """
    return 1 - float(_checks.greater("p", p, 1.0))


def _entropy_excess(shares: np.ndarray) -> float:
    """H(p)−H_∞(p) = Σp·log(max p/p)"""
    held = shares[shares > 0] / shares.sum()
    return float(held @ np.log(held.max() / held))
