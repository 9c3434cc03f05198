"""Balances and neurons of networks against loops, and against what a flow of any potential must conserve."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

KEY = jax.random.key(0)
RELU = mf.networks.MLP((3, 4, 1), key=KEY)
DEEP = mf.networks.MLP((3, 4, 3, 2), key=KEY, activation="leaky relu")
SQUARED = mf.networks.MLP((3, 4, 3, 1), key=KEY, activation="squared relu")
IMAGES = mf.networks.Convolutional((1, 5, 5), (3,), 2, key=KEY)
QUADRATIC, CUBIC = mf.potentials.Quadratic(), mf.potentials.Power(3.0)
ENTROPY, COSH = mf.potentials.HyperbolicEntropy(0.3), mf.potentials.Cosh()
CASES = {
    "relu": (RELU, QUADRATIC),
    "relu, power": (RELU, CUBIC),
    "deep, hyperbolic entropy": (DEEP, ENTROPY),
    "deep, a potential a layer": (DEEP, (CUBIC, COSH, QUADRATIC)),
    "squared relu, cosh": (SQUARED, COSH),
    "convolution": (IMAGES, mf.potentials.Power(1.5)),
}


def points(network, count=3, seed=1):
    random = np.random.default_rng(seed)
    return tuple(random.standard_normal((count, *shape)) for shape in network.shape)


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES.keys())
def path(request, of_network):
    network, potential = request.param
    return of_network(network, points(network), potential)


def weights_of_neurons(network, theta, layer):
    """(into, out of) each neuron of a hidden layer, by loops."""
    count, after = network.unit_shapes[layer][0], theta[layer + 1]
    split = after.reshape(after.shape[0], count, -1)
    return [theta[layer][j].ravel() for j in range(count)], [split[:, j].ravel() for j in range(count)]


def test_balance_compares_what_enters_and_leaves_each_neuron(path):
    network, found = path.flow.problem.network, mf.observe.balance(path)
    sides = []
    for point in range(3):
        theta = [np.asarray(weights[point]) for weights in path.x]
        row = []
        for layer in range(network.hidden_layers):
            a, b = path.flow.layer_potentials[layer : layer + 2]
            for into, out_of in zip(*weights_of_neurons(network, theta, layer), strict=True):
                incoming = float(a.balance_function(into)) / network.activation.degree
                row.append((incoming, float(b.balance_function(out_of))))
        sides.append(row)
    incoming, outgoing = np.moveaxis(np.array(sides), -1, 0)
    np.testing.assert_allclose(found.values, incoming - outgoing, rtol=1e-11, atol=1e-12)
    change = np.abs(incoming - outgoing - (incoming - outgoing)[:1]).max()
    assert float(found.max_drift) == pytest.approx(change / np.maximum(incoming, outgoing).max(), rel=1e-10)


@eqx.filter_jit
def along_the_flow(path):
    """d/dt of the balance, and of what enters the neurons, where d∇R(θ)=−∇𝓛 dt, relative to the scale of ∇𝓛."""
    problem, x = path.flow.problem, path.x
    gradients = jax.lax.map(lambda theta: problem.scaled_gradient(theta)[1], x)
    velocity = tuple(
        -gradient / potential.metric(weights)
        for gradient, potential, weights in zip(gradients, path.flow.layer_potentials, x, strict=True)
    )

    def balance(x):
        return mf.observe.balance(eqx.tree_at(lambda path: path.x, path, x)).values

    def incoming(x):
        return balance((*x[:-1], 0 * x[-1]))

    return jax.jvp(balance, (x,), (velocity,))[1], jax.jvp(incoming, (x,), (velocity,))[1]


def test_mirror_flow_of_any_potential_conserves_the_balance(path):
    """The derivative of the balance is 0 at random weights, that of either side is not."""
    change, one_side = along_the_flow(path)
    assert np.abs(one_side).max() > 0.1
    assert np.abs(change).max() < 1e-12 * np.abs(one_side).max()


def test_balances_of_a_layer_sum_to_that_of_its_weights():
    """Σ over neurons of Q(in)−Q(out) = ½‖W_1‖²−½‖W_2‖²."""
    theta = points(RELU)
    problem = mf.problems.NetworkClassification(RELU, np.ones((1, 3)), [1.0])
    path = mf.Trajectory.from_arrays(time=[0.0, 1.0, 2.0], parameters=theta, problem=problem)
    squares = [0.5 * (weights**2).sum(axis=(1, 2)) for weights in theta]
    np.testing.assert_allclose(mf.observe.balance(path).values.sum(axis=1), squares[0] - squares[1], rtol=1e-12)


# --- neurons ---------------------------------------------------------------------------------------------------------


def test_strengths_do_not_see_how_a_neuron_is_shared_out(path, of_network):
    """w→c·w, a→c^{−k}·a leave the function of the neuron, and its strength; loops give its value."""
    network = path.flow.problem.network
    degree, c = network.activation.degree, 2.0
    theta = [np.asarray(weights[1]) for weights in path.x]
    for layer in range(network.hidden_layers):
        expected = [
            np.linalg.norm(into) ** degree * np.linalg.norm(out_of)
            for into, out_of in zip(*weights_of_neurons(network, theta, layer), strict=True)
        ]
        np.testing.assert_allclose(mf.observe.unit_strengths(path, layer)[1], expected, rtol=1e-12)
        moved = [np.asarray(weights) * 1.0 for weights in path.x]
        moved[layer] *= c
        moved[layer + 1] *= c**-degree
        shared = of_network(network, tuple(moved), path.flow.potential)
        np.testing.assert_allclose(mf.observe.unit_strengths(shared, layer)[1], expected, rtol=1e-12)


def relu_path(of_network, first, second):
    """One point of the 3-4-1 network."""
    theta = (np.asarray(first, float)[None], np.asarray(second, float)[None])
    return of_network(RELU, theta)


def test_participation_counts_equal_neurons_whatever_their_size(of_network):
    for count in (1, 2, 4):
        for size in (1e-140, 1.0, 1e140):
            first = size * np.eye(4)[:, :3] + size * (np.arange(4) == 3)[:, None] * np.eye(3)[0]
            second = np.where(np.arange(4) < count, -1.0, 0.0)[None]
            found = mf.observe.participation_ratio(relu_path(of_network, first, second))
            assert float(found[0]) == pytest.approx(count, rel=1e-12)
    assert mf.observe.participation_ratio(relu_path(of_network, np.zeros((4, 3)), np.zeros((1, 4)))).tolist() == [0.0]


def test_participation_is_the_ratio_of_sums(path):
    strengths = np.asarray(mf.observe.unit_strengths(path))
    expected = strengths.sum(axis=1) ** 2 / (strengths**2).sum(axis=1)
    np.testing.assert_allclose(mf.observe.participation_ratio(path), expected, rtol=1e-12)


def test_active_units_are_strong_and_answer_to_a_sample(path):
    problem, found = path.flow.problem, mf.observe.active_units(path, tolerance=0.3)
    network = problem.network
    for point in range(3):
        theta = tuple(np.asarray(weights[point]) for weights in path.x)
        z = np.asarray(network.entering(theta, problem.inputs)[0])
        answers = (np.moveaxis(z, 1, 0).reshape(z.shape[1], -1) > 0).any(axis=1)
        if type(network.activation) is mf.networks.LeakyReLU:
            answers[:] = True
        strengths = np.asarray(mf.observe.unit_strengths(path)[point])
        assert int(found[point]) == (answers & (strengths >= 0.3 * strengths.max())).sum()


def test_dead_and_weak_units_are_not_active(of_network):
    """Opposite neurons along an axis where all samples have one sign: one of them never answers."""
    problem = mf.problems.NetworkClassification(RELU, np.array([[1.0, 0, 0], [2.0, 0, 0]]), [1.0, 1.0])
    first = np.array([[[1.0, 0, 0], [-1.0, 0, 0], [1.0, 1, 0], [1e-3, 0, 0]]])
    path = mf.Trajectory.from_arrays(time=[0.0], parameters=(first, np.ones((1, 1, 4))), problem=problem)
    counts = [int(mf.observe.active_units(path, tolerance)[0]) for tolerance in (0.0, 0.01, 0.9)]
    assert counts == [3, 2, 1]


def test_cosines_are_those_of_incoming_weights(path):
    network = path.flow.problem.network
    for layer in range(network.hidden_layers):
        found = np.asarray(mf.observe.unit_cosines(path, layer))
        theta = [np.asarray(weights[2]) for weights in path.x]
        rows = np.array(weights_of_neurons(network, theta, layer)[0])
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        np.testing.assert_allclose(found[2], rows @ rows.T, rtol=1e-12, atol=1e-13)


def test_alignment_is_the_weighted_mean_of_cosines_of_pairs(path):
    strengths = np.asarray(mf.observe.unit_strengths(path))[0]
    cosines = np.abs(np.asarray(mf.observe.unit_cosines(path))[0])
    pairs = [(i, j) for i in range(len(strengths)) for j in range(i)]
    weights = np.array([strengths[i] * strengths[j] for i, j in pairs])
    expected = (weights * np.array([cosines[i, j] for i, j in pairs])).sum() / weights.sum()
    assert float(mf.observe.alignment(path)[0]) == pytest.approx(expected, rel=1e-12)


def test_alignment_runs_from_orthogonal_to_parallel(of_network):
    ones = np.ones((1, 4))
    parallel = np.outer([1.0, -2.0, 3.0, 0.5], [1.0, 2.0, 3.0])
    assert float(mf.observe.alignment(relu_path(of_network, parallel, ones))[0]) == pytest.approx(1.0, rel=1e-12)
    orthogonal = np.eye(4)[:, :3]  # the fourth neuron has no weights
    assert float(mf.observe.alignment(relu_path(of_network, orthogonal, ones))[0]) == 0.0
    alone = np.where(np.arange(4)[:, None] == 2, 1.0, 0.0) * np.ones((4, 3))
    assert float(mf.observe.alignment(relu_path(of_network, alone, ones))[0]) == 1.0


def test_sparsity_counts_what_is_small_within_its_layer(of_network):
    first = np.array([[1.0, 1e-4, 0.0], [0.5, 0.5, 1e-2], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    second = np.array([[1e-6, 1e-6, 1e-10, 0.0]])
    path = relu_path(of_network, first, second)
    assert float(mf.observe.weight_sparsity(path, layer=0)[0]) == pytest.approx(5 / 12)
    assert float(mf.observe.weight_sparsity(path, layer=1)[0]) == pytest.approx(2 / 4)
    assert float(mf.observe.weight_sparsity(path)[0]) == pytest.approx(7 / 16)
    assert float(mf.observe.weight_sparsity(path, 1e-1)[0]) == pytest.approx(8 / 16)


# --- what is read off all weights as one vector ----------------------------------------------------------------------


def test_norms_are_those_of_all_weights(path):
    flat = np.concatenate([np.asarray(weights).reshape(3, -1) for weights in path.x], axis=1)
    for p in (1.0, 3.0, np.inf):
        np.testing.assert_allclose(mf.observe.norm(path, p), np.linalg.norm(flat, p, axis=1), rtol=1e-12)
    expected = np.abs(flat).sum(axis=1) ** 2 / (flat**2).sum(axis=1)
    np.testing.assert_allclose(mf.observe.effective_sparsity(path), expected, rtol=1e-12)


def test_margin_is_that_of_weights_of_norm_one(path):
    problem, horizon = path.flow.problem, mf.potentials.Lp(3)
    sizes = np.asarray(mf.observe.norm(path, 3.0))
    margins = np.asarray(jax.lax.map(problem.margins, tuple(jnp.asarray(w) for w in path.x))).min(axis=1)
    np.testing.assert_allclose(mf.observe.margin(path, horizon), margins / sizes**problem.degree, rtol=1e-11)
    units = mf.observe.direction(path, horizon)
    for unit, weights in zip(units, path.x, strict=True):
        np.testing.assert_allclose(unit, weights / sizes.reshape(3, *[1] * (weights.ndim - 1)), rtol=1e-12)


def test_events_are_found_in_every_layer(of_network):
    """The largest weight doubles in each step; one weight of the second layer flips twice."""
    first, second = 2.0 ** np.arange(3)[:, None, None] * np.full((4, 3), 0.25), np.full((3, 1, 4), 0.1)
    second[1, 0, 2] = -0.3
    path = of_network(RELU, (first, second))
    assert mf.observe.escape_time(path, [0.5, 2.0**-1.5, 2.0]).round(12).tolist() == [1.0, 0.5, np.inf]
    assert mf.observe.escape_time(path, 0.3, coordinate=(1, 0, 2)).round(12) == 1.0
    flips = mf.observe.sign_flips(path)
    assert not flips[0].any() and flips[1].tolist() == [[0, 0, 2, 0]]


def test_layers_are_labelled():
    xarray = pytest.importorskip("xarray")
    theta = points(DEEP)
    problem = mf.problems.NetworkClassification(DEEP, np.ones((2, 3)), [0, 1])
    data = mf.Trajectory.from_arrays(time=[0.0, 1.0, 2.0], parameters=theta, problem=problem).to_xarray()
    assert isinstance(data, xarray.Dataset)
    assert data["x.1"].dims == ("time", "unit_2", "unit_1") and data["x.2"].dims == ("time", "output", "unit_2")
    np.testing.assert_array_equal(data["x.0"], theta[0])


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda path: mf.observe.schatten_norm(path, 1), "x must be a matrix .* the 2 layers of a network"),
        (
            lambda path: mf.observe.escape_time(path, 1.0, 2),
            "coordinate must begin with the number of a layer, below 2",
        ),
        (lambda path: mf.observe.escape_time(path, 1.0, (0, 1)), r"index into x of shape \(4, 3\), got \(1,\)"),
        (lambda path: mf.observe.unit_strengths(path, 1), "layer must be below the number of hidden layers, 1, got 1"),
        (lambda path: mf.observe.alignment(path, -1), "layer must be at least 0, got -1"),
        (lambda path: mf.observe.weight_sparsity(path, layer=2), "layer must be below the number of layers, 2, got 2"),
        (lambda path: mf.observe.weight_sparsity(path, 2.0), r"tolerance must be in \[0, 1\], got 2"),
        (lambda path: mf.observe.active_units(path, -0.1), r"tolerance must be in \[0, 1\], got -0.1"),
    ],
)
def test_layers_and_tolerances_that_are_none_are_refused_in_words(ask, words, of_network):
    with pytest.raises(ValueError, match=words):
        ask(of_network(RELU, points(RELU)))


@pytest.mark.parametrize(
    "name",
    ["unit_strengths", "participation_ratio", "active_units", "unit_cosines", "alignment", "weight_sparsity"],
)
def test_what_is_no_network_has_no_neurons(name, in_x):
    with pytest.raises(ValueError, match=f"{name} looks at the neurons of a network.*Objective"):
        getattr(mf.observe, name)(in_x(np.ones((2, 3))))
