"""Every geometry is the steepest direction of a norm. A new geometry is a new line of the table."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf


def entries(exponent):
    return lambda array: float((np.abs(array) ** exponent).sum() ** (1 / exponent))


def largest(array):
    return float(np.abs(array).max())


def values(matrix):
    return np.linalg.svd(matrix, compute_uv=False)


# name: the geometry for a smoothing width, its exponent q, the norm of directions, and its dual norm (of gradients).
GEOMETRIES = {
    "euclidean": (lambda _: mf.geometries.Euclidean(), 2.0, entries(2), entries(2)),
    "steepest 2": (lambda e: mf.geometries.Steepest(2.0, e), 2.0, entries(2), entries(2)),
    "steepest 1.7": (lambda e: mf.geometries.Steepest(1.7, e), 1.7, entries(1.7 / 0.7), entries(1.7)),
    "steepest 1.5": (lambda e: mf.geometries.Steepest(1.5, e), 1.5, entries(3), entries(1.5)),
    "steepest 1": (lambda e: mf.geometries.Steepest(1.0, e), 1.0, largest, entries(1)),
    "sign": (lambda e: mf.geometries.Sign(e), 1.0, largest, entries(1)),
    "spectral": (
        lambda e: mf.geometries.Spectral(e),
        1.0,
        lambda matrix: float(values(matrix).max()),
        lambda matrix: float(values(matrix).sum()),
    ),
}
WIDTH = 1e-3
# Away from zero: the smallest entry is 0.2 and the smallest singular value 0.55.
GRADIENT = np.array([[0.7, -1.9, 0.2], [2.3, 0.4, -0.6], [-0.5, 1.1, 3.1], [0.9, -0.3, 1.2]])


@pytest.fixture(params=GEOMETRIES.values(), ids=GEOMETRIES.keys())
def case(request):
    return request.param


@eqx.filter_jit
def parts(geometry, gradient, log_scale):
    return geometry.direction(gradient, log_scale)


def direction(geometry, gradient, log_scale=0.0):
    log_speed, scaled = parts(geometry, jnp.asarray(gradient), jnp.asarray(log_scale))
    assert log_speed.shape == () and scaled.shape == np.shape(gradient)
    return np.exp(float(log_speed)) * np.asarray(scaled)


def test_direction_is_odd(case):
    make, *_ = case
    np.testing.assert_array_equal(direction(make(WIDTH), -GRADIENT), -direction(make(WIDTH), GRADIENT))


@pytest.mark.parametrize("factor", [1e-3, 0.4, 5e4])
def test_direction_is_homogeneous_in_the_gradient_and_its_width(case, factor):
    make, q, *_ = case
    scaled = direction(make(factor * WIDTH), factor * GRADIENT)
    np.testing.assert_allclose(scaled, factor ** (q - 1) * direction(make(WIDTH), GRADIENT), rtol=1e-11, atol=1e-13)


def test_direction_and_gradient_meet_in_the_dual_norm(case):
    """⟨g, d⟩ = ‖g‖_q^q, and Hölder's inequality ⟨g, d⟩ ≤ ‖g‖_q‖d‖_p is an equality."""
    make, q, norm, dual_norm = case
    found = direction(make(1e-7), GRADIENT)
    product = float((GRADIENT * found).sum())
    assert product == pytest.approx(dual_norm(GRADIENT) ** q, rel=1e-10)
    assert product == pytest.approx(dual_norm(GRADIENT) * norm(found), rel=1e-10)


def test_no_other_direction_of_the_same_norm_is_steeper(case):
    make, _, norm, _ = case
    found = direction(make(1e-7), GRADIENT)
    best = float((GRADIENT * found).sum())
    random = np.random.default_rng(5)
    for nearby in (1e-3, 0.1, 10.0):
        for _ in range(20):
            other = found + nearby * random.standard_normal(found.shape)
            assert (GRADIENT * other).sum() * norm(found) / norm(other) <= best * (1 + 1e-9)


def test_smoothing_is_of_second_order_away_from_zero(case):
    make, q, *_ = case
    widths = np.array([4e-2, 2e-2, 1e-2, 5e-3])
    sharp = direction(make(1e-7), GRADIENT)
    errors = [np.abs(direction(make(width), GRADIENT) - sharp).max() for width in widths]
    if q == 2:
        assert max(errors) == 0.0
    else:
        assert np.polyfit(np.log(widths), np.log(errors), 1)[0] == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("log_scale", [-40.0, -3.0, 2.0, 30.0])
def test_direction_depends_on_the_product_of_scale_and_gradient_only(case, log_scale):
    make, *_ = case
    rescaled = direction(make(WIDTH), np.exp(-log_scale) * GRADIENT, log_scale)
    np.testing.assert_allclose(rescaled, direction(make(WIDTH), GRADIENT), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("log_scale", [-2000.0, -800.0, 800.0, 2000.0])
def test_gradients_beyond_the_range_of_floats_have_finite_directions(case, log_scale):
    make, q, *_ = case
    log_speed, scaled = parts(make(WIDTH), jnp.asarray(GRADIENT), jnp.asarray(log_scale))
    assert np.isfinite(log_speed) and np.isfinite(scaled).all()
    assert 1e-3 < np.abs(scaled).max() < 1e3
    if log_scale > 0 or q == 2:  # far above the width: e^{(q−1)s}
        assert float(log_speed) == pytest.approx((q - 1) * log_scale, abs=10)
    else:  # far below it: linear in the gradient
        assert float(log_speed) == pytest.approx(log_scale + (q - 2) * np.log(WIDTH), abs=10)


@pytest.mark.parametrize("log_scale", [-800.0, 0.0, 800.0])
def test_zero_gradient_has_a_zero_direction_and_finite_derivatives(case, log_scale):
    make, *_ = case
    geometry, zero, scale = make(WIDTH), jnp.zeros((4, 3)), jnp.asarray(log_scale)
    _, scaled = parts(geometry, zero, scale)
    np.testing.assert_array_equal(scaled, zero)
    _, slope = jax.jvp(lambda g: parts(geometry, g, scale)[1], (zero,), (jnp.asarray(GRADIENT),))
    assert np.isfinite(slope).all()


def test_derivative_of_the_direction_is_the_slope_of_finite_differences(case):
    make, *_ = case
    geometry, step = make(0.3), 1e-6
    along = np.random.default_rng(2).standard_normal(GRADIENT.shape)
    forward, reverse = derivatives(geometry, jnp.asarray(GRADIENT), jnp.asarray(along))
    slope = (direction(geometry, GRADIENT + step * along) - direction(geometry, GRADIENT - step * along)) / (2 * step)
    np.testing.assert_allclose(forward, slope, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(reverse, slope, rtol=1e-7, atol=1e-9)  # the Jacobian is symmetric


@eqx.filter_jit
def derivatives(geometry, gradient, along):
    def total(g):
        log_speed, scaled = geometry.direction(g, jnp.zeros(()))
        return jnp.exp(log_speed) * scaled

    return jax.jvp(total, (gradient,), (along,))[1], jax.vjp(total, gradient)[1](along)[0]


def test_float32_stays_float32(case):
    make, *_ = case
    single = jnp.asarray(GRADIENT, jnp.float32)
    log_speed, scaled = parts(make(WIDTH), single, jnp.zeros((), jnp.float32))
    assert scaled.dtype == jnp.float32
    np.testing.assert_allclose(np.exp(log_speed) * scaled, direction(make(WIDTH), GRADIENT), rtol=1e-4, atol=1e-4)


def test_ambient_accuracy_multiplies_the_width(case):
    make, *_ = case
    with mf.accuracy(0.1):
        narrow = make(WIDTH)
    np.testing.assert_allclose(direction(narrow, GRADIENT), direction(make(0.1 * WIDTH), GRADIENT), rtol=1e-14)
