"""A derived law is followed along a path, and its drift is measured against its parts."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow import observe

hadamard = mf.reparameterizations.Hadamard(2)


def difference(theta):
    return theta[0] ** 2 - theta[1] ** 2


def test_values_are_those_of_the_law_at_each_point(of_factors):
    factors = np.random.default_rng(0).standard_normal((5, 2, 3))
    found = observe.conserved(of_factors(hadamard, factors, (3,)), difference)
    values = factors[:, 0] ** 2 - factors[:, 1] ** 2
    np.testing.assert_allclose(found.values, values, rtol=1e-13)
    size = 2 * (factors[:, 0] ** 2 + factors[:, 1] ** 2).max()
    np.testing.assert_allclose(found.max_drift, np.abs(values - values[0]).max() / size, rtol=1e-12)


def test_a_law_that_starts_at_zero_is_measured_against_its_parts(of_factors):
    # u=v at the start, and 1e-6 of drift in squares of size 1: the law's own value would make that a drift of 1.
    factors = np.array([[[1.0], [1.0]], [[np.sqrt(1 + 1e-6)], [1.0]]])
    found = observe.conserved(of_factors(hadamard, factors, (1,)), difference)
    np.testing.assert_allclose(found.max_drift, 1e-6 / 4, rtol=1e-5)


def test_a_law_may_know_its_own_scale(of_factors):
    class Law:
        def __call__(self, theta):
            return difference(theta)

        def scale(self, theta):
            return jnp.full_like(theta[0], 10.0)

    factors = np.array([[[1.0], [1.0]], [[2.0], [1.0]]])
    np.testing.assert_allclose(observe.conserved(of_factors(hadamard, factors, (1,)), Law()).max_drift, 0.3)


def test_drift_does_not_depend_on_units(of_factors):
    factors = np.random.default_rng(1).standard_normal((4, 2, 3))
    one, other = (
        observe.conserved(of_factors(hadamard, scale * factors, (3,)), difference).max_drift for scale in (1.0, 1e-20)
    )
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_zero_everywhere_has_no_drift(of_factors):
    assert observe.conserved(of_factors(hadamard, np.zeros((3, 2, 1)), (1,)), difference).max_drift == 0


@pytest.mark.parametrize("q", [1.5, 2.0])
def test_balance_decays_at_its_rate_under_decoupled_decay(q):
    problem = mf.problems.LinearRegression(np.array([[1.0, -0.5]]), np.ones(1))
    flow = mf.Flow(
        problem,
        reparameterization=mf.reparameterizations.Hadamard(depth=2),
        geometry=mf.geometries.Steepest(q=q),
        decay=mf.decay.Decoupled(0.4),
    )
    start = flow.lift(x=jnp.array([0.2, 0.1]), balance=0.5)
    path = mf.integrate(flow, start, until=mf.until.time(2.0), save=9)

    def law(theta):
        return jnp.abs(theta[0]) ** q - jnp.abs(theta[1]) ** q

    assert observe.conserved(path, law, rate=0.4 * q).max_drift < 1e-5
    assert observe.conserved(path, law, rate=lambda t: 0.4 * q * t).max_drift < 1e-5
    assert observe.conserved(path, law).max_drift > 0.05
    law.rate = 0.4 * q
    assert observe.conserved(path, law).max_drift < 1e-5


def test_parameters_are_a_tree_and_a_law_may_be_a_matrix(of_factors):
    random = np.random.default_rng(2)
    factors = {"left": random.standard_normal((4, 3, 2)), "right": random.standard_normal((4, 2, 2))}
    product = mf.reparameterizations.MatrixProduct(rows=3, columns=2, rank=2)
    path = of_factors(product, factors, (3, 2))
    found = observe.conserved(path, lambda p: p["left"].T @ p["left"] - p["right"].T @ p["right"])
    np.testing.assert_allclose(found.values, observe.balance(path).values, rtol=1e-12)


def test_a_potential_is_followed_in_x(in_x):
    found = observe.conserved(in_x([[1.0, 2.0], [3.0, 0.0]]), jnp.sum)
    assert found.values.tolist() == [3.0, 3.0] and found.max_drift == 0


@pytest.mark.parametrize(
    ("law", "rate", "words"),
    [
        (lambda x: jnp.log(x - 5.0), None, "finite along the path"),
        (jnp.sum, np.nan, "rate"),
        (jnp.sum, "fast", "rate"),
        (jnp.sum, lambda t: t[:1], "rate"),
    ],
)
def test_bad_input_is_refused_in_words(in_x, law, rate, words):
    with pytest.raises(ValueError, match=words):
        observe.conserved(in_x([[1.0, 2.0], [3.0, 0.0]]), law, rate=rate)


def test_symbols_in_a_rate_are_refused(in_x):
    import sympy

    def law(x):
        return jnp.sum(x)

    law.rate = 2 * sympy.Symbol("alpha")
    with pytest.raises(ValueError, match="Put numbers"):
        observe.conserved(in_x([[1.0, 2.0], [3.0, 0.0]]), law)
