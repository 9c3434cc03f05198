"""The interface of a problem."""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp

from .._types import Parameters, Real, Scalar


class AbstractProblem(eqx.Module):
    """A loss f(x) of a predictor x of a fixed shape: an array, or a tuple of arrays.

    A subclass gives `shape` and `loss`; what is derived from them is derived here once. Losses whose values leave the
    range of floats also give their logarithm (`log_loss`) and their gradient as e^{log_scale}·direction
    (`scaled_gradient`); for all others those follow from `loss`.
    """

    # Whether f ≥ 0 by its form, so that a flow brings it to 0 at most in the limit.
    nonnegative: ClassVar[bool] = False

    @property
    @abc.abstractmethod
    def shape(self) -> tuple[Any, ...]:
        """The shape of x; of an x that is a tuple of arrays, the tuple of their shapes."""

    @abc.abstractmethod
    def loss(self, x: Real) -> Scalar:
        """f(x), a number."""

    @abc.abstractmethod
    def scaled_gradient(self, x: Real) -> tuple[Scalar, Real]:
        """(s, d) with ∇f(x) = eˢ·d and d of ordinary size."""

    @abc.abstractmethod
    def log_loss(self, x: Real) -> Scalar:
        """log f(x), finite where f itself underflows."""

    @property
    def axis_names(self) -> tuple[Any, ...]:
        """Names for the axes of x in labelled results; of an x that is a tuple of arrays, those of each."""
        return ("feature",) if len(self.shape) == 1 else tuple(f"axis_{i}" for i in range(len(self.shape)))

    def gradient(self, x: Parameters) -> Parameters:
        """∇f(x), of the shape of x."""
        log_scale, direction = self.scaled_gradient(x)
        scale = jnp.exp(log_scale)
        return jax.tree.map(lambda leaf: scale * leaf, direction)


def plain_scaled_gradient(loss, x: Real) -> tuple[Scalar, Real]:
    """(0, ∇f(x)): for losses that stay within the range of floats."""
    x = jnp.asarray(x)
    return jnp.zeros((), x.dtype), jax.grad(loss)(x)


def plain_log_loss(loss, x: Real) -> Scalar:
    """log f(x), −∞ where f(x)=0 and NaN where the objective is negative."""
    return jnp.log(loss(jnp.asarray(x)))
