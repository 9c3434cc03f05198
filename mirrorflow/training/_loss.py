"""What is minimized and what is counted, sample by sample."""

import jax.numpy as jnp
import optax

from .._types import Anything, Real


def cross_entropy(outputs: Anything, targets: Anything) -> Real:
    """−log softmax(outputs)[target] of each sample, shape (batch,); the mean over its places for text.

    **Arguments:** `outputs`: logits, shape (batch, classes) or (batch, length, vocabulary); `targets`: integers of the
    same shape but for the last axis.

    >>> print(mf.training.cross_entropy(jnp.zeros((2, 4)), jnp.array([0, 3])).round(3))  # log 4
    [1.386 1.386]
    """
    wide = outputs.astype(jnp.promote_types(outputs.dtype, jnp.float32))
    losses = optax.softmax_cross_entropy_with_integer_labels(wide, targets)
    return jnp.mean(losses, axis=tuple(range(1, losses.ndim)))


def squared_error(outputs: Anything, targets: Anything) -> Real:
    """½‖outputs − targets‖² of each sample, shape (batch,)."""
    return jnp.sum((outputs - targets) ** 2, axis=tuple(range(1, outputs.ndim))) / 2


def hits(outputs: Anything, targets: Anything) -> Real | None:
    """The share of places of each sample where the largest output is the target's; None without integer targets."""
    if not jnp.issubdtype(targets.dtype, jnp.integer):
        return None
    right = jnp.argmax(outputs, axis=-1) == targets
    return jnp.mean(right.astype(jnp.promote_types(outputs.dtype, jnp.float32)), axis=tuple(range(1, right.ndim)))
