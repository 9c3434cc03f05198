"""The spectral direction is the polar factor, also where singular values are equal, zero or far apart."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

RANDOM = np.random.default_rng(0)


def orthogonal(size):
    return np.linalg.qr(RANDOM.standard_normal((size, size)))[0]


def matrix(singular_values, rows=5, columns=4):
    left, right = orthogonal(rows), orthogonal(columns)
    short = min(rows, columns)
    return left[:, :short] @ np.diag(singular_values) @ right[:, :short].T


SPECTRA = {
    "apart": [3.0, 1.4, 0.8, 0.2],
    "repeated": [2.0, 2.0, 0.5, 0.5],
    "all equal": [1.0, 1.0, 1.0, 1.0],
    "one zero": [2.0, 1.0, 0.5, 0.0],
    "rank one": [1.5, 0.0, 0.0, 0.0],
    "wide range": [1e3, 1.0, 0.1, 0.03],
}


@pytest.fixture(params=SPECTRA.values(), ids=SPECTRA.keys())
def spectrum(request):
    return np.array(request.param)


@eqx.filter_jit
def direction(gradient, smoothing):
    log_speed, scaled = mf.geometries.Spectral(smoothing).direction(gradient, jnp.zeros(()))
    return jnp.exp(log_speed) * scaled


def rounding(spectrum, width):
    """The Gram matrix rounds relative to its largest eigenvalue, which is seen through a width this narrow."""
    return 1e-14 * (spectrum.max() / width) ** 2 + 1e-13


def smoothed_factor(gradient, width):
    left, values, right = np.linalg.svd(gradient, full_matrices=False)
    return left @ np.diag(values / np.sqrt(values**2 + width**2)) @ right


@pytest.mark.parametrize("transpose", [False, True], ids=["tall", "wide"])
def test_direction_maps_singular_values_and_keeps_singular_vectors(spectrum, transpose):
    gradient = matrix(spectrum)
    gradient = gradient.T if transpose else gradient
    for width in (1e-1, 1e-3):
        expected = smoothed_factor(gradient, width)
        np.testing.assert_allclose(direction(gradient, width), expected, atol=rounding(spectrum, width))


def test_direction_tends_to_the_polar_factor_on_the_range(spectrum):
    gradient = matrix(spectrum)
    left, values, right = np.linalg.svd(gradient, full_matrices=False)
    kept = values > 1e-9
    polar = left[:, kept] @ right[kept]
    assert np.abs(np.asarray(direction(gradient, 1e-5)) - polar).max() < 1e-4


def test_derivatives_are_finite_and_those_of_finite_differences(spectrum):
    gradient, width = jnp.asarray(matrix(spectrum)), 0.2
    step = 1e-5
    for seed in range(3):
        along = np.random.default_rng(seed).standard_normal(gradient.shape)
        derivative = np.asarray(tangent(gradient, jnp.asarray(along), width))
        slope = (smoothed_factor(gradient + step * along, width) - smoothed_factor(gradient - step * along, width)) / (
            2 * step
        )
        np.testing.assert_allclose(derivative, slope, rtol=1e-5, atol=1e-7)


@eqx.filter_jit
def tangent(gradient, along, width):
    return jax.jvp(lambda g: direction(g, width), (gradient,), (along,))[1]


def test_direction_turns_with_the_matrix(spectrum):
    gradient = matrix(spectrum)
    left, right = orthogonal(5), orthogonal(4)
    turned = direction(left @ gradient @ right, 1e-2)
    np.testing.assert_allclose(turned, left @ direction(gradient, 1e-2) @ right, atol=rounding(spectrum, 1e-2))


def test_stacks_of_matrices_are_mapped_one_by_one():
    stack = np.stack([matrix(values) for values in SPECTRA.values()])
    together = direction(jnp.asarray(stack), 1e-2)
    for gradient, found in zip(stack, together, strict=True):
        np.testing.assert_allclose(found, smoothed_factor(gradient, 1e-2), atol=1e-7)


@pytest.mark.parametrize(
    ("size", "dtype"),
    [(1e-200, np.float64), (1e-30, np.float32), (1e8, np.float64), (1e8, np.float32), (1e200, np.float64)],
)
def test_matrices_of_any_size_and_lower_rank_give_no_nan(size, dtype):
    gradient = (size * matrix([2.0, 1.0, 1.0, 0.0])).astype(dtype)
    found = np.asarray(direction(jnp.asarray(gradient), dtype(1e-4)))
    assert np.isfinite(found).all()
    assert np.linalg.svd(found, compute_uv=False).max() <= 1 + 1e-3
    if size > 1:  # far above the width
        np.testing.assert_allclose(np.linalg.svd(found, compute_uv=False)[:3], 1.0, atol=1e-3)


def test_vectors_are_refused():
    with pytest.raises(ValueError, match=r"needs matrices.*\(3,\)"):
        mf.geometries.Spectral().direction(jnp.ones(3), jnp.zeros(()))
