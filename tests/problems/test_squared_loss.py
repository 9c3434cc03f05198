"""Squared losses: residuals whose squares underflow, and the samplers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

KEY = jax.random.key(11)


@pytest.mark.parametrize("size", [1e-160, 1e-250, 1e-300])
def test_log_loss_is_finite_where_the_loss_underflows(size):
    vector = mf.problems.LinearRegression(np.diag([1.0, 2.0, 4.0]), np.zeros(3))
    x = size * np.array([3.0, -1.0, 0.5])
    assert float(vector.loss(x)) == 0.0
    expected = np.log(0.5 * (9 + 4 + 4)) + 2 * np.log(size)
    assert float(vector.log_loss(x)) == pytest.approx(expected, rel=1e-14)
    matrix = mf.problems.MatrixSensing(np.diag([1.0, 2.0, 4.0]).reshape(3, 1, 3), np.zeros(3))
    assert float(matrix.log_loss(x[None])) == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(vector.gradient(x), size * np.array([3.0, -4.0, 8.0]), rtol=1e-14)


def test_log_loss_of_a_huge_residual_does_not_overflow():
    problem = mf.problems.LinearRegression(np.eye(2), np.zeros(2))
    assert float(problem.log_loss(np.array([1e200, 0.0]))) == pytest.approx(np.log(0.5) + 400 * np.log(10), rel=1e-14)


def test_log_loss_at_an_exact_solution_is_minus_infinity():
    problem = mf.problems.LinearRegression(np.eye(2), np.ones(2))
    assert float(problem.log_loss(np.ones(2))) == -np.inf


def test_sparse_regression_is_sampled_as_stated():
    problem = mf.problems.SparseRegression.sample(KEY, samples=400, features=300, support=7)
    assert problem.design.shape == (400, 300) and problem.target.shape == (400,) and problem.truth.shape == (300,)
    assert (problem.truth != 0).sum() == 7 and set(np.unique(problem.truth)) == {-1.0, 0.0, 1.0}
    # Sums over samples run in another order here, so equality holds to rounding.
    np.testing.assert_allclose(problem.target, problem.design @ problem.truth, atol=1e-13)
    # 120000 standard normal entries: mean within 5/√N and variance within 5√2/√N.
    assert abs(problem.design.mean()) < 5 / 120000**0.5
    assert abs(problem.design.var() - 1) < 5 * (2 / 120000) ** 0.5


@pytest.mark.parametrize("support", [0, 1, 6])
def test_every_support_up_to_all_features_can_be_sampled(support):
    problem = mf.problems.SparseRegression.sample(KEY, samples=3, features=6, support=support)
    assert (problem.truth != 0).sum() == support


def test_noise_is_added_to_the_target_alone():
    quiet = mf.problems.SparseRegression.sample(KEY, samples=2000, features=3, support=1)
    noisy = mf.problems.SparseRegression.sample(KEY, samples=2000, features=3, support=1, noise=0.5)
    np.testing.assert_array_equal(quiet.design, noisy.design)
    np.testing.assert_array_equal(quiet.truth, noisy.truth)
    assert abs((noisy.target - quiet.target).std() - 0.5) < 5 * 0.5 / (2 * 2000) ** 0.5


def test_samples_are_functions_of_the_key():
    first = mf.problems.SparseRegression.sample(KEY, samples=3, features=4, support=2)
    again = mf.problems.SparseRegression.sample(KEY, samples=3, features=4, support=2)
    other = mf.problems.SparseRegression.sample(jax.random.key(12), samples=3, features=4, support=2)
    np.testing.assert_array_equal(first.design, again.design)
    assert (first.design != other.design).all()


def test_sensing_is_sampled_from_a_truth_of_the_stated_rank():
    problem = mf.problems.MatrixSensing.sample(KEY, shape=(4, 5), rank=2, measurements=20)
    # 20 measurements of 20 entries determine the truth.
    truth = np.linalg.solve(problem.measurements.reshape(20, 20), problem.target).reshape(4, 5)
    values = np.linalg.svd(truth, compute_uv=False)
    assert (values[:2] > 0.1).all() and (values[2:] < 1e-10).all()


def test_symmetric_sensing_has_symmetric_measurements_and_truth():
    problem = mf.problems.MatrixSensing.sample(KEY, shape=(3, 3), rank=1, measurements=6, symmetric=True)
    np.testing.assert_array_equal(problem.measurements, problem.measurements.swapaxes(1, 2))
    rows, columns = np.triu_indices(3)
    weights = np.where(rows == columns, 1.0, 2.0)
    upper = np.linalg.solve(problem.measurements[:, rows, columns] * weights, problem.target)
    truth = np.zeros((3, 3))
    truth[rows, columns] = upper
    truth = truth + np.triu(truth, 1).T
    values = np.linalg.eigvalsh(truth)
    assert values[-1] > 0.05 and np.abs(values[:2]).max() < 1e-10


def test_samples_may_be_drawn_inside_compiled_code():
    def loss_at_zero(key):
        problem = mf.problems.SparseRegression.sample(key, samples=3, features=4, support=2)
        return problem.loss(jnp.zeros(4))

    eager = mf.problems.SparseRegression.sample(KEY, samples=3, features=4, support=2)
    assert float(jax.jit(loss_at_zero)(KEY)) == pytest.approx(float(eager.loss(np.zeros(4))), rel=1e-13)
