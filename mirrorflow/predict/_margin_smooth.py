"""The max-margin problem of ℓp for 1<p<∞, a cone program whose support is corrected to rounding."""

import dataclasses
import warnings

import numpy as np

from ..potentials import Power
from ._bregman import bregman_projection
from ._margin_linear import linear_margin
from ._separability import Candidate

_WEIGHT = 1e-5  # multipliers below this share of the largest are not taken for support
_SEPARATED = 1e-7  # margins below this, relative to the data, are within an interior-point method's tolerance
_MET = 1e-11  # how far a margin may fall short of 1
_CHANGES = 300


@dataclasses.dataclass(frozen=True)
class _Held:
    """The equations y_i⟨x,z_i⟩=1 of a set of samples."""

    design: np.ndarray
    target: np.ndarray


def smooth_margin(signed: np.ndarray, p: float) -> Candidate:
    """max{γ : Zx≥γ, ‖x‖_p≤1} by an interior-point method, then an active-set method on argmin{‖x‖_p : Zx≥1}."""
    rough = _cone_program(signed, p) or linear_margin(signed, 1.0 if p < 2 else np.inf)
    if not (signed @ rough.x).min() > _SEPARATED * np.abs(signed).max() * np.abs(rough.x).max():
        return rough  # inseparable, or to be asked again in units of the margin
    support = np.flatnonzero(rough.multipliers > _WEIGHT * rough.multipliers.max()).tolist()
    for _ in range(_CHANGES):
        x, multipliers = _project(signed, p, support, rough.multipliers)
        if x is None:
            return rough
        margins = signed @ x
        worst = int(np.argmin(margins))
        if multipliers.min() < 0:
            support.remove(int(np.argmin(multipliers)))
        elif margins[worst] < 1 - _MET and worst not in support:
            support.append(worst)
        else:
            return Candidate(x, multipliers)
    return rough


def _project(
    signed: np.ndarray, p: float, support: list[int], weights: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray]:
    """The x of least norm with margin 1 on the support, and its multipliers; no x where none could be found.

    Samples leave the support, those of least weight first, while its equations contradict each other.
    """
    multipliers = np.zeros(len(signed))
    while support:
        held = _Held(signed[support], np.ones(len(support)))
        try:
            found = bregman_projection(held, Power(p), np.zeros(signed.shape[1]))
        except ValueError:
            support.remove(min(support, key=lambda i: weights[i]))
            continue
        except RuntimeError:
            break
        multipliers[support] = found.multipliers
        dependent = np.linalg.matrix_rank(held.design) < len(support)
        if dependent:
            multipliers[support] = _nonnegative(held.design, found.dual, found.multipliers)
        return found.x, multipliers
    return None, multipliers


def _nonnegative(rows: np.ndarray, dual: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Multipliers ≥0 of the same dual, where dependent samples leave the choice."""
    from scipy.optimize import nnls

    if fallback.min() >= 0:
        return fallback
    size = np.abs(dual).max()
    found, distance = nnls(rows.T, dual / size)
    return found * size if distance <= 1e-12 * np.sqrt(dual.size) else fallback


def _cone_program(signed: np.ndarray, p: float) -> Candidate | None:
    """The interior-point method's answer, None where it has none."""
    try:
        import cvxpy as cp
        from cvxpy.error import SolverError
    except ImportError as error:  # pragma: no cover
        raise ImportError("max_margin for 1<p<∞ needs cvxpy: pip install 'mirrorflow[reference]'.") from error
    features = signed.shape[1]
    x, margin = cp.Variable(features), cp.Variable()
    separated = signed @ x >= margin
    if p == 2:
        ball = [cp.norm(x, 2) <= 1]
    else:
        powers = cp.Variable(features)  # |x_j|^p
        ball = [cp.PowCone3D(powers, np.ones(features), x, np.full(features, 1 / p)), cp.sum(powers) <= 1]
    program = cp.Problem(cp.Maximize(margin), [separated, *ball])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an inaccurate answer will do: its support is corrected
        try:
            program.solve(solver=cp.CLARABEL)
        except SolverError:
            return None
    if x.value is None or separated.dual_value is None:
        return None
    return Candidate(np.asarray(x.value), np.maximum(np.asarray(separated.dual_value), 0.0))
