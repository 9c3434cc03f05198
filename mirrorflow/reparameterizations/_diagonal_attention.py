"""One layer of attention whose key and query matrices are diagonal."""

import equinox as eqx
import jax.numpy as jnp

from .._types import Real
from ._hadamard import AbstractProduct


class DiagonalAttention(AbstractProduct):
    """x = k⊙q, the diagonal of KᵀQ for diagonal K and Q, with θ = (k, q) of shape (2, …).

    Tokens z, z' attend with the score zᵀKᵀQz' = Σ_i x_i z_i z'_i, so x is all that a loss sees of the weights, and
    every theorem on m⊙w holds for it, whatever softmax and values follow: the loss need not be convex. x has the shape
    (width,), or (heads, width) with a pair (k, q) for each head. The general KᵀQ is `Attention`, and no mirror flow.

    **Source:** Mirror, Mirror of the Flow (arXiv:2504.12883), attention; theory page 02 (problems to run it on).

    >>> attention = mf.reparameterizations.DiagonalAttention()
    >>> theta = attention.lift(x=jnp.array([0.5, -2.0]), balance=1.0)
    >>> attention(theta).round(12).tolist(), attention.matrix(jnp.array([0.5, -2.0])).tolist()
    ([0.5, -2.0], [[0.5, 0.0], [0.0, -2.0]])
    """

    depth: int = eqx.field(static=True)

    def __init__(self):
        self.depth = 2

    def matrix(self, x: Real) -> Real:
        """KᵀQ = diag(x), shape (…, width, width)."""
        x = jnp.asarray(x)
        return jnp.apply_along_axis(jnp.diag, -1, x)
