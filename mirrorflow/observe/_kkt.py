"""How far a classifier is from a Karush–Kuhn–Tucker point of its max-margin problem."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Parameters, Real
from ..flows import Trajectory
from ..problems import Classification, NetworkClassification
from ._margins import check_horizon, in_units
from ._multipliers import nearest_combination
from ._one_sided import one_sided_gradients, pair_margins


class KKT(NamedTuple):
    """What is left of the conditions at θ̂=θ/γ^{1/L}, with the multipliers that leave least; shape () or (points,).

    `residual`: ‖g−Σλ_ic∇q_ic‖/‖g‖ with g∈∂φ(θ̂); `slackness`: Σλ_ic(q_ic−1)/Σλ_ic·q_ic, the part of the multipliers'
    work done on samples above the margin; `multipliers`: λ, of the shape of the margins of pairs; `margin`: the
    smallest margin over φ^L; `kinks`: how many preactivations counted as 0.
    """

    residual: np.ndarray
    slackness: np.ndarray
    multipliers: np.ndarray
    margin: np.ndarray
    kinks: np.ndarray


def kkt_residual(
    path: Trajectory,
    horizon: Any = None,
    *,
    at: Any = -1,  # what is no number of a point is refused in words
    tolerance: Numeric = 1e-6,
    kink: Numeric = 0.0,
) -> KKT:
    """Residuals of the KKT conditions of min φ(θ) subject to all margins q(θ)≥1, at θ̂=θ/γ^{1/L}, γ the smallest margin.

    The conditions: g=Σλ_ic∇q_ic(θ̂) for some g∈∂φ(θ̂) and λ≥0, with λ_ic(q_ic−1)=0. Non-negative least squares find
    the λ and g that make ‖g−Σλ∇q‖²/‖g‖² and the square of the slackness smallest together.

    At a kink of an activation ∇q is the hull of the gradients on its two sides: those preactivations z of a neuron with
    |z| ≤ kink·(its largest |z| over the samples) count as lying there, and each side has multipliers of its own.

    **Arguments:**

    - `path`: of a linear classifier or a network.
    - `horizon`: φ, a norm `mf.potentials.Lp` or any differentiable gauge of all weights in one vector; that of the
      path's potential unless given.
    - `at`: the number of a point of the path, or several; the last one unless given.
    - `tolerance`: for ℓ1, |θ_j| ≤ tolerance·max|θ| counts as 0, where g_j∈[−1,1]; for ℓ∞, |θ_j| ≥
      (1−tolerance)·max|θ| counts as largest, where g is not 0. In [0, 1].
    - `kink`: in [0, 1]; with 0, nothing counts as a kink but z=0.

    **Raises:** `ValueError` for a problem without margins, a horizon that is no function, a point that does not
    separate the samples, more than 12 kinks of one sample, or what is out of range.

    **Source:** theory page 04 (characterization); arXiv:1906.05890.

    >>> problem = mf.problems.Classification(jnp.array([[2.0, 1.0], [1.0, 3.0]]), jnp.ones(2))
    >>> best = mf.predict.max_margin(problem, mf.potentials.Lp(1)).solution
    >>> path = mf.Trajectory.from_arrays(time=[0.0, 1.0], parameters=np.stack([7 * best, best + 0.1]), problem=problem)
    >>> found = mf.observe.kkt_residual(path, mf.potentials.Lp(1), at=[0, 1])
    >>> bool(found.residual[0] < 1e-9), bool(found.slackness[1] > 0.01)
    (True, True)
    """
    problem = path.flow.problem
    if not isinstance(problem, Classification | NetworkClassification):
        raise ValueError(f"kkt_residual needs a classifier with margins, got a path of a {type(problem).__name__}.")
    horizon = _horizon(path) if horizon is None else horizon
    check_horizon(horizon)
    low = float(_checks.in_interval("tolerance", tolerance, 0.0, 1.0))
    near = float(_checks.in_interval("kink", kink, 0.0, 1.0))
    asked = _points(at, len(path.time))
    found = [_of_point(problem, horizon, path, index, low, near) for index in asked]
    if np.ndim(at) == 0:
        return found[0]
    return KKT(*(np.stack(field) for field in zip(*found, strict=True)))


def _points(at: Any, count: int) -> list[int]:
    """The numbers of points that are asked for, one or several."""
    asked = [at] if isinstance(at, int | np.integer) else at
    if not _checks.is_sequence(asked) or len(asked) == 0 or not all(_is_point(index, count) for index in asked):
        raise ValueError(f"at must be numbers of points of the path, from {-count} to {count - 1}, got {at!r}.")
    return [int(index) for index in asked]


def _is_point(index: Any, count: int) -> bool:
    whole = isinstance(index, int | np.integer) and not isinstance(index, bool)
    return whole and -count <= int(index) < count


def _horizon(path: Trajectory) -> Any:
    potential = path.flow.potential
    each = potential if isinstance(potential, tuple) else (potential,)
    if any(one is None for one in each) or any(one.horizon != each[0].horizon for one in each):
        raise ValueError("horizon must be given for a path whose potentials do not have one horizon.")
    return each[0].horizon


def _of_point(problem: Any, horizon: Any, path: Trajectory, index: int, tolerance: float, near: float) -> KKT:
    x = jax.tree.map(lambda leaf: jnp.asarray(leaf[index]), path.x)
    unit, margins = jax.tree.map(np.asarray, _normalized(problem, horizon, x))
    margin = margins.min()
    if not margin > 0:
        raise ValueError(
            f"kkt_residual is about points that separate their samples; at point {index} of the path the smallest "
            f"margin is {margin:.3g} of a θ with φ(θ)=1: phase one, until the data are classified, must run first."
        )
    degree = float(getattr(problem, "degree", 1.0))
    size = margin ** (-1 / degree)  # φ(θ̂)
    theta = jax.tree.map(lambda leaf: size * leaf, unit)
    gradients, owners, kinks = one_sided_gradients(problem, theta, near)
    # Where the conditions hold, Lλq/φ sums to 1 (Euler), so Lλ/φ are shares and all numbers below of ordinary size.
    excess = (margins / margin - 1).ravel()[owners]
    flat = np.concatenate([leaf.ravel() for leaf in jax.tree.leaves(theta)])
    columns = gradients.T * (size / degree)
    shares, subgradient = nearest_combination(columns, excess, horizon, flat, tolerance)
    multipliers = np.zeros(margins.size)
    np.add.at(multipliers, owners, shares * (size / degree))
    work = shares @ (1 + excess)
    return KKT(
        residual=np.asarray(np.linalg.norm(subgradient - columns @ shares) / np.linalg.norm(subgradient)),
        slackness=np.asarray(shares @ excess / work if work > 0 else 0.0),
        multipliers=multipliers.reshape(margins.shape),
        margin=np.asarray(margin),
        kinks=np.asarray(kinks),
    )


@eqx.filter_jit
def _normalized(problem: Any, horizon: Any, x: Parameters) -> tuple[Parameters, Real]:
    unit = in_units(horizon, x)
    return unit, pair_margins(problem, unit)
