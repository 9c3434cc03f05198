"""Singular values and ranks against NumPy, and where floats end, of graded paths."""

import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow import observe

random = np.random.default_rng(0)
MATRICES = random.standard_normal((5, 4, 7))


@pytest.mark.parametrize("size", [1.0, 1e-280, 1e280])
def test_singular_values_are_numpys(in_x, size):
    expected = np.linalg.svd(MATRICES, compute_uv=False)
    np.testing.assert_allclose(observe.singular_values(in_x(size * MATRICES)), size * expected, rtol=1e-12)
    np.testing.assert_allclose(observe.log_singular_values(in_x(size * MATRICES)), np.log(size) + np.log(expected))


@pytest.mark.parametrize("size", [1e-290, 1.0, 1e290])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_ranks_count_equal_singular_values(in_x, count, size):
    turned = (
        np.linalg.qr(random.standard_normal((4, 4)))[0][:, :count]
        @ np.linalg.qr(random.standard_normal((7, 7)))[0][:count]
    )
    path = in_x(size * turned[None])
    np.testing.assert_allclose(observe.effective_rank(path), count, rtol=1e-12)
    assert observe.numerical_rank(path).tolist() == [count]


def test_effective_rank_lies_between_one_and_the_rank_and_above_the_stable_rank(in_x):
    path = in_x(MATRICES)
    rank = observe.effective_rank(path)
    values = observe.singular_values(path)
    assert ((rank > 1) & (rank < 4)).all()
    assert (rank > values.sum(axis=1) ** 2 / (values**2).sum(axis=1)).all()  # Rényi entropies fall with their order


def test_zero_matrix_has_no_rank(in_x):
    path = in_x(np.zeros((2, 3, 3)))
    assert observe.effective_rank(path).tolist() == [0.0, 0.0]
    assert observe.numerical_rank(path).tolist() == [0, 0]
    assert (observe.log_singular_values(path) == -np.inf).all()


def test_numerical_rank_counts_what_exceeds_its_tolerance(in_x):
    path = in_x(np.diag([2.0, 2e-3, 2e-7])[None])
    assert [int(observe.numerical_rank(path, t)[0]) for t in (1e-2, 1e-4, 1e-8)] == [1, 2, 3]


def test_graded_paths_count_beyond_the_range_of_floats():
    product = mf.reparameterizations.GradedProduct(3, 3)
    theta = product.factors(np.eye(3)) | {"log_scales": np.array([0.0, -500.0, -3000.0])}
    problem = mf.problems.MatrixSensing(np.eye(3)[None], np.ones(1))
    held = {name: np.asarray(leaf)[None] for name, leaf in theta.items()}
    path = mf.Trajectory.from_arrays(time=[0.0], parameters=held, problem=problem, reparameterization=product)
    np.testing.assert_allclose(observe.log_singular_values(path)[0], [0.0, -1000.0, -6000.0], atol=1e-12)
    assert observe.numerical_rank(path, 1e-300).tolist() == [1]
    assert observe.singular_values(path)[0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize("tolerance", [0.0, 1.0, -1.0])
def test_tolerances_outside_their_interval_are_refused(in_x, tolerance):
    with pytest.raises(ValueError, match="tolerance"):
        observe.numerical_rank(in_x(MATRICES), tolerance)


def test_paths_of_vectors_are_refused(in_x):
    with pytest.raises(ValueError, match="x must be a matrix"):
        observe.effective_rank(in_x(np.ones((2, 3))))


def test_graded_sizes_are_numpys_where_floats_reach():
    rows, logs = random.standard_normal((3, 5, 4)), -np.sort(random.uniform(0, 9, (3, 5)))
    expected = np.log(np.linalg.svd(np.exp(logs)[..., None] * rows, compute_uv=False))
    np.testing.assert_allclose(observe.graded_log_sizes(rows, logs), expected, atol=1e-10)
    np.testing.assert_allclose(observe.graded_log_sizes(rows, logs - 5000.0), expected - 5000.0, atol=1e-10)


@pytest.mark.parametrize(
    ("rows", "logs", "words"), [(np.ones((2, 3)), np.zeros(2), "p ≥ k"), (np.ones((3, 2)), np.zeros(2), "logs must")]
)
def test_graded_sizes_of_other_shapes_are_refused(rows, logs, words):
    with pytest.raises(ValueError, match=words):
        observe.graded_log_sizes(rows, logs)
