"""Lifts: g(lift(x)) = x with the stated balance, from 1e-300 to 1e8, from no balance to a huge one."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mirrorflow as mf

X = np.array([0.0, 1e-300, -1e-300, 1e-12, -3e-5, 0.7, -1.0, 2.5, -40.0, 1e8, -1e8])
BALANCES = (0.0, 1e-12, 0.3, 1.0, 5e3, 1e9)


@pytest.mark.parametrize("balance", BALANCES)
@pytest.mark.parametrize("q", [1.0, 1.3, 2.0])
@pytest.mark.parametrize("depth", [2, 3, 4, 7])
def test_product_is_lifted_to_equal_large_factors_and_one_small_one(depth, q, balance):
    product = mf.reparameterizations.Hadamard(depth)
    theta = np.asarray(product.lift(X, balance, q))
    assert theta.shape == (depth, *X.shape) and np.isfinite(theta).all()
    large, small = theta[0], theta[-1]
    # The small factor of 1e-300 beside large ones may be too small for a float.
    kept = (np.abs(small) > 1e-307) | (X == 0)
    assert kept[3:].all()
    np.testing.assert_allclose(product(jnp.asarray(theta))[kept], X[kept], rtol=1e-15 * depth, atol=0)
    assert (theta[:-1] == large).all() and (large >= (1 - 1e-14) * np.abs(small)).all()
    np.testing.assert_array_equal(np.sign(small[kept]), np.sign(X[kept]))
    # The difference of two powers of the size of the larger one, to rounding.
    difference = large**q - np.abs(small) ** q
    np.testing.assert_allclose(difference, balance, atol=1e-14 * q * depth * (large**q).max(), rtol=1e-13)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_without_a_balance_the_factors_are_equal_to_the_last_digit(depth):
    theta = np.asarray(mf.reparameterizations.Hadamard(depth).lift(X, 0.0))
    np.testing.assert_array_equal(np.abs(theta[-1]), theta[0])


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_each_coordinate_may_have_its_own_balance(depth):
    product = mf.reparameterizations.Hadamard(depth)
    balances = np.linspace(0.0, 3.0, X.size)
    together = np.asarray(product.lift(X, balances, 1.5))
    for i, balance in enumerate(balances):
        np.testing.assert_allclose(
            together[:, i], np.asarray(product.lift(X[i : i + 1], balance, 1.5))[:, 0], rtol=1e-14
        )


@given(
    x=st.floats(-1e6, 1e6, allow_subnormal=False),
    balance=st.floats(0.0, 1e6, allow_subnormal=False),
    q=st.floats(1.0, 2.0),
    depth=st.sampled_from([2, 3, 4]),
)
def test_product_of_any_lift_is_x(x, balance, q, depth):
    product = mf.reparameterizations.Hadamard(depth)
    theta = np.asarray(product.lift(np.full(1, x), balance, q))
    assert np.prod(theta) == pytest.approx(x, rel=1e-13)
    powers = np.abs(theta) ** q
    np.testing.assert_allclose(powers[:-1] - powers[-1], balance, rtol=1e-12, atol=1e-13 * powers.max())


def test_lift_takes_the_exponent_of_the_flow_s_geometry():
    problem = mf.problems.LinearRegression(np.eye(2), np.ones(2))
    for geometry, q in ((None, 2.0), (mf.geometries.Steepest(1.5), 1.5), (mf.geometries.Sign(), 1.0)):
        flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(3), geometry=geometry)
        theta = np.abs(flow.lift(x=np.array([0.2, -0.4]), balance=0.3))
        np.testing.assert_allclose(theta[0] ** q - theta[2] ** q, 0.3, rtol=1e-13)


@pytest.mark.parametrize("balance", [0.0, 0.1, 7.0, 1e9])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_matrix_product_is_lifted_with_a_multiple_of_the_identity_as_balance(rank, balance):
    random = np.random.default_rng(rank)
    for size in (0.0, 1e-300, 1e-5, 1.0, 1e8):
        x = size * random.standard_normal((3, rank)) @ random.standard_normal((rank, 4))
        product = mf.reparameterizations.MatrixProduct(3, 4, rank)
        theta = product.lift(x, balance)
        left, right = np.asarray(theta["left"]), np.asarray(theta["right"])
        np.testing.assert_allclose(left @ right.T, x, atol=1e-14 * np.abs(x).max() + 1e-320)
        scale = max((left**2).sum(), 1e-300)
        np.testing.assert_allclose(left.T @ left - right.T @ right, balance * np.eye(rank), atol=1e-14 * scale)


def test_matrix_product_of_more_columns_than_needed_leaves_them_zero():
    x = np.random.default_rng(0).standard_normal((2, 3))
    product = mf.reparameterizations.MatrixProduct(2, 3, 4)
    theta = product.lift(x, 0.0)
    np.testing.assert_allclose(product(theta), x, atol=1e-14)
    assert float(jnp.abs(theta["left"][:, 2:]).max()) == 0.0


def test_low_rank_adaptation_is_lifted_relative_to_the_frozen_matrix():
    random = np.random.default_rng(0)
    frozen, change = random.standard_normal((3, 4)), np.outer([1.0, 2.0, 0.5], [0.3, 0.1, -1.0, 0.2])
    product = mf.reparameterizations.MatrixProduct(3, 4, 1, frozen=frozen)
    np.testing.assert_allclose(product(product.lift(frozen + change, 0.2)), frozen + change, atol=1e-14)


@pytest.mark.parametrize("power", [2, 3, 4, 6])
@pytest.mark.parametrize("balance", [1e-9, 0.05, 1.0, 30.0, 1e6])
def test_power_difference_is_lifted_along_the_orbit_of_equal_factors(power, balance):
    difference = mf.reparameterizations.PowerDifference(power)
    theta = np.asarray(difference.lift(X, balance))
    assert (theta > 0).all() and np.isfinite(theta).all()
    # u^D and v^D cancel where x is far below balance^D.
    np.testing.assert_allclose(difference(jnp.asarray(theta)), X, rtol=1e-12, atol=1e-14 * power * balance**power)
    u, v = theta
    if power == 2:
        np.testing.assert_allclose(u * v, balance**2, rtol=1e-14)
    else:
        on_orbit = (u / balance) ** (2 - power) + (v / balance) ** (2 - power)
        np.testing.assert_allclose(on_orbit, 2.0, rtol=1e-12)


def test_lift_of_zero_by_a_power_difference_has_equal_factors():
    theta = mf.reparameterizations.PowerDifference(4).lift(np.zeros(2), 0.3)
    np.testing.assert_allclose(theta, 0.3, rtol=1e-14)


@pytest.mark.parametrize("q", [1.0, 1.6, 2.0])
@pytest.mark.parametrize("balance", [1e-9, 0.3, 1e6])
def test_log_difference_is_lifted_along_the_orbit_of_equal_factors(balance, q):
    x = np.array([0.0, 1e-300, -1e-12, -0.7, 1.0, 30.0, -400.0])
    theta = np.asarray(mf.reparameterizations.LogDifference().lift(x, balance, q))
    assert (theta > 0).all()
    u, v = theta
    np.testing.assert_allclose(u**q + v**q, 2 * balance**q, rtol=1e-14)
    # A ratio within 1e-16 of 1 is 1; a large one is known to rounding of the logarithm.
    np.testing.assert_allclose(np.log(u) - np.log(v), x, rtol=1e-14, atol=3e-15 * (1 + abs(np.log(balance))))


def test_diagonal_attention_is_lifted_as_the_product_it_is():
    x = np.array([[0.3, -0.2, 0.0], [1.0, 0.1, -5.0]])
    attention, product = mf.reparameterizations.DiagonalAttention(), mf.reparameterizations.Hadamard(2)
    np.testing.assert_array_equal(attention.lift(x, 0.4), product.lift(x, 0.4))
    np.testing.assert_array_equal(attention.matrix(x)[1], np.diag(x[1]))


def test_attention_is_lifted_with_a_multiple_of_the_identity_as_balance():
    random = np.random.default_rng(3)
    attention = mf.reparameterizations.Attention(4, 2)
    x = random.standard_normal((4, 2)) @ random.standard_normal((2, 4))
    theta = attention.lift(x, 0.3)
    assert theta["key"].shape == theta["query"].shape == (2, 4)
    np.testing.assert_allclose(attention(theta), x, atol=1e-14)
    key, query = np.asarray(theta["key"]), np.asarray(theta["query"])
    np.testing.assert_allclose(key @ key.T - query @ query.T, 0.3 * np.eye(2), atol=1e-13)


@pytest.mark.parametrize(
    ("lift", "words"),
    [
        (lambda: mf.reparameterizations.Hadamard(2).lift(np.ones(3), -0.1), "balance must be non-negative, got -0.1"),
        (lambda: mf.reparameterizations.Hadamard(2).lift(np.ones(3), np.ones(2)), r"balance .*shape \(3,\).*\(2,\)"),
        (lambda: mf.reparameterizations.Hadamard(2).lift(np.ones(3), 0.1, 2.5), r"q must be in \[1, 2\], got 2.5"),
        (lambda: mf.reparameterizations.Hadamard(2).lift(np.array([1.0, np.nan]), 0.1), "x must be finite.*index 1"),
        (lambda: mf.reparameterizations.PowerDifference(4).lift(np.ones(3), 0.0), "balance must be positive, got 0.0"),
        (lambda: mf.reparameterizations.PowerDifference(4).lift(np.ones(3), 0.1, 1.0), "q=2 only, got q=1"),
        (lambda: mf.reparameterizations.LogDifference().lift(np.ones(3), 0.0), "balance must be positive, got 0.0"),
        (lambda: mf.reparameterizations.LogDifference().lift(np.ones(3), np.ones(2)), r"shape \(3,\).*\(2,\)"),
        (lambda: mf.reparameterizations.LogDifference().lift(np.ones(3), 0.1, 3.0), r"q must be in \[1, 2\], got 3"),
        (lambda: mf.reparameterizations.LogDifference().lift(np.array([1.0, -800.0]), 1.0), "about 708.* got 800"),
        (lambda: mf.reparameterizations.Attention(2, 1).lift(np.eye(2), 0.0), "rank at most 1"),
        (lambda: mf.reparameterizations.MatrixProduct(2, 2, 1).lift(np.eye(2), 0.0), "rank at most 1"),
        (
            lambda: mf.reparameterizations.MatrixProduct(2, 2, 3).lift(np.eye(2), 0.1),
            r"min\(rows, columns\) = 2.*rank 3",
        ),
        (lambda: mf.reparameterizations.MatrixProduct(2, 2, 2).lift(np.eye(2), 0.1, 1.0), "q=2 only, got q=1"),
        (lambda: mf.reparameterizations.QuadraticForm(np.eye(2)[None]).lift(np.ones(1), 0.1), "give the start"),
        (lambda: mf.reparameterizations.Custom(lambda t: t).lift(np.ones(1), 0.1), "give the start"),
    ],
)
def test_what_cannot_be_lifted_is_refused_in_words(lift, words):
    with pytest.raises(ValueError, match=words):
        lift()
