"""The times at which ranks arrive: identities, a closed form, and minima found by SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import mirrorflow as mf

ROWS, COLUMNS = 4, 3


def identity(matrix):
    """½‖X−T‖²: every entry measured."""
    matrix = np.asarray(matrix, float)
    return mf.problems.MatrixSensing(np.eye(matrix.size).reshape(-1, *matrix.shape), matrix.ravel())


def sampled(shape, symmetric, seed=0):
    made = mf.problems.MatrixSensing.sample(
        jax.random.key(seed), shape=shape, rank=2, measurements=30, symmetric=symmetric
    )
    return mf.problems.MatrixSensing(made.measurements / 5, made.target / 5)


def rotation(size):
    return np.linalg.qr(np.random.default_rng(size).standard_normal((size, size)))[0]


@pytest.mark.parametrize("symmetric", [True, False])
def test_singular_values_of_a_matrix_known_entry_by_entry_arrive_at_their_own_times(symmetric):
    """−∇f=T at 0 and nothing couples: Ẏ=2TY for UUᵀ, so τ_k=1/(2λ_k); singular values for UVᵀ, τ_k=1/σ_k."""
    values = np.array([3.0, 2.0, 0.5])
    left, right = rotation(ROWS)[:, :3], rotation(ROWS if symmetric else COLUMNS)
    truth = left * values @ (left if symmetric else right[:, :3]).T
    jumps = mf.predict.rank_jumps(identity(truth), symmetric=symmetric, rank=3)
    np.testing.assert_allclose(jumps.times, 1 / values / (2 if symmetric else 1), rtol=1e-9)
    for k in range(4):
        kept = np.where(np.arange(3) < k, values, 0.0)
        np.testing.assert_allclose(jumps.plateaus[k], left * kept @ (left if symmetric else right[:, :3]).T, atol=1e-9)
    assert jumps.ranks.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("shape", "symmetric"), [((ROWS, ROWS), True), ((ROWS, COLUMNS), False)])
def test_plateaus_are_critical_minima_of_their_rank(shape, symmetric):
    problem = sampled(shape, symmetric)
    measurements, target = np.asarray(problem.measurements), np.asarray(problem.target)
    jumps = mf.predict.rank_jumps(problem, symmetric=symmetric, rank=min(shape))
    for x, rank in zip(jumps.plateaus[1:], jumps.ranks[1:], strict=True):
        gradient = np.asarray(problem.gradient(x))
        assert np.linalg.matrix_rank(x, tol=1e-8) == rank
        np.testing.assert_allclose(gradient @ x.T, 0.0, atol=1e-9)
        np.testing.assert_allclose(x.T @ gradient, 0.0, atol=1e-9)

        def loss(flat, rank=rank):
            factors = flat.reshape(-1, rank)
            left, right = (factors, factors) if symmetric else (factors[: shape[0]], factors[shape[0] :])
            return float(np.sum((np.tensordot(measurements, left @ right.T, 2) - target) ** 2) / 2)

        found = scipy.optimize.minimize(loss, np.random.default_rng(0).standard_normal(sum(shape[symmetric:]) * rank))
        assert float(problem.loss(x)) <= found.fun + 1e-8


def test_exponents_fall_continuously_to_zero_at_their_arrival():
    jumps = mf.predict.rank_jumps(sampled((ROWS, ROWS), False), symmetric=False, rank=ROWS)
    just = 1e-9
    np.testing.assert_allclose(jumps.exponents(0.0), 1.0)
    for tau in jumps.breaks:
        np.testing.assert_allclose(jumps.exponents(tau - just), jumps.exponents(tau), atol=1e-7)
    for k, tau in enumerate(jumps.times):
        np.testing.assert_allclose(jumps.exponents(tau)[: k + 1], 0.0, atol=1e-9)
        assert (jumps.exponents(tau)[k + 1 :] > 0).all()
    assert (jumps.exponents(np.linspace(0, 2 * jumps.times[-1], 200)) <= 1 + 1e-9).all()  # where the sign may change
    assert (np.diff(jumps.exponents(np.linspace(0, jumps.times[-1], 50)), axis=1) >= -1e-9).all()


def test_last_direction_of_square_factors_falls_where_the_determinants_disagree():
    """Its rate on the first plateau is then minus a singular value of the gradient."""
    found = []
    for seed in range(8):
        problem = sampled((COLUMNS, COLUMNS), False, seed)
        jumps = mf.predict.rank_jumps(problem, symmetric=False, rank=COLUMNS)
        first = np.sign(np.linalg.det(-np.asarray(problem.gradient(np.zeros((COLUMNS, COLUMNS))))))
        x = jumps.plateaus[1]
        differ = first != np.sign(np.linalg.det(x - np.asarray(problem.gradient(x))))
        assert (jumps.rates[1, -1] < 0) == differ
        assert np.abs(jumps.rates[1, -1]) == pytest.approx(np.linalg.svd(np.asarray(problem.gradient(x)))[1][1])
        found.append(bool(differ))
    assert len(set(found)) == 2


def test_nonnegative_saddle_jumps_of_a_diagonal_design_arrive_at_their_own_times():
    problem = mf.problems.LinearRegression(np.eye(3), np.array([0.5, 2.0, -1.0]))
    jumps = mf.predict.saddle_jumps(problem, nonnegative=True)
    np.testing.assert_allclose(jumps.times, [0.5, 2.0])
    np.testing.assert_allclose(jumps.plateaus[-1], [0.5, 2.0, 0.0])


def test_nonnegative_saddle_jumps_end_at_non_negative_least_squares():
    random = np.random.default_rng(2)
    for _ in range(6):
        design, target = random.standard_normal((8, 5)), random.standard_normal(8)
        problem = mf.problems.LinearRegression(design, target)
        jumps = mf.predict.saddle_jumps(problem, nonnegative=True)
        np.testing.assert_allclose(jumps.plateaus[-1], scipy.optimize.nnls(design, target)[0], atol=1e-9)
        assert (jumps.plateaus >= 0).all() and (jumps.duals <= 1 + 1e-12).all()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda: mf.predict.rank_jumps(sampled((4, 3), False), symmetric=True, rank=2), "loss of a square matrix"),
        (lambda: mf.predict.rank_jumps(sampled((4, 3), False), symmetric=False, rank=4), "rank must be at most 3"),
        (lambda: mf.predict.rank_jumps(sampled((3, 3), True), symmetric=True, rank=0), "rank must be at least 1"),
        (
            lambda: mf.predict.rank_jumps(mf.problems.LinearRegression(np.eye(2), np.ones(2)), symmetric=True, rank=1),
            "loss of a square matrix",
        ),
        (lambda: mf.predict.rank_jumps(mf.problems.Objective(jnp.sum, (2, 2)), symmetric=True, rank=1), "problem must"),
        (lambda: mf.predict.rank_jumps(identity(np.diag([1.0, 2.0])), symmetric=True, rank=2).at(-1.0), "tau"),
    ],
)
def test_bad_input_is_refused_in_words(what, words):
    with pytest.raises(ValueError, match=words):
        what()
