"""Batch and layer normalization against their formulas in NumPy, and the invariances that they give."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

KEY = jax.random.key(2)
EPSILON, MOMENTUM = 1e-2, 0.7  # far from 0 and 1, so that what they do is seen
INPUTS = np.asarray(jax.random.normal(jax.random.key(3), (6, 2, 4, 3))) * 2 + 1
LABELS = np.array([0, 2, 1, 1, 0, 2])


def perceptron(kind, epsilon=EPSILON, **options):
    options = {"key": KEY, "normalization": kind, "epsilon": epsilon, "momentum": MOMENTUM, "dtype": jnp.float64}
    return mf.networks.Perceptron((2, 4, 3), 3, (5,), **options)


def with_affine(network):
    """The network with scales and shifts that are neither 1 nor 0."""
    names = mf.networks.weights(network)
    keys = dict(zip(names, jax.random.split(jax.random.key(4), len(names)), strict=True))
    leaves = [
        leaf + 0.3 * jax.random.normal(keys[name], leaf.shape) if leaf.ndim == 1 else leaf
        for name, leaf in names.items()
    ]
    return jax.tree.unflatten(jax.tree.structure(network), leaves)


def finished(network, entering):
    """What the perceptron gives if `entering` is what its normalization gives."""
    return np.maximum(entering, 0) @ np.asarray(network.head.weight).T + np.asarray(network.head.bias)


@pytest.fixture(scope="module")
def batch():
    network = with_affine(perceptron("batch"))
    return network, *network(INPUTS, network.statistics(), training=True)


def test_training_uses_the_moments_of_the_batch(batch):
    network, outputs, _ = batch
    (layer,) = network.layers
    z = INPUTS.reshape(6, -1) @ np.asarray(layer.linear.weight).T
    hat = (z - z.mean(0)) / np.sqrt(z.var(0) + EPSILON)
    expected = finished(network, np.asarray(layer.norm.scale) * hat + np.asarray(layer.norm.shift))
    np.testing.assert_allclose(outputs, expected, rtol=1e-10)


def test_running_moments_follow_with_the_unbiased_variance(batch):
    network, _, (moments,) = batch
    z = INPUTS.reshape(6, -1) @ np.asarray(network.layers[0].linear.weight).T
    np.testing.assert_allclose(moments.mean, (1 - MOMENTUM) * z.mean(0), rtol=1e-10)
    np.testing.assert_allclose(moments.variance, MOMENTUM + (1 - MOMENTUM) * z.var(0, ddof=1), rtol=1e-10)


def test_evaluation_uses_the_running_moments(batch):
    network, _, statistics = batch
    (layer,), (moments,) = network.layers, statistics
    z = INPUTS.reshape(6, -1) @ np.asarray(layer.linear.weight).T
    hat = (z - np.asarray(moments.mean)) / np.sqrt(np.asarray(moments.variance) + EPSILON)
    expected = finished(network, np.asarray(layer.norm.scale) * hat + np.asarray(layer.norm.shift))
    np.testing.assert_allclose(network(INPUTS, statistics)[0], expected, rtol=1e-10)


def test_running_moments_become_those_of_a_batch_that_does_not_change(batch):
    network, _, statistics = batch
    repeated = jax.lax.scan(
        lambda held, _: (network(INPUTS, held, training=True)[1], None), statistics, None, length=120
    )[0]
    z = INPUTS.reshape(6, -1) @ np.asarray(network.layers[0].linear.weight).T
    np.testing.assert_allclose(repeated[0].mean, z.mean(0), rtol=1e-9)  # .7^120 = 3e-19
    np.testing.assert_allclose(repeated[0].variance, z.var(0, ddof=1), rtol=1e-9)


def test_layer_normalization_is_of_each_sample():
    network = with_affine(perceptron("layer"))
    (layer,) = network.layers
    z = INPUTS.reshape(6, -1) @ np.asarray(layer.linear.weight).T + np.asarray(layer.linear.bias)
    hat = (z - z.mean(1, keepdims=True)) / np.sqrt(z.var(1, keepdims=True) + EPSILON)
    expected = finished(network, np.asarray(layer.norm.scale) * hat + np.asarray(layer.norm.shift))
    np.testing.assert_allclose(network(INPUTS)[0], expected, rtol=1e-10)


def test_moments_of_images_are_over_the_batch_and_all_places():
    network = mf.networks.ResNet(
        (2, 4, 3), 3, width=5, blocks=(1,), key=KEY, momentum=MOMENTUM, epsilon=EPSILON, dtype=jnp.float64
    )
    (moments, *_) = network(INPUTS, network.statistics(), training=True)[1]
    filters = np.asarray(network.stem.convolution.weight)
    padded = np.pad(INPUTS, ((0, 0), (0, 0), (1, 1), (1, 1)))
    z = sum(
        np.einsum("ncij,oc->noij", padded[:, :, k : k + 4, m : m + 3], filters[:, :, k, m])
        for k in range(3)
        for m in range(3)
    )
    np.testing.assert_allclose(moments.mean, (1 - MOMENTUM) * z.mean((0, 2, 3)), rtol=1e-10)
    np.testing.assert_allclose(moments.variance, MOMENTUM + (1 - MOMENTUM) * z.var((0, 2, 3), ddof=1), rtol=1e-10)


def test_one_number_a_channel_is_refused_in_training_alone():
    network = perceptron("batch")
    with pytest.raises(ValueError, match="at least 2 numbers a channel"):
        network(INPUTS[:1], network.statistics(), training=True)
    assert network(INPUTS[:1], network.statistics())[0].shape == (1, 3)


# --- invariances ------------------------------------------------------------------------------------------------------

TINY = 1e-30  # ε breaks the invariance by a share ε/σ²


@jax.jit
def gradient(network):
    def loss(network):
        outputs = network(INPUTS, network.statistics(), training=True)[0]
        chosen = jax.nn.log_softmax(outputs)[jnp.arange(6), LABELS]
        return -jnp.mean(chosen)

    return jax.value_and_grad(loss)(network)


def resnet():
    return mf.networks.ResNet((2, 4, 3), 3, width=4, blocks=(1, 1), key=KEY, epsilon=TINY, dtype=jnp.float64)


NORMALIZED = {"perceptron": lambda: perceptron("batch", TINY), "resnet": resnet}


@pytest.fixture(scope="module", params=NORMALIZED)
def normalized(request):
    """A network, its kernels by name, the loss and the gradient."""
    network = with_affine(NORMALIZED[request.param]())
    kernels = mf.networks.kernels(network)
    loss, slope = gradient(network)
    return network, kernels, loss, mf.networks.weights(slope, kernels)


def test_gradients_shrink_as_weights_before_batch_normalization_grow(normalized):
    """∇L(c·w) = c⁻¹∇L(w), neuron by neuron: the exact cause of SparseOpt's factor."""
    network, kernels, loss, slopes = normalized
    assert len(slopes) in (1, 6)  # of all convolutions, the shortcut of size 1 with them

    def stretched(on, leaf):
        factors = jnp.linspace(0.5, 3, leaf.shape[0]).reshape(-1, *(1,) * (leaf.ndim - 1))
        return leaf * factors if on else leaf

    other_loss, other = gradient(jax.tree.map(stretched, kernels, network))
    assert float(abs(other_loss - loss)) < 1e-12
    for name, found in mf.networks.weights(other, kernels).items():
        expected = slopes[name] / stretched(True, jnp.ones_like(found))
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12, err_msg=name)


def test_gradients_are_orthogonal_to_weights_before_batch_normalization(normalized):
    network, kernels, _, slopes = normalized
    for name, weights in mf.networks.weights(network, kernels).items():
        along = jnp.sum((weights * slopes[name]).reshape(weights.shape[0], -1), axis=1)
        assert float(jnp.abs(along).max()) < 1e-12 < float(jnp.abs(slopes[name]).max()), name


def test_layer_normalization_is_invariant_to_the_scale_of_a_layer_but_not_of_a_neuron():
    network = eqx.tree_at(lambda net: net.layers[0].linear.bias, perceptron("layer", TINY), replace_fn=jnp.zeros_like)
    loss, slope = gradient(network)

    def scaled(factor):
        return gradient(eqx.tree_at(lambda net: net.layers[0].linear.weight, network, replace_fn=lambda w: factor * w))

    other_loss, other = scaled(4.0)
    assert float(abs(other_loss - loss)) < 1e-12
    np.testing.assert_allclose(4 * other.layers[0].linear.weight, slope.layers[0].linear.weight, rtol=1e-9, atol=1e-13)
    assert float(abs(scaled(jnp.linspace(0.5, 3, 5).reshape(-1, 1))[0] - loss)) > 1e-3
