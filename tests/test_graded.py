"""Singular values of graded matrices, against mpmath."""

import mpmath
import numpy as np
import pytest

from mirrorflow import _graded

RANDOM = np.random.default_rng(5)


def exact(matrix, logs):
    with mpmath.workdps(1500):
        held = mpmath.matrix(matrix.tolist())
        for j in range(held.cols):
            factor = mpmath.e ** mpmath.mpf(float(logs[j]))
            for i in range(held.rows):
                held[i, j] *= factor
        return np.array([float(mpmath.log(v)) for v in sorted(mpmath.svd_r(held, compute_uv=False), reverse=True)])


@pytest.mark.parametrize("span", [0.0, 1.0, 40.0, 700.0, 3000.0])
def test_log_singular_values_keep_every_digit_over_any_range(span):
    columns = RANDOM.standard_normal((2, 6, 4))
    logs = -np.sort(RANDOM.uniform(0, span, (2, 4)), axis=-1)[:, ::-1]  # any order of the columns
    expected = np.stack([exact(a, at) for a, at in zip(columns, logs, strict=True)])
    np.testing.assert_allclose(_graded.log_singular_values(columns, logs), expected, rtol=4e-15, atol=1e-13)


def test_equal_and_repeated_singular_values():
    columns = np.linalg.qr(RANDOM.standard_normal((5, 5)))[0]
    np.testing.assert_allclose(_graded.log_singular_values(columns, np.full(5, -800.0)), -800.0, rtol=1e-15)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_elimination_multiplies_back(shape):
    core = RANDOM.standard_normal((7, *shape))
    lower, pivots, upper = _graded.without_pivots(core)
    np.testing.assert_allclose(lower * pivots[:, None, :] @ upper, core, atol=1e-10)
    kept = min(shape)
    assert np.array_equal(np.triu(lower[:, :kept]), np.broadcast_to(np.eye(kept), (7, kept, kept)))
    assert np.array_equal(np.tril(upper[:, :, :kept]), np.broadcast_to(np.eye(kept), (7, kept, kept)))


def test_triangular_form_has_the_same_gram_matrix():
    columns, logs = RANDOM.standard_normal((6, 4)), np.array([0.0, -2.0, -5.0, -9.0])
    scales, unit = _graded.triangular(columns, logs)
    made, given = np.exp(scales)[:, None] * unit, columns * np.exp(logs)
    np.testing.assert_allclose(made.T @ made, given.T @ given, rtol=1e-11)
