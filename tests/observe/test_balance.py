"""Balances are what their formulas say, are kept by flows that keep them, and survive the range of floats."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow import observe

reparameterizations = mf.reparameterizations
random = np.random.default_rng(3)


@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("q", [1.0, 1.3, 2.0])
def test_hadamard_balance_has_the_exponent_of_the_geometry(of_factors, depth, q):
    factors = random.standard_normal((4, depth, 3))
    path = of_factors(reparameterizations.Hadamard(depth), factors, (3,), mf.geometries.Steepest(q=q))
    powers = np.abs(factors) ** q
    values = powers[:, :-1] - powers[:, -1:]
    found = observe.balance(path)
    np.testing.assert_allclose(found.values, values, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found.max_drift, np.abs(values - values[0]).max() / powers.max(), rtol=1e-12)


@pytest.mark.parametrize("q", [1.0, 1.3, 2.0])
def test_close_factors_lose_no_digits(of_factors, q):
    # (1+δ)^q−1 = expm1(q·log1p(δ)), whatever δ is.
    delta = 2.0 ** -np.arange(4, 44, 8)
    factors = np.stack([1 + delta, np.ones_like(delta)])[None]
    path = of_factors(reparameterizations.Hadamard(2), factors, delta.shape, mf.geometries.Steepest(q=q))
    np.testing.assert_allclose(observe.balance(path).values[0, 0], np.expm1(q * np.log1p(delta)), rtol=1e-14)


def test_balance_is_antisymmetric_and_zero_for_equal_sizes(of_factors):
    factors = random.standard_normal((3, 2, 4))
    hadamard = reparameterizations.Hadamard(2)
    one, other = (observe.balance(of_factors(hadamard, f, (4,))).values for f in (factors, factors[:, ::-1]))
    np.testing.assert_array_equal(one, -other)
    equal = np.stack([factors[:, 0], -factors[:, 0]], axis=1)
    assert not np.any(observe.balance(of_factors(hadamard, equal, (4,))).values)


@pytest.mark.parametrize("size", [1e-140, 1e140])
def test_drift_does_not_depend_on_scale(of_factors, size):
    factors = random.standard_normal((5, 3, 2))
    hadamard = reparameterizations.Hadamard(3)
    drift = observe.balance(of_factors(hadamard, factors, (2,))).max_drift
    np.testing.assert_allclose(observe.balance(of_factors(hadamard, size * factors, (2,))).max_drift, drift, rtol=1e-12)


def test_factors_that_are_zero_drift_by_nothing(of_factors):
    found = observe.balance(of_factors(reparameterizations.Hadamard(2), np.zeros((3, 2, 2)), (2,)))
    assert found.max_drift == 0 and not np.any(found.values)


def test_matrix_balance_is_the_difference_of_gram_matrices(of_factors):
    theta = {"left": random.standard_normal((4, 5, 2)), "right": random.standard_normal((4, 3, 2))}
    path = of_factors(reparameterizations.MatrixProduct(5, 3, 2), theta, (5, 3))
    grams = [np.einsum("tir,tis->trs", theta[side], theta[side]) for side in ("left", "right")]
    found = observe.balance(path)
    np.testing.assert_allclose(found.values, grams[0] - grams[1], rtol=1e-12, atol=1e-12)
    change = np.abs(grams[0] - grams[1] - (grams[0] - grams[1])[0]).max()
    np.testing.assert_allclose(found.max_drift, change / np.abs(grams).max(), rtol=1e-12)


@pytest.mark.parametrize(("power", "q"), [(2, 2.0), (3, 2.0), (5, 2.0), (2, 1.0), (3, 1.5), (4, 1.25)])
def test_power_difference_keeps_its_orbit(power, q):
    geometry = mf.geometries.Euclidean() if q == 2 else mf.geometries.Steepest(q=q, smoothing=0.1)
    problem = mf.problems.LinearRegression(jnp.array([[1.0, 0.5, -0.3]]), jnp.array([1.0]))
    flow = mf.Flow(problem, reparameterization=reparameterizations.PowerDifference(power=power), geometry=geometry)
    start = jnp.array([[0.5, 0.6, 0.4], [0.55, 0.3, 0.8]])
    path = mf.integrate(flow, start, until=mf.until.time(0.3), save=5)
    found = observe.balance(path)
    assert path.status.ok and found.values.shape == (5, 3)
    assert float(jnp.abs(path.x - path.x[:1]).max()) > 1e-2
    assert found.max_drift < 1e-7


def test_power_difference_of_two_is_a_product(of_factors):
    u, v = random.uniform(0.5, 2, (2, 4, 3))
    found = observe.balance(of_factors(reparameterizations.PowerDifference(power=2), np.stack([u, v], axis=1), (3,)))
    np.testing.assert_array_equal(found.values, u * v)
    np.testing.assert_allclose(found.max_drift, np.abs(u * v - (u * v)[0]).max() / (u * v).max(), rtol=1e-13)


def test_log_difference_is_the_power_difference_of_power_zero(of_factors):
    u, v = random.uniform(0.5, 2, (2, 4, 3))
    found = observe.balance(of_factors(reparameterizations.LogDifference(), np.stack([u, v], axis=1), (3,)))
    np.testing.assert_allclose(found.values, u**2 + v**2, rtol=1e-14)


def test_attention_is_the_matrix_product_of_its_transposed_factors(of_factors):
    key, query = random.standard_normal((2, 5, 2, 3))
    found = observe.balance(of_factors(reparameterizations.Attention(3, 2), {"key": key, "query": query}, (3, 3)))
    np.testing.assert_allclose(found.values, key @ key.swapaxes(1, 2) - query @ query.swapaxes(1, 2), atol=1e-13)


@pytest.mark.parametrize("reparameterization", ["hadamard", "matrix"])
def test_gradient_flow_keeps_balances_and_decay_shrinks_them(reparameterization):
    key = jax.random.key(0)
    if reparameterization == "hadamard":
        problem = mf.problems.SparseRegression.sample(key, samples=8, features=5, support=2)
        coordinates, x = reparameterizations.Hadamard(depth=3), jnp.zeros(5)
    else:
        problem = mf.problems.MatrixSensing.sample(key, shape=(3, 3), rank=1, measurements=7)
        coordinates, x = reparameterizations.MatrixProduct(rows=3, columns=3, rank=2), jnp.zeros((3, 3))
    drifts = []
    for decay in (None, mf.decay.Decoupled(0.2)):
        flow = mf.Flow(problem, reparameterization=coordinates, decay=decay)
        start = flow.lift(x=x, balance=0.4)
        path = mf.integrate(flow, start, until=mf.until.time(1.0), save=8)
        found = observe.balance(path)
        drifts.append(float(found.max_drift))
        expected = found.values[:1] * np.exp(-(0.0 if decay is None else 0.4) * path.time).reshape(-1, 1, 1)
        np.testing.assert_allclose(found.values, expected, atol=1e-6)
    assert drifts[0] < 1e-6 < drifts[1]


def test_other_coordinates_have_no_balance(in_x, of_factors):
    with pytest.raises(ValueError, match="made in x itself"):
        observe.balance(in_x([[1.0], [2.0]]))
    custom = reparameterizations.Custom(lambda theta: theta**3)
    with pytest.raises(ValueError, match="not for Custom"):
        observe.balance(of_factors(custom, np.ones((2, 3)), (3,)))


def test_a_network_without_hidden_layers_has_no_balance():
    network = mf.networks.MLP((2, 1), key=jax.random.key(0))
    problem = mf.problems.NetworkClassification(network, np.eye(2), [1.0, 1.0])
    path = mf.Trajectory.from_arrays(time=[0.0], parameters=(np.ones((1, 1, 2)),), problem=problem)
    with pytest.raises(ValueError, match=r"balance compares .* this network has no hidden layer"):
        observe.balance(path)
