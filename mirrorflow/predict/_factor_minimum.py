"""The minimum of a squared loss over matrices of one rank, next to a saddle of smaller rank."""

import dataclasses

import numpy as np

_STEPS = 400
_HALVINGS = 40
_FLAT = 1e-9  # curvature this small against the largest is that of a rotation of the factors
_AT_REST = 1e-11


@dataclasses.dataclass(frozen=True)
class Quadratic:
    """½‖MX−b‖² of the product X=UUᵀ of Y=U, or X=UVᵀ of Y=(U;V); M has one row for each measurement."""

    rows: np.ndarray
    target: np.ndarray
    shape: tuple[int, ...]
    symmetric: bool

    @property
    def height(self) -> int:
        """The rows of Y."""
        return self.shape[0] if self.symmetric else sum(self.shape)

    def product(self, y: np.ndarray) -> np.ndarray:
        """X"""
        count = self.shape[0]
        return y @ y.T if self.symmetric else y[:count] @ y[count:].T

    def value(self, y: np.ndarray) -> float:
        """The loss"""
        return float(np.sum((self.rows @ self.product(y).ravel() - self.target) ** 2) / 2)

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """∇f(X)"""
        return (self.rows.T @ (self.rows @ x.ravel() - self.target)).reshape(self.shape)

    def drive(self, gradient: np.ndarray) -> np.ndarray:
        """A, with Ẏ=AY along gradient flow of the factors"""
        if self.symmetric:
            return -(gradient + gradient.T)
        zeros = [np.zeros((count, count)) for count in self.shape]
        return -np.block([[zeros[0], gradient], [gradient.T, zeros[1]]])

    def derivatives(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian in Y, the latter (size, size): DXᵀ·MᵀM·DX − A⊗I."""
        operator = -self.drive(self.gradient(self.product(y)))
        moved, count = np.eye(y.size).reshape(y.size, *y.shape), self.shape[0]
        if self.symmetric:
            changes = moved @ y.T + y @ np.swapaxes(moved, 1, 2)
        else:
            changes = moved[:, :count] @ y[count:].T + y[:count] @ np.swapaxes(moved[:, count:], 1, 2)
        measured = changes.reshape(y.size, -1) @ self.rows.T
        return operator @ y, measured @ measured.T + np.kron(operator, np.eye(y.shape[1]))


def factor_minimum(loss: Quadratic, factor: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Y at the minimum that descent finds from (Y, small multiples of the directions).

    Newton's method with |∇²| in place of the Hessian, which leaves saddles, and halved steps.

    **Raises:** `RuntimeError` if it does not come to rest, or comes to rest at a smaller rank.
    """
    size = np.linalg.norm(factor, 2) if factor.size else 1.0
    y = np.concatenate([factor, 1e-2 * size * directions], axis=1)
    for _ in range(_STEPS):
        slope, hessian = loss.derivatives(y)
        values, vectors = np.linalg.eigh(hessian)
        sizes = np.abs(values)
        curved = sizes > _FLAT * sizes.max()
        along = np.where(curved, vectors.T @ slope.ravel() / np.where(curved, sizes, 1.0), 0.0)
        move = -(vectors @ along).reshape(y.shape)
        if np.abs(move).max() < _AT_REST * np.abs(y).max():
            return _of_full_rank(y)
        y = y + _shortened(loss, y, move, float(np.sum(slope * move))) * move
    raise RuntimeError(f"No minimum of rank {y.shape[1]} was found within {_STEPS} steps.")


def _shortened(loss: Quadratic, y: np.ndarray, move: np.ndarray, slope: float) -> float:
    """The largest power of ½ by which the loss falls as its slope promises, up to rounding."""
    before, scale = loss.value(y), 1.0
    rounding = 1e-14 * float(np.sum(loss.target**2))
    for _ in range(_HALVINGS):
        if loss.value(y + scale * move) <= before + 1e-4 * scale * slope + rounding:
            break
        scale /= 2
    return scale


def _of_full_rank(y: np.ndarray) -> np.ndarray:
    sizes = np.linalg.svd(y, compute_uv=False)
    if sizes[-1] < 1e-6 * sizes[0]:
        raise RuntimeError(f"The minimum next to rank {y.shape[1] - 1} has no larger rank: a direction left again.")
    return y
