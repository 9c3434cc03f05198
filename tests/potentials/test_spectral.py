"""Potentials of matrices: derivatives by definition, and flows that end where theory says."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import mirrorflow as mf

P = mf.potentials
RANDOM = np.random.default_rng(0)


def orthogonal(size):
    return np.linalg.qr(RANDOM.standard_normal((size, size)))[0]


def matrix(values, rows, columns):
    square = np.zeros((rows, columns))
    np.fill_diagonal(square, values)
    return orthogonal(rows) @ square @ orthogonal(columns)


def symmetric(values):
    vectors = orthogonal(len(values))
    return vectors @ np.diag(values) @ vectors.T


ENTROPY = P.HyperbolicEntropy(0.3)
# simple, repeated, nearly repeated and zero singular values; square, tall and wide
MATRICES = {
    "simple": matrix([2.0, 1.1, 0.3], 3, 3),
    "repeated": matrix([1.5, 1.5, 0.4], 3, 3),
    "nearly repeated": matrix([1.5, 1.5 + 1e-7, 0.4], 3, 3),
    "zero": np.zeros((3, 3)),
    "rank one": matrix([1.5, 0.0, 0.0], 3, 3),
    "tall": matrix([2.0, 0.7], 4, 2),
    "tall, rank one": matrix([2.0, 0.0], 4, 2),
    "wide, repeated": matrix([0.7, 0.7], 2, 4),
}


def by_dilation(function, x):
    """An odd function of the singular values, by SciPy's Hermitian functions of [[0,X],[Xᵀ,0]]."""
    rows, columns = x.shape
    dilated = np.block([[np.zeros((rows, rows)), x], [x.T, np.zeros((columns, columns))]])
    values, vectors = scipy.linalg.eigh(dilated)
    return ((vectors * function(values)) @ vectors.T)[:rows, rows:]


def derivative(function, x, direction):
    """Of an analytic function, by Richardson's extrapolation of central differences."""
    slopes = [(function(x + h * direction) - function(x - h * direction)) / (2 * h) for h in (2e-3, 1e-3, 5e-4)]
    once = [(4 * fine - coarse) / 3 for coarse, fine in itertools.pairwise(slopes)]
    return (16 * once[1] - once[0]) / 15


@jax.jit
def first_and_second(x, v):
    spectral = P.Spectral(ENTROPY)
    z = spectral.mirror_map(x)
    return (
        z,
        jax.grad(spectral.value)(x),
        jax.jvp(jax.grad(spectral.value), (x,), (v,))[1],
        spectral.metric_product(x, v),
        jax.grad(lambda y: jnp.sum(v * jax.grad(spectral.value)(y)))(x),
        jax.grad(spectral.conjugate)(z),
        jax.jvp(jax.grad(spectral.conjugate), (z,), (v,))[1],
        jax.grad(spectral.balance_function)(x),
    )


@pytest.mark.parametrize("name", MATRICES)
def test_derivatives_are_right_at_every_kind_of_matrix(name):
    x = MATRICES[name]
    v = RANDOM.standard_normal(x.shape)
    z, gradient, forward, product, reverse, back, conjugate, balance = first_and_second(x, v)
    mirror_map = lambda y: by_dilation(lambda s: np.arcsinh(s / 0.3), y)  # noqa: E731
    np.testing.assert_allclose(z, mirror_map(x), atol=1e-13)
    np.testing.assert_allclose(gradient, z, atol=1e-13)
    exact = derivative(mirror_map, x, v)
    for hessian in (forward, product, reverse):
        np.testing.assert_allclose(hessian, exact, atol=1e-9)
    np.testing.assert_allclose(back, x, atol=1e-13)
    np.testing.assert_allclose(
        conjugate, derivative(lambda w: by_dilation(lambda s: 0.3 * np.sinh(s), w), z, v), atol=1e-9
    )
    np.testing.assert_allclose(balance, P.Spectral(ENTROPY).metric_product(x, x), atol=1e-12)


@pytest.mark.parametrize("values", [[2.0, 1.1, 0.3], [0.7, 0.7, 0.7], [1e-8, 1.0, 1.0]])
def test_von_neumann_entropy_is_the_matrix_logarithm(values):
    entropy, x = P.Spectral(P.NegativeEntropy()), symmetric(values)
    np.testing.assert_allclose(
        entropy.mirror_map(x), scipy.linalg.logm(x).real, atol=1e-6 if min(values) < 1e-6 else 1e-12
    )
    np.testing.assert_allclose(entropy.value(x), np.sum(np.array(values) * (np.log(values) - 1)), rtol=1e-9)
    z, v = entropy.mirror_map(x), symmetric([1.0, -2.0, 0.5])
    np.testing.assert_allclose(entropy.inverse_mirror_map(z), x, atol=1e-13)
    expected = scipy.linalg.expm_frechet(np.asarray(z), v, compute_expm=False)
    np.testing.assert_allclose(jax.jvp(entropy.inverse_mirror_map, (z,), (v,))[1], expected, atol=1e-11)
    np.testing.assert_allclose(entropy.metric_product(x, entropy.conjugate_product(z, v)), v, atol=1e-9)


@pytest.mark.parametrize("potential", [P.Quadratic(), P.Power(1.5), P.Power(3.0), P.Cosh(), ENTROPY])
def test_diagonal_matrices_are_vectors(potential):
    x, y, spectral = np.array([1.3, -0.4, 0.7]), np.array([-0.2, 0.5, 1.1]), P.Spectral(potential)
    np.testing.assert_allclose(spectral.mirror_map(np.diag(x)), np.diag(potential.mirror_map(x)), atol=1e-14)
    for name in ("value", "balance_function", "conjugate"):
        np.testing.assert_allclose(getattr(spectral, name)(np.diag(x)), getattr(potential, name)(x), rtol=1e-13)
    np.testing.assert_allclose(spectral.divergence(np.diag(x), np.diag(y)), potential.divergence(x, y), rtol=1e-13)
    assert spectral.horizon == P.Schatten(potential.horizon.p)


@pytest.mark.parametrize("rows, columns", [(3, 3), (4, 2), (2, 4)])
def test_divergence_is_its_definition_and_keeps_its_digits_where_matrices_are_close(rows, columns):
    spectral, generator = P.Spectral(ENTROPY), np.random.default_rng(1)
    x, y = generator.standard_normal((2, rows, columns))
    definition = spectral.value(x) - spectral.value(y) - np.sum(spectral.mirror_map(y) * (x - y))
    np.testing.assert_allclose(spectral.divergence(x, y), definition, rtol=1e-12)
    close = 1e-7 * y
    expected = np.sum(close * spectral.metric_product(x, close)) / 2
    np.testing.assert_allclose(spectral.divergence(x + close, x), expected, rtol=1e-6)  # third order: 1e-7 relative
    slope = jax.grad(spectral.divergence, argnums=(0, 1))(x, y)
    np.testing.assert_allclose(slope[0], spectral.mirror_map(x) - spectral.mirror_map(y), rtol=1e-12)
    np.testing.assert_allclose(slope[1], spectral.metric_product(y, y - x), rtol=1e-10, atol=1e-12)


def test_schatten_norms_are_dual():
    x, y = np.random.default_rng(2).standard_normal((2, 3, 4))
    for p, order in ((1, "nuc"), (2, "fro"), (np.inf, 2)):
        norm = P.Schatten(p)
        np.testing.assert_allclose(norm(x), np.linalg.norm(x, order), rtol=1e-13)
        assert np.sum(x * y) <= norm(x) * norm.dual(y)
        assert norm.dual.dual == norm
    with pytest.raises(ValueError, match="matrix"):
        P.Schatten(2)(np.ones(3))


def sensing(symmetric=False):
    """Rank one; of full rank among symmetric positive definite matrices, where one of rank one is all that fits."""
    shape, rank = ((4, 4), 4) if symmetric else ((4, 3), 1)
    return mf.problems.MatrixSensing.sample(
        jax.random.key(3), shape=shape, rank=rank, measurements=7, symmetric=symmetric
    )


def in_span(problem, moved):
    """The share of a matrix outside the span of the measurements."""
    basis = np.asarray(problem.measurements).reshape(len(problem.measurements), -1).T
    flat = np.asarray(moved).ravel()
    return np.linalg.norm(flat - basis @ np.linalg.lstsq(basis, flat, rcond=None)[0]) / np.linalg.norm(flat)


@pytest.mark.parametrize("potential", [P.HyperbolicEntropy(0.3), P.NegativeEntropy(), P.Cosh()])
def test_flow_ends_at_the_spectral_bregman_projection(potential):
    """KKT: it interpolates, and ∇R(X)−∇R(X₀) lies in the span of the measurements."""
    spectral = P.Spectral(potential)
    problem = sensing(spectral.symmetric)
    start = np.diag([0.2, 0.5, 0.3, 0.4]) if spectral.symmetric else matrix([0.5, 0.2, 0.1], 4, 3)
    flow = mf.Flow(problem, potential=spectral)
    path = mf.integrate(flow, start, until=mf.until.stationary(1e-11), rtol=1e-9, atol=1e-12, save=9)
    assert path.status.ok, path.status
    assert path.loss[-1] < 1e-17
    for point in (path.x[4], path.x[-1]):
        assert in_span(problem, spectral.mirror_map(point) - spectral.mirror_map(start)) < 1e-9
    shift = np.random.default_rng(5).standard_normal(start.shape)
    shift = (shift + shift.T) / 2 if spectral.symmetric else shift
    basis = np.asarray(problem.measurements).reshape(7, -1)
    shift = (shift.ravel() - np.linalg.pinv(basis) @ (basis @ shift.ravel())).reshape(start.shape)
    shift = (shift + shift.T) / 2 if spectral.symmetric else shift
    least = spectral.divergence(path.x[-1], start)
    for step in (1e-2, -1e-2):  # other interpolators are further away
        assert spectral.divergence(path.x[-1] + step * shift, start) > least


def test_tiny_scale_is_the_nuclear_norm_and_quadratic_the_frobenius_norm():
    import cvxpy as cp

    problem = sensing()
    x = cp.Variable((4, 3))
    fits = [cp.trace(a.T @ x) == b for a, b in zip(problem.measurements, problem.target, strict=True)]
    norms = {}
    for name, norm in (("nuclear", cp.normNuc(x)), ("frobenius", cp.norm(x, "fro"))):
        cp.Problem(cp.Minimize(norm), fits).solve(cp.CLARABEL)
        norms[name] = x.value
    ends = {}
    for name, potential in (("nuclear", P.HyperbolicEntropy(1e-12)), ("frobenius", P.Quadratic())):
        flow = mf.Flow(problem, potential=P.Spectral(potential))
        path = mf.integrate(flow, np.zeros((4, 3)), until=mf.until.stationary(1e-9), rtol=1e-8, atol=1e-10)
        assert path.status.ok, path.status
        ends[name] = path.x[-1]
    np.testing.assert_allclose(ends["frobenius"], norms["frobenius"], atol=1e-6)
    nuclear = P.Schatten(1)
    assert nuclear(norms["nuclear"]) < 0.95 * nuclear(norms["frobenius"])  # the two are told apart
    np.testing.assert_allclose(nuclear(ends["nuclear"]), nuclear(norms["nuclear"]), rtol=1e-3)


def test_decay_shrinks_along_the_metric():
    """Decoupled decay of quadratic and coupled decay of half the strength are one flow, e^{−αt} without a loss."""
    nothing = mf.problems.Objective(lambda x: 0.0 * jnp.sum(x), dimension=(3, 2))
    start = matrix([1.0, 0.3], 3, 2)
    for potential, rate in ((P.Quadratic(), 1.0), (P.Power(3.0), 1.0)):
        flow = mf.Flow(nothing, potential=P.Spectral(potential), decay=mf.decay.Decoupled(0.7))
        end = mf.integrate(flow, start, until=mf.until.time(1.0), rtol=1e-10, atol=1e-12).x[-1]
        np.testing.assert_allclose(end, np.exp(-0.7 * rate) * start, rtol=1e-8)


def test_discrete_twin_follows_the_flow():
    import optax

    problem = sensing()
    flow = mf.Flow(problem, potential=P.Spectral(ENTROPY))
    start = matrix([0.5, 0.2, 0.1], 4, 3)
    gaps = []
    for steps in (200, 400):
        twin = mf.discretize(flow, optax.sgd(0.2 / steps), steps=steps, step_size=0.2 / steps).run(start)
        path = mf.integrate(flow, start, until=mf.until.time(0.2), rtol=1e-10, atol=1e-12)
        gaps.append(float(np.abs(twin.x[-1] - path.x[-1]).max()))
    assert abs(np.log2(gaps[0] / gaps[1]) - 1) < 0.2


REFUSED = {
    "not even": (lambda: P.Spectral(P.TiltedHyperbolicEntropy(0.3, 0.5)), "must be even"),
    "own scales": (lambda: P.Spectral(P.HyperbolicEntropy([0.1, 0.2])), "differ between coordinates"),
    "half-line below": (lambda: P.Spectral(P.BalancedSteepest(3, 2.0, side=-1)), r"ℝ or \(0, inf\)"),
    "no potential": (lambda: P.Spectral("entropy"), "potential must be a separable potential"),
    "vector": (lambda: P.Spectral(ENTROPY).value(np.ones(3)), "x must be a matrix"),
    "not square": (lambda: P.Spectral(P.NegativeEntropy()).value(np.ones((3, 2))), "x must be a square matrix"),
    "prediction": (
        lambda: mf.predict.limit(mf.Flow(sensing(), potential=P.Spectral(ENTROPY)), np.eye(4, 3)),
        "limit is known for potentials of coordinates",
    ),
    "vector problem": (
        lambda: mf.Flow(mf.problems.Objective(jnp.sum, 3), potential=P.Spectral(ENTROPY)),
        r"acts on a matrix x, the problem has shape \(3,\)",
    ),
    "geometry": (
        lambda: mf.Flow(sensing(), potential=P.Spectral(ENTROPY), geometry=mf.geometries.Steepest(q=1.0)),
        "Euclidean or the spectral geometry",
    ),
    "start": (
        lambda: mf.integrate(
            mf.Flow(sensing(True), potential=P.Spectral(P.NegativeEntropy())),
            np.diag([1.0, 1.0, 1.0, -1.0]),
            until=mf.until.time(1.0),
        ),
        "smallest eigenvalue is -1",
    ),
    "unsymmetric start": (
        lambda: mf.integrate(
            mf.Flow(sensing(True), potential=P.Spectral(P.NegativeEntropy())),
            np.eye(4) + np.eye(4, k=1),
            until=mf.until.time(1.0),
        ),
        "not symmetric",
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_not_spectral_is_refused_in_words(words):
    make, message = REFUSED[words]
    with pytest.raises(ValueError, match=message):
        make()
