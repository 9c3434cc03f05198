"""Losses of a linear classifier, in logarithms: they fall far below the range of floats."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Held, Numeric, Real, Scalar
from ._base import AbstractProblem
from ._tails import LOSSES, log_losses, log_slopes


class Classification(AbstractProblem):
    """Exponential Σ_i exp(−y_i⟨x,z_i⟩) or logistic Σ_i log(1+exp(−y_i⟨x,z_i⟩)) loss of a linear classifier x.

    **Arguments:**

    - `inputs`: the z_i as rows, shape (samples, features), finite.
    - `labels`: the y_i, shape (samples,), each −1 or 1.
    - `loss`: `"exponential"` or `"logistic"`.

    **Raises:** `ValueError` on wrong shapes, entries that are not finite, labels other than ±1, or an unknown loss.

    **Source:** theory pages 00 (loss conventions) and 04.

    >>> problem = mf.problems.Classification(jnp.eye(2), [1.0, -1.0], loss="exponential")
    >>> problem.margins(jnp.array([1000.0, -1001.0])).tolist(), float(problem.log_loss(jnp.array([1000.0, -1001.0])))
    ([1000.0, 1001.0], -999.6867...)
    """

    nonnegative: ClassVar[bool] = True
    inputs: Held
    labels: Held
    loss_name: str = eqx.field(static=True)

    def __init__(self, inputs: Numeric, labels: Numeric, *, loss: str = "exponential"):
        self.inputs = _checks.number("inputs", inputs, shape=None)
        if self.inputs.ndim != 2 or 0 in self.inputs.shape:
            raise ValueError(
                f"inputs must have shape (samples, features), neither of them 0, got shape {self.inputs.shape}."
            )
        self.labels = _checks.signs("labels", labels)
        if self.labels.shape != self.inputs.shape[:1]:
            raise ValueError(
                f"labels must have shape (samples,) = {self.inputs.shape[:1]} to go with inputs of shape "
                f"{self.inputs.shape}, got shape {self.labels.shape}."
            )
        self.loss_name = _checks.one_of("loss", loss, LOSSES)

    @classmethod
    def sample(cls, key: jax.Array, *, samples: int, features: int, loss: str = "exponential") -> "Classification":
        """A random separable instance: inputs N(0,I), labels the signs of ⟨teacher,z_i⟩ with a teacher N(0,I).

        **Raises:** `ValueError` where an argument is out of range.

        >>> problem = mf.problems.Classification.sample(jax.random.key(0), samples=12, features=6)
        >>> problem.inputs.shape, sorted(set(problem.labels.tolist()))
        ((12, 6), [-1.0, 1.0])
        """
        key = _checks.key("key", key)
        samples = _checks.integer("samples", samples, at_least=1)
        features = _checks.integer("features", features, at_least=1)
        return cls(*_sample(key, samples, features), loss=loss)

    @property
    def shape(self) -> tuple[int, ...]:
        """(features,)"""
        return (self.inputs.shape[1],)

    @property
    def signed_inputs(self) -> Real:
        """The y_i·z_i as rows, shape (samples, features)."""
        return _checks.array_module(self.inputs, self.labels).asarray(self.labels)[:, None] * self.inputs

    def margins(self, x: Numeric) -> Real:
        """m_i = y_i⟨x,z_i⟩, shape (samples,)."""
        return jnp.asarray(self.labels) * (jnp.asarray(self.inputs) @ jnp.asarray(x))

    def loss(self, x: Real) -> Scalar:
        """f(x), 0 where it underflows."""
        return jnp.exp(self.log_loss(x))

    def log_loss(self, x: Real) -> Scalar:
        """log f(x), by the logarithm of a sum of exponentials."""
        return jax.nn.logsumexp(log_losses(self.loss_name, self.margins(x)))

    def scaled_gradient(self, x: Real) -> tuple[Scalar, Real]:
        """(s, −Σ_i e^{l_i−s}y_iz_i) with l_i=log(−∂loss_i/∂m_i) and s the largest of them."""
        logs = log_slopes(self.loss_name, self.margins(x))
        largest = jax.lax.stop_gradient(jnp.max(logs))
        weights = jnp.exp(logs - largest) * self.labels
        return largest, -(weights @ jnp.asarray(self.inputs))

    def log_weights(self, x: Numeric) -> Real:
        """The logarithms of the shares −∂loss_i/∂m_i of the samples in the gradient, which sum to 1."""
        return jax.nn.log_softmax(log_slopes(self.loss_name, self.margins(x)))


def _sample_arrays(key, samples: int, features: int):
    keys = jax.random.split(key, 2)
    inputs = jax.random.normal(keys[0], (samples, features))
    scores = inputs @ jax.random.normal(keys[1], (features,))
    return inputs, jnp.where(scores < 0, -1.0, 1.0).astype(inputs.dtype)


_sample = jax.jit(_sample_arrays, static_argnums=(1, 2))
