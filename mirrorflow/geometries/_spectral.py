"""Steepest descent in the spectral norm: the polar factor of a matrix gradient."""

import jax
import jax.numpy as jnp

from .. import _checks
from .._accuracy import current
from .._types import Held, Numeric, Real, Scalar
from ._base import AbstractGeometry, carried, least_square

SMOOTHING = 1e-4


class Spectral(AbstractGeometry):
    """Steepest descent in the spectral norm: for a gradient G=PΣQᵀ the direction is its polar factor PQᵀ.

    Computed as G(GᵀG+ε²I)^{−1/2}, which maps each singular value σ to σ/√(σ²+ε²); the direction of Muon without its
    momentum. It acts on arrays whose last two axes are a matrix.

    **Arguments:** `smoothing`: ε > 0 in the units of the gradient, multiplied by the ambient `mf.accuracy`; where it is
    less than what rounding leaves of GᵀG, about 1e-7‖G‖ in double precision, that width stands in its place.

    **Raises:** `ValueError` for ε ≤ 0, or for a gradient with fewer than two axes.

    **Source:** theory page 03 (setting), applied to matrices.
    """

    smoothing: Held

    def __init__(self, smoothing: Numeric = SMOOTHING):
        self.smoothing = _checks.positive("smoothing", smoothing) * current()

    @property
    def smooth(self) -> bool:
        """False"""
        return False

    def direction(self, gradient: Real, log_scale: Scalar) -> tuple[Scalar, Real]:
        """G(GᵀG+ε²I)^{−1/2}, ε divided by the same scale."""
        if gradient.ndim < 2:
            raise ValueError(f"The spectral geometry needs matrices; the gradient has shape {gradient.shape}.")
        rows, columns = gradient.shape[-2:]
        tall = gradient if rows >= columns else gradient.swapaxes(-1, -2)
        # Nothing depends on the common scale of G and ε: in units of the largest entry no square overflows.
        largest = jax.lax.stop_gradient(jnp.max(jnp.abs(tall)))
        largest = jnp.where(largest > 0, largest, 1.0)
        tall = tall / largest
        unit, width = carried(self.smoothing, log_scale + jnp.log(largest), tall.dtype)
        root = inverse_square_root(_gram(tall / jnp.exp(unit), width))
        polar = tall @ root
        return -unit, polar if rows >= columns else polar.swapaxes(-1, -2)


def _gram(tall: Real, width: Scalar) -> Real:
    """GᵀG+ε²I, with ε no narrower than the rounding of GᵀG, so that it is positive definite."""
    square = jax.lax.stop_gradient(jnp.sum(tall**2, axis=(-2, -1), keepdims=True))
    narrowest = jnp.maximum(4 * tall.shape[-2] * jnp.finfo(tall.dtype).eps * square, least_square(tall.dtype))
    identity = jnp.eye(tall.shape[-1], dtype=tall.dtype).reshape((1,) * (tall.ndim - 2) + (tall.shape[-1],) * 2)
    return tall.swapaxes(-1, -2) @ tall + jnp.maximum(width**2, narrowest) * identity


@jax.custom_jvp
def inverse_square_root(matrix: Real) -> Real:
    """M^{−1/2} of a symmetric positive definite matrix, with derivatives that are finite at repeated eigenvalues."""
    values, vectors = jnp.linalg.eigh(matrix)
    return (vectors / jnp.sqrt(values)[..., None, :]) @ vectors.swapaxes(-1, -2)


@inverse_square_root.defjvp
def _inverse_square_root_jvp(primals, tangents):
    # Daleckii–Krein: the divided differences of w^{−1/2} are −1/(√a√b(√a+√b)), regular at a=b.
    (matrix,), (tangent,) = primals, tangents
    values, vectors = jnp.linalg.eigh(matrix)
    roots = jnp.sqrt(values)
    left, right = roots[..., :, None], roots[..., None, :]
    differences = -1 / (left * right * (left + right))
    transposed = vectors.swapaxes(-1, -2)
    inner = differences * (transposed @ tangent @ vectors)
    return (vectors / roots[..., None, :]) @ transposed, vectors @ inner @ transposed
