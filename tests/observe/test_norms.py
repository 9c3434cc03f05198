"""Norms against NumPy, their inequalities, and their scale."""

import equinox as eqx
import numpy as np
import pytest

from mirrorflow import observe

random = np.random.default_rng(0)
VECTORS = random.standard_normal((6, 12)) * 10.0 ** np.arange(-3, 3)[:, None]
MATRICES = random.standard_normal((5, 4, 7))


@pytest.mark.parametrize("p", [1, 1.5, 2, 7.0, 30.0, np.inf])
def test_norm_is_numpys(in_x, p):
    np.testing.assert_allclose(observe.norm(in_x(VECTORS), p), np.linalg.norm(VECTORS, ord=p, axis=1), rtol=1e-12)


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 7.0])
def test_norm_is_homogeneous_over_the_range_of_floats(in_x, p):
    expected = np.asarray(observe.norm(in_x(VECTORS), p))
    for scale in (1e-290, 1e290):
        np.testing.assert_allclose(observe.norm(in_x(scale * VECTORS), p), scale * expected, rtol=1e-12)


def test_norms_decrease_in_p(in_x):
    norms = np.array([observe.norm(in_x(VECTORS), p) for p in (1, 1.2, 2, 3, 10, np.inf)])
    assert (np.diff(norms, axis=0) < 0).all()


def test_norm_of_a_matrix_is_that_of_its_entries(in_x):
    np.testing.assert_allclose(observe.norm(in_x(MATRICES), 2), np.linalg.norm(MATRICES, axis=(1, 2)), rtol=1e-12)


@pytest.mark.parametrize(("p", "numpys"), [(1, "nuc"), (2, "fro"), (np.inf, 2)])
def test_schatten_norms_are_numpys(in_x, p, numpys):
    expected = np.linalg.norm(MATRICES, ord=numpys, axis=(1, 2))
    np.testing.assert_allclose(observe.schatten_norm(in_x(MATRICES), p), expected, rtol=1e-12)
    np.testing.assert_allclose(observe.schatten_norm(in_x(1e-280 * MATRICES), p), 1e-280 * expected, rtol=1e-12)


def test_schatten_norms_are_invariant_under_rotations(in_x):
    left, right = (np.linalg.qr(random.standard_normal((n, n)))[0] for n in (4, 7))
    turned = left @ MATRICES @ right
    for p in (1.0, 1.7, 4.0):
        expected = observe.schatten_norm(in_x(MATRICES), p)
        np.testing.assert_allclose(observe.schatten_norm(in_x(turned), p), expected, rtol=1e-12)


@pytest.mark.parametrize("size", [1e-290, 1.0, 1e290])
@pytest.mark.parametrize("count", [1, 3, 12])
def test_effective_sparsity_counts_equal_entries(in_x, count, size):
    x = np.where(np.arange(12) < count, size, 0.0) * np.where(np.arange(12) % 2, 1, -1)
    np.testing.assert_allclose(observe.effective_sparsity(in_x([x])), count, rtol=1e-12)


def test_effective_sparsity_is_the_square_of_the_ratio_of_two_norms(in_x):
    path = in_x(VECTORS)
    ratio = np.asarray(observe.norm(path, 1) / observe.norm(path, 2))
    np.testing.assert_allclose(observe.effective_sparsity(path), ratio**2, rtol=1e-12)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_nuclear_frobenius_ratio_of_a_projection_is_the_root_of_its_rank(in_x, rank):
    basis = np.linalg.qr(random.standard_normal((5, rank)))[0]
    path = in_x([1e-200 * basis @ basis.T, 1e200 * basis @ basis.T])
    np.testing.assert_allclose(observe.nuclear_frobenius_ratio(path), np.sqrt(rank), rtol=1e-12)


def test_what_is_nothing_has_no_sparsity_and_no_ratio(in_x):
    assert observe.effective_sparsity(in_x(np.zeros((2, 3)))).tolist() == [0.0, 0.0]
    assert observe.norm(in_x(np.zeros((2, 3))), 1.5).tolist() == [0.0, 0.0]
    assert observe.nuclear_frobenius_ratio(in_x(np.zeros((1, 3, 3)))).tolist() == [0.0]
    assert observe.schatten_norm(in_x(np.zeros((1, 3, 3))), 1).tolist() == [0.0]


def test_observers_read_traced_paths(in_x):
    path = in_x(MATRICES)
    for read in (observe.effective_sparsity, observe.nuclear_frobenius_ratio, lambda path: observe.norm(path, 3.0)):
        np.testing.assert_allclose(eqx.filter_jit(read)(path), read(path), rtol=1e-13)


@pytest.mark.parametrize("p", [0.5, 0, -1, np.nan, "two"])
def test_exponents_that_make_no_norm_are_refused(in_x, p):
    for read in (observe.norm, observe.schatten_norm):
        with pytest.raises(ValueError, match="p must be"):
            read(in_x(MATRICES), p)


def test_vectors_have_no_singular_values(in_x):
    for read in (observe.nuclear_frobenius_ratio, lambda path: observe.schatten_norm(path, 1)):
        with pytest.raises(ValueError, match=r"x must be a matrix at each point, got shape \(12,\)"):
            read(in_x(VECTORS))
