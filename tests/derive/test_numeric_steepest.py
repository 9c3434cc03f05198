"""Steepest velocities are exact, their spans counted, and their laws as many as the theory says."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import mirrorflow as mf
from mirrorflow.derive._numeric import closure, from_function, spanning_duals, steepest_fields
from mirrorflow.derive._numeric._polar import polar

geometries = mf.geometries


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def matrix_product(n, m, r):
    example = {"U": normal(n, r, seed=n + 10 * m), "V": normal(m, r, seed=100 + r)}
    return from_function(lambda p: p["U"] @ p["V"].T, example), {"U": (n, r), "V": (m, r)}


def counted(model, geometry, shapes=None):
    duals = spanning_duals(model.fields, geometry, model.example, shapes=shapes)
    assert duals.enough
    fields = steepest_fields(model.fields, geometry, duals.values, model.example, shapes=shapes)
    found = closure(fields, model.example)
    assert found.conclusive and found.rank_of_fields == duals.rank
    return found.laws


class _Rotated(geometries.AbstractGeometry):
    """A geometry of which nothing is known here."""

    @property
    def smooth(self):
        return True

    def direction(self, gradient, log_scale):
        return log_scale, gradient[::-1]


def _sign_flow_count(n, m, r):
    if n == m == 1:
        return 2 * r - 1
    if m == 1:
        return n * (r - 1)
    return m * (r - 1) if n == 1 else 0


@pytest.mark.parametrize(
    ("n", "m", "r"), [(1, 1, 1), (1, 1, 3), (2, 1, 2), (3, 1, 2), (1, 2, 3), (1, 3, 2), (2, 2, 1), (2, 2, 2), (3, 2, 3)]
)
def test_sign_flow_on_a_matrix_product_has_the_local_counts_of_the_theory(n, m, r):
    model, _ = matrix_product(n, m, r)
    assert counted(model, geometries.Sign()) == _sign_flow_count(n, m, r)


@pytest.mark.parametrize(("n", "m", "r"), [(2, 1, 2), (2, 2, 1), (1, 1, 3)])
def test_drawn_duals_span_what_a_dense_grid_of_duals_spans(n, m, r):
    model, _ = matrix_product(n, m, r)
    jacobian = np.asarray(model.fields(jnp.asarray(model.example)))
    axis = np.linspace(-1, 1, 12) if jacobian.shape[0] > 2 else np.linspace(-1, 1, 200)
    grid = np.array(list(itertools.product(axis, repeat=jacobian.shape[0]))[:400000])
    patterns = np.unique(np.sign(grid @ jacobian), axis=0)
    duals = spanning_duals(model.fields, geometries.Sign(), model.example)
    assert duals.rank == duals.bound == np.linalg.matrix_rank(patterns)


@pytest.mark.parametrize("q", [1.2, 1.5])
def test_steepest_flow_on_a_product_of_numbers_keeps_all_but_one(q):
    assert counted(from_function(jnp.prod, normal(4)), geometries.Steepest(q=q)) == 3


def test_gradient_flow_is_the_steepest_flow_with_exponent_two():
    model, _ = matrix_product(2, 2, 2)
    assert counted(model, geometries.Euclidean()) == counted(model, geometries.Steepest(q=2.0)) == 3


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (3, 3), (1, 4)])
def test_spectral_velocities_are_polar_factors(shape):
    theta = normal(*shape, seed=2)
    model = from_function(lambda p: p, theta)
    fields = steepest_fields(
        model.fields, geometries.Spectral(), theta.reshape(1, -1), model.example, shapes={"X": shape}
    )
    tall = theta if shape[0] >= shape[1] else theta.T
    factor = scipy.linalg.polar(tall)[0]
    factor = factor if shape[0] >= shape[1] else factor.T
    np.testing.assert_allclose(fields(jnp.asarray(model.example))[0].reshape(shape), -factor, atol=1e-12)


def test_a_polar_factor_of_smaller_rank_has_derivatives_of_every_order():
    left, right = normal(4, 2), normal(3, 2, seed=1)

    def curve(t):
        return polar((left + t * left**2) @ (right - t * right**3).T, 2)

    def reference(t):
        u, _, v = np.linalg.svd((left + t * left**2) @ (right - t * right**3).T)
        return u[:, :2] @ v[:2]

    np.testing.assert_allclose(curve(0.0), reference(0.0), atol=1e-12)
    step = 1e-3
    values = [reference(k * step) for k in (-2, -1, 0, 1, 2)]
    first = (values[0] - 8 * values[1] + 8 * values[3] - values[4]) / (12 * step)
    second = (-values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]) / (12 * step**2)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(curve))(0.0), first, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(jax.jacfwd(curve)))(0.0), second, rtol=1e-5, atol=1e-5)


def test_polar_factors_of_equal_singular_values_have_derivatives():
    # Near Q orthogonal, polar(Q+tM) = Q + t·Q·skew(QᵀM) + O(t²), though all singular values of Q are equal.
    orthogonal = np.linalg.qr(normal(3, 3))[0]
    change = normal(3, 3, seed=1)
    slope = jax.jvp(lambda m: polar(m, 3), (jnp.asarray(orthogonal),), (jnp.asarray(change),))[1]
    inner = orthogonal.T @ change
    np.testing.assert_allclose(slope, orthogonal @ (inner - inner.T) / 2, atol=1e-12)


@pytest.mark.parametrize("rank", [1, 3])
def test_spectral_flow_on_rows_is_normalized_gradient_flow_and_keeps_what_it_keeps(rank):
    # U and V are single rows: u̇ ∝ v/|v|, v̇ ∝ u/|u|, one direction in 2r dimensions.
    model, shapes = matrix_product(1, 1, rank)
    assert counted(model, geometries.Spectral(), shapes) == 2 * rank - 1


def test_spectral_flow_on_wide_factors_keeps_a_determinant_and_nothing_else():
    # Rows of U move in the span of the rows of V and the other way round: of n+m=r rows in all the determinant is kept.
    model, shapes = matrix_product(2, 1, 3)
    assert counted(model, geometries.Spectral(), shapes) == 1
    duals = spanning_duals(model.fields, geometries.Spectral(), model.example, shapes=shapes)
    fields = steepest_fields(model.fields, geometries.Spectral(), duals.values, model.example, shapes=shapes)
    slope = jax.grad(lambda theta: jnp.linalg.det(theta.reshape(3, 3)))(jnp.asarray(model.example))
    np.testing.assert_allclose(fields(jnp.asarray(model.example)) @ slope, 0.0, atol=1e-12)


def test_entries_that_do_not_move_stay_smooth():
    model = from_function(lambda p: p[0] * p[1], np.array([1.0, 2.0, 3.0]))
    for geometry in (geometries.Sign(), geometries.Steepest(q=1.5)):
        assert counted(model, geometry) == 2


@pytest.mark.parametrize(
    ("geometry", "duals", "shapes", "words"),
    [
        (geometries.Spectral(), np.ones((1, 1)), None, "shapes"),
        (geometries.Spectral(), np.ones((1, 1)), {"a": (4,)}, "shapes"),
        (geometries.Spectral(), np.ones((1, 1)), {"a": (2, 1)}, "shapes"),
        (geometries.Sign(), np.ones((1, 2)), None, "jacobian"),
        (geometries.Sign(), np.ones(2), None, "duals"),
        (_Rotated(), np.ones((1, 1)), None, "geometry"),
    ],
)
def test_bad_input_is_refused_in_words(geometry, duals, shapes, words):
    model = from_function(jnp.prod, normal(4))
    with pytest.raises(ValueError, match=words):
        steepest_fields(model.fields, geometry, duals, model.example, shapes=shapes)
