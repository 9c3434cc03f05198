"""Squared loss on linear measurements of a vector."""

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Held, Numeric, Real
from ._least_squares import AbstractLeastSquares


class AbstractLinear(AbstractLeastSquares):
    """½‖Ax−b‖² for whatever holds a `design` A (samples, features) and a `target` b (samples,)."""

    design: eqx.AbstractVar[Held]
    target: eqx.AbstractVar[Held]

    @property
    def shape(self) -> tuple[int, ...]:
        """(features,)"""
        return (self.design.shape[1],)

    def residual(self, x: Real) -> Real:
        """Ax−b, shape (samples,)."""
        return jnp.asarray(self.design) @ x - self.target

    def adjoint(self, residual: Real) -> Real:
        """Aᵀr"""
        return residual @ jnp.asarray(self.design)


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
