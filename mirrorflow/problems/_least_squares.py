"""Squared losses of linear predictions."""

import abc
from typing import ClassVar

import jax.numpy as jnp

from .._types import Real, Scalar
from ._base import AbstractProblem


class AbstractLeastSquares(AbstractProblem):
    """f(x) = ½‖Ax−b‖² for whatever has a `residual` Ax−b and the `adjoint` Aᵀ of its linear map A."""

    nonnegative: ClassVar[bool] = True

    @abc.abstractmethod
    def residual(self, x: Real) -> Real:
        """Ax−b, of the shape of the targets b."""

    @abc.abstractmethod
    def adjoint(self, residual: Real) -> Real:
        """Aᵀr, of the shape of x."""

    def loss(self, x: Real) -> Scalar:
        """½‖Ax−b‖²"""
        return 0.5 * jnp.sum(self.residual(x) ** 2)

    def scaled_gradient(self, x: Real) -> tuple[Scalar, Real]:
        """(0, Aᵀ(Ax−b))"""
        residual = self.residual(x)
        return jnp.zeros((), residual.dtype), self.adjoint(residual)

    def log_loss(self, x: Real) -> Scalar:
        """log ½‖Ax−b‖², through the largest residual so that its square cannot underflow."""
        return log_half_square(self.residual(x))


def log_half_square(residual: Real) -> Scalar:
    """log ½‖r‖², through the largest entry so that no square underflows; −∞ for r=0."""
    largest = jnp.max(jnp.abs(residual))
    safe = jnp.where(largest > 0, largest, 1.0)
    return jnp.log(0.5 * jnp.sum((residual / safe) ** 2)) + 2 * jnp.log(largest)
