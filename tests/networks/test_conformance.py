"""Every network is homogeneous, multilinear with its gates held, and what its formula says. A new one is a new line."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

KEY = jax.random.key(4)
MLP, Convolutional, LeakyReLU = mf.networks.MLP, mf.networks.Convolutional, mf.networks.LeakyReLU

# name: the network, and σ in NumPy
NETWORKS = {
    "relu": (MLP((3, 5, 1), key=KEY), lambda z: np.maximum(z, 0)),
    "deep relu, classes": (MLP((3, 5, 4, 3), key=KEY), lambda z: np.maximum(z, 0)),
    "leaky relu": (MLP((3, 4, 4, 2), key=KEY, activation=LeakyReLU(0.3)), lambda z: np.where(z > 0, z, 0.3 * z)),
    "linear": (MLP((3, 4, 2, 1), key=KEY, activation="linear"), lambda z: z),
    "squared relu": (MLP((3, 4, 4, 2), key=KEY, activation="squared relu"), lambda z: np.maximum(z, 0) ** 2),
    "without hidden layers": (MLP((3, 2), key=KEY), lambda z: z),
    "convolution": (Convolutional((2, 7, 6), (3,), 2, key=KEY), lambda z: np.maximum(z, 0)),
    "two convolutions": (
        Convolutional((1, 6, 6), (3, 2), 1, key=KEY, kernel=2, stride=1, activation="leaky relu"),
        lambda z: np.where(z > 0, z, 0.01 * z),
    ),
    "squared convolution": (
        Convolutional((1, 5, 5), (3,), 2, key=KEY, activation="squared relu"),
        lambda z: np.maximum(z, 0) ** 2,
    ),
}


class Case(NamedTuple):
    """A network, weights away from its own, inputs, and what a compiled pass gives there."""

    network: mf.networks.AbstractNetwork
    activation: object
    parameters: tuple
    inputs: np.ndarray
    outputs: np.ndarray
    entering: tuple
    gates: tuple


@eqx.filter_jit
def outputs_at(network, parameters, inputs, gates=None):
    return network.forward(parameters, inputs, gates)


@eqx.filter_jit
def everything(network, parameters, inputs):
    return (
        network.forward(parameters, inputs),
        network.preactivations(parameters, inputs),
        network.gates(parameters, inputs),
    )


@eqx.filter_jit
def derivatives(network, parameters, inputs, gates):
    def of(gates):
        return jax.jacrev(lambda theta: network.forward(theta, inputs, gates))(parameters)

    return of(None), of(gates)


@pytest.fixture(scope="module", params=NETWORKS.values(), ids=NETWORKS.keys())
def case(request):
    network, activation = request.param
    random = np.random.default_rng(1)
    parameters = tuple(random.standard_normal(shape) for shape in network.shape)
    inputs = random.standard_normal((6, *network.input_shape))
    found = jax.tree.map(np.asarray, everything(network, parameters, inputs))
    return Case(network, activation, parameters, inputs, *found)


def reference(case):
    """The preactivations and outputs by loops over NumPy arrays."""
    signals, entering = case.inputs, []
    for weights in case.parameters:
        if weights.ndim == 4:
            z = convolved(weights, signals, case.network.kernel, case.network.stride)
        else:
            z = signals.reshape(len(signals), -1) @ weights.T
        entering.append(z)
        signals = case.activation(z)
    return entering[:-1], entering[-1]


def convolved(filters, images, kernel, stride):
    rows, columns = ((size - kernel) // stride + 1 for size in images.shape[2:])
    result = np.zeros((len(images), len(filters), rows, columns))
    for i, j in np.ndindex(rows, columns):
        patch = images[:, :, stride * i : stride * i + kernel, stride * j : stride * j + kernel]
        result[:, :, i, j] = np.einsum("sbkl,cbkl->sc", patch, filters)
    return result


def scaled(parameters, factors):
    return tuple(factor * weights for factor, weights in zip(factors, parameters, strict=True))


def test_outputs_and_preactivations_are_the_formula(case):
    entering, outputs = reference(case)
    np.testing.assert_allclose(case.outputs, outputs, rtol=1e-12, atol=1e-12)
    assert case.outputs.shape == (6, case.network.outputs)
    if not case.network.kinked:
        assert case.entering == case.gates == ()
        return
    for found, expected in zip(case.entering, entering, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert tuple(z.shape for z in case.entering) == case.network.gate_shapes(6)


def test_homogeneous_of_its_degree_in_all_and_in_each_layer(case):
    """f(cθ) = c^L·f(θ), and c^{L_k}·f(θ) where layer k alone is scaled."""
    layers = len(case.network.shape)
    for c in (0.3, 2.5):
        found = outputs_at(case.network, scaled(case.parameters, [c] * layers), case.inputs)
        np.testing.assert_allclose(found, c**case.network.degree * case.outputs, rtol=1e-11, atol=1e-13)
        for k in range(layers):
            factors = [c if i == k else 1.0 for i in range(layers)]
            found = outputs_at(case.network, scaled(case.parameters, factors), case.inputs)
            expected = c ** case.network.layer_degrees[k] * case.outputs
            np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


def test_gates_of_its_own_slopes_leave_value_and_gradient(case):
    np.testing.assert_allclose(
        outputs_at(case.network, case.parameters, case.inputs, case.gates), case.outputs, rtol=1e-13, atol=1e-14
    )
    plain, gated = derivatives(case.network, case.parameters, case.inputs, case.gates)
    for a, b in zip(plain, gated, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_with_gates_held_the_network_is_linear_in_each_layer(case):
    """Also across kinks, at gates that are no slopes."""
    if not case.network.kinked:
        assert case.gates == ()
        return
    random = np.random.default_rng(2)
    gates = tuple(random.uniform(size=gate.shape) for gate in case.gates)
    for k, shape in enumerate(case.network.shape):
        others = random.standard_normal(shape)

        def at(weights, gates=gates, k=k):
            parameters = (*case.parameters[:k], weights, *case.parameters[k + 1 :])
            return np.asarray(outputs_at(case.network, parameters, case.inputs, gates))

        sum_of_both = at(case.parameters[k] - 2 * others)
        np.testing.assert_allclose(sum_of_both, at(case.parameters[k]) - 2 * at(others), rtol=1e-10, atol=1e-12)


@eqx.filter_jit
def neurons(network, parameters, layer):
    """Weights in and out of the neurons, sums of squares over them, and which weights are the last neuron's."""
    squares = tuple(weights**2 for weights in parameters)
    return (
        network.incoming_weights(layer, parameters),
        network.outgoing_weights(layer, parameters),
        network.incoming(layer, squares),
        network.outgoing(layer, squares),
        jax.grad(lambda values: network.incoming(layer, values)[-1])(parameters),
        jax.grad(lambda values: network.outgoing(layer, values)[-1])(parameters),
    )


def test_a_neuron_is_homogeneous_in_what_enters_and_what_leaves_it(case):
    """Filter or row times c and what leaves it times c^{−k}: the network is the same."""
    network, c = case.network, 1.7
    less = c**-network.activation.degree
    for layer in range(network.hidden_layers):
        incoming, outgoing, into_squares, out_squares, into, out_of = neurons(network, case.parameters, layer)
        assert incoming.shape[0] == outgoing.shape[0] == network.unit_shapes[layer][0]
        np.testing.assert_allclose(into_squares, np.square(incoming).sum(axis=1), rtol=1e-13)
        np.testing.assert_allclose(out_squares, np.square(outgoing).sum(axis=1), rtol=1e-13)
        moved = tuple(
            weights * np.where(np.asarray(a) > 0, c, 1.0) * np.where(np.asarray(b) > 0, less, 1.0)
            for weights, a, b in zip(case.parameters, into, out_of, strict=True)
        )
        assert max(np.abs(a - b).max() for a, b in zip(moved, case.parameters, strict=True)) > 0.1
        np.testing.assert_allclose(outputs_at(network, moved, case.inputs), case.outputs, rtol=1e-11, atol=1e-12)


def test_axes_are_named_and_single_precision_stays_single(case):
    assert [len(names) for names in case.network.axis_names] == [len(shape) for shape in case.network.shape]
    single = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), (case.parameters, case.inputs))
    outputs, entering, gates = everything(case.network, *single)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves((outputs, entering, gates)))
    np.testing.assert_allclose(outputs, case.outputs, rtol=1e-4, atol=1e-4)
