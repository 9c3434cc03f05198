"""Squared loss on linear measurements of a vector."""

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Held, Numeric, Real, Scalar
from ._base import AbstractProblem


class AbstractLinear(AbstractProblem):
    """½‖Ax−b‖² for whatever holds a `design` A (samples, features) and a `target` b (samples,)."""

    design: eqx.AbstractVar[Held]
    target: eqx.AbstractVar[Held]

    @property
    def shape(self) -> tuple[int, ...]:
        """(features,)"""
        return (self.design.shape[1],)

    def loss(self, x: Real) -> Scalar:
        """½‖Ax−b‖²"""
        return 0.5 * jnp.sum((jnp.asarray(self.design) @ x - self.target) ** 2)

    def scaled_gradient(self, x: Real) -> tuple[Scalar, Real]:
        """(0, Aᵀ(Ax−b))"""
        design = jnp.asarray(self.design)
        residual = design @ x - self.target
        return jnp.zeros((), residual.dtype), residual @ design

    def log_loss(self, x: Real) -> Scalar:
        """log ½‖Ax−b‖², through the largest residual so that its square cannot underflow."""
        return log_half_square(jnp.asarray(self.design) @ x - self.target)


class LinearRegression(AbstractLinear):
    """Least squares f(x) = ½‖Ax−b‖².

    **Arguments:**

    - `design`: A, shape (samples, features), finite.
    - `target`: b, shape (samples,), finite.

    **Raises:** `ValueError` on wrong shapes or entries that are not finite.

    **Source:** theory page 00 (loss conventions).

    >>> problem = mf.problems.LinearRegression(jnp.eye(2), jnp.array([1.0, 2.0]))
    >>> float(problem.loss(jnp.zeros(2)))
    2.5
    """

    design: Held
    target: Held

    def __init__(self, design: Numeric, target: Numeric):
        self.design, self.target = _check_data(design, target)


class SparseRegression(AbstractLinear):
    """Least squares f(x) = ½‖Ax−b‖² with the `truth` that made the target kept beside it.

    **Arguments:**

    - `design`: A, shape (samples, features), finite.
    - `target`: b, shape (samples,), finite.
    - `truth`: the sparse x that the target was made from, shape (features,).

    **Raises:** `ValueError` on wrong shapes or entries that are not finite.

    **Source:** theory page 02 (problems to run it on).
    """

    design: Held
    target: Held
    truth: Held

    def __init__(self, design: Numeric, target: Numeric, truth: Numeric):
        self.design, self.target = _check_data(design, target)
        self.truth = _checks.number("truth", truth, shape=(self.design.shape[1],))

    @classmethod
    def sample(
        cls, key: jax.Array, *, samples: int, features: int, support: int, noise: Numeric = 0.0
    ) -> "SparseRegression":
        """A random instance: rows of `design` N(0,I), `truth` ±1 on a random support.

        target = design@truth + noise·N(0,I)

        **Arguments:** `samples`, `features`: at least 1; `support`: how many entries of `truth` are not zero, from 0 to
        `features`; `noise`: standard deviation of the noise, 0 unless asked for.

        **Raises:** `ValueError` where an argument is out of range.

        >>> problem = mf.problems.SparseRegression.sample(jax.random.key(0), samples=4, features=6, support=2)
        >>> problem.design.shape, int((problem.truth != 0).sum())
        ((4, 6), 2)
        """
        key = _checks.key("key", key)
        samples = _checks.integer("samples", samples, at_least=1)
        features = _checks.integer("features", features, at_least=1)
        support = _checks.integer("support", support, at_least=0)
        if support > features:
            raise ValueError(f"support must be at most features, got support={support} and features={features}.")
        return cls(*_sample(key, _checks.nonnegative("noise", noise), samples, features, support))


def log_half_square(residual: Real) -> Scalar:
    """log ½‖r‖², through the largest entry so that no square underflows; −∞ for r=0."""
    largest = jnp.max(jnp.abs(residual))
    safe = jnp.where(largest > 0, largest, 1.0)
    return jnp.log(0.5 * jnp.sum((residual / safe) ** 2)) + 2 * jnp.log(largest)


def _sample_arrays(key, noise, samples: int, features: int, support: int):
    keys = jax.random.split(key, 4)
    design = jax.random.normal(keys[0], (samples, features))
    signs = jax.random.rademacher(keys[1], (support,), design.dtype)
    places = jax.random.choice(keys[2], features, (support,), replace=False)
    truth = jnp.zeros(features, design.dtype).at[places].set(signs)
    return design, design @ truth + noise * jax.random.normal(keys[3], (samples,)), truth


_sample = jax.jit(_sample_arrays, static_argnums=(2, 3, 4))


def _check_data(design: Numeric, target: Numeric) -> tuple[Held, Held]:
    design = _checks.number("design", design, shape=None)
    if design.ndim != 2 or 0 in design.shape:
        raise ValueError(f"design must have shape (samples, features), neither of them 0, got shape {design.shape}.")
    target = _checks.number("target", target, shape=None)
    if target.shape != design.shape[:1]:
        raise ValueError(
            f"target must have shape (samples,) = {design.shape[:1]} to go with design of shape {design.shape}, "
            f"got shape {target.shape}."
        )
    return design, target
