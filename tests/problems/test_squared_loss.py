"""Squared losses: residuals whose squares underflow, and the samplers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

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


def test_completion_is_sampled_from_different_entries_of_a_truth_of_the_stated_rank():
    problem = mf.problems.MatrixCompletion.sample(KEY, shape=(6, 5), rank=2, observed=30)
    np.testing.assert_allclose(problem.values, np.asarray(problem.truth)[problem.rows, problem.columns])
    # All 30 entries, each once.
    assert len(set(zip(problem.rows.tolist(), problem.columns.tolist(), strict=True))) == 30
    values = np.linalg.svd(problem.truth, compute_uv=False)
    assert (values[:2] > 0.1).all() and (values[2:] < 1e-10).all()


def test_completion_is_the_sensing_of_single_entries():
    completion = mf.problems.MatrixCompletion.sample(KEY, shape=(3, 4), rank=1, observed=5)
    units = np.zeros((5, 3, 4))
    units[np.arange(5), completion.rows, completion.columns] = 1.0
    sensing = mf.problems.MatrixSensing(units, completion.values)
    x = np.random.default_rng(0).standard_normal((3, 4))
    assert float(completion.loss(x)) == pytest.approx(float(sensing.loss(x)), rel=1e-14)
    np.testing.assert_allclose(completion.gradient(x), sensing.gradient(x), atol=1e-15)


def test_coding_is_sampled_with_atoms_on_the_sphere_and_a_support_of_each_code():
    problem = mf.problems.SparseCoding.sample(KEY, length=5, atoms=400, support=3, signals=50)
    dictionary, truth = np.asarray(problem.dictionary), np.asarray(problem.truth)
    np.testing.assert_allclose(np.linalg.norm(dictionary, axis=0), 1.0, rtol=1e-14)
    # 400 directions, uniform: E dd' = I/5, each entry of the mean within 5 standard errors.
    assert np.abs(dictionary @ dictionary.T / 400 - np.eye(5) / 5).max() < 5 * 0.2 / 400**0.5
    assert ((truth != 0).sum(axis=0) == 3).all() and set(np.unique(truth)) == {-1.0, 0.0, 1.0}
    assert len({tuple(np.flatnonzero(code)) for code in truth.T}) > 40
    np.testing.assert_allclose(problem.signals, dictionary @ truth, atol=1e-13)
    pairs = np.abs(dictionary.T @ dictionary - np.eye(400))
    assert float(problem.coherence) == pytest.approx(pairs.max(), rel=1e-13)


def test_several_signals_are_coded_each_by_itself():
    problem = mf.problems.SparseCoding.sample(KEY, length=4, atoms=6, support=2, signals=3, noise=0.1)
    x = np.random.default_rng(0).standard_normal((6, 3))
    single = [mf.problems.SparseCoding(problem.dictionary, problem.signals[:, k]) for k in range(3)]
    assert float(problem.loss(x)) == pytest.approx(sum(float(one.loss(x[:, k])) for k, one in enumerate(single)))
    for k, one in enumerate(single):
        np.testing.assert_allclose(problem.gradient(x)[:, k], one.gradient(x[:, k]), atol=1e-14)


def test_l1_recovers_a_code_below_the_coherence_bound():
    """support < ½(1+1/μ): the code itself is the ℓ1-least one (an orthonormal basis and its rotation, μ=1/√8)."""
    hadamard = np.array([[1.0]])
    for _ in range(3):
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    dictionary = np.hstack([np.eye(8), hadamard / 8**0.5])
    code = np.zeros(16)
    code[3] = 1.3
    problem = mf.problems.SparseCoding(dictionary, dictionary @ code, code)
    assert float(problem.coherence) == pytest.approx(8**-0.5) and 0.5 * (1 + 1 / float(problem.coherence)) > 1
    found = scipy.optimize.linprog(np.ones(32), A_eq=np.hstack([dictionary, -dictionary]), b_eq=problem.signals).x
    np.testing.assert_allclose(found[:16] - found[16:], code, atol=1e-9)


COMPLETION, CODING = mf.problems.MatrixCompletion, mf.problems.SparseCoding
REFUSED = {
    "a row outside": (lambda: COMPLETION([0, 3], [0, 1], [1.0, 2.0], (3, 2)), "rows must be from 0 to 2.*index 1: 3"),
    "a negative column": (lambda: COMPLETION([0, 1], [0, -1], [1.0, 2.0], (3, 2)), "columns .*from 0 to 1.*: -1"),
    "a row of 1.5": (lambda: COMPLETION([0.0, 1.5], [0, 1], [1.0, 2.0], (3, 2)), "rows must be integers.*float64"),
    "other lengths": (lambda: COMPLETION([0, 1], [0, 1], [1.0], (3, 2)), r"rows has shape \(2,\).*values.*\(1,\)"),
    "nothing observed": (lambda: COMPLETION(np.zeros(0, int), [], [], (3, 2)), "rows .*at least one"),
    "a vector": (lambda: COMPLETION([0], [0], [1.0], (3,)), r"shape must be \(rows, columns\), got \(3,\)"),
    "no columns": (lambda: COMPLETION([0], [0], [1.0], (3, 0)), r"shape\[1\] must be at least 1, got 0"),
    "a value of NaN": (lambda: COMPLETION([0], [0], [np.nan], (3, 2)), "values must be finite"),
    "truth": (lambda: COMPLETION([0], [0], [1.0], (3, 2), np.ones((2, 3))), r"truth must have shape \(3, 2\)"),
    "too many entries": (lambda: COMPLETION.sample(KEY, shape=(2, 2), rank=1, observed=5), "at most the 4.*got 5"),
    "too high a rank": (lambda: COMPLETION.sample(KEY, shape=(2, 2), rank=3, observed=3), "rank must be at most"),
    "long atoms": (lambda: CODING(2 * np.eye(2), np.ones(2)), "norm 1; the norm of atom 0 is 2"),
    "signals of another length": (lambda: CODING(np.eye(2), np.ones(3)), r"signals .*length 2.*shape \(3,\)"),
    "signals with three axes": (lambda: CODING(np.eye(2), np.ones((2, 1, 1))), "signals must have shape"),
    "a flat dictionary": (lambda: CODING(np.ones(2), np.ones(2)), r"dictionary must have shape \(length, atoms\)"),
    "code": (lambda: CODING(np.eye(2), np.ones((2, 3)), np.ones(2)), r"truth must have shape \(2, 3\)"),
    "support": (lambda: CODING.sample(KEY, length=2, atoms=3, support=4), "support must be at most atoms.*4.*3"),
    "no signals": (lambda: CODING.sample(KEY, length=2, atoms=3, support=1, signals=0), "signals must be at least 1"),
    "noise": (lambda: CODING.sample(KEY, length=2, atoms=3, support=1, noise=-1.0), "noise must be non-negative"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_data_that_make_no_sense_are_refused_in_words(name):
    make, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        make()


def test_samples_may_be_drawn_inside_compiled_code():
    def loss_at_zero(key):
        problem = mf.problems.SparseRegression.sample(key, samples=3, features=4, support=2)
        return problem.loss(jnp.zeros(4))

    def completion_loss(key):
        problem = mf.problems.MatrixCompletion.sample(key, shape=(2, 3), rank=1, observed=4)
        coding = mf.problems.SparseCoding.sample(key, length=2, atoms=3, support=1)
        return problem.loss(jnp.zeros((2, 3))), coding.loss(jnp.zeros(3))

    compiled = jax.jit(completion_loss)(KEY)
    np.testing.assert_allclose(compiled, completion_loss(KEY), rtol=1e-13)
    eager = mf.problems.SparseRegression.sample(KEY, samples=3, features=4, support=2)
    assert float(jax.jit(loss_at_zero)(KEY)) == pytest.approx(float(eager.loss(np.zeros(4))), rel=1e-13)
