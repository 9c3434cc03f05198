"""Losses of networks against NumPy and 60 digits, with labels of two kinds; what goes with no network."""

import equinox as eqx
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import scipy.special

import mirrorflow as mf

KEY = jax.random.key(2)
BINARY = mf.networks.MLP((3, 4, 1), key=KEY)
NETWORKS = {
    "binary": BINARY,
    "classes": mf.networks.MLP((3, 4, 3), key=KEY, activation="leaky relu"),
    "images": mf.networks.Convolutional((1, 5, 5), (2,), 3, key=KEY, activation="squared relu"),
}
RANDOM = np.random.default_rng(5)
POINTS = {
    kind: tuple(0.5 * RANDOM.standard_normal(shape) for shape in network.shape) for kind, network in NETWORKS.items()
}
INPUTS = {kind: RANDOM.standard_normal((5, *network.input_shape)) for kind, network in NETWORKS.items()}
LABELS = {"binary": np.array([1.0, -1.0, -1.0, 1.0, 1.0]), "classes": [0, 2, 1, 1, 2], "images": [2, 2, 0, 1, 0]}

KIND = pytest.mark.parametrize("kind", NETWORKS)
LOSS = pytest.mark.parametrize("loss", ["exponential", "logistic"])


def classifier(kind="binary", loss="exponential", labels=None, inputs=None):
    labels = LABELS[kind] if labels is None else labels
    inputs = INPUTS[kind] if inputs is None else inputs
    return mf.problems.NetworkClassification(NETWORKS[kind], inputs, labels, loss=loss)


@eqx.filter_jit
def evaluate(problem, x):
    return {
        "outputs": problem.outputs(x),
        "pairs": problem.pair_margins(x),
        "margins": problem.margins(x),
        "loss": problem.loss(x),
        "log_loss": problem.log_loss(x),
        "slope": jax.grad(problem.log_loss)(x),
        "scaled": problem.scaled_gradient(x),
        "gradient": problem.gradient(x),
        "derivative": jax.grad(problem.loss)(x),
        "log_weights": problem.log_weights(x),
        "jacobian": jax.jacrev(problem.pair_margins)(x),
    }


def found(kind, loss, size=1.0):
    """Everything about the classifier at θ with outputs of that size, in NumPy."""
    root = size ** (1 / NETWORKS[kind].degree)
    x = tuple(root * weights for weights in POINTS[kind])
    return jax.tree.map(np.asarray, evaluate(classifier(kind, loss), x))


def assert_close(tree, other, rtol, atol=0.0):
    for a, b in zip(tree, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol * max(1.0, np.abs(b).max()))


@KIND
def test_pair_margins_are_by_how_much_the_label_leads(kind):
    at, labels = found(kind, "exponential"), np.asarray(LABELS[kind])
    if NETWORKS[kind].outputs == 1:
        expected = labels[:, None] * at["outputs"]
    else:
        expected = np.array(
            [
                [row[label] - row[c] for c in range(NETWORKS[kind].outputs) if c != label]
                for row, label in zip(at["outputs"], labels, strict=True)
            ]
        )
    np.testing.assert_allclose(at["pairs"], expected, rtol=1e-13)
    np.testing.assert_allclose(at["margins"], expected.min(axis=1), rtol=1e-13)


@KIND
def test_losses_are_the_exponential_sum_and_the_cross_entropy(kind):
    at, labels = found(kind, "exponential"), np.asarray(LABELS[kind])
    assert at["loss"] == pytest.approx(np.exp(-at["pairs"]).sum(), rel=1e-12)
    outputs = at["outputs"]
    if NETWORKS[kind].outputs == 1:
        # Two classes with logits 0 and f.
        outputs, labels = np.concatenate([0 * outputs, outputs], axis=1), (labels > 0).astype(int)
    shares = scipy.special.log_softmax(outputs, axis=1)
    cross_entropy = -shares[np.arange(len(labels)), labels].sum()
    assert found(kind, "logistic")["loss"] == pytest.approx(cross_entropy, rel=1e-12)


@KIND
@LOSS
def test_gradients_are_derivatives_of_the_losses(kind, loss):
    at = found(kind, loss)
    log_scale, direction = at["scaled"]
    assert_close(at["gradient"], at["derivative"], 1e-11, 1e-13)
    assert_close([np.exp(log_scale) * leaf for leaf in direction], at["derivative"], 1e-11, 1e-13)


@KIND
@LOSS
@pytest.mark.parametrize("size", [-1e4, -1.0, 30.0, 1e4, 1e6])
def test_logarithms_are_right_at_60_digits_however_small_the_loss(kind, loss, size):
    """log 𝓛, its gradient and the shares of the pairs, from the outputs: losses down to 10^{−400000}."""
    at = found(kind, loss, abs(size))
    problem = classifier(kind, loss)
    if size < 0:
        # As if every label were wrong: the last layer turns.
        root = abs(size) ** (1 / NETWORKS[kind].degree)
        x = tuple(root * weights for weights in POINTS[kind])
        at = jax.tree.map(np.asarray, evaluate(problem, (*x[:-1], -x[-1])))
    log_loss, log_slopes = exact(loss, at["pairs"])
    assert float(at["log_loss"]) == pytest.approx(float(log_loss), rel=1e-13)
    log_scale, direction = at["scaled"]
    largest = max(log_slopes.ravel())
    assert float(log_scale) == pytest.approx(float(largest), rel=1e-13, abs=1e-14)
    weights = np.vectorize(lambda s: float(mpmath.exp(s - largest)))(log_slopes)
    expected = [-np.tensordot(weights, jacobian, 2) for jacobian in at["jacobian"]]
    # Margins of size s are known to 1e-16·s, and so are the weights e^{−q}.
    assert_close(direction, expected, 1e-15 * abs(size) + 1e-10, 1e-15 * abs(size) + 1e-12)
    assert_close(at["slope"], [np.exp(log_scale - at["log_loss"]) * leaf for leaf in direction], 1e-9, 1e-12)
    total = weights.sum()
    np.testing.assert_allclose(np.exp(at["log_weights"]), weights / total, rtol=1e-9, atol=1e-9)


def exact(loss, pairs):
    """log 𝓛 and the log of each −∂𝓛/∂q, at 60 digits."""
    with mpmath.workdps(60):
        exps = np.vectorize(lambda q: mpmath.exp(-mpmath.mpf(float(q))), otypes=[object])(pairs)
        if loss == "exponential":
            total, slopes = exps.sum(), exps
        else:
            sums = exps.sum(axis=1)
            total = sum(mpmath.log1p(s) for s in sums)
            slopes = exps / (1 + sums)[:, None]
        return mpmath.log(total), np.vectorize(mpmath.log, otypes=[object])(slopes)


@KIND
@LOSS
def test_of_a_homogeneous_loss_theta_times_gradient_is_the_sum_of_margins(kind, loss):
    """⟨θ,∇𝓛⟩ = −L·Σ w_ic·q_ic with the weights −∂𝓛/∂q_ic (Euler), from the shares."""
    at = found(kind, loss)
    left = sum((a * b).sum() for a, b in zip(POINTS[kind], at["scaled"][1], strict=True))
    shares = np.exp(at["log_weights"])
    # The shares sum to 1; the weights of the scaled gradient are 1 for the largest.
    assert left == pytest.approx(-NETWORKS[kind].degree * (shares * at["pairs"]).sum() / shares.max(), rel=1e-11)


def test_gates_stand_in_every_pass():
    """With all gates ½ the network is the deep linear one of half its outputs."""
    problem = classifier("binary")
    gated = problem.at((np.full((5, 4), 0.5),))
    first, second = POINTS["binary"]
    linear = 0.5 * (INPUTS["binary"] @ first.T) @ second.T
    at = evaluate(gated, POINTS["binary"])
    np.testing.assert_allclose(at["outputs"], linear, rtol=1e-13)
    np.testing.assert_allclose(at["loss"], np.exp(-LABELS["binary"] * linear[:, 0]).sum(), rtol=1e-13)
    np.testing.assert_allclose(gated.preactivations(POINTS["binary"])[0], INPUTS["binary"] @ first.T, rtol=1e-13)
    back = gated.at(None)
    assert problem.kinked and not gated.kinked and back.kinked and back.gates is None
    np.testing.assert_allclose(back.loss(POINTS["binary"]), problem.loss(POINTS["binary"]), rtol=1e-14)
    own = problem.at(BINARY.gates(POINTS["binary"], INPUTS["binary"]))
    np.testing.assert_allclose(own.log_loss(POINTS["binary"]), problem.log_loss(POINTS["binary"]), rtol=1e-13)


@KIND
def test_samples_are_what_a_teacher_of_the_same_kind_separates(kind):
    network = NETWORKS[kind]
    problem = mf.problems.NetworkClassification.sample(jax.random.key(1), network, samples=200)
    teacher = network.initial(jax.random.split(jax.random.key(1), 2)[1])
    assert (np.asarray(problem.margins(teacher.parameters)) >= 0).all()
    assert problem.inputs.shape == (200, *network.input_shape) and problem.samples == 200
    # 200·n standard normal numbers: their mean is within 5/√(200n) of 0.
    assert abs(np.mean(problem.inputs)) < 5 / np.sqrt(problem.inputs.size)
    assert len(set(np.asarray(problem.labels).tolist())) == max(2, network.outputs)


def test_data_and_labels_that_change_compile_nothing_anew():
    compiled = 0

    @eqx.filter_jit
    def loss(problem, x):
        nonlocal compiled
        compiled += 1
        return problem.log_loss(x)

    values = set()
    for labels in ([0, 1, 2, 0, 1], [2, 2, 2, 0, 0]):
        values.add(float(loss(classifier("classes", labels=labels), POINTS["classes"])))
    assert compiled == 1 and len(values) == 2


@KIND
@LOSS
def test_float32_stays_float32(kind, loss):
    single = jax.tree.map(
        lambda leaf: np.asarray(leaf, np.float32) if np.asarray(leaf).dtype.kind == "f" else leaf,
        (classifier(kind, loss), POINTS[kind]),
    )
    results, double = evaluate(*single), found(kind, loss)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(results))
    assert_close(jax.tree.leaves(results["gradient"]), jax.tree.leaves(double["gradient"]), 1e-3, 1e-5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: classifier(inputs=np.ones((5, 4))), r"inputs must have shape \(samples, 3\).*\(5, 4\)"),
        (
            lambda: classifier("images", inputs=np.ones((5, 25))),
            r"inputs must have shape \(samples, 1, 5, 5\).*\(5, 25\)",
        ),
        (lambda: classifier(inputs=np.full((5, 3), np.nan)), "inputs must be finite"),
        (lambda: classifier(labels=[0.0, 1.0, 1.0, 1.0, 1.0]), "labels must be -1 or 1, got at index 0: 0.0"),
        (lambda: classifier("classes", labels=[0, 1, 3, 1, 1]), "labels must be from 0 to 2, got at index 2: 3"),
        (lambda: classifier("classes", labels=np.ones(5)), "labels must be integers, got an array of float64"),
        (lambda: classifier(labels=[1.0, 1.0]), r"labels must have shape \(samples,\) = \(5,\).*\(2,\)"),
        (lambda: classifier(loss="hinge"), "loss must be one of 'exponential', 'logistic', got 'hinge'"),
        (lambda: classifier().at((np.ones((4, 4)),)), r"gates must have the shapes \(\(5, 4\),\), got \(\(4, 4\),\)"),
        (
            lambda: mf.problems.NetworkClassification.sample(KEY, BINARY, samples=0),
            "samples must be at least 1, got 0",
        ),
    ],
)
def test_what_is_no_classification_is_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()
