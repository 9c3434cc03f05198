"""Causal transformers."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Anything, Real
from ._attention import Block, blocks, check_blocks
from ._drawing import Normal, Weight, drawn
from ._layers import Dense, dense
from ._model import AbstractModel
from ._normalization import LayerNorm, layer_norm


class TokenEmbedding(eqx.Module):
    """A vector for each token plus one for each place: `tokens` (vocabulary, width), `positions` (length, width)."""

    tokens: Weight
    positions: Weight

    def __call__(self, tokens: Anything) -> Real:
        """Shape (batch, positions) → (batch, positions, width)."""
        return jnp.take(self.tokens, tokens, axis=0) + jnp.expand_dims(self.positions[: tokens.shape[1]], 0)


class Transformer(AbstractModel):
    """A causal transformer: at each position logits of the next token, from this token and those before it.

    x ← x + attention(norm(x)), x ← x + W₂ gelu(W₁ norm(x)), then a dense layer on norm(x), its weights its own. Dense
    weights start as in `ViT`, embeddings of tokens and positions from N(0, 0.1²).

    **Arguments:**

    - `vocabulary`: how many tokens there are; `length`: most positions of an input.
    - `width`, `depth`, `heads`, `expansion`, `key`, `epsilon`, `dtype`: as for `ViT`.

    The rows of the embedding are tokens, its neurons lie along axis 1, the only such array.

    **Raises:** `ValueError` for sizes that are none, heads that do not divide the width, inputs that are no tokens or
    too long. A token above the vocabulary gives NaN, one below 0 counts from its end.

    **Source:** arXiv:1706.03762, arXiv:2002.04745 (normalized before); theory page 06 (networks).

    >>> network = mf.networks.Transformer(96, length=12, width=16, depth=1, heads=2, key=jax.random.key(0))
    >>> network(jnp.zeros((5, 12), int))[0].shape
    (5, 12, 96)
    """

    embedding: TokenEmbedding
    blocks: tuple[Block, ...]
    norm: LayerNorm
    head: Dense

    def __init__(
        self,
        vocabulary: int,
        length: int,
        *,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
        expansion: int = 4,
        key: jax.Array,
        epsilon: Any = 1e-5,
        dtype: Any = jnp.float32,
    ):
        vocabulary = _checks.integer("vocabulary", vocabulary, at_least=1)
        length = _checks.integer("length", length, at_least=1)
        depth, width, heads, expansion, epsilon = check_blocks(depth, width, heads, expansion, epsilon)
        layers = (
            TokenEmbedding(Normal((vocabulary, width), 0.01), Normal((length, width), 0.01)),
            blocks(depth, width, heads, expansion, epsilon, causal=True),
            layer_norm(width, epsilon),
            dense(width, vocabulary),
        )
        self.embedding, self.blocks, self.norm, self.head = drawn(key, dtype, layers)

    def statistics(self) -> tuple[()]:
        """None are kept."""
        return ()

    def __call__(self, inputs: Anything, statistics: Any = (), *, training: bool = False) -> tuple[Real, Any]:
        """Logits of shape (batch, positions, vocabulary) for tokens (batch, positions), and the statistics."""
        signals = self.embedding(self._tokens(inputs))
        for block in self.blocks:
            signals = block(signals)
        return self.head(self.norm(signals)[0]), statistics

    def _tokens(self, inputs: Any) -> Anything:
        tokens, length = jnp.asarray(inputs), self.embedding.positions.shape[0]
        if not jnp.issubdtype(tokens.dtype, jnp.integer):
            raise ValueError(f"inputs must be integers, one a token, got {tokens.dtype}.")
        if tokens.ndim != 2 or not 1 <= tokens.shape[1] <= length:
            raise ValueError(f"inputs must have shape (batch, up to {length} positions), got {tuple(tokens.shape)}.")
        return tokens
