"""Coordinatewise directions: slope, weight, and which of them are smooth."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

COORDINATEWISE = {
    "euclidean": mf.geometries.Euclidean(),
    "steepest 2": mf.geometries.Steepest(2.0, 0.1),
    "steepest 1.5": mf.geometries.Steepest(1.5, 0.1),
    "steepest 1": mf.geometries.Steepest(1.0, 0.1),
    "sign": mf.geometries.Sign(0.1),
}
POINTS = np.array([-30.0, -1.3, -0.1, -1e-4, 0.0, 3e-3, 0.07, 0.4, 2.0, 1e8])


@pytest.fixture(params=COORDINATEWISE.values(), ids=COORDINATEWISE.keys())
def geometry(request):
    return request.param


def test_slope_is_the_derivative_of_the_direction(geometry):
    def total(g):
        log_speed, scaled = geometry.direction(g, jnp.zeros(()))
        return jnp.exp(log_speed) * scaled

    # Beyond a hundred widths the derivative as it is written cancels.
    points = jnp.asarray(POINTS[np.abs(POINTS) < 10])
    derivative = jax.jvp(total, (points,), (jnp.ones(points.shape),))[1]
    np.testing.assert_allclose(geometry.slope(points), derivative, rtol=1e-11)
    assert bool(jnp.all(geometry.slope(jnp.asarray(POINTS)) > 0))


def test_weight_is_the_unsmoothed_direction_and_multiplicative(geometry):
    a, b = jnp.asarray(POINTS), jnp.asarray(POINTS[::-1])
    q = float(geometry.q)
    expected = np.sign(POINTS) * np.abs(POINTS) ** (q - 1)
    np.testing.assert_allclose(geometry.weight(a), expected, rtol=1e-14)
    np.testing.assert_allclose(geometry.weight(a * b), geometry.weight(a) * geometry.weight(b), rtol=1e-13)
    slope = jax.vmap(jax.grad(lambda a: geometry.weight(a)))(jnp.asarray(POINTS))
    assert np.isfinite(slope).all()


def test_weighted_direction_keeps_the_balance_law_at_every_width(geometry):
    """Σ_j ∂_t|w_j|^q of two factors agree: |a|^{q−1}sign(a)·weight(b)·d is symmetric in the factors."""
    a, b, q = 0.3, -1.7, float(geometry.q)
    _, d = geometry.direction(jnp.asarray([0.05]), jnp.zeros(()))
    change = [
        q * np.abs(own) ** (q - 1) * np.sign(own) * float(geometry.weight(jnp.asarray(other))) * float(d[0])
        for own, other in ((a, b), (b, a))
    ]
    assert change[0] == pytest.approx(change[1], rel=1e-14)


def test_only_gradient_flow_is_smooth():
    assert mf.geometries.Euclidean().smooth and mf.geometries.Steepest(2.0).smooth
    assert not mf.geometries.Steepest(1.999).smooth and not mf.geometries.Sign().smooth
    assert not mf.geometries.Spectral().smooth
    smooth = []
    jax.jit(lambda q: smooth.append(mf.geometries.Steepest(q).smooth) or q)(2.0)
    assert smooth == [False]
