"""The path from saddle to saddle against its definition, linear and quadratic programs, and the flow itself."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

saddle_jumps = mf.predict.saddle_jumps


def regression(seed, samples=5, features=8, support=3, noise=0.5):
    return mf.problems.SparseRegression.sample(
        jax.random.key(seed), samples=samples, features=features, support=support, noise=noise
    )


CASES = [(1, 5, 8), (3, 5, 8), (0, 20, 30), (2, 30, 10)]


@pytest.mark.parametrize("seed, samples, features", CASES)
def test_each_plateau_is_the_sign_constrained_minimizer_of_its_jump(seed, samples, features):
    import cvxpy as cp

    problem = regression(seed, samples, features)
    path = saddle_jumps(problem)
    for plateau, dual in list(zip(path.plateaus[1:], path.duals, strict=True))[:12]:
        up, down = np.abs(dual - 1) < 1e-12, np.abs(dual + 1) < 1e-12
        beta = cp.Variable(features)
        signs = [beta[up] >= 0, beta[down] <= 0, beta[~(up | down)] == 0]
        program = cp.Problem(cp.Minimize(cp.sum_squares(problem.design @ beta - problem.target)), signs)
        program.solve(solver=cp.CLARABEL)
        np.testing.assert_allclose(beta.value, plateau, atol=1e-5)
        np.testing.assert_allclose(2 * problem.loss(plateau), program.value, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("seed, samples, features", CASES)
def test_the_dual_is_a_subgradient_that_moves_by_the_gradient(seed, samples, features):
    """q∈∂‖β‖₁ at every time, q̇=−∇f, and a jump where and only where a moving entry arrives at ±1."""
    problem = regression(seed, samples, features)
    path = saddle_jumps(problem)
    edges = np.concatenate([[0.0], path.times, path.times[-1:] + 1])
    gradients = (path.plateaus @ problem.design.T - problem.target) @ problem.design
    np.testing.assert_allclose(path.slopes, -gradients, atol=1e-9)
    np.testing.assert_allclose(path.dual(edges[-1]), -np.diff(edges) @ gradients, atol=1e-9)
    for tau in np.concatenate([path.times * (1 - 1e-9), (edges[1:] + edges[:-1]) / 2]):
        beta, dual = path.at(tau), path.dual(tau)
        assert np.abs(dual).max() <= 1 + 1e-12
        np.testing.assert_allclose(dual[beta != 0], np.sign(beta[beta != 0]), atol=1e-12)
    before = path.dual(path.times * (1 - 1e-6))
    arriving = (np.abs(path.duals) == 1) & (np.abs(before) < 1 - 1e-12)
    assert arriving.any(axis=1).all()


@pytest.mark.parametrize("seed, samples, features", CASES)
def test_losses_fall_and_the_last_plateau_has_the_least_l1_norm_of_all_minimizers(seed, samples, features):
    from scipy.optimize import linprog

    problem = regression(seed, samples, features)
    path = saddle_jumps(problem)
    assert (np.diff([problem.loss(beta) for beta in path.plateaus]) < 0).all()
    normal = problem.design.T @ np.hstack([problem.design, -problem.design])
    least = linprog(np.ones(2 * features), A_eq=normal, b_eq=problem.design.T @ problem.target)
    np.testing.assert_allclose(np.abs(path.plateaus[-1]).sum(), least.fun, rtol=1e-8)


def test_coordinates_enter_and_leave():
    active = saddle_jumps(regression(3)).active
    left = [set(one) - set(other) for one, other in itertools.pairwise(active)]
    assert sum(map(len, left)) == 2 and active[0] == ()


def test_orthogonal_features_jump_one_by_one_at_the_inverse_of_their_correlation():
    design = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 6)))[0]
    target = design @ np.array([0.3, -2.0, 0.0, 1.0, 0.5, -0.7])
    path = saddle_jumps(mf.problems.LinearRegression(design, target))
    correlation = design.T @ target
    order = np.argsort(-np.abs(correlation))[:5]
    np.testing.assert_allclose(path.times, 1 / np.abs(correlation[order]), rtol=1e-12)
    for k in range(6):
        np.testing.assert_allclose(path.plateaus[k], np.isin(np.arange(6), order[:k]) * correlation, atol=1e-12)


def test_the_flow_jumps_later_by_a_constant_over_log_mu():
    """β=μ·sinh(2z), dz/dt=−∇f, from 0: the error of the jump times times log(1/μ) stays flat, μ=1e-30 to 1e-486."""
    problem = regression(1)
    path = saddle_jumps(problem)
    end = (path.times[2] + path.times[3]) / 2
    for log in (70.0, 280.0, 1120.0):
        rate = log / 2
        flow = mf.Flow(problem, potential=mf.potentials.TiltedHyperbolicEntropy(log_scale=-log, factor=0.5))
        times = rate * np.append(np.linspace(0, 0.2, 4001), end)
        until = mf.until.time(rate * end)
        run = mf.integrate(flow, jnp.zeros(8), until=until, save=times, rtol=1e-8, atol=1e-10)
        for k in range(2):  # the first plateaus are short: their middle is where the flow is nearest to them
            tau, x = times[:-1] / rate, np.asarray(run.x)[:-1]
            from_old, from_new = (np.linalg.norm(x - path.plateaus[j], axis=1) for j in (k, k + 1))
            crossing = tau[np.argmax((from_old > from_new) & (tau > path.times[k] * 0.9))]
            assert 0.03 < (crossing - path.times[k]) * log < 0.16
        assert np.abs(run.x[-1] - path.at(end)).max() < 1e-3 * (70 / log)


def test_no_correlation_is_no_jump():
    for target in (np.zeros(3), np.array([0.0, 0.0, 1.0])):
        path = saddle_jumps(mf.problems.LinearRegression(np.eye(3)[:, :2], target))
        assert path.times.shape == (0,) and path.duals.shape == (0, 2) and not path.at([0.0, 5.0]).any()
        assert not path.dual(3.0).any()


def test_features_that_arrive_together_jump_together():
    path = saddle_jumps(mf.problems.LinearRegression(np.eye(3), np.array([1.0, -1.0, 0.5])))
    np.testing.assert_allclose(path.times, [1.0, 2.0])
    np.testing.assert_allclose(path.plateaus, [[0, 0, 0], [1, -1, 0], [1, -1, 0.5]])


def test_redundant_rows_and_scales_change_nothing_but_the_clock():
    problem = regression(0)
    mixing = np.linalg.qr(np.random.default_rng(1).normal(size=(12, 5)))[0]
    expected = saddle_jumps(problem)
    for scale in (1e-6, 1.0, 1e6):
        tall = mf.problems.LinearRegression(mixing @ problem.design, scale * (mixing @ problem.target))
        path = saddle_jumps(tall)
        np.testing.assert_allclose(path.times * scale, expected.times, rtol=1e-9)
        np.testing.assert_allclose(path.plateaus / scale, expected.plateaus, atol=1e-9)


def test_equal_columns_have_no_unique_path():
    design = np.array([[1.0, 1.0, 0.2], [0.5, 0.5, -0.3]])
    with pytest.raises(ValueError, match=r"path is not unique.*\[0, 1\].*rank 1"):
        saddle_jumps(mf.problems.LinearRegression(design, np.array([1.0, 1.0])))


@pytest.mark.parametrize("tau", [-1.0, [0.5, -2.0], np.nan])
def test_times_before_the_start_are_refused(tau):
    path = saddle_jumps(mf.problems.LinearRegression(np.eye(2), np.ones(2)))
    for read in (path.at, path.dual):
        with pytest.raises(ValueError, match="tau must be"):
            read(tau)


def test_what_is_no_regression_is_refused_in_words():
    with pytest.raises(ValueError, match=r"problem must have a design and a target.*Classification"):
        saddle_jumps(mf.problems.Classification(np.eye(2), np.ones(2)))
