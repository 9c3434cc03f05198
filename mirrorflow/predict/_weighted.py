"""Solves with VᵀDV for weights D that span many decades."""

import numpy as np

_EVEN = 1e6  # weights within this ratio leave the normal equations accurate


def solve_normal(basis: np.ndarray, weights: np.ndarray, right: np.ndarray, damping: float) -> np.ndarray:
    """(VᵀDV + damping·max D)⁻¹·right"""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve, solve_triangular

    weights, size = _scaled(weights)
    if weights.max() < _EVEN * weights.min():
        try:
            root = np.sqrt(weights)[:, None] * basis
            gram = root.T @ root
            gram[np.diag_indices_from(gram)] += damping
            return cho_solve(cho_factor(gram, overwrite_a=True), right) / size
        except LinAlgError:
            pass
    triangle = np.linalg.qr(
        np.vstack([_graded(basis, weights)[0], np.sqrt(damping) * np.eye(basis.shape[1])]), mode="r"
    )
    inner = solve_triangular(triangle, right, trans=1)
    return solve_triangular(triangle, inner) / size


def solve_weighted(basis: np.ndarray, weights: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """The coordinates c that minimize ‖D^{1/2}(Vc−vector)‖."""
    from scipy.linalg import solve_triangular

    weights, _ = _scaled(weights)
    graded, order = _graded(basis, weights)
    # The reflections are applied to the right side as one more column: forming Q would take as long again.
    right = (np.sqrt(weights) * vector)[order]
    triangle = np.asarray(np.linalg.qr(np.column_stack([graded, right]), mode="r"))
    columns = basis.shape[1]
    return solve_triangular(triangle[:columns, :columns], triangle[:columns, columns])


def _scaled(weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights of largest value 1, infinite ones included, and that value."""
    finite = weights[np.isfinite(weights)]
    size = float(finite.max(initial=0.0)) or 1.0
    return np.where(np.isfinite(weights), weights / size, 1.0), size


def _graded(basis: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of D^{1/2}V from large to small, the order in which Householder's method keeps the small ones accurate."""
    order = np.argsort(-weights, kind="stable")
    return np.sqrt(weights[order])[:, None] * basis[order], order
