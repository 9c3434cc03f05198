"""Transformers against NumPy; what they cannot see; and what a permutation of patches does."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

KEY = jax.random.key(6)
TRANSFORMER = mf.networks.Transformer(13, 9, width=12, depth=2, heads=3, key=KEY, dtype=jnp.float64)
VIT = mf.networks.ViT((2, 4, 6), 5, patch=2, width=12, depth=2, heads=3, key=KEY, dtype=jnp.float64)
TOKENS = np.asarray(jax.random.randint(jax.random.key(7), (4, 9), 0, 13))
IMAGES = np.asarray(jax.random.normal(jax.random.key(8), (4, 2, 4, 6)))


@jax.jit
def outputs_of(network, inputs):
    return network(inputs)[0]


def unsettled(network):
    """All parameters away from where they start: no bias 0, no scale 1, no positions near 0."""
    leaves, structure = jax.tree.flatten(network)
    keys = jax.random.split(jax.random.key(9), len(leaves))
    moved = [leaf + 0.3 * jax.random.normal(key, leaf.shape) for key, leaf in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(structure, moved)


# --- the same in NumPy, sample by sample, head by head ----------------------------------------------------------------


def dense(layer, x):
    return x @ np.asarray(layer.weight).T + np.asarray(layer.bias)


def normalized(norm, x):
    hat = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return np.asarray(norm.scale) * hat + np.asarray(norm.shift)


def gelu(z):
    return 0.5 * z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))


def attended(attention, x, causal):
    query, key, value = (dense(layer, x) for layer in (attention.query, attention.key, attention.value))
    size = x.shape[1] // attention.heads
    mixed = np.zeros_like(x)
    for head in range(attention.heads):
        own = slice(head * size, (head + 1) * size)
        for place in range(len(x)):
            seen = place + 1 if causal else len(x)
            scores = key[:seen, own] @ query[place, own] / math.sqrt(size)
            shares = np.exp(scores - scores.max())
            mixed[place, own] = shares @ value[:seen, own] / shares.sum()
    return dense(attention.output, mixed)


def transformed(network, x, causal):
    for block in network.blocks:
        x = x + attended(block.attention, normalized(block.attention_norm, x), causal)
        x = x + dense(block.output, gelu(dense(block.hidden, normalized(block.hidden_norm, x))))
    return normalized(network.norm, x)


def test_the_transformer_is_its_formula():
    network = unsettled(TRANSFORMER)
    tables = np.asarray(network.embedding.tokens), np.asarray(network.embedding.positions)
    expected = [dense(network.head, transformed(network, tables[0][row] + tables[1], True)) for row in TOKENS]
    np.testing.assert_allclose(outputs_of(network, TOKENS), expected, rtol=1e-9, atol=1e-9)


def test_the_vision_transformer_is_its_formula():
    network = unsettled(VIT)
    embedding = network.embedding
    expected = []
    for image in IMAGES:
        patches = [image[:, i : i + 2, j : j + 2].ravel() for i in (0, 2) for j in (0, 2, 4)]
        x = dense(embedding.patches, np.array(patches)) + np.asarray(embedding.positions)
        expected.append(dense(network.head, transformed(network, x, False).mean(0)))
    np.testing.assert_allclose(outputs_of(network, IMAGES), expected, rtol=1e-9, atol=1e-9)


# --- identities -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_no_position_sees_its_future(dtype):
    network = jax.tree.map(lambda leaf: leaf.astype(dtype), unsettled(TRANSFORMER))
    before = np.asarray(outputs_of(network, TOKENS))
    for place in range(9):
        changed = TOKENS.copy()
        changed[:, place] = (changed[:, place] + 1) % 13
        after = np.asarray(outputs_of(network, changed))
        np.testing.assert_array_equal(after[:, :place], before[:, :place])
        assert (np.abs(after - before)[:, place:].max(axis=(0, 2)) > 1e-6).all()  # but every later one sees it


def test_the_beginning_of_a_text_gives_the_beginning_of_the_logits():
    network = unsettled(TRANSFORMER)
    short = outputs_of(network, TOKENS[:, :4])
    np.testing.assert_allclose(short, np.asarray(outputs_of(network, TOKENS))[:, :4], rtol=1e-12, atol=1e-12)


def shuffled(images):
    """The same images with their six patches in another order."""
    patches = images.reshape(4, 2, 2, 2, 3, 2).transpose(2, 4, 0, 1, 3, 5).reshape(6, 4, 2, 2, 2)
    patches = patches[[3, 0, 5, 1, 4, 2]].reshape(2, 3, 4, 2, 2, 2)
    return patches.transpose(2, 3, 0, 4, 1, 5).reshape(4, 2, 4, 6)


def test_without_positions_patches_have_no_order():
    network = unsettled(VIT)
    blind = eqx.tree_at(lambda net: net.embedding.positions, network, replace_fn=jnp.zeros_like)
    assert sorted(shuffled(IMAGES).ravel()) == sorted(IMAGES.ravel())
    np.testing.assert_allclose(outputs_of(blind, shuffled(IMAGES)), outputs_of(blind, IMAGES), rtol=1e-10)
    seeing = outputs_of(network, shuffled(IMAGES)) - outputs_of(network, IMAGES)
    assert float(jnp.abs(seeing).max()) > 1e-2


def test_heads_have_no_order():
    def permuted(network):
        """Rows of query, key and value and columns of the output, head by head in another order."""
        rows = np.arange(12).reshape(3, 4)[[2, 0, 1]].ravel()
        for block in range(2):
            for layer in ("query", "key", "value"):

                def of(net, block=block, layer=layer):
                    dense = getattr(net.blocks[block].attention, layer)
                    return dense.weight, dense.bias

                network = eqx.tree_at(of, network, replace_fn=lambda leaf: leaf[rows])
            network = eqx.tree_at(
                lambda net, block=block: net.blocks[block].attention.output.weight,
                network,
                replace_fn=lambda leaf: leaf[:, rows],
            )
        return network

    network = unsettled(VIT)
    np.testing.assert_allclose(outputs_of(permuted(network), IMAGES), outputs_of(network, IMAGES), rtol=1e-10)


def test_attention_depends_on_queries_and_keys_by_their_product_alone():
    """Q ↦ cQ, K ↦ K/c: the symmetry whose conserved quantity is the balance of attention."""

    def scaled(network, factor):
        def of(power):
            return lambda net: [
                getattr(getattr(block.attention, "query" if power > 0 else "key"), leaf)
                for block in net.blocks
                for leaf in ("weight", "bias")
            ]

        network = eqx.tree_at(of(1), network, replace_fn=lambda leaf: factor * leaf)
        return eqx.tree_at(of(-1), network, replace_fn=lambda leaf: leaf / factor)

    network = unsettled(TRANSFORMER)
    np.testing.assert_allclose(outputs_of(scaled(network, 3.0), TOKENS), outputs_of(network, TOKENS), rtol=1e-9)


def test_signals_start_at_the_size_of_those_that_enter():
    """The variance of what leaves ten blocks is that of what enters, within the factor that what they add explains."""
    network = mf.networks.ViT((1, 8, 8), 5, patch=2, width=128, depth=10, heads=4, key=KEY)
    entering = network.embedding(jax.random.normal(KEY, (8, 1, 8, 8), jnp.float32))
    leaving = entering
    for block in network.blocks:
        leaving = block(leaving)
    # Each of 20 additions is at most 1/20 of a normalized signal: from 1 to 2, and attention's means add less.
    assert 1.2 < float(jnp.var(leaving) / jnp.var(entering)) < 2.0
