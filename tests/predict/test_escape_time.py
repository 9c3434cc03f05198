"""Escape from the saddle of a balanced deep diagonal network."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

escape_time = mf.predict.escape_time
SCALES = np.logspace(-12, -6, 7)


@pytest.mark.parametrize("depth, q", [(2, 1.0), (2, 2.0), (3, 1.0), (3, 1.5), (3, 2.0), (5, 1.25), (10, 2.0)])
def test_escape_time_is_the_integral_of_the_slowness(depth, q):
    """∫dx/(L·x^m) by adaptive quadrature in log x."""
    from scipy.integrate import quad

    exponent = q * (depth - 1) / depth
    for x0, to in ((1e-6, 0.1), (0.2, 0.3), (0.5, 40.0)):
        integral, _ = quad(lambda s: np.exp((1 - exponent) * s) / depth, np.log(x0), np.log(to), epsrel=1e-12)
        np.testing.assert_allclose(escape_time(depth, q, x0, to), integral, rtol=1e-11)


def test_sign_flow_escapes_in_a_time_that_does_not_depend_on_the_start():
    for depth in (2, 3, 6):
        times = escape_time(depth, 1.0, SCALES, 0.1)
        assert times.max() / times.min() < 1 + 2 * SCALES.max() ** (1 / depth) / 0.1 ** (1 / depth)


@pytest.mark.parametrize("depth", [3, 4, 7])
def test_gradient_flow_escapes_in_a_power_of_the_start(depth):
    times = escape_time(depth, 2.0, SCALES, 0.1)
    slope = np.polyfit(np.log(SCALES), np.log(times), 1)[0]
    assert abs(slope - (2 / depth - 1)) < 0.01
    np.testing.assert_allclose(times[0], SCALES[0] ** (2 / depth - 1) / (depth - 2), rtol=0.01)


def test_gradient_flow_of_depth_two_escapes_in_a_logarithm_of_the_start():
    np.testing.assert_allclose(escape_time(2, 2.0, SCALES, 0.1), np.log(0.1 / SCALES) / 2, rtol=1e-14)


def test_escape_time_is_smooth_through_the_entropic_exponent():
    entropic = escape_time(3, 1.5, SCALES, 0.1)
    for step in (1e-5, 1e-8, 1e-12):
        for side in (-1, 1):
            near = escape_time(3, 1.5 + side * step, SCALES, 0.1)
            # d(time)/dq is (log 1/x₀)²/3 at most: 20·step relative
            np.testing.assert_allclose(near, entropic, rtol=20 * step + 1e-14)
    slopes = [jax.grad(lambda q: escape_time(3, q, 1e-6, 0.1))(1.5 + step) for step in (-1e-7, 0.0, 1e-7)]
    np.testing.assert_allclose(slopes, slopes[1], rtol=1e-5)


def test_times_add_up_and_shrink_to_nothing():
    first, second = escape_time(3, 1.7, 1e-9, 1e-4), escape_time(3, 1.7, 1e-4, 0.3)
    np.testing.assert_allclose(first + second, escape_time(3, 1.7, 1e-9, 0.3), rtol=1e-13)
    assert escape_time(3, 1.7, 0.3, 0.3) == 0
    np.testing.assert_allclose(escape_time(3, 2.0, 0.5, 0.5 + 2.0**-50), 2.0**-50 / (3 * 0.5 ** (4 / 3)), rtol=1e-13)


def test_arrays_and_traced_numbers():
    times = jax.jit(lambda q: escape_time(3, q, jnp.asarray(SCALES), 0.1))(2.0)
    np.testing.assert_allclose(times, escape_time(3, 2.0, SCALES, np.full(7, 0.1)), rtol=1e-14)
    assert escape_time(3, np.array([1.0, 2.0]), 1e-3, 0.1).shape == (2,)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((1, 2.0, 0.1, 1.0), "depth must be at least 2"),
        ((3, 2.1, 0.1, 1.0), r"q must be in \[1, 2\]"),
        ((3, 2.0, 0.0, 1.0), "x0 must be positive"),
        ((3, 2.0, [0.1, -0.1], 1.0), "x0 must be positive, got at index 1"),
        ((3, 2.0, 0.1, np.nan), "to must be finite"),
        ((3, 2.0, 0.1, 0.05), "to must be at least x0"),
        ((3, 2.0, [0.1, 0.2], [0.3, 0.3, 0.3]), "one shape"),
    ],
)
def test_bad_arguments_are_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        escape_time(*arguments)
