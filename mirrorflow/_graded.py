"""Matrices whose columns have sizes of any order, as columns of ordinary size and the logarithms of their scales.

The matrix A·diag(e^ℓ) is held as (A, ℓ). Where A is well conditioned, its singular values are determined by A and ℓ to
high *relative* accuracy, the smallest as well as the largest, however far they lie apart or outside the range of
floats. NumPy on the host, for many matrices at once along the leading axes.

Source: Demmel, Gu, Eisenstat, Slapničar, Veselić, Drmač (1999), Computing the singular value decomposition with high
relative accuracy; Demmel & Veselić (1992), Jacobi's method is more accurate than QR.
"""

import numpy as np

_SWEEPS = 30  # Jacobi's method converges quadratically: five to ten are used
_RANGE = 600.0  # e^{±600} are floats


def triangular(columns: np.ndarray, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A·diag(e^ℓ) = Q·diag(e^ℓ')·N with orthonormal Q and unit upper trapezoidal N; returns ℓ' and N.

    **Arguments:** A (…, p, k), ℓ (…, k), decreasing but for factors of ordinary size. N has min(p,k) rows.
    """
    upper = np.linalg.qr(columns)[1]
    return unit_rows(upper, logs)


def unit_rows(upper: np.ndarray, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """R·diag(e^ℓ) = diag(e^ℓ')·N for an upper trapezoidal R, up to the signs of its rows."""
    kept = upper.shape[-2]
    diagonal = np.diagonal(upper, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = upper / diagonal[..., None]
        scale = np.exp(np.clip(logs[..., None, :] - logs[..., :kept, None], -_RANGE, _RANGE))
        return logs[..., :kept] + np.log(np.abs(diagonal)), np.triu(unit * scale)


def log_singular_values(columns: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Logarithms of the singular values of A·diag(e^ℓ), decreasing, by one-sided Jacobi rotations.

    **Arguments:** A (…, p, k) with p ≥ k, ℓ (…, k).
    """
    a, size = np.array(columns, float), np.array(logs, float)
    count = a.shape[-1]
    for _ in range(_SWEEPS):
        a, size = _sorted(*_normalized(a, size))
        largest = 0.0
        for i in range(count - 1):
            for j in range(i + 1, count):
                largest = max(largest, _rotate(a, size, i, j))
        if largest < 4 * np.finfo(float).eps:
            break
    return -np.sort(-_normalized(a, size)[1], axis=-1)


def _rotate(a: np.ndarray, size: np.ndarray, i: int, j: int) -> float:
    """Makes columns i and j orthogonal, in place; returns the largest cosine there was."""
    first, second = a[..., i], a[..., j]
    cosine = np.sum(first * second, axis=-1)
    ratio = np.exp(np.clip(size[..., j] - size[..., i], -_RANGE, _RANGE))  # ≤ 1 up to what this sweep has changed
    # tan 2φ = 2·⟨a_i,a_j⟩r/(1−r²) for columns a_i and r·a_j
    angle = 0.5 * np.arctan2(2 * cosine * ratio, (1 - ratio) * (1 + ratio))
    turn, other = np.cos(angle), np.sin(angle)
    # the second column is divided by its ratio again: −sin φ/r is a number of ordinary size
    back = np.divide(other, ratio)
    new = turn[..., None] * first + (other * ratio)[..., None] * second
    rest = turn[..., None] * second - back[..., None] * first
    a[..., i], a[..., j] = new, rest
    for k in (i, j):
        norm = np.linalg.norm(a[..., k], axis=-1)
        safe = np.where(norm > 0, norm, 1.0)
        a[..., k] /= safe[..., None]
        size[..., k] += np.log(safe)
    return float(np.max(np.abs(cosine), initial=0.0))


def _normalized(a: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    norms = np.linalg.norm(a, axis=-2)
    with np.errstate(divide="ignore"):
        return a / np.where(norms > 0, norms, 1.0)[..., None, :], size + np.log(norms)


def _sorted(a: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(-size, axis=-1)
    return np.take_along_axis(a, order[..., None, :], axis=-1), np.take_along_axis(size, order, axis=-1)


def without_pivots(core: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """C = L·diag(c)·M with unit lower trapezoidal L and unit upper trapezoidal M, by elimination in the given order."""
    work, (rows, columns) = np.array(core, float), core.shape[-2:]
    kept = min(rows, columns)
    lower = np.zeros((*core.shape[:-2], rows, kept))
    upper = np.zeros((*core.shape[:-2], kept, columns))
    pivots = np.zeros((*core.shape[:-2], kept))
    for k in range(kept):
        pivots[..., k] = pivot = work[..., k, k].copy()
        lower[..., k:, k] = work[..., k:, k] / pivot[..., None]
        upper[..., k, k:] = work[..., k, k:] / pivot[..., None]
        work = work - (lower[..., :, k] * pivot[..., None])[..., :, None] * upper[..., k, :][..., None, :]
    return lower, pivots, upper
