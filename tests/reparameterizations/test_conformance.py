"""Every reparameterization has a derivative and tells when its flow rests. A new one is a new line of the table."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

RANDOM = np.random.default_rng(4)
ROTATION = np.linalg.qr(RANDOM.standard_normal((3, 3)))[0]
FROZEN = RANDOM.standard_normal((3, 4))


def symmetric(diagonal):
    return ROTATION @ np.diag(diagonal) @ ROTATION.T


def factors(*shape):
    return 0.3 + np.abs(np.random.default_rng(1).standard_normal(shape))


def graded(rows, rank):
    frame = np.linalg.qr(RANDOM.standard_normal((rows, rank)))[0]
    return {
        "frame": frame,
        "log_scales": -0.3 * np.arange(rank),
        "mixing": np.eye(rank) + np.triu(factors(rank, rank), 1),
    }


def graded_square(w):
    y = w["frame"] @ np.diag(np.exp(w["log_scales"])) @ w["mixing"]
    return y @ y.T


# name: the map, parameters away from zero, and x in NumPy.
MAPS = {
    "product of 2": (mf.reparameterizations.Hadamard(2), factors(2, 5) - 0.9, lambda w: w[0] * w[1]),
    "product of 3": (mf.reparameterizations.Hadamard(3), factors(3, 5) - 0.9, lambda w: w[0] * w[1] * w[2]),
    "product of 5": (mf.reparameterizations.Hadamard(5), factors(5, 2, 3) - 0.9, lambda w: np.prod(w, axis=0)),
    "u² − v²": (mf.reparameterizations.PowerDifference(2), factors(2, 4), lambda w: w[0] ** 2 - w[1] ** 2),
    "u³ − v³": (mf.reparameterizations.PowerDifference(3), factors(2, 4), lambda w: w[0] ** 3 - w[1] ** 3),
    "u⁶ − v⁶": (mf.reparameterizations.PowerDifference(6), factors(2, 4), lambda w: w[0] ** 6 - w[1] ** 6),
    "log u − log v": (mf.reparameterizations.LogDifference(), factors(2, 4), lambda w: np.log(w[0]) - np.log(w[1])),
    "diagonal attention": (
        mf.reparameterizations.DiagonalAttention(),
        factors(2, 3, 5) - 0.9,
        lambda w: np.stack([np.diag(np.diag(k).T @ np.diag(q)) for k, q in zip(*w, strict=True)]),
    ),
    "attention": (
        mf.reparameterizations.Attention(4, 2),
        {"key": factors(2, 4), "query": factors(2, 4) - 0.9},
        lambda w: w["key"].T @ w["query"],
    ),
    "U Vᵀ": (
        mf.reparameterizations.MatrixProduct(3, 4, 2),
        {"left": factors(3, 2), "right": factors(4, 2) - 0.9},
        lambda w: w["left"] @ w["right"].T,
    ),
    "W₀ + U Vᵀ": (
        mf.reparameterizations.MatrixProduct(3, 4, 1, frozen=FROZEN),
        {"left": factors(3, 1), "right": factors(4, 1) - 0.9},
        lambda w: FROZEN + w["left"] @ w["right"].T,
    ),
    "U Uᵀ": (mf.reparameterizations.SymmetricProduct(4, 2), factors(4, 2) - 0.9, lambda u: u @ u.T),
    "graded U Uᵀ": (mf.reparameterizations.GradedProduct(4, 2), graded(4, 2), lambda w: graded_square(w)),
    "graded U Vᵀ": (
        mf.reparameterizations.GradedProduct(3, 2, columns=4),
        graded(7, 2),
        lambda w: graded_square(w)[:3, 3:],
    ),
    "quadratic form": (
        mf.reparameterizations.QuadraticForm(np.stack([symmetric([1.0, -2.0, 0.5]), symmetric([0.3, 1.0, 1.0])])),
        factors(3),
        lambda w: np.array([0.5 * w @ symmetric([1.0, -2.0, 0.5]) @ w, 0.5 * w @ symmetric([0.3, 1.0, 1.0]) @ w]),
    ),
    "a³b": (
        mf.reparameterizations.Custom(lambda theta: theta["a"] ** 3 * theta["b"]),
        {"a": factors(5), "b": factors(5) - 0.9},
        lambda w: w["a"] ** 3 * w["b"],
    ),
    "a network of its own": (
        mf.reparameterizations.Custom(lambda theta: jnp.tanh(theta[0] @ theta[1]) * theta[2]),
        [factors(3, 3) - 0.9, factors(3), factors(3)],
        lambda w: np.tanh(w[0] @ w[1]) * w[2],
    ),
}


# Flows of coordinatewise maps measure their rest themselves.
MIXING = [k for k, (g, *_) in MAPS.items() if not isinstance(g, mf.reparameterizations.AbstractCoordinatewise)]


@pytest.fixture(scope="module", params=MAPS.values(), ids=MAPS.keys())
def case(request):
    return request.param


@eqx.filter_jit
def evaluate(g, theta, covector):
    x, pull_back = jax.vjp(g, theta)
    return x, g.pull_back(theta, covector), pull_back(covector)[0]


@eqx.filter_jit
def unfinished(g, theta, velocity, gradient, decay_rate):
    return g.unfinished(theta, velocity, gradient, decay_rate)


def covector_like(x):
    return jnp.asarray(np.random.default_rng(9).standard_normal(x.shape))


def test_map_is_the_stated_formula(case):
    g, theta, formula = case
    np.testing.assert_allclose(g(jax.tree.map(jnp.asarray, theta)), formula(theta), rtol=1e-13, atol=1e-14)


def test_pull_back_is_the_transposed_derivative(case):
    g, theta, formula = case
    covector = covector_like(formula(theta))
    _, pulled, expected = evaluate(g, jax.tree.map(jnp.asarray, theta), covector)
    assert jax.tree.structure(pulled) == jax.tree.structure(theta)
    for found, wanted in zip(jax.tree.leaves(pulled), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-13)


def test_pull_back_is_the_slope_of_finite_differences(case):
    g, theta, formula = case
    covector = np.asarray(covector_like(formula(theta)))
    pulled = evaluate(g, jax.tree.map(jnp.asarray, theta), jnp.asarray(covector))[1]
    step, random = 1e-6, np.random.default_rng(8)
    along = jax.tree.map(lambda leaf: random.standard_normal(leaf.shape), theta)
    moved = [formula(jax.tree.map(lambda leaf, a, s=s: leaf + s * a, theta, along)) for s in (step, -step)]
    slope = ((moved[0] - moved[1]) * covector).sum() / (2 * step)
    product = sum((np.asarray(p) * a).sum() for p, a in zip(*map(jax.tree.leaves, (pulled, along)), strict=True))
    assert product == pytest.approx(slope, rel=1e-7, abs=1e-8)


def test_partials_are_the_derivatives_with_respect_to_each_factor(case):
    g, theta, _ = case
    if isinstance(g, mf.reparameterizations.AbstractCoordinatewise):
        theta = jnp.asarray(theta)
        partials = g.partials(theta)
        for j in range(len(theta)):
            along = jnp.zeros_like(theta).at[j].set(1.0)
            np.testing.assert_allclose(partials[j], jax.jvp(g, (theta,), (along,))[1], rtol=1e-13)


def test_structure_of_the_start_is_checked(case):
    g, theta, formula = case
    shape = formula(theta).shape
    g.check(theta, shape)
    with pytest.raises(ValueError, match="shape"):
        g.check(theta, (*shape[:-1], shape[-1] + 1))
    for wrong in (np.zeros(()), {"c": np.zeros(3)}, (np.zeros(2),)):
        with pytest.raises(ValueError, match="start"):
            g.check(wrong, shape)


@pytest.mark.parametrize("name", MIXING)
def test_residual_of_rest_is_zero_at_rest_and_of_the_size_of_the_gradient_elsewhere(name):
    g, theta, formula = MAPS[name]
    theta = jax.tree.map(jnp.asarray, theta)
    gradient = covector_like(formula(theta))
    for size in (1.0, 1e-9):
        velocity = jax.tree.map(lambda leaf, size=size: -size * leaf, g.pull_back(theta, gradient))
        residual = float(unfinished(g, theta, velocity, size * gradient, jnp.zeros(())))
        assert 1e-2 * size < residual < 1e2 * size
    still = jax.tree.map(jnp.zeros_like, theta)
    assert float(unfinished(g, theta, still, 0.0 * gradient, jnp.zeros(()))) == 0.0


def shrunk(theta, size):
    """Factors smaller by `size`; a graded product has the logarithms of their scales."""
    if isinstance(theta, dict) and "log_scales" in theta:
        return theta | {"log_scales": theta["log_scales"] + np.log(size)}
    return jax.tree.map(lambda leaf: size * leaf, theta)


@pytest.mark.parametrize("name", MIXING)
def test_residual_of_rest_does_not_fall_with_the_parameters(name):
    """At θ→0 velocities vanish, but the gradient does not: that is a saddle."""
    g, theta, formula = MAPS[name]
    gradient = covector_like(formula(theta))
    for size in (1e-3, 1e-6, 1e-12):
        small = jax.tree.map(jnp.asarray, shrunk(theta, size))
        velocity = jax.tree.map(jnp.negative, g.pull_back(small, gradient))
        velocity = jax.tree.map(lambda leaf, v: jnp.abs(v) * jnp.sign(leaf), small, velocity)  # outwards
        assert float(unfinished(g, small, velocity, gradient, jnp.zeros(()))) > 1e-2
