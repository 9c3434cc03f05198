"""The polar factor of a matrix of constant rank, with derivatives of every order."""

import jax
import jax.numpy as jnp
import numpy as np

from ..._types import Real

# Singular values below this part of the largest are those of a matrix that has a smaller rank for every θ.
SMALLEST = 1e-9


@jax.custom_jvp
def inverse_square_root(matrix: Real) -> Real:
    """Y = S^{−1/2} of a symmetric positive definite matrix."""
    values, vectors = jnp.linalg.eigh(matrix)
    return (vectors / jnp.sqrt(values)[None, :]) @ vectors.T


@inverse_square_root.defjvp
def _inverse_square_root_jvp(primals, tangents):
    # From Y²S=I: Y·dY + dY·Y = −Y²·dS·Y². Eigenvectors are not differentiated, which equal eigenvalues forbid.
    (matrix,), (tangent,) = primals, tangents
    root = inverse_square_root(matrix)
    identity = jnp.eye(root.shape[0], dtype=root.dtype)
    inverse = root @ root
    change = -(inverse @ tangent @ inverse)
    system = jnp.kron(root, identity) + jnp.kron(identity, root)
    return root, jnp.linalg.solve(system, change.ravel()).reshape(root.shape)


def rank_of(matrix: np.ndarray) -> int:
    """How many singular values are not negligible beside the largest."""
    values = np.linalg.svd(matrix, compute_uv=False)
    return int(np.sum(values > SMALLEST * values[0])) if values[0] > 0 else 0


def polar(matrix: Real, rank: int) -> Real:
    """PQᵀ of M=PΣQᵀ, Σ of size `rank`, near matrices that all have this rank.

    With orthonormal columns T of the row space, M·T has full column rank, and PQᵀ = M·T((MT)ᵀMT)^{−1/2}Tᵀ. T comes from
    fixed random combinations of the rows, so that it is as smooth as M.
    """
    if rank == 0:
        return jnp.zeros_like(matrix)
    if rank == matrix.shape[1]:
        return _orthonormal_columns(matrix)
    if rank == matrix.shape[0]:
        return _orthonormal_columns(matrix.T).T
    mixing = np.random.default_rng(0).standard_normal((matrix.shape[0], rank))
    basis = _orthonormal_columns(matrix.T @ mixing)
    return _orthonormal_columns(matrix @ basis) @ basis.T


def _orthonormal_columns(tall: Real) -> Real:
    """M(MᵀM)^{−1/2}"""
    return tall @ inverse_square_root(tall.T @ tall)
