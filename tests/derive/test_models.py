"""Models against networks written in JAX: data sees what the features say, and the laws hold along trajectories.

A network is differentiated at many random inputs, which spans what data sees of θ; the features are differentiated by
sympy. Ranks are those of matrices of about 50 columns with entries of order 1, whose smallest singular value that is
not zero stands well above 1e-8 of the largest at the fixed random points taken here.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import sympy

from mirrorflow.derive.models import (
    attention,
    convolutional_network,
    diagonal_network,
    input_convex_network,
    linear_network,
    low_rank_adaptation,
    matrix_factorization,
    nonnegative_factorization,
    normalized_layer,
    relu_network,
    softmax_layer,
    symmetric_factorization,
)


def dense(activation):
    def run(theta, x):
        depth = sum(name.startswith("W") for name in theta)
        for i in range(1, depth + 1):
            x = theta[f"W{i}"] @ x + theta.get(f"b{i}", 0.0)
            x = activation(x) if i < depth else x
        return x

    return run


def convolve(theta, x):
    depth = sum(name.startswith("K") for name in theta)
    for i in range(1, depth + 1):
        kernel = theta[f"K{i}"]
        x = jax.lax.conv_general_dilated(x[None], kernel, (1,) * (kernel.ndim - 2), "VALID")[0]
        bias = theta.get(f"b{i}", jnp.zeros(len(kernel)))
        x = x + bias.reshape(-1, *(1,) * (kernel.ndim - 2))
        x = jax.nn.relu(x) if i < depth or "W" in theta else x
    return jnp.tensordot(theta["W"], x, x.ndim) + theta.get("b", 0.0) if "W" in theta else x


def attend(theta, tokens):
    made = 0.0
    for mark in {name.removeprefix("key") for name in theta if name.startswith("key")}:
        key, query = theta["key" + mark] @ tokens, theta["query" + mark] @ tokens
        weights = jax.nn.softmax(key.T @ query, axis=0)
        read = theta["output" + mark].T @ theta["value" + mark] if "value" + mark in theta else jnp.eye(len(tokens))
        made = made + read @ tokens @ weights
    return made


def convex(theta, x):
    return theta["outer"] @ jax.nn.relu(theta["inner"].T @ x + theta.get("bias", 0.0))


def normalize_rows(theta, x):
    z = theta["W"] @ x / jnp.linalg.norm(theta["W"], axis=1)
    return theta.get("gain", 1.0) * z + theta.get("shift", 0.0)


def normalize_batch(theta, batch):
    z = theta["W"] @ batch
    z = (z - z.mean(1, keepdims=True)) / z.std(1, keepdims=True)
    return theta["gain"][:, None] * z + theta["shift"][:, None]


def normalize_layer(theta, x):
    return theta["W"] @ x / jnp.linalg.norm(theta["W"])


def measure(product):
    return lambda theta, x: jnp.sum(product(theta) * x)


RELU, LINEAR, LEAKY = dense(jax.nn.relu), dense(lambda z: z), dense(jax.nn.leaky_relu)
NETWORKS = {  # model, network, shape of an input
    "linear": (linear_network(2, 3), LINEAR, (2,)),
    "linear 2 layers": (linear_network(2, 3, 2), LINEAR, (2,)),
    "linear 3 layers": (linear_network(3, 2, 3, 2), LINEAR, (3,)),
    "linear 3 layers, biases": (linear_network(3, 2, 3, 2, biases=True), LINEAR, (3,)),
    "relu": (relu_network(2, 3, 1), RELU, (2,)),
    "relu, two outputs": (relu_network(3, 4, 2), RELU, (3,)),
    "relu, biases": (relu_network(2, 3, 2, biases=True), RELU, (2,)),
    "relu, biases, one input": (relu_network(1, 4, 1, biases=True), RELU, (1,)),
    "leaky relu": (relu_network(2, 3, 2, biases=True), LEAKY, (2,)),
    "convolution": (convolutional_network(5, (1, 2), 3), convolve, (1, 5)),
    "convolution, biases": (convolutional_network(4, (2, 2), 2, outputs=2, biases=True), convolve, (2, 4)),
    "convolutions": (convolutional_network(5, (2, 2, 2), 2, outputs=None), convolve, (2, 5)),
    "convolutions, biases": (
        convolutional_network(4, (1, 3, 1), 2, outputs=None, biases=True), convolve, (1, 4)
    ),
    "convolution in the plane": (convolutional_network((3, 4), (1, 2), (2, 3)), convolve, (1, 3, 4)),
    "scores": (attention(3, head_width=2, values=False), attend, (3, 4)),
    "attention": (attention(2), attend, (2, 3)),
    "attention, two heads": (attention(2, head_width=1, heads=2), attend, (2, 3)),
    "softmax": (softmax_layer(3, 2), lambda theta, x: jax.nn.softmax(theta["theta"] @ x), (2,)),
    "softmax, transposed": (
        softmax_layer(3, 2, transposed=True), lambda theta, x: jax.nn.softmax(theta["theta"].T @ x), (2,)
    ),
    "factorization": (matrix_factorization(2, 3, 2), measure(lambda t: t["left"] @ t["right"].T), (2, 3)),
    "low rank": (low_rank_adaptation(2, 3, 1), measure(lambda t: 1.5 + t["B"] @ t["A"]), (2, 3)),
    "nonnegative": (nonnegative_factorization(2, 3, 2), measure(lambda t: t["left"] @ t["right"].T), (2, 3)),
    "symmetric": (symmetric_factorization(3, 2), measure(lambda t: t["factor"] @ t["factor"].T), (3, 3)),
    "symmetric, wide": (symmetric_factorization(2, 4), measure(lambda t: t["factor"] @ t["factor"].T), (2, 2)),
    "input-convex": (input_convex_network(2, 3, 2), convex, (2,)),
    "input-convex, biases": (input_convex_network(1, 3, biases=True), convex, (1,)),
    "normalized": (normalized_layer(2, 3), normalize_rows, (3,)),
    "normalized, gain": (normalized_layer(2, 3, gain=True, shift=True), normalize_rows, (3,)),
    "batch normalized": (normalized_layer(2, 3, gain=True, shift=True), normalize_batch, (3, 5)),
    "normalized as a whole": (normalized_layer(2, 2, scale="layer"), normalize_layer, (2,)),
    "diagonal": (diagonal_network(4), measure(lambda t: jnp.prod(t["w"])), ()),
}  # fmt: skip


def start(model, seed):
    """A random θ as arrays by name: positive where an entropy needs it, else of both signs and away from 0."""
    random = np.random.default_rng(seed)
    made = {}
    for name, symbols in model.arrays.items():
        sizes = random.uniform(0.4, 1.4, symbols.shape)
        made[name] = sizes if name in model.potentials else sizes * random.choice([-1.0, 1.0], symbols.shape)
    return made


def flat(theta):
    return np.concatenate([np.ravel(leaf) for leaf in theta.values()])


def evaluated(model, expressions, theta):
    return np.array(sympy.lambdify([model.variables], expressions, "numpy", cse=True)(flat(theta)), float)


def rank(rows):
    values = np.linalg.svd(np.atleast_2d(rows), compute_uv=False)
    return int((values > 1e-8 * values[0]).sum())


def seen_by_features(model, theta):
    return evaluated(model, sympy.Matrix(model.features).jacobian(model.variables), theta)


def seen_by_data(network, shape, theta, seed, samples=150):
    """The gradients in θ of every output at random inputs."""
    inputs = np.random.default_rng(seed).standard_normal((samples, *shape))
    jacobian = jax.jit(jax.vmap(jax.jacobian(network), (None, 0)))(theta, inputs)
    width = len(flat(theta))
    outputs = sum(np.size(leaf) for leaf in jacobian.values()) // width
    return np.concatenate([np.reshape(jacobian[name], (outputs, -1)) for name in theta], axis=1)


def inverse_metric(model):
    """1/R'' for each symbol: of the potential of its array, else 1."""
    found = []
    for name, symbols in model.arrays.items():
        for symbol in symbols.ravel():
            potential = model.potentials.get(name)
            found.append(1 / sympy.diff(potential.expression(symbol), symbol, 2) if potential else sympy.S.One)
    return found


def assert_conserved(model):
    metric, variables = inverse_metric(model), model.variables
    for form in model.forms:
        for law in form.entries:
            rates = [m * sympy.diff(law, s) for m, s in zip(metric, variables, strict=True)]
            assert any(rates), f"{law} is a constant"
            for feature in model.features:
                product = sum(r * sympy.diff(feature, s) for r, s in zip(rates, variables, strict=True))
                assert sympy.cancel(sympy.expand(product)) == 0, f"{law} is not conserved for {feature}"


@pytest.mark.parametrize("name", NETWORKS)
def test_data_sees_the_features_and_nothing_else(name):
    model, network, shape = NETWORKS[name]
    theta = start(model, seed=3)
    features, data = seen_by_features(model, theta), seen_by_data(network, shape, theta, seed=4)
    assert rank(features) == rank(data) == rank(np.concatenate([features, data]))
    assert not model.caveat


@pytest.mark.parametrize("name", NETWORKS)
def test_forms_are_orthogonal_to_all_that_data_sees(name):
    assert_conserved(NETWORKS[name][0])


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name][0].forms])
def test_forms_are_conserved_along_trajectories(name):
    """Drift is the integrator's error, 3e-10 at most here, where a wrong law drifts by the way that θ goes.

    A ReLU flow may slide along the kink of a neuron, where an explicit solver's steps shrink to nothing: it is left
    after 400 steps, having gone some way.
    """
    model, network, shape = NETWORKS[name]
    theta = start(model, seed=5)
    random = np.random.default_rng(7)
    inputs = random.standard_normal((6, *shape))
    outputs = jax.eval_shape(network, theta, inputs[0]).shape
    targets = random.standard_normal((6, *outputs))
    shapes = {key: leaf.shape for key, leaf in theta.items()}
    ends = np.cumsum([leaf.size for leaf in theta.values()])[:-1]
    entropic = np.concatenate([np.full(leaf.size, key in model.potentials) for key, leaf in theta.items()])

    def loss(point):
        parts = {key: part.reshape(shapes[key]) for key, part in zip(shapes, jnp.split(point, ends), strict=True)}
        return 0.5 * jnp.mean((jax.vmap(network, (None, 0))(parts, inputs) - targets) ** 2)

    slope = jax.jit(lambda point: -jnp.where(entropic, point, 1.0) * jax.grad(loss)(point))
    solver = scipy.integrate.RK45(lambda _, p: np.asarray(slope(p)), 0.0, flat(theta), 1.0, rtol=1e-9, atol=1e-11)
    points = [flat(theta)]
    while solver.status == "running" and len(points) < 400:
        solver.step()
        points.append(solver.y)
    assert np.linalg.norm(points[-1] - points[0]) > 0.05
    for form in model.forms:
        laws = sympy.lambdify([model.variables], list(form.entries), "numpy")
        values = np.array([laws(point) for point in points])
        assert np.abs(values - values[0]).max() < 1e-8 * (1 + np.abs(values).max())


@pytest.mark.parametrize("widths", [(2, 3, 3, 1), (3, 4, 4, 1)])
@pytest.mark.parametrize("biases", [False, True])
def test_data_sees_part_of_the_path_products_of_a_deep_relu_network(widths, biases):
    """At every θ it sees nothing else, at some all of them, and where a layer is dead less."""
    model, missing = relu_network(*widths, biases=biases), []
    for seed in range(4):
        theta = start(model, seed)
        features, data = seen_by_features(model, theta), seen_by_data(RELU, widths[:1], theta, seed, samples=500)
        assert rank(features) == rank(np.concatenate([features, data])) == len(model.variables) - sum(widths[1:-1])
        missing.append(rank(features) - rank(data))
    assert min(missing) == 0
    theta["W2"] = -np.abs(theta["W2"])
    theta |= {"b2": -np.abs(theta["b2"])} if biases else {}
    assert rank(seen_by_data(RELU, widths[:1], theta, seed, samples=500)) < rank(seen_by_features(model, theta))
    assert "more than one hidden layer" in model.caveat
    assert_conserved(model)


def test_one_input_without_biases_shows_sums_over_neurons_of_one_sign_only():
    """f(x) = xΣ_{w_k>0} w_kv_k for x>0 and xΣ_{w_k<0} w_kv_k for x<0: two functions, not one for each neuron."""
    model = relu_network(1, 4, 1)
    theta = start(model, seed=3)
    theta["W1"] = np.array([[0.6], [-1.1], [0.8], [-0.5]])
    features, data = seen_by_features(model, theta), seen_by_data(RELU, (1,), theta, seed=4)
    assert (rank(data), rank(features), rank(np.concatenate([features, data]))) == (2, 4, 4)
    assert "two activation patterns" in model.caveat
    assert_conserved(model)


def test_a_kernel_of_one_tap_without_biases_cannot_tell_channels_apart():
    model = convolutional_network(3, (1, 4), 1)
    theta = start(model, seed=3)
    features, data = seen_by_features(model, theta), seen_by_data(convolve, (1, 3), theta, seed=4)
    assert rank(data) < rank(features) == rank(np.concatenate([features, data]))
    assert model.caveat and not convolutional_network(3, (1, 4), 1, biases=True).caveat


def test_a_normalized_row_is_seen_in_full_where_an_entry_is_zero():
    """The squares of the entries would not do there, whose gradients vanish with the entries."""
    model, network, shape = NETWORKS["normalized"]
    theta = {"W": np.array([[0.7, 0.0, -0.4], [0.0, 0.0, 1.2]])}
    features, data = seen_by_features(model, theta), seen_by_data(network, shape, theta, seed=4)
    assert rank(features) == rank(data) == rank(np.concatenate([features, data])) == 4
