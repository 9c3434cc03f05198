"""Resets keep x, set the balance, and join the pieces into one trajectory."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf
from mirrorflow.claims import _compiles

FLOW = mf.Flow(
    mf.problems.TeacherNeuron(2),
    reparameterization=mf.reparameterizations.Hadamard(depth=2),
    decay=mf.decay.Coupled(0.1),
)
X = np.array([-0.4, 0.5, -0.3])


def piece(start):
    return mf.integrate(FLOW, start, until=mf.until.time(1.5), save=4)


def balance(theta):
    return np.asarray(theta[..., 0, :] ** 2 - theta[..., 1, :] ** 2)


def test_a_reset_keeps_x_and_sets_the_balance_by_the_rule():
    beta = np.array([1.0, 0.5, 2.0])
    theta = mf.flows.reset(FLOW, FLOW.lift(X, 0.01), beta)
    m = np.sqrt((beta + np.sqrt(beta**2 + 4 * X**2)) / 2)
    np.testing.assert_allclose(theta, np.stack([m, X / m]), rtol=1e-12)


def test_pieces_are_joined_on_one_time_axis_with_the_balance_set_back_between_them():
    path = mf.flows.run_with_resets(piece, FLOW, FLOW.lift(X, 0.7), balance=0.7, pieces=3)
    np.testing.assert_allclose(path.time, [0, 0.5, 1, 1.5, 1.5, 2, 2.5, 3, 3, 3.5, 4, 4.5])
    left = 0.7 * np.exp(-0.4 * np.tile([0, 0.5, 1, 1.5], 3))
    np.testing.assert_allclose(balance(path.parameters), left[:, None] * np.ones(3), rtol=1e-6)
    np.testing.assert_allclose(path.x[3], path.x[4], rtol=1e-12)
    assert path.status.ok and path.stats["steps"] > 3


def test_with_one_piece_nothing_is_reset():
    alone, joined = (
        piece(FLOW.lift(X, 0.7)),
        mf.flows.run_with_resets(piece, FLOW, FLOW.lift(X, 0.7), balance=5.0, pieces=1),
    )
    np.testing.assert_array_equal(alone.x, joined.x)


def test_all_pieces_share_what_is_compiled():
    start = FLOW.lift(X, 0.7)
    mf.flows.run_with_resets(piece, FLOW, start, balance=0.7, pieces=2)
    with _compiles.count() as compiled:
        mf.flows.run_with_resets(piece, FLOW, start, balance=0.4, pieces=2)
    assert compiled.compiled == 0


def test_a_discrete_twin_is_reset_too():
    twin = mf.discretize(FLOW, optax.sgd(0.1), steps=10, step_size=0.1)
    path = mf.flows.run_with_resets(twin.run, FLOW, FLOW.lift(X, 0.7), balance=0.7, pieces=3)
    assert np.asarray(path.time).round(9).tolist() == [0, 1, 1, 2, 2, 3]
    np.testing.assert_allclose(balance(path.parameters)[::2], 0.7, rtol=1e-12)


def test_what_cannot_be_reset_is_refused():
    plain = mf.Flow(FLOW.problem, potential=mf.potentials.Quadratic())
    with pytest.raises(ValueError, match="no parameters"):
        mf.flows.reset(plain, X, 1.0)
    fading = mf.Flow(
        FLOW.problem,
        reparameterization=FLOW.reparameterization,
        decay=mf.decay.Coupled(mf.schedules.switch_off(0.1, at=1.0)),
    )
    with pytest.raises(ValueError, match="does not change in time"):
        mf.flows.run_with_resets(piece, fading, FLOW.lift(X, 0.7), balance=0.7, pieces=2)
    with pytest.raises(ValueError, match="pieces must be at least 1"):
        mf.flows.run_with_resets(piece, FLOW, FLOW.lift(X, 0.7), balance=0.7, pieces=0)
    with pytest.raises(ValueError, match="balance must be non-negative"):
        mf.flows.reset(FLOW, FLOW.lift(jnp.asarray(X), 0.7), -1.0)
