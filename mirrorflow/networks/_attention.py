"""Blocks of transformers: attention and a perceptron, normalized before, added to what came."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Real
from ._layers import Dense, dense
from ._normalization import LayerNorm, check_epsilon, layer_norm

# 1/E gelu(z)² for z~N(0,1)
GELU_GAIN = 2.351


class Attention(eqx.Module):
    """Each position takes the values of positions in proportion to softmax(q·k/√d); `causal`: none after itself."""

    query: Dense
    key: Dense
    value: Dense
    output: Dense
    heads: int = eqx.field(static=True)
    causal: bool = eqx.field(static=True)

    def __call__(self, signals: Real) -> Real:
        """Shape (batch, positions, width) → the same."""
        batch, positions, width = signals.shape
        split = (batch, positions, self.heads, width // self.heads)
        query, key, value = (layer(signals).reshape(split) for layer in (self.query, self.key, self.value))
        # Scores and shares in single precision at least, and in double where the network is: JAX's own stays in single.
        scores = jnp.einsum("bqhd,bkhd->bhqk", query, key).astype(jnp.promote_types(signals.dtype, jnp.float32))
        scores = scores / math.sqrt(width // self.heads)
        if self.causal:
            past = jnp.tril(jnp.ones((1, 1, positions, positions), bool))
            scores = jnp.where(past, scores, -jnp.inf)
        shares = jax.nn.softmax(scores).astype(signals.dtype)
        return self.output(jnp.einsum("bhqk,bkhd->bqhd", shares, value).reshape(signals.shape))


class Block(eqx.Module):
    """x + attention(norm(x)), then x + W₂ gelu(W₁ norm(x))."""

    attention_norm: LayerNorm
    attention: Attention
    hidden_norm: LayerNorm
    hidden: Dense
    output: Dense

    def __call__(self, signals: Real) -> Real:
        """Shape (batch, positions, width) → the same."""
        signals = signals + self.attention(self.attention_norm(signals)[0])
        return signals + self.output(jax.nn.gelu(self.hidden(self.hidden_norm(signals)[0])))


def blocks(depth: int, width: int, heads: int, expansion: int, epsilon: float, causal: bool) -> tuple[Block, ...]:
    """`depth` blocks; what they add is smaller by √(2·depth) at first, so that the sum keeps its size."""
    share = 1 / (2 * depth)

    def block() -> Block:
        query, key, value = (dense(width, width) for _ in range(3))
        return Block(
            layer_norm(width, epsilon),
            Attention(query, key, value, dense(width, width, gain=share), heads, causal),
            layer_norm(width, epsilon),
            dense(width, expansion * width),
            dense(expansion * width, width, gain=share * GELU_GAIN),
        )

    return tuple(block() for _ in range(depth))


def check_blocks(depth: Any, width: Any, heads: Any, expansion: Any, epsilon: Any) -> tuple[int, int, int, int, Any]:
    """The arguments of `blocks`, else a `ValueError` for sizes that are none and heads that do not divide the width."""
    sizes = {"depth": depth, "width": width, "heads": heads, "expansion": expansion}
    depth, width, heads, expansion = (_checks.integer(name, size, at_least=1) for name, size in sizes.items())
    if width % heads:
        raise ValueError(f"heads must divide width = {width}, got {heads}.")
    return depth, width, heads, expansion, check_epsilon(epsilon)
