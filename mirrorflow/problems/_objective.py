"""A user's own loss."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Real, Scalar
from ._base import AbstractProblem, plain_log_loss, plain_scaled_gradient


class Objective(AbstractProblem):
    """Any differentiable function f of a vector or array.

    **Arguments:**

    - `function`: x ↦ f(x), written with `jax.numpy`; arrays it closes over are constants of the compiled program, the
      array fields of an `equinox.Module` are traced.
    - `dimension`: the length of x, or its shape.

    **Raises:** `ValueError` if `function` is not callable, does not accept an x of that shape or does not return one
    real number for it, or if `dimension` is not positive.

    >>> problem = mf.problems.Objective(lambda x: jnp.sum(x**4), dimension=3)
    >>> problem.gradient(jnp.ones(3)).tolist()
    [4.0, 4.0, 4.0]
    """

    function: Callable[[Real], Scalar]
    dimension: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, function: Callable[[Real], Scalar], dimension: int | Sequence[int]):
        if not callable(function):
            raise ValueError(f"function must be callable, got {type(function).__name__}: {function!r}.")
        sizes = dimension if isinstance(dimension, tuple | list) else (dimension,)
        self.dimension = tuple(_checks.integer("dimension", size, at_least=1) for size in sizes)
        self.function = function
        try:
            returned = jax.eval_shape(function, jax.ShapeDtypeStruct(self.dimension, jnp.result_type(float)))
        except Exception as error:  # whatever a user's function may raise
            raise ValueError(f"function does not accept an x of shape {self.dimension}: {error}") from error
        if getattr(returned, "shape", None) != () or not jnp.issubdtype(returned.dtype, jnp.floating):
            raise ValueError(
                f"function must return one real number for an x of shape {self.dimension}, it returns {returned}."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of x."""
        return self.dimension

    def loss(self, x: Real) -> Scalar:
        """f(x)"""
        return self.function(x)

    def scaled_gradient(self, x: Real) -> tuple[Scalar, Real]:
        """(0, ∇f(x))"""
        return plain_scaled_gradient(self.function, x)

    def log_loss(self, x: Real) -> Scalar:
        """log f(x); NaN where f is negative, since an objective has no sign of its own."""
        return plain_log_loss(self.function, x)
