"""Convolutions by a product of matrices are XLA's own, and residual blocks are their formula."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import mirrorflow as mf
from mirrorflow.networks._drawing import drawn
from mirrorflow.networks._layers import _convolution, _product, convolution

KEY = jax.random.key(1)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_both_ways_to_convolve_agree_with_their_gradients(size, stride):
    images = jax.random.normal(KEY, (2, 7, 6, 3))
    weight = jax.random.normal(jax.random.key(2), (4, 3, size, size))

    def both(way):
        return jax.jit(jax.value_and_grad(lambda *given: jnp.sum(jnp.sin(way(stride, *given))), (0, 1)))(images, weight)

    for one, two in zip(jax.tree.leaves(both(_product)), jax.tree.leaves(both(_convolution)), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-10)
    assert _product(stride, images, weight).shape == (2, -(-7 // stride), -(-6 // stride), 4)


def test_a_convolution_is_the_correlation_with_its_filter():
    layer = drawn(KEY, jnp.float64, convolution(2, 3, stride=2, bias=True))
    images = np.asarray(jax.random.normal(jax.random.key(2), (1, 5, 4, 2)))
    found, padded = np.asarray(layer(jnp.asarray(images))), np.pad(images[0], ((1, 1), (1, 1), (0, 0)))
    for i in range(3):
        for j in range(2):
            under = padded[2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
            expected = np.einsum("klc,ockl->o", under, np.asarray(layer.weight)) + np.asarray(layer.bias)
            np.testing.assert_allclose(found[0, i, j], expected, rtol=1e-10)


def test_a_residual_network_is_its_formula():
    """Against XLA's convolutions on channels first, without normalization."""
    network = mf.networks.ResNet((2, 6, 5), 3, width=4, blocks=(1, 2), key=KEY, normalization=None, dtype=jnp.float64)
    network = jax.tree.map(lambda leaf: leaf + 0.1 if leaf.ndim == 1 else leaf, network)  # biases that are seen

    def convolved(unit, images):
        margin = unit.convolution.weight.shape[-1] // 2
        stride = unit.convolution.stride
        found = lax.conv(
            jnp.pad(images, ((0, 0), (0, 0), *[(margin, margin)] * 2)), unit.convolution.weight, (stride,) * 2, "VALID"
        )
        return found + unit.convolution.bias.reshape(1, -1, 1, 1)

    inputs = jax.random.normal(jax.random.key(2), (3, 2, 6, 5))
    signals = jax.nn.relu(convolved(network.stem, inputs))
    for block in network.blocks:
        kept = signals if block.shortcut is None else convolved(block.shortcut, signals)
        signals = jax.nn.relu(kept + convolved(block.second, jax.nn.relu(convolved(block.first, signals))))
    assert signals.shape == (3, 8, 3, 3)
    expected = signals.mean((2, 3)) @ network.head.weight.T + network.head.bias.reshape(1, -1)
    np.testing.assert_allclose(network(inputs)[0], expected, rtol=1e-10)


@jax.jit
def curvature(network, direction, inputs):
    """A second derivative of the loss, forward over reverse, as spectra of Hessians take it."""

    def loss(network):
        return jnp.sum(jnp.square(network(inputs, network.statistics(), training=True)[0]))

    return jax.jvp(jax.grad(loss), (network,), (direction,))[1]


def test_networks_are_differentiated_twice_and_many_at_once():
    def make(key):
        return mf.networks.ResNet((1, 4, 4), 3, width=2, blocks=(1, 1), key=key, dtype=jnp.float64)

    keys = jax.random.split(KEY, 2)
    many, inputs = jax.vmap(make)(keys), jax.random.normal(KEY, (5, 1, 4, 4))
    found = jax.vmap(curvature, in_axes=(0, 0, None))(many, many, inputs)
    for i, key in enumerate(keys):
        one = curvature(make(key), make(key), inputs)
        for alone, together in zip(jax.tree.leaves(one), jax.tree.leaves(found), strict=True):
            np.testing.assert_allclose(together[i], alone, rtol=1e-8, atol=1e-10)
            assert float(jnp.abs(alone).max()) > 0


def test_the_literature_s_network_has_its_size():
    """ResNet20 for CIFAR-10: 19 convolutions and a dense layer, 0.27 million parameters; here two shortcuts more."""
    shapes = jax.eval_shape(lambda key: mf.networks.ResNet((3, 32, 32), 10, key=key), KEY)
    names = mf.networks.weights(shapes, mf.networks.kernels(shapes))
    assert len([name for name in names if "shortcut" not in name]) == 19
    total = sum(leaf.size for name, leaf in mf.networks.weights(shapes).items() if "shortcut" not in name)
    assert total == 269_722
