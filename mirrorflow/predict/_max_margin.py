"""The max-margin problem of a horizon: where mirror flow of separable data turns, found by convex optimization."""

import dataclasses
from typing import Any

import numpy as np

from ..potentials import Lp
from ..problems import NetworkClassification
from ._margin_gauge import gauge_margin
from ._margin_linear import linear_margin, orthant_margin
from ._margin_smooth import smooth_margin
from ._separability import Candidate, refuse_inseparable

_ACCEPTED = 1e-9  # relative distance of the two bounds on the margin, for norms in closed form
_ACCEPTED_GAUGE = 1e-6  # for gauges known only as functions
_ROUNDING = 1e-14  # of a margin, relative to the size of the data
_UNKNOWN = 1e-3  # rounding above this leaves nothing known
_ACTIVE = 1e-8  # relative distance from equality that counts as equality


@dataclasses.dataclass(frozen=True)
class MaxMargin:
    """The largest margin γ*, where it is attained, and the certificate of it.

    **Fields:**

    - `direction`: x with φ(x)=1 and min_i y_i⟨x,z_i⟩=γ*, shape (features,); `solution`: `direction`/γ*, the
      argmin{φ(x) : y_i⟨x,z_i⟩≥1}.
    - `margin`: γ*, attained by `direction`.
    - `multipliers`: λ*≥0 on the samples, shape (samples,), with φ*(Σλ*_iy_iz_i)=1 and so Σλ*=1/γ* up to `gap`, φ* the
      dual norm.
    - `gap`: φ*(Zᵀp)/γ*−1 with p the `shares`, the relative distance of an upper bound of the margin from `margin`: at
      most 1e-9 (1e-6 for gauges), or the rounding of a margin that is thinner than 1e-5 of the data.
    - `support`: the samples with λ*_i>0.
    - `degenerate`: whether the solution or the multipliers may be others too: a sample at the margin without a
      multiplier, multipliers that are not independent, or for ℓ1 and ℓ∞ the like of a feature.
    - `horizon`: φ; `signed_inputs`: the y_iz_i as rows, Z.
    """

    direction: np.ndarray
    solution: np.ndarray
    margin: float
    multipliers: np.ndarray
    gap: float
    support: np.ndarray
    degenerate: bool
    horizon: Any
    signed_inputs: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """p=λ*/Σλ*, the shares of the samples in the gradient at the end of time."""
        return self.multipliers / self.multipliers.sum()

    @property
    def dual(self) -> np.ndarray:
        """c=Σλ*_iy_iz_i, shape (features,), with φ*(c)=1 and ⟨c,direction⟩=1."""
        return self.multipliers @ self.signed_inputs

    @property
    def dual_slacks(self) -> np.ndarray:
        """δ_j=1−|c_j|, shape (features,), for the ℓ1 horizon; 0 on the support of the solution.

        **Raises:** `ValueError` for another horizon.
        """
        if self.horizon not in (Lp(1.0), Lp(1.0, orthant=True)):
            raise ValueError(f"dual_slacks belong to the horizon Lp(1), got {self.horizon!r}.")
        return 1 - (self.dual if self.horizon.orthant else np.abs(self.dual))


def max_margin(problem: Any, horizon: Any) -> MaxMargin:
    """γ* = max_x min_i y_i⟨x,z_i⟩/φ(x), the margin that mirror flow with horizon φ approaches.

    A linear program for ℓ1 and ℓ∞, solved again on its active set to rounding; a cone program for ℓp, whose support is
    then corrected until x is the projection of 0 onto {y_i⟨x,z_i⟩=1, i in the support}; for a gauge given as a
    function, Newton's method on the support and cutting planes. The dual bounds the margin from above in every case.

    **Arguments:** `problem`: anything with `signed_inputs` Z, the y_iz_i as rows, or with `inputs` and `labels`;
    `horizon`: `Lp(p)`, or a gauge: a function φ(x) that JAX differentiates, convex, positive for x≠0, φ(sx)=sφ(x) for
    s≥0.

    **Raises:** `ValueError` if no x separates the data, with shares p whose Σp_iy_iz_i vanishes; for a network, or a
    horizon that is none of these; `ImportError` if cvxpy is missing for 1<p<∞; `RuntimeError` if the bounds do not
    meet.

    **Source:** theory page 04 (characterization).

    >>> problem = mf.problems.Classification(jnp.array([[2.0, 1.0], [1.0, 3.0]]), jnp.ones(2))
    >>> best = mf.predict.max_margin(problem, mf.potentials.Lp(1))
    >>> round(best.margin, 12), best.direction.round(12).tolist(), best.multipliers.round(12).tolist()
    (1.666666666667, [0.666666666667, 0.333333333333], [0.4, 0.2])
    """
    signed = _signed_inputs(problem)
    size = float(np.abs(signed).max())
    if size == 0:
        refuse_inseparable(signed, np.full(len(signed), 1 / len(signed)))
    solve, accepted = _solver(horizon)
    scaled = signed / size
    best = _certified(scaled, horizon, solve(scaled))
    if not _meet(best, accepted):
        # margins far below the size of the data are lost in the solvers' tolerances: measure in units of the margin
        unit = max(refuse_inseparable(scaled), best.margin)
        again = _certified(scaled, horizon, solve(scaled / unit))
        best = again if abs(again.gap) < abs(best.gap) else best
    if not _meet(best, accepted):
        raise RuntimeError(
            f"max_margin did not converge for {horizon!r} on data of size {size:.3g}: the bounds of the largest margin "
            f"are {size * best.margin:.9g} and {size * best.margin * (1 + best.gap):.9g}."
        )
    return dataclasses.replace(
        best,
        solution=best.solution / size,
        margin=best.margin * size,
        multipliers=best.multipliers / size,
        signed_inputs=signed,
    )


def _meet(best: MaxMargin, accepted: float) -> bool:
    """Whether the bounds agree to `accepted`, or to the rounding of margins thin against the data; false for NaN."""
    rounding = _ROUNDING / best.margin if best.margin > 0 else np.inf
    return abs(best.gap) <= max(accepted, rounding if rounding < _UNKNOWN else 0.0)


def _solver(horizon: Any) -> tuple[Any, float]:
    if horizon is None:
        raise ValueError("horizon is None: this potential has no horizon, so that no max-margin problem belongs to it.")
    if isinstance(horizon, Lp):
        if horizon.orthant:
            if horizon.p != 1:
                raise ValueError(f"horizon on the orthant must be Lp(1, orthant=True), got {horizon!r}.")
            return orthant_margin, _ACCEPTED
        if horizon.p in (1.0, np.inf):
            return (lambda signed: linear_margin(signed, horizon.p)), _ACCEPTED
        return (lambda signed: smooth_margin(signed, horizon.p)), _ACCEPTED
    if not callable(horizon):
        hint = "; pass its .horizon" if hasattr(horizon, "horizon") else ""
        raise ValueError(f"horizon must be mf.potentials.Lp(p) or a gauge φ(x), got {horizon!r}{hint}.")
    return (lambda signed: gauge_margin(signed, horizon)), _ACCEPTED_GAUGE


def _signed_inputs(problem: Any) -> np.ndarray:
    if hasattr(problem, "signed_inputs"):
        return np.asarray(problem.signed_inputs, float)
    if isinstance(problem, NetworkClassification) and (
        problem.network.hidden_layers > 0 or problem.network.outputs > 1
    ):
        raise ValueError(
            "problem must be linear in x, and a network is not: no convex problem tells the largest margin of a "
            "NetworkClassification. observe.kkt_residual says how far a path is from a stationary point of it."
        )
    if not (hasattr(problem, "inputs") and hasattr(problem, "labels")):
        raise ValueError(f"problem must have inputs and labels, as a Classification has; got {type(problem).__name__}.")
    inputs, labels = np.asarray(problem.inputs, float), np.asarray(problem.labels, float)
    if inputs.ndim != 2 or labels.shape != inputs.shape[:1]:
        raise ValueError(
            f"inputs must have shape (samples, features) and labels (samples,), got {inputs.shape} and {labels.shape}."
        )
    return labels[:, None] * inputs


def _certified(signed: np.ndarray, horizon: Any, found: Candidate) -> MaxMargin:
    """The candidate in the normalizations of `MaxMargin`, with both bounds computed afresh."""
    with np.errstate(all="ignore"):
        direction = found.x / float(horizon(found.x))
        margin = float((signed @ direction).min())
        multipliers = found.multipliers / found.multipliers.sum()
        upper = _upper_bound(horizon, multipliers @ signed, found)
        multipliers = multipliers / upper
        return MaxMargin(
            direction=direction,
            solution=direction / margin,
            margin=margin,
            multipliers=multipliers,
            gap=upper / margin - 1 if margin > 0 else np.inf,
            support=np.flatnonzero(multipliers > _ACTIVE * multipliers.max()),
            degenerate=_degenerate(signed, direction, multipliers, horizon),
            horizon=horizon,
            signed_inputs=signed,
        )


def _upper_bound(horizon: Any, dual: np.ndarray, found: Candidate) -> float:
    """φ*(Zᵀp) for shares p; on the orthant the largest entry, for a gauge what its solver found."""
    if not isinstance(horizon, Lp):
        return found.dual_bound
    return float(dual.max()) if horizon.orthant else float(horizon.dual(dual))


def _degenerate(signed: np.ndarray, direction: np.ndarray, multipliers: np.ndarray, horizon: Any) -> bool:
    """Whether complementarity is not strict or the multipliers are not independent."""
    if not np.isfinite(multipliers).all():
        return False
    margins = signed @ direction
    touching = margins <= (1 + _ACTIVE) * margins.min() + _ROUNDING
    weighted = multipliers > _ACTIVE * multipliers.max()
    if not np.array_equal(touching, weighted):
        return True
    rows = signed[touching]
    if not isinstance(horizon, Lp) or horizon.p not in (1.0, np.inf):
        return bool(np.linalg.matrix_rank(rows) < len(rows))
    sizes, dual = np.abs(direction), multipliers @ signed
    dual = dual if horizon.orthant else np.abs(dual)
    if horizon.p == 1.0:
        moving, pressed = sizes > _ACTIVE * sizes.max(), dual > (1 - _ACTIVE) * dual.max()
        return not np.array_equal(moving, pressed) or int(moving.sum()) != len(rows)
    moving, pressed = sizes < (1 - _ACTIVE) * sizes.max(), dual < _ACTIVE * dual.max()
    return not np.array_equal(moving, pressed) or int(moving.sum()) + 1 != len(rows)
