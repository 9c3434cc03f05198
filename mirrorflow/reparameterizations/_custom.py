"""A user's own map from parameters to predictor."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from .._types import Numeric, Parameters, Real, Scalar
from ._base import AbstractReparameterization, generic_unfinished


class Custom(AbstractReparameterization):
    """x = g(θ) for any differentiable g and any pytree θ of arrays.

    **Arguments:** `function`: θ ↦ x, written with `jax.numpy`.

    **Raises:** `ValueError` if `function` is not callable, or (when a flow starts) does not make an x of the problem's
    shape.

    >>> own = mf.reparameterizations.Custom(lambda theta: theta["a"] ** 3 * theta["b"])
    >>> own({"a": jnp.array([2.0]), "b": jnp.array([0.5])}).tolist()
    [4.0]
    """

    function: Callable[[Parameters], Real]

    def __init__(self, function: Callable[[Parameters], Real]):
        if not callable(function):
            raise ValueError(f"function must be callable, got {type(function).__name__}: {function!r}.")
        self.function = function

    def __call__(self, parameters: Parameters) -> Real:
        """g(θ)"""
        return self.function(parameters)

    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """g(start) has the problem's shape."""
        try:
            made = jax.eval_shape(self.function, parameters)
        except Exception as error:  # whatever a user's function may raise
            shapes = jax.tree.map(jnp.shape, parameters)
            raise ValueError(f"function does not accept a start of shapes {shapes}: {error}") from error
        if getattr(made, "shape", None) != shape or not jnp.issubdtype(made.dtype, jnp.floating):
            raise ValueError(f"function(start) must be real and have the problem's shape {shape}, got {made}.")

    def lift(self, x: Numeric, balance: Numeric, q: Numeric = 2.0) -> Parameters:
        """Refused: nothing is known of the preimages of a user's own map."""
        raise ValueError("A custom reparameterization cannot be lifted: give the start θ itself.")

    def pull_back(self, parameters: Parameters, covector: Real) -> Parameters:
        """Dg(θ)ᵀv"""
        return jax.vjp(self.function, parameters)[1](covector)[0]

    def unfinished(self, parameters: Parameters, velocity: Parameters, gradient: Real, decay_rate: Scalar) -> Scalar:
        """‖θ̇‖/‖Dg(θ)‖ while growing, the smaller of it and ‖θ̇‖ while shrinking."""
        return generic_unfinished(self, parameters, velocity)
