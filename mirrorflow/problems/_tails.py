"""The exponential and the logistic loss of one margin, as logarithms."""

import jax
import jax.numpy as jnp

from .._types import Real

LOSSES = ("exponential", "logistic")
_LINEAR = 40.0  # log(1+e^{−m}) is e^{−m} to all digits from here on


def log_losses(name: str, margins: Real) -> Real:
    """log e^{−m} or log log(1+e^{−m}), elementwise."""
    if name == "exponential":
        return -margins
    close = jnp.minimum(margins, _LINEAR)
    return jnp.where(margins > _LINEAR, -margins, jnp.log(jax.nn.softplus(-close)))


def log_slopes(name: str, margins: Real) -> Real:
    """The logarithm of −∂loss/∂m, elementwise."""
    return -margins if name == "exponential" else jax.nn.log_sigmoid(-margins)
