"""The piecewise constant path of a diagonal network of vanishing start: from saddle to saddle, without an equation."""

import dataclasses
from typing import Any

import numpy as np

from .. import _checks
from .._types import Numeric

_ZERO = 1e-11  # a gradient this small against ‖A_j‖·‖b‖ is rounding
_TIE = 1e-10  # jumps whose times differ by less, relatively, are one
_JUMPS = 100  # times the number of features


@dataclasses.dataclass(frozen=True)
class SaddleJumps:
    """The path β(τ) in the time τ=t/λ_μ, λ_μ=½log(1/μ), and its dual q(τ)∈∂‖β(τ)‖₁.

    **Fields:** `times`, τ_k of the jumps, increasing, shape (jumps,); `plateaus`, β between them, first 0 and last the
    minimizer of f of least ℓ1 norm, shape (jumps+1, features); `duals`, q at the jumps, shape (jumps, features);
    `slopes`, dq/dτ=−∇f on each plateau, shape (jumps+1, features); `active`, the coordinates that are not 0 on each
    plateau.
    """

    times: np.ndarray
    plateaus: np.ndarray
    duals: np.ndarray
    slopes: np.ndarray
    active: tuple[tuple[int, ...], ...]

    def at(self, tau: Numeric) -> np.ndarray:
        """β(τ), shape τ's plus (features,); at a jump the plateau that begins there.

        **Raises:** `ValueError` for a negative τ.
        """
        tau = np.asarray(_checks.nonnegative("tau", tau, shape=None), float)
        return self.plateaus[np.searchsorted(self.times, tau, side="right")]

    def dual(self, tau: Numeric) -> np.ndarray:
        """q(τ), linear between the jumps, shape τ's plus (features,).

        **Raises:** `ValueError` for a negative τ.
        """
        tau = np.asarray(_checks.nonnegative("tau", tau, shape=None), float)
        place = np.searchsorted(self.times, tau, side="right")
        since = tau - np.concatenate([[0.0], self.times])[place]
        begun = np.vstack([np.zeros((1, self.plateaus.shape[1])), self.duals])
        return begun[place] + since[..., None] * self.slopes[place]


def saddle_jumps(problem: Any, *, nonnegative: bool = False) -> SaddleJumps:
    """The limit μ→0 of gradient flow of ½‖Aβ−b‖² on β=u⊙v with u²−v²=2μ, started at β=0.

    A dual vector moves by dq/dτ=−∇f(β) until a coordinate reaches |q_i|=1; there β jumps to
    argmin{f(β) : q∈∂‖β‖₁}, least squares with signs on {|q_i|=1}, from which coordinates can also leave. The path ends
    where ∇f=0. Plateaus are reached up to powers of μ, the times of the jumps only up to C/log(1/μ).

    With `nonnegative`, the limit s→0 of gradient flow on β=u⊙u from u=s in the time τ=2t/log(1/s): coordinates arrive
    at q_i=1 only, β stays ≥0, and the path ends where no coordinate would grow. The eigenvalues of UUᵀ follow it where
    the measurements commute, A their eigenvalues.

    **Arguments:** `problem`: anything with a `design` A (samples, features) and a `target` b (samples,), of any rank;
    `nonnegative`: whether β=u⊙u in place of u⊙v.

    **Raises:** `ValueError` on wrong shapes, or where the least-squares problem of a jump has several solutions
    (columns in general position have one, equal columns have not); `RuntimeError` if the path does not end.

    **Source:** Pesme & Flammarion 2023 (arXiv:2304.00488); theory page 01 (saddle-to-saddle).

    >>> problem = mf.problems.LinearRegression(jnp.eye(3), jnp.array([0.5, -2.0, 0.0]))
    >>> path = mf.predict.saddle_jumps(problem)
    >>> path.times.tolist(), path.plateaus.tolist()
    ([0.5, 2.0], [[0.0, 0.0, 0.0], [0.0, -2.0, 0.0], [0.5, -2.0, 0.0]])
    """
    design, target = regression_data(problem)
    scale = np.linalg.norm(design, axis=0) * np.linalg.norm(target)
    beta, dual, tau = np.zeros(design.shape[1]), np.zeros(design.shape[1]), 0.0
    times, plateaus, duals, slopes = [], [beta], [], []
    for _ in range(_JUMPS * design.shape[1]):
        slope = design.T @ (target - design @ beta)
        slope[(beta != 0) | (np.abs(slope) <= _ZERO * scale)] = 0.0
        slopes.append(slope)
        arriving = np.maximum(slope, 0.0) if nonnegative else slope
        if not arriving.any():
            active = tuple(tuple(np.flatnonzero(plateau).tolist()) for plateau in plateaus)
            shape = (len(times), design.shape[1])
            return SaddleJumps(np.array(times), np.array(plateaus), np.reshape(duals, shape), np.array(slopes), active)
        with np.errstate(divide="ignore", invalid="ignore"):
            waits = np.where(arriving == 0, np.inf, (np.sign(slope) - dual) / slope)
        wait = float(waits.min())
        arrived = waits <= wait * (1 + _TIE) + _TIE * tau
        dual = np.where(arrived, np.sign(slope), dual + wait * slope)
        tau += wait
        free = dual == 1 if nonnegative else np.abs(dual) == 1
        beta = _least_squares(design, target, np.where(free, dual, 0.0), scale)
        times.append(tau)
        plateaus.append(beta)
        duals.append(dual)
    raise RuntimeError(f"saddle_jumps did not end within {_JUMPS * design.shape[1]} jumps, at τ={tau:.6g}.")


def _least_squares(design: np.ndarray, target: np.ndarray, dual: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """argmin{½‖Aβ−b‖² : β_i≥0 where q_i=1, ≤0 where q_i=−1, 0 elsewhere}

    **Raises:** `ValueError` if there are several.
    """
    from scipy.optimize import nnls

    free = np.flatnonzero(np.abs(dual) == 1)
    signed = design[:, free] * dual[free]
    found, _ = nnls(signed, target, maxiter=100 * len(free))
    held = found > 0
    exact = np.linalg.lstsq(signed[:, held], target, rcond=None)[0]
    exact += np.linalg.lstsq(signed[:, held], target - signed[:, held] @ exact, rcond=None)[0]
    if (exact > 0).all():
        found[held] = exact
    slope = signed.T @ (target - signed @ found)
    _refuse_several(signed, held, np.abs(slope) <= _ZERO * scale[free], free)
    beta = np.zeros(design.shape[1])
    beta[free] = dual[free] * found
    return beta


def _refuse_several(signed: np.ndarray, held: np.ndarray, level: np.ndarray, free: np.ndarray) -> None:
    """Raises if some v≠0 with Av=0 leads to other solutions: v free where β≠0, v≥0 where β=0 and ∇f=0."""
    from scipy.optimize import linprog

    columns = signed[:, held | level]
    if np.linalg.matrix_rank(columns) == columns.shape[1]:
        return
    several = np.linalg.matrix_rank(signed[:, held]) < held.sum()
    if not several:
        inside = held[held | level]
        bounds = [(None, None) if either_sign else (0.0, 1.0) for either_sign in inside]
        answer = linprog(-(~inside).astype(float), A_eq=columns, b_eq=np.zeros(len(columns)), bounds=bounds)
        several = answer.status != 0 or -answer.fun > 1e-9
    if several:
        raise ValueError(
            f"The path is not unique: least squares on the coordinates {free.tolist()} of one sign each has several "
            f"solutions, because their {signed.shape[1]} columns of the design have rank "
            f"{np.linalg.matrix_rank(signed)}; equal columns, or columns that are not in general position, do this."
        )


def regression_data(problem: Any) -> tuple[np.ndarray, np.ndarray]:
    """A and b as arrays.

    **Raises:** `ValueError` for what is no regression, or shapes that do not fit.
    """
    if not (hasattr(problem, "design") and hasattr(problem, "target")):
        raise ValueError(f"problem must have a design and a target, as regressions have; got {type(problem).__name__}.")
    design = np.asarray(_checks.number("design", problem.design, shape=None), float)
    target = np.asarray(_checks.number("target", problem.target, shape=None), float)
    if design.ndim != 2 or target.shape != design.shape[:1]:
        raise ValueError(
            f"design must have shape (samples, features) and target (samples,), got {design.shape} and {target.shape}."
        )
    return design, target
