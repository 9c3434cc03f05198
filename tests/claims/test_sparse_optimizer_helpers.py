"""The mathematics that the claims on sparse optimizers are made with, against references of their own."""

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf
from mirrorflow.content.checks import _normalized as normalized
from mirrorflow.content.checks import _stepping as stepping
from mirrorflow.content.checks import sparse_optimizers_bias as bias
from mirrorflow.content.checks import sparse_optimizers_pilot as pilot
from mirrorflow.content.checks import sparse_optimizers_teacher as teacher


@pytest.fixture
def draw():
    return np.random.default_rng(5)


def slope(target, theta, k):
    """A gradient that depends on the step."""
    return theta - target * (k + 1)


def test_walk_makes_the_steps_of_a_plain_loop():
    start, target, save = np.array([1.0, -2.0]), np.array([0.3, 0.4]), [0, 1, 4, 9]
    gradient = jax.tree_util.Partial(slope, target)
    walked = stepping.walk(optax.adam, gradient, start, save, learning_rate=0.1)
    optimizer, theta, seen = optax.adam(0.1), jnp.asarray(start), []
    state = optimizer.init(theta)
    for k in range(10):
        if k in save:
            seen.append(np.asarray(theta))
        updates, state = optimizer.update(slope(target, theta, k), state, theta)
        theta = optax.apply_updates(theta, updates)
    assert np.asarray(walked) == pytest.approx(np.stack(seen), rel=1e-6)


def test_generators_of_two_numbers_and_of_two_keys_differ():
    draws = {
        float(stepping.generator(jax.random.key(seed), number).normal()) for seed in range(3) for number in range(3)
    }
    assert len(draws) == 9


def test_whitened_inputs_have_mean_zero_and_covariance_one(draw):
    inputs = normalized.whitened(draw, 50, 8)
    assert np.abs(inputs.mean(axis=0)).max() < 1e-14
    assert np.abs(inputs.T @ inputs / 50 - np.eye(8)).max() < 1e-13


def test_masks_have_the_fan_ins_asked_for(draw):
    fan_ins = np.array([1, 5, 12, 20])
    mask = normalized.spread_masks(draw, fan_ins, 20)
    assert np.array_equal(mask.sum(axis=1), fan_ins)
    assert not np.array_equal(mask, np.arange(20) < fan_ins[:, None])


def test_the_factor_is_one_over_the_standard_deviation_of_any_inputs(draw):
    inputs, labels = 3 + draw.normal(size=(60, 9)) * np.arange(1, 10), draw.integers(4, size=60)
    layer, top = draw.normal(size=(6, 9)), draw.normal(size=(4, 6))
    with jax.enable_x64(True):
        found = np.asarray(normalized.factor(jnp.asarray(layer), jnp.asarray(top), jnp.asarray(inputs), labels))
    assert found == pytest.approx(1 / (inputs @ layer.T).std(axis=0), rel=1e-9)


def test_the_least_l1_norm_is_that_of_another_solver(draw):
    design, target = draw.normal(size=(4, 9)), draw.normal(size=4)
    x = cp.Variable(9)
    cp.Problem(cp.Minimize(cp.norm1(x)), [design @ x == target]).solve(solver=cp.CLARABEL)
    assert bias.least_l1(design, target) == pytest.approx(x.value, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_the_minimizer_is_stationary(draw, alpha):
    design, target = draw.normal(size=(4, 9)), draw.normal(size=4)
    theta = bias.minimizer(design, target, 0.3, alpha)
    pull = design.T @ (design @ theta - target) + 0.3 * theta / (1 + alpha * np.abs(theta))
    assert np.abs(pull).max() < 1e-10


def test_the_limit_of_pilot_is_that_of_its_flow(draw):
    design = np.linalg.qr(draw.normal(size=(8, 3)))[0].T
    problem = mf.problems.LinearRegression(design, design @ draw.normal(size=8))
    start = draw.normal(size=8)
    flow = mf.Flow(
        problem,
        reparameterization=mf.reparameterizations.Hadamard(depth=2),
        decay=mf.decay.Coupled(mf.schedules.switch_off(0.2, at=1.5)),
    )
    told = mf.predict.limit(flow, flow.lift(start, pilot.BALANCE)).x
    found = pilot.limit_of({"design": design, "target": problem.target, "start": start}, 0.2 * 1.5)
    assert found == pytest.approx(np.asarray(told), rel=1e-4)


def test_the_lowest_scores_are_marked():
    scores = jnp.array([[3.0, -1.0], [0.0, 2.0]])
    assert teacher.lowest(scores, 2).tolist() == [[0.0, 1.0], [1.0, 0.0]]
