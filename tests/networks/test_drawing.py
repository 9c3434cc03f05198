"""Where networks start: independent numbers, of the size that the formulas say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

KEY = jax.random.key(11)
RESNET = mf.networks.ResNet((3, 8, 8), 50, width=24, blocks=(1, 1), key=KEY)
PLAIN = mf.networks.ResNet((3, 8, 8), 50, width=24, blocks=(1, 1), normalization=None, key=KEY)
TRANSFORMER = mf.networks.Transformer(90, 70, width=48, depth=3, heads=4, key=KEY)
VIT = mf.networks.ViT((4, 12, 12), 50, patch=4, width=48, depth=2, heads=4, expansion=2, key=KEY)
TANH = mf.networks.Perceptron((60,), 50, (80, 70), activation="tanh", key=KEY)


def variances(network, gains):
    """The variance of each array by name: a gain over the fan in for kernels, a number for embeddings."""
    found = {}
    for name, array in mf.networks.weights(network).items():
        if array.ndim < 2:
            continue
        fan_in = array.size // array.shape[0]
        gain = next((gain for words, gain in gains.items() if all(word in name for word in words.split())), None)
        if name in ("embedding.tokens", "embedding.positions"):
            found[name] = gain
        else:
            found[name] = (1.0 if gain is None else gain) / fan_in
    return found


GELU, TANH_GAIN = 2.351, 2.536
RELU = {"shortcut": 1.0, "convolution": 2.0}
CASES = {
    "resnet": (RESNET, RELU),
    "resnet without normalization": (PLAIN, {"second": 2.0 / 2, **RELU}),
    "transformer": (
        TRANSFORMER,
        {"attention.output": 1 / 6, "blocks output": GELU / 6, "embedding": 0.01},
    ),
    "vit": (VIT, {"attention.output": 1 / 4, "blocks output": GELU / 4, "positions": 0.02**2}),
    "perceptron": (TANH, {"layers": TANH_GAIN}),
}


@pytest.mark.parametrize("case", CASES)
def test_weights_start_with_the_variance_of_the_formula(case):
    network, gains = CASES[case]
    arrays = mf.networks.weights(network)
    expected = variances(network, gains)
    assert expected
    for name, variance in expected.items():
        # The variance of n normal numbers is off by √(2/n), here four and a half times that.
        error = 4.5 * np.sqrt(2 / arrays[name].size)
        assert abs(float(jnp.mean(arrays[name] ** 2)) / variance - 1) < error, name
    rest = {name: array for name, array in arrays.items() if name not in expected}
    assert all(bool((array == (1 if name.endswith("scale") else 0)).all()) for name, array in rest.items())


@pytest.mark.parametrize("case", CASES)
def test_no_number_is_drawn_twice(case):
    network, gains = CASES[case]
    arrays, expected = mf.networks.weights(network), variances(network, gains)
    row = np.concatenate([np.ravel(arrays[name]) / np.sqrt(variance) for name, variance in expected.items()])
    # Of n numbers of 24 bits about n²/2^25 pairs agree by chance; arrays that share theirs would repeat all of them.
    assert len(np.unique(row.astype(np.float32))) > len(row) - 4 - len(row) ** 2 / 2**22
    shares = [np.ravel(arrays[name])[:90] / np.sqrt(variance) for name, variance in expected.items()]
    correlations = np.abs(np.corrcoef([share for share in shares if len(share) == 90]) - np.eye(len(shares)))
    assert correlations.max() < 5 / np.sqrt(90)


def test_keys_draw_other_weights():
    other = mf.networks.Perceptron((60,), 50, (80, 70), activation="tanh", key=jax.random.key(12))
    assert float(jnp.abs(other.head.weight - TANH.head.weight).min()) > 0


@pytest.mark.parametrize("activation, gain", [("relu", 2.0), ("gelu", GELU), ("tanh", TANH_GAIN)])
def test_gains_keep_the_size_of_normal_signals(activation, gain):
    nodes, shares = np.polynomial.hermite_e.hermegauss(200)
    sigma = {"relu": jax.nn.relu, "gelu": jax.nn.gelu, "tanh": jnp.tanh}[activation]
    second = np.sum(shares * np.asarray(sigma(nodes)) ** 2) / np.sum(shares)
    assert abs(gain * second - 1) < 1e-3
