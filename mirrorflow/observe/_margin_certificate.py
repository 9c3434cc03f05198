"""Where a margin falls short of the largest one: by samples above the margin, and by entries off their dual."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import numpy as np

from .. import _checks
from .._types import Anything, Numeric
from ..flows import Trajectory
from ..potentials import Lp, Power


@dataclasses.dataclass(frozen=True)
class MarginCertificate:
    """The two parts of 1−γ(x)/γ*, both ≥0, shape (points,) or ().

    **Fields:** `samples`, Σλ_i(m_i−m_min)/φ(x), what samples with a multiplier have above the margin; `features`,
    1−⟨c,x⟩/φ(x), how far x is from the face of φ's ball that c=Σλ_iy_iz_i supports; `margin`, γ(x)=m_min/φ(x).
    """

    samples: np.ndarray
    features: np.ndarray
    margin: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        """1−γ(x)·Σλ, the sum of both parts."""
        return np.asarray(self.samples + self.features)


def margin_certificate(x: Trajectory | Numeric, best: Any) -> MarginCertificate:
    """1 − γ(x)·Σλ = [Σλ_i(m_i−m_min) + φ(x)−⟨c,x⟩]/φ(x) for c=Σλ_iy_iz_i with φ*(c)=1 and λ≥0.

    An identity for every x and every such λ. With Σλ=1/γ* its left side is the relative margin gap, which the
    differences on its right side give without cancellation: gaps of 1e-12 keep their leading digits, and a gap that is
    not the sum of these two parts was not computed correctly. For ℓ1 the second part is Σ(|x_j|−c_jx_j)/‖x‖₁, for
    1<p<∞ the Bregman divergence of x/φ(x) from the point that c supports, for ℓ∞ Σ|c_j|(‖x‖_∞−s_jx_j)/‖x‖_∞.

    **Arguments:** `x`: a path, or points of shape (features,) or (points, features), none of them 0; `best`: what
    `predict.max_margin` returns, or anything with `multipliers` λ, shape (samples,), `signed_inputs` y_iz_i as rows,
    and a `horizon` φ.

    **Raises:** `ValueError` for points of another shape, or a point that is 0.

    **Source:** theory page 04 (exact identity).

    >>> problem = mf.problems.Classification(jnp.array([[2.0, 1.0], [1.0, 3.0]]), jnp.ones(2))
    >>> best = mf.predict.max_margin(problem, mf.potentials.Lp(1))
    >>> found = mf.observe.margin_certificate(best.direction + np.array([1e-12, 1e-12]), best)
    >>> round(found.gap.item() / 1e-13, 2), mf.observe.margin_certificate([3.0, -1.0], best).features.round(12).item()
    (2.0, 0.5)
    """
    if isinstance(x, Trajectory) and isinstance(x.x, tuple | list):
        raise ValueError("x must be linear in the inputs: a network's margins have no certificate, see kkt_residual.")
    points = np.asarray(x.x if isinstance(x, Trajectory) else _checks.number("x", x, shape=None), float)
    signed, multipliers = np.asarray(best.signed_inputs, float), np.asarray(best.multipliers, float)
    if points.ndim not in (1, 2) or points.shape[-1] != signed.shape[1]:
        raise ValueError(
            f"x must have shape (features,) or (points, features) with {signed.shape[1]} features, got {points.shape}."
        )
    largest = np.abs(points).max(axis=-1, keepdims=True)
    if not (largest > 0).all():
        raise ValueError("x must not be 0: it has no direction there, and so no margin to certify.")
    scaled = points / largest
    flat = scaled.reshape(-1, signed.shape[1])
    units = flat / np.asarray(_sizes(best.horizon, flat))[:, None]
    margins = units @ signed.T
    margin = margins.min(axis=1)
    samples = (margins - margin[:, None]) @ multipliers
    features = _deficits(units, multipliers @ signed, best.horizon)
    shape = points.shape[:-1]
    return MarginCertificate(samples.reshape(shape), features.reshape(shape), margin.reshape(shape))


def _deficits(units: np.ndarray, dual: np.ndarray, horizon: Any) -> np.ndarray:
    """1−⟨c,u⟩ for each u with φ(u)=1, φ*(c)=1, as a sum of terms that are ≥0."""
    if not isinstance(horizon, Lp):
        return 1 - units @ dual
    if horizon.p == 1:
        return (np.abs(units) * (1 - np.sign(units) * dual)).sum(axis=1)
    if np.isinf(horizon.p):
        return (1 - np.sign(dual) * units) @ np.abs(dual)
    return np.asarray(_divergences(Power(horizon.p), units, dual))


@eqx.filter_jit
def _sizes(horizon: Any, points: Anything) -> Anything:
    return jax.lax.map(horizon, points)


@eqx.filter_jit
def _divergences(potential: Power, units: Anything, dual: Anything) -> Anything:
    touched = potential.inverse_mirror_map(dual)
    return jax.lax.map(lambda unit: potential.divergence(unit, touched), units)
