"""One layer of attention with full key and query matrices."""

import equinox as eqx
import jax.numpy as jnp

from .. import _checks
from .._types import Numeric, Parameters, Real, Scalar
from ._base import AbstractReparameterization
from ._matrix_product import MatrixProduct


class Attention(AbstractReparameterization):
    """X = KᵀQ, with θ = {"key": K (head_width, width), "query": Q (head_width, width)}.

    Tokens z, z' attend with the score zᵀXz'. Gradient flow keeps KKᵀ−QQᵀ, as for every product of two matrices, but
    entries of X do not commute: it is no mirror flow in X, and what decay does to its singular values is measured
    (`DiagonalAttention` is the case that theory covers).

    **Arguments:** `width`: the length of a token, at least 1; `head_width`: the largest rank of X, at least 1, `width`
    unless given.

    **Raises:** `ValueError` for sizes below 1.

    **Source:** Mirror, Mirror of the Flow (arXiv:2504.12883), attention; theory page 02 (problems to run it on).

    >>> attention = mf.reparameterizations.Attention(width=3, head_width=1)
    >>> attention({"key": jnp.array([[1.0, 0.0, 2.0]]), "query": jnp.array([[0.0, 3.0, 1.0]])}).tolist()
    [[0.0, 3.0, 1.0], [0.0, 0.0, 0.0], [0.0, 6.0, 2.0]]
    """

    width: int = eqx.field(static=True)
    head_width: int = eqx.field(static=True)

    def __init__(self, width: int, head_width: int | None = None):
        self.width = _checks.integer("width", width, at_least=1)
        self.head_width = self.width if head_width is None else _checks.integer("head_width", head_width, at_least=1)

    @property
    def product(self) -> MatrixProduct:
        """The product UVᵀ of which this is another name: U=Kᵀ and V=Qᵀ."""
        return MatrixProduct(self.width, self.width, self.head_width)

    def factors(self, parameters: Parameters) -> Parameters:
        """θ as the product has it; also for paths, whose points stand on leading axes."""
        return {"left": jnp.matrix_transpose(parameters["key"]), "right": jnp.matrix_transpose(parameters["query"])}

    def __call__(self, parameters: Parameters) -> Real:
        """KᵀQ"""
        return parameters["key"].T @ parameters["query"]

    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """θ is {"key": (head_width, width), "query": (head_width, width)}, and X has shape (width, width)."""
        if shape != (self.width, self.width):
            raise ValueError(f"KᵀQ has the shape {(self.width, self.width)}, the problem has {shape}.")
        if not isinstance(parameters, dict) or set(parameters) != {"key", "query"}:
            given = sorted(map(str, parameters)) if isinstance(parameters, dict) else type(parameters).__name__
            raise ValueError(f'start must be a dictionary {{"key": K, "query": Q}}, got {given}.')
        wanted = (self.head_width, self.width)
        for name, leaf in parameters.items():
            if tuple(jnp.shape(leaf)) != wanted:
                raise ValueError(
                    f'start["{name}"] must have shape (head_width, width) = {wanted}, got {tuple(jnp.shape(leaf))}.'
                )

    def lift(self, x: Numeric, balance: Numeric, q: Numeric = 2.0) -> Parameters:
        """K, Q with KᵀQ=X and KKᵀ−QQᵀ = balance·I, from the singular value decomposition of X.

        **Raises:** `ValueError` as `MatrixProduct.lift` does: an X of higher rank than `head_width`, say.
        """
        made = self.product.lift(x, balance, q)
        return {"key": made["left"].T, "query": made["right"].T}

    def pull_back(self, parameters: Parameters, covector: Real) -> Parameters:
        """{QGᵀ, KG}"""
        return {"key": parameters["query"] @ covector.T, "query": parameters["key"] @ covector}

    def unfinished(self, parameters: Parameters, velocity: Parameters, gradient: Real, decay_rate: Scalar) -> Scalar:
        """That of the product of matrices, head dimension by head dimension."""
        return self.product.unfinished(self.factors(parameters), self.factors(velocity), gradient, decay_rate)
