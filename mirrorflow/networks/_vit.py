"""Vision transformers."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Anything, Real
from ._attention import Block, blocks, check_blocks
from ._drawing import Normal, Weight, drawn
from ._layers import Dense, dense
from ._model import AbstractModel, image_shape, real_inputs
from ._normalization import LayerNorm, layer_norm


class PatchEmbedding(eqx.Module):
    """A dense layer on each patch, plus a vector for each place: `positions` (patches, width)."""

    patches: Dense
    positions: Weight
    size: int = eqx.field(static=True)

    def __call__(self, images: Real) -> Real:
        """Shape (batch, channels, height, width) → (batch, patches, width), patches row by row."""
        batch, channels, height, width = images.shape
        rows, columns = height // self.size, width // self.size
        cut = images.reshape(batch, channels, rows, self.size, columns, self.size)
        pixels = cut.transpose(0, 2, 4, 1, 3, 5).reshape(batch, rows * columns, channels * self.size**2)
        return self.patches(pixels) + jnp.expand_dims(self.positions, 0)


class ViT(AbstractModel):
    """A vision transformer: patches as positions, blocks of attention and perceptron, the mean over positions, a head.

    x ← x + attention(norm(x)), x ← x + W₂ gelu(W₁ norm(x)), then a dense layer on the mean of norm(x); no class token.
    Dense weights start from N(0, gain/fan in), smaller by √(2·depth) where they are added to x, biases from 0,
    positions from N(0, 0.02²).

    **Arguments:**

    - `shape`: (channels, height, width) of one input; `classes`: how many outputs; `patch`: its side in pixels.
    - `width`: of the signals; `depth`: how many blocks; `heads`: of the attention, a divisor of the width;
      `expansion`: width of the hidden layer of a block, in widths.
    - `key`, `dtype`: as for `Perceptron`; `epsilon`: of the layer normalization.

    **Raises:** `ValueError` for sizes that are none, a patch that does not tile the image, heads that do not divide the
    width, and as `AbstractModel`.

    **Source:** arXiv:2010.11929, arXiv:2205.01580 (mean in place of a class token); theory page 06 (networks).

    >>> network = mf.networks.ViT((1, 8, 8), 10, patch=2, width=16, depth=1, heads=2, key=jax.random.key(0))
    >>> network(jnp.ones((5, 1, 8, 8)))[0].shape, network.embedding.positions.shape
    ((5, 10), (16, 16))
    """

    embedding: PatchEmbedding
    blocks: tuple[Block, ...]
    norm: LayerNorm
    head: Dense
    shape: tuple[int, int, int] = eqx.field(static=True)

    def __init__(
        self,
        shape: Any,
        classes: int,
        *,
        patch: int = 2,
        width: int = 32,
        depth: int = 2,
        heads: int = 4,
        expansion: int = 4,
        key: jax.Array,
        epsilon: Any = 1e-5,
        dtype: Any = jnp.float32,
    ):
        self.shape = image_shape(shape)
        channels, high, wide = self.shape
        classes, patch = _checks.integer("classes", classes, at_least=1), _checks.integer("patch", patch, at_least=1)
        depth, width, heads, expansion, epsilon = check_blocks(depth, width, heads, expansion, epsilon)
        if high % patch or wide % patch:
            raise ValueError(f"patch must divide the height and width of {high}×{wide} images, got {patch}.")
        positions = Normal((high // patch * (wide // patch), width), 0.02**2)
        layers = (
            PatchEmbedding(dense(channels * patch**2, width), positions, patch),
            blocks(depth, width, heads, expansion, epsilon, causal=False),
            layer_norm(width, epsilon),
            dense(width, classes),
        )
        self.embedding, self.blocks, self.norm, self.head = drawn(key, dtype, layers)

    def statistics(self) -> tuple[()]:
        """None are kept."""
        return ()

    def __call__(self, inputs: Anything, statistics: Any = (), *, training: bool = False) -> tuple[Real, Any]:
        """Logits of shape (batch, classes) for inputs (batch, channels, height, width), and the statistics."""
        signals = self.embedding(real_inputs(inputs, self.shape, self.head.weight.dtype))
        for block in self.blocks:
            signals = block(signals)
        return self.head(jnp.mean(self.norm(signals)[0], axis=1)), statistics
