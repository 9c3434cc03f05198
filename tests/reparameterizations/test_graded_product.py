"""Graded products against 250 digits, against the same flow of plain factors, and what they refuse."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import optax
import pytest

import mirrorflow as mf

RANDOM = np.random.default_rng(3)
ROWS, COLUMNS, TIME = 4, 3, 25.0
DIGITS = 250


def product_of(columns, rank):
    return mf.reparameterizations.GradedProduct(ROWS, rank, columns)


def factors_of(columns, rank):
    return [RANDOM.standard_normal((size, rank)) for size in (ROWS, columns) if size is not None]


def logarithms(matrix):
    """log σ_i of a matrix of mpmath."""
    values = sorted(mpmath.svd_r(matrix, compute_uv=False), reverse=True)
    return np.array([float(mpmath.log(value)) for value in values])


@pytest.mark.parametrize(("columns", "rank"), [(None, 3), (COLUMNS, 2), (COLUMNS, 6)])
def test_singular_values_of_a_linear_loss_are_those_of_the_exponential(columns, rank):
    """For f=⟨C,X⟩ the factors are e^{At}Y₀, here from 1e-60, with the exponential and the svd in 250 digits."""
    slope = RANDOM.standard_normal((ROWS, columns or ROWS))
    problem = mf.problems.Objective(lambda x: jnp.sum(jnp.asarray(slope) * x), dimension=slope.shape)
    product, parts = product_of(columns, rank), factors_of(columns, rank)
    start = product.factors(*parts, log_scale=np.log(1e-60))
    flow = mf.Flow(problem, reparameterization=product)
    path = mf.integrate(flow, start, until=mf.until.time(TIME), save=3, rtol=1e-10, atol=1e-12)
    zeros = [np.zeros((size, size)) for size in (ROWS, COLUMNS)]
    drive = slope + slope.T if columns is None else np.block([[zeros[0], slope], [slope.T, zeros[1]]])
    found = mf.observe.log_singular_values(path)
    with mpmath.workdps(DIGITS):
        for time, logs, x in zip(np.asarray(path.time), found, np.asarray(path.x), strict=True):
            moved = mpmath.expm(mpmath.matrix((-drive).tolist()) * mpmath.mpf(float(time)))
            y = moved * mpmath.matrix(np.concatenate(parts).tolist()) * mpmath.mpf(float(np.exp(np.log(1e-60))))
            made = y * y.T if columns is None else y[:ROWS, :] * y[ROWS:, :].T
            # over some 600 steps of 1e-10, times the logarithm's size
            np.testing.assert_allclose(logs, logarithms(made)[: len(logs)], atol=2e-7)
            entries = np.array(made.tolist(), float).reshape(x.shape)
            np.testing.assert_allclose(x, entries, rtol=0, atol=1e-7 * np.abs(entries).max())


@pytest.mark.parametrize(
    ("columns", "rank", "decay"), [(None, 4, mf.decay.Coupled(0.05)), (COLUMNS, 2, mf.decay.Decoupled(0.1))]
)
def test_path_of_ordinary_size_is_that_of_the_plain_factors(columns, rank, decay):
    """Up to t=2, when the entries still know the smallest singular value."""
    shape = (ROWS, columns or ROWS)
    problem = mf.problems.MatrixSensing.sample(jax.random.key(0), shape=shape, rank=1, measurements=6)
    problem = mf.problems.MatrixSensing(problem.measurements / 3, problem.target / 3)
    product, parts = product_of(columns, rank), factors_of(columns, rank)
    plain = parts[0] if columns is None else dict(zip(("left", "right"), parts, strict=True))
    ahead = {"until": mf.until.time(2.0), "save": 9, "rtol": 1e-10, "atol": 1e-12}
    paths = [
        mf.integrate(mf.Flow(problem, reparameterization=g, decay=decay), start, **ahead)
        for g, start in ((product, product.factors(*parts)), (product.plain, plain))
    ]
    np.testing.assert_allclose(paths[0].x, paths[1].x, atol=1e-7)
    kept = mf.observe.log_singular_values(paths[0])
    np.testing.assert_allclose(kept, mf.observe.log_singular_values(paths[1])[:, : kept.shape[1]], atol=1e-6)
    frame = np.asarray(paths[0].parameters["frame"])
    np.testing.assert_allclose(np.swapaxes(frame, 1, 2) @ frame, np.eye(rank)[None] * np.ones((9, 1, 1)), atol=1e-7)


def test_commuting_flow_has_its_closed_form_from_a_start_beyond_floats():
    """One measurement I: U̇=−2(tr X−b)U keeps UUᵀ/tr X, and v=log tr X has v̇=4(b−e^v); from X of size e^{−4000}."""
    problem = mf.problems.MatrixSensing(np.eye(ROWS)[None], np.array([1.0]))
    product = product_of(None, 2)
    factor = np.linalg.qr(RANDOM.standard_normal((ROWS, 2)))[0] * np.sqrt([0.75, 0.25])
    start = product.factors(factor, log_scale=-2000.0)
    flow = mf.Flow(problem, reparameterization=product)
    path = mf.integrate(flow, start, until=mf.until.time(1010.0), save=[0.0, 500.0, 990.0, 1000.2, 1010.0])
    grown = -4000 + 4 * np.asarray(path.time)
    trace = grown - np.logaddexp(0.0, grown)  # from e^{−4000}, 1+e^{grown} is what the logistic curve leaves
    expected = trace[:, None] + np.log([0.75, 0.25])[None]
    np.testing.assert_allclose(mf.observe.log_singular_values(path), expected, atol=1e-5)


def test_saddle_is_no_rest_and_the_minimum_is():
    problem = mf.problems.MatrixSensing(np.eye(ROWS)[None], np.array([1.0]))
    product = product_of(None, 2)
    start = product.factors(RANDOM.standard_normal((ROWS, 2)), log_scale=np.log(1e-40))
    path = mf.integrate(mf.Flow(problem, reparameterization=product), start, until=mf.until.stationary(1e-9))
    assert path.status.ok
    assert float(np.trace(path.x[-1])) == pytest.approx(1.0, abs=1e-8)


def test_decayed_flow_comes_to_rest_at_the_shrunk_minimum():
    """The penalty α‖U‖² is α·tr X, and (tr X−1)+α = 0 where it rests."""
    problem = mf.problems.MatrixSensing(np.eye(ROWS)[None], np.array([1.0]))
    product = product_of(None, 2)
    flow = mf.Flow(problem, reparameterization=product, decay=mf.decay.Coupled(0.25))
    start = product.factors(RANDOM.standard_normal((ROWS, 2)), log_scale=-20.0)
    path = mf.integrate(flow, start, until=mf.until.stationary(1e-9))
    assert path.status.ok
    assert float(np.trace(path.x[-1])) == pytest.approx(0.75, abs=1e-8)


@pytest.mark.parametrize("columns", [None, COLUMNS])
def test_lift_and_factors_make_the_same_x(columns):
    product, parts = product_of(columns, 2), factors_of(columns, 2)
    wanted = parts[0] @ parts[-1].T
    np.testing.assert_allclose(product(product.factors(*parts)), wanted, atol=1e-12)
    np.testing.assert_allclose(product(product.lift(wanted)), wanted, atol=1e-12)
    traced = jax.jit(lambda *held: product(product.factors(*held, log_scale=0.0)))(*map(jnp.asarray, parts))
    np.testing.assert_allclose(traced, wanted, atol=1e-12)


def test_symmetric_lift_is_a_square_root():
    product, factor = mf.reparameterizations.SymmetricProduct(4, 2), RANDOM.standard_normal((4, 2))
    lifted = product.lift(factor @ factor.T)
    np.testing.assert_allclose(product(lifted), factor @ factor.T, atol=1e-12)
    np.testing.assert_allclose(lifted.T @ lifted, np.diag(np.linalg.svd(factor)[1] ** 2), atol=1e-12)


def flow_of(**more):
    problem = mf.problems.MatrixSensing(np.eye(2)[None], np.array([1.0]))
    return mf.Flow(problem, reparameterization=mf.reparameterizations.GradedProduct(2, 1), **more)


START = {"frame": np.array([[0.6], [0.8]]), "log_scales": np.zeros(1), "mixing": np.ones((1, 1))}


def noisy(flow):
    noise, until = mf.noise.Isotropic(0.1), mf.until.time(1.0)
    return mf.simulate(flow, START, noise=noise, key=jax.random.key(0), step_size=0.1, until=until)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda: mf.reparameterizations.GradedProduct(3, 4), "rank must be at most rows = 3, got 4"),
        (lambda: mf.reparameterizations.GradedProduct(3, 6, 2), r"rank must be at most rows\+columns = 5, got 6"),
        (lambda: product_of(None, 2).factors(np.ones((4, 2))), "columns of the factors must be independent"),
        (lambda: product_of(None, 2).factors(np.zeros((4, 2))), "columns of the factors must be independent"),
        (lambda: product_of(None, 2).factors(np.ones((4, 3))), r"left must have shape \(4, 2\)"),
        (lambda: product_of(None, 2).factors(np.eye(4)[:, :2], np.eye(4)[:, :2]), "right must not be given"),
        (lambda: product_of(3, 2).factors(np.eye(4)[:, :2]), "right must be given"),
        (lambda: product_of(None, 2).lift(np.diag([1.0, 0, 0, 0])), "columns of the factors must be independent"),
        (lambda: flow_of(geometry=mf.geometries.Steepest(1.5)), "A graded product follows gradient flow"),
        (lambda: flow_of(decay=mf.decay.Coupled(0.1, penalty=mf.decay.PowerSum(4))), "decays with the penalty"),
        (lambda: mf.discretize(flow_of(), optax.sgd(0.1), steps=1, step_size=0.1), "discretize the flow of its"),
        (lambda: flow_of().as_mirror_flow(START), "the graded product's `plain` one"),
        (lambda: noisy(flow_of()), "of which a graded product has none"),
        (lambda: flow_of().check_start(START | {"frame": np.ones((2, 1))}), "orthonormal columns"),
        (lambda: flow_of().check_start(START | {"mixing": 2 * np.ones((1, 1))}), "unit upper triangular"),
        (lambda: flow_of().check_start(np.ones((2, 1))), "factors or .lift makes, got ndarray"),
        (lambda: mf.reparameterizations.SymmetricProduct(2, 0), "rank must be at least 1"),
        (lambda: mf.reparameterizations.SymmetricProduct(2, 1).lift(np.eye(2)), "rank at most 1"),
        (lambda: mf.reparameterizations.SymmetricProduct(2, 2).lift(-np.eye(2)), "positive semidefinite"),
        (lambda: mf.reparameterizations.SymmetricProduct(2, 2).lift(np.array([[1.0, 2.0], [0.0, 5.0]])), "symmetric"),
        (lambda: mf.reparameterizations.SymmetricProduct(2, 2).lift(np.eye(2), balance=1.0), "balance=0 only"),
    ],
)
def test_bad_input_is_refused_in_words(what, words):
    with pytest.raises(ValueError, match=words):
        what()
