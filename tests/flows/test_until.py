"""When runs stop: not at a saddle however close, not on a plateau, but at rest under constant decay."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

PROBLEM = mf.problems.SparseRegression.sample(jax.random.key(3), samples=4, features=6, support=2)
FAR = mf.until.time(1e6)


def residual(x):
    return PROBLEM.design.T @ (PROBLEM.design @ np.asarray(x) - PROBLEM.target)


@pytest.mark.parametrize(
    ("depth", "q", "balance"),
    [(2, 2.0, 0.0), (2, 2.0, 1e-4), (3, 2.0, 0.1), (2, 1.5, 1e-3), (3, 1.0, 1e-3), (2, 1.0, 1e-6)],
)
def test_stationary_does_not_fire_at_a_saddle(depth, q, balance):
    flow = mf.Flow(
        PROBLEM,
        reparameterization=mf.reparameterizations.Hadamard(depth),
        geometry=mf.geometries.Steepest(q, smoothing=1e-4),
    )
    start = flow.lift(x=-1e-12 * np.sign(residual(np.zeros(6))), balance=balance)
    path = mf.integrate(flow, start, until=mf.until.stationary(1e-6) | FAR)
    assert path.status.ok and "stationary" in str(path.status)
    assert float(path.loss[-1]) < 1e-8 * float(path.loss[0])
    assert np.abs(residual(path.x[-1])).max() < 1e-5


def test_stationary_does_not_fire_on_a_plateau():
    """f = 1/(1+e^{-(|x|²−25)}) is flat to 1e-11 at the start and falls for good only later."""

    def plateau(x):
        return jax.nn.sigmoid(5 * (x[0] - 5.0)) + 0.01 * x[0] ** 2

    flow = mf.Flow(mf.problems.Objective(plateau, dimension=1), potential=mf.potentials.Quadratic())
    path = mf.integrate(flow, np.full(1, 9.0), until=mf.until.stationary(1e-7) | FAR)
    assert float(jnp.abs(path.x[-1, 0])) < 1e-5


@pytest.mark.parametrize("convention", [mf.decay.Coupled, mf.decay.Decoupled])
@pytest.mark.parametrize("balance", [0.0, 0.5])
def test_stationary_fires_under_constant_decay(convention, balance):
    """The limit has a gradient that is not small: it is balanced by the decay."""
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.Hadamard(2), decay=convention(0.1))
    start = flow.lift(x=np.full(6, 0.1), balance=balance)
    path = mf.integrate(flow, start, until=mf.until.stationary(1e-8) | FAR)
    assert "stationary" in str(path.status)
    x, g = np.asarray(path.x[-1]), residual(path.x[-1])
    # Both conventions: a lasso with penalty 2·rate, rate 2α (coupled) or α (decoupled) on each of two factors.
    level = 0.2 if convention is mf.decay.Coupled else 0.1
    large = np.abs(x) > 1e-4
    np.testing.assert_allclose(g[large], -level * np.sign(x[large]), atol=1e-6)
    assert np.abs(g).max() < level + 1e-6


def test_stationary_waits_for_the_last_jump_of_a_schedule():
    decay = mf.decay.Coupled(mf.schedules.Piecewise([0.0, 0.1, 0.0], times=[200.0, 300.0]))
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.Hadamard(2), decay=decay)
    path = mf.integrate(flow, flow.lift(x=np.full(6, 0.1), balance=0.5), until=mf.until.stationary(1e-8) | FAR)
    assert float(path.time[-1]) > 300


def test_a_loss_rule_ends_at_the_first_step_below():
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    start = np.zeros(6)
    for rule, value in ((mf.until.loss(1e-6), 1e-6), (mf.until.log_loss(-20.0), np.exp(-20.0))):
        path = mf.integrate(flow, start, until=rule | FAR)
        assert "reached" in str(path.status) and float(path.loss[-1]) <= value
        before = mf.integrate(flow, start, until=rule | FAR, max_steps=path.stats["steps"] - 1)
        assert "step limit" in str(before.status) and float(before.loss[-1]) > value


def test_the_point_at_which_a_rule_ended_the_run_is_kept_after_the_times_that_were_asked_for():
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    half = float(PROBLEM.loss(np.zeros(6))) / 2
    times = np.geomspace(1e-6, 1e6, 20)
    path = mf.integrate(flow, np.zeros(6), until=mf.until.loss(half), save=times)
    alone = mf.integrate(flow, np.zeros(6), until=mf.until.loss(half))
    assert path.time[-1] == alone.time[-1]
    np.testing.assert_array_equal(path.x[-1], alone.x[-1])
    np.testing.assert_array_equal(path.time[:-1], times[: len(path.time) - 1])
    assert path.loss[-1] <= half < path.loss[-2]
    # With an end that is known, the times that were asked for are all there is.
    ended = mf.integrate(flow, np.zeros(6), until=mf.until.time(2.0), save=times[times < 1])
    np.testing.assert_array_equal(ended.time, times[times < 1])


def test_a_gradient_flow_is_followed_to_rounding():
    """The loss keeps falling where an explicit solver sits at its limit of stability."""
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    path = mf.integrate(flow, np.zeros(6), until=mf.until.log_loss(-60.0) | mf.until.time(1e4), max_steps=20_000)
    assert "reached" in str(path.status) and float(path.log_loss[-1]) <= -60


def test_the_first_rule_that_is_met_ends_the_run():
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    early = mf.integrate(flow, np.zeros(6), until=mf.until.stationary(1e-9) | mf.until.time(0.1))
    assert float(early.time[-1]) == 0.1 and "reached" in str(early.status)
    both = mf.until.loss(1e-3) | (mf.until.loss(1e-9) | FAR)
    assert float(mf.integrate(flow, np.zeros(6), until=both).loss[-1]) > 1e-9


def test_the_last_point_is_at_the_end_that_was_asked_for_to_the_last_digit():
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    for end in np.random.default_rng(0).uniform(0.1, 9.0, 8):
        path = mf.integrate(flow, np.zeros(6), until=mf.until.time(end), save=np.array([end / 3, end]))
        np.testing.assert_array_equal(path.time, [end / 3, end])


@pytest.mark.parametrize("save", [None, 4, np.array([0.0, 1.0]), np.array([1.0, 2.0])])
def test_a_rule_that_the_start_meets_ends_there_without_a_step(save):
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    path = mf.integrate(flow, np.zeros(6), until=mf.until.loss(1e5), save=save)
    assert path.status.ok and "met by the start" in str(path.status) and path.stats["steps"] == 0
    assert path.time.tolist() == [0.0]
    np.testing.assert_array_equal(path.x, np.zeros((1, 6)))


def test_a_start_that_is_a_point_of_rest_is_said_to_be_one():
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.Hadamard(2))
    path = mf.integrate(flow, flow.lift(x=np.zeros(6), balance=0.0), until=mf.until.stationary(1e-6), save=3)
    assert path.status.ok and "the start is a point of rest" in str(path.status) and len(path.time) == 1


@pytest.mark.parametrize("depth", [2, 3])
def test_a_lift_of_zero_names_its_balance(depth):
    flow = mf.Flow(PROBLEM, reparameterization=mf.reparameterizations.Hadamard(depth))
    with pytest.raises(ValueError, match=r"balance must be given where x is 0 \(at index \(2,\)\)"):
        flow.lift(x=np.array([1.0, -1.0, 0.0, 1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(flow.lift(x=np.zeros(6), balance=0.0), np.zeros((depth, 6)))
    np.testing.assert_array_equal(flow.lift(x=np.ones(6)), flow.lift(x=np.ones(6), balance=0.0))


def test_a_lift_of_a_zero_matrix_names_its_balance():
    problem = mf.problems.MatrixCompletion([0], [1], [1.0], (2, 2))
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.MatrixProduct(2, 2, 2))
    with pytest.raises(ValueError, match="balance must be given where x is 0"):
        flow.lift(x=np.zeros((2, 2)))


def test_a_loss_of_squares_is_not_waited_for_below_zero():
    flow = mf.Flow(PROBLEM, potential=mf.potentials.Quadratic())
    for value in (0.0, -1.0):
        with pytest.raises(ValueError, match=f"until.loss of a SparseRegression.* greater than 0, got {value}"):
            mf.integrate(flow, np.zeros(6), until=mf.until.time(1.0) | mf.until.loss(value))


@pytest.mark.parametrize("join", [lambda rule: rule | 3, lambda rule: 3 | rule, lambda rule: (rule | rule) | "x"])
def test_what_is_no_rule_is_not_joined_to_one(join):
    with pytest.raises(ValueError, match=r"until must be a rule of mf.until, or several joined with \|, got"):
        join(mf.until.time(1.0))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: mf.until.time(0.0), "until.time must be positive"),
        (lambda: mf.until.time(-1.0), "until.time must be positive"),
        (lambda: mf.until.time(np.inf), "until.time must be finite"),
        (lambda: mf.until.log_time(np.nan), "until.log_time must be finite"),
        (lambda: mf.until.stationary(0.0), "until.stationary must be positive"),
        (lambda: mf.until.loss(np.nan), "until.loss must be finite"),
        (lambda: mf.until.log_loss(-np.inf), "until.log_loss must be finite"),
    ],
)
def test_bad_ends_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
