"""Activations, how weights are drawn, and what makes no homogeneous network."""

import equinox as eqx
import jax
import numpy as np
import pytest
import scipy.integrate

import mirrorflow as mf

networks = mf.networks
KEY = jax.random.key(0)
ACTIVATIONS = [networks.ReLU(), networks.LeakyReLU(0.2), networks.Linear(), networks.SquaredReLU()]
BY_CLASS = pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda activation: type(activation).__name__)


def mlp(sizes=(3, 4, 1), **more):
    return networks.MLP(sizes, key=KEY, **more)


def conv(shape=(1, 6, 6), channels=(2,), outputs=1, **more):
    return networks.Convolutional(shape, channels, outputs, key=KEY, **more)


@BY_CLASS
def test_low_and_high_are_the_slopes_on_both_sides(activation):
    for side, slope in ((-1.0, activation.low), (1.0, activation.high)):
        step = 1e-7 * side
        value, origin = (float(activation(jax.numpy.asarray(z))) for z in (step, 0.0))
        # The squared relu has a second-order remainder, of the size of the step.
        assert (value - origin) / step == pytest.approx(float(slope), abs=2e-7)
    assert activation.kinked == (activation.low != activation.high)


@BY_CLASS
def test_activations_are_homogeneous(activation):
    z = jax.numpy.array([-1.3, 0.0, 0.4])
    for c in (0.2, 3.0):
        np.testing.assert_allclose(activation(c * z), c**activation.degree * activation(z), rtol=1e-14)


@BY_CLASS
def test_gain_keeps_the_size_of_signals(activation):
    """gain·E σ(z)² = 1 for z~N(0,1), by quadrature."""

    def integrand(z):
        return float(activation(jax.numpy.asarray(z))) ** 2 * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    halves = [scipy.integrate.quad(integrand, *ends)[0] for ends in ((-10, 0), (0, 10))]
    assert float(activation.gain) * sum(halves) == pytest.approx(1.0, rel=1e-9)


def test_slope_at_a_kink_is_the_lower_one():
    assert networks.ReLU().slope(np.array([-1.0, 0.0, 2.0])).tolist() == [0.0, 0.0, 1.0]
    assert networks.LeakyReLU(0.5).slope(np.array([-1.0, 0.0, 2.0])).tolist() == [0.5, 0.5, 1.0]


def test_weights_have_the_stated_variance():
    """Sample variances of n normal numbers are within 5√(2/n) of the variance, but once in 10⁶."""
    network = networks.MLP((60, 60, 60, 60), key=KEY, scale=0.5)
    for weights, gain in zip(network.parameters, (2.0, 2.0, 1.0), strict=True):
        expected = 0.25 * gain / weights.shape[1]
        assert float(np.mean(np.square(weights))) == pytest.approx(expected, rel=5 * np.sqrt(2 / weights.size))
    filters = networks.Convolutional((3, 9, 9), (64,), 2, key=KEY).parameters[0]
    assert float(np.mean(np.square(filters))) == pytest.approx(2 / 27, rel=5 * np.sqrt(2 / filters.size))


def test_weights_depend_on_the_key_alone():
    for make in (mlp, conv):
        network = make(scale=0.3, activation="leaky relu")
        again = network.initial(KEY, scale=0.3)
        np.testing.assert_array_equal(network.parameters[0], again.parameters[0])
        np.testing.assert_array_equal(network.parameters[1], again.parameters[1])
        other = network.initial(jax.random.key(1))
        assert other.shape == network.shape
        assert np.abs(np.asarray(other.parameters[0] - network.parameters[0])).max() > 0.01


def test_a_slope_that_changes_compiles_nothing_anew():
    compiled = 0

    @eqx.filter_jit
    def outputs(network, inputs):
        nonlocal compiled
        compiled += 1
        return network.forward(network.parameters, inputs)

    for slope, scale in ((0.1, 1.0), (0.2, 2.0)):
        outputs(mlp(activation=networks.LeakyReLU(slope), scale=scale), np.ones((2, 3)))
    assert compiled == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: mlp(activation="tanh"), "activation must be one of 'relu', 'leaky relu', 'linear', .*'tanh'.*homog"),
        (lambda: conv(activation=jax.nn.gelu), "activation must be one of .*gelu.*homogeneous"),
        (lambda: mlp(bias=True), r"bias must be False, got True: with biases f\(cθ\)"),
        (lambda: conv(bias=True), "bias must be False, got True"),
        (lambda: mlp((3,)), r"sizes must be \(inputs, hidden…, outputs\).*\(3,\)"),
        (lambda: mlp(3.0), r"sizes must be \(inputs, hidden…, outputs\).*got 3.0"),
        (lambda: mlp(None), r"sizes must be \(inputs, hidden…, outputs\).*got None"),
        (lambda: mlp({5, 2, 1}), r"sizes must be \(inputs, hidden…, outputs\).*got {"),
        (lambda: mlp("321"), r"sizes must be \(inputs, hidden…, outputs\).*got '321'"),
        (lambda: mlp((3, 0, 1)), r"sizes\[1\] must be at least 1, got 0"),
        (lambda: mlp((3, 2.5, 1)), r"sizes\[1\] must be an integer, got float: 2.5"),
        (lambda: mlp(scale=0.0), "scale must be positive, got 0.0"),
        (lambda: networks.MLP((3, 1), key=jax.random.split(KEY)), "key must be one key of jax.random"),
        (lambda: networks.LeakyReLU(1.5), r"negative must be in \[0, 1\], got 1.5"),
        (lambda: conv((6, 6)), r"shape must be \(channels, height, width\).*\(6, 6\)"),
        (lambda: conv(8.0), r"shape must be \(channels, height, width\).*got 8.0"),
        (lambda: conv(channels=None), "channels must be one integer for each convolution.*got None"),
        (lambda: conv(channels=()), "channels must be one integer for each convolution, at least one"),
        (
            lambda: conv(channels=(2, 2), kernel=5, stride=1),
            "kernel must fit .* convolution 1 has a kernel of 5, .*2×2",
        ),
        (lambda: mlp().forward(mlp().parameters, np.ones((2, 4))), r"inputs must have shape \(samples, 3\).*\(2, 4\)"),
        (
            lambda: mlp().forward(mlp().parameters[:1], np.ones((2, 3))),
            r"parameters must have the shapes.*\(\(4, 3\),\)",
        ),
        (lambda: mlp().forward(np.ones((4, 3)), np.ones((2, 3))), "parameters must be a tuple of arrays.*ndarray"),
        (
            lambda: mlp().forward(mlp().parameters, np.ones((2, 3)), (np.ones((2, 5)),)),
            r"gates must have the shapes \(\(2, 4\),\), got \(\(2, 5\),\)",
        ),
        (lambda: mlp().incoming(1, mlp().parameters), "layer must be below the number of hidden layers, 1, got 1"),
    ],
)
def test_what_is_no_homogeneous_network_is_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()
