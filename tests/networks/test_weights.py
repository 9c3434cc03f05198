"""Which arrays are kernels, and that masks, places and methods take a network's own pytree for it."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf

KEY = jax.random.key(0)
RESNET = mf.networks.ResNet((1, 4, 4), 3, width=2, blocks=(1, 1), key=KEY)
VIT = mf.networks.ViT((1, 4, 4), 3, width=4, depth=1, heads=2, key=KEY)
TRANSFORMER = mf.networks.Transformer(7, 5, width=4, depth=1, heads=2, key=KEY)
NETWORKS = {"resnet": RESNET, "vit": VIT, "transformer": TRANSFORMER}
BLOCK = [
    *(f"blocks.0.attention.{name}.weight" for name in ("query", "key", "value", "output")),
    *("blocks.0.hidden.weight", "blocks.0.output.weight"),
]
KERNELS = {
    "resnet": [
        *("stem.convolution.weight", "blocks.0.first.convolution.weight", "blocks.0.second.convolution.weight"),
        *(f"blocks.1.{name}.convolution.weight" for name in ("first", "second", "shortcut")),
    ],
    "vit": BLOCK,
    "transformer": BLOCK,
}


@pytest.fixture(params=NETWORKS)
def name(request):
    return request.param


def test_kernels_are_the_weights_between_embedding_and_head(name):
    network = NETWORKS[name]
    assert list(mf.networks.weights(network, mf.networks.kernels(network))) == KERNELS[name]


def test_words_widen_and_narrow_the_kernels():
    def names(network, *words):
        return list(mf.networks.weights(network, mf.networks.kernels(network, words)))

    assert names(RESNET, "STEM", "head", "shortcut") == [
        name for name in KERNELS["resnet"] if "stem" not in name and "shortcut" not in name
    ]
    everything = ["embedding.tokens", "embedding.positions", *BLOCK, "head.weight"]
    assert names(TRANSFORMER) == everything


def test_nano_adam_updates_in_full_what_is_no_kernel(name):
    network = NETWORKS[name]
    state = mf.optimizers.nano_adam(0.1, density=0.3).init(network)
    chosen = jax.tree.map(lambda _, moments: moments.entries is not None, network, state.inner.moments)
    assert jax.tree.leaves(chosen) == jax.tree.leaves(mf.networks.kernels(network, ("norm", "head")))


def test_masks_of_a_network_are_dense_where_it_has_no_kernels(name):
    network = NETWORKS[name]
    kernels = mf.networks.kernels(network)
    masks = mf.sparsity.random_masks(KEY, network, 0.25, where=kernels)
    held = mf.networks.weights(masks)
    sparse = [held[kernel] for kernel in KERNELS[name]]
    size = sum(mask.size for mask in sparse)
    assert sum(int(mask.sum()) for mask in sparse) == math.floor(0.25 * size + 0.5)
    assert all(bool(mask.all()) for array, mask in held.items() if array not in KERNELS[name])
    found = mf.sparsity.magnitude_masks(network, 0.25, where=kernels)
    assert jax.tree.structure(found) == jax.tree.structure(network)


BASE = optax.sgd(0.1)
METHODS = {
    "masked": lambda masks, kernels: mf.sparsity.masked(BASE, masks),
    "rigl": lambda masks, kernels: mf.sparsity.rigl(BASE, masks, interval=1),
    "sparse_opt": lambda masks, kernels: mf.optimizers.sparse_opt(BASE, masks=masks, neuron_axis=0),
    "sparse_opt, axes": lambda masks, kernels: mf.optimizers.sparse_opt(
        BASE, masks=masks, neuron_axis=jax.tree.map(lambda _: 0, kernels)
    ),
    "ham": lambda masks, kernels: mf.optimizers.ham(BASE, learning_rate=0.1, where=kernels),
    "ham, by a function": lambda masks, kernels: mf.optimizers.ham(BASE, learning_rate=0.1, where=mf.networks.kernels),
    "pilot": lambda masks, kernels: mf.optimizers.pilot(BASE, where=kernels),
    "sign_in": lambda masks, kernels: mf.optimizers.sign_in(BASE, reset_every=2, where=kernels),
    "gradual": lambda masks, kernels: mf.sparsity.gradual(BASE, density=0.2, begin=1, end=2, where=kernels),
}


@pytest.mark.parametrize("method", METHODS)
def test_methods_take_pytrees_that_are_networks(method):
    """A network can be called; a network of masks, of places or of axes is meant as the pytree that it is."""
    kernels = mf.networks.kernels(VIT)
    masks = mf.sparsity.random_masks(KEY, VIT, 0.5, where=kernels)
    optimizer = METHODS[method](masks, kernels)
    start = mf.sparsity.apply_masks(VIT, masks)
    updates, _ = optimizer.update(jax.tree.map(jnp.ones_like, VIT), optimizer.init(start), start)
    moved = optax.apply_updates(start, updates)
    assert jax.tree.structure(moved) == jax.tree.structure(VIT)
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(moved))
    np.testing.assert_allclose(moved.head.bias, start.head.bias - 0.1, rtol=1e-6)


def test_masks_of_another_network_are_refused_in_words():
    masks = jax.tree.map(lambda leaf: jnp.ones(leaf.shape, bool), RESNET)
    with pytest.raises(ValueError, match="masks must be a pytree of the structure of params"):
        mf.sparsity.masked(optax.sgd(0.1), masks).init(VIT)


def test_bad_words_and_places_are_refused():
    with pytest.raises(ValueError, match="exclude must be a sequence of words, got 'head'"):
        mf.networks.kernels(VIT, "head")
    with pytest.raises(ValueError, match="where must be a pytree of booleans like the network"):
        mf.networks.weights(VIT, mf.networks.kernels(RESNET))
