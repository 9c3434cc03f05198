"""Clocks are other variables for one path: what it goes through does not depend on them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

PROBLEM = mf.problems.SparseRegression.sample(jax.random.key(3), samples=4, features=6, support=2)
HADAMARD = mf.reparameterizations.Hadamard(2)
FLOW = mf.Flow(PROBLEM, reparameterization=HADAMARD, decay=mf.decay.Coupled(mf.schedules.Power(0.3, 2.0)))
START = FLOW.lift(x=np.full(6, 0.05), balance=0.5)
TIMES = np.array([0.0, 1e-3, 0.4, 3.0, 20.0])


def square(x):
    return 0.5 * jnp.sum(x**2)


def test_log_clock_goes_through_the_same_points():
    physical, log = (
        mf.integrate(FLOW, START, until=mf.until.time(20.0), clock=clock, save=TIMES)
        for clock in (None, mf.clocks.Log())
    )
    np.testing.assert_allclose(log.time, physical.time, rtol=1e-14)
    np.testing.assert_allclose(log.x, physical.x, atol=1e-7)
    np.testing.assert_allclose(log.loss, physical.loss, rtol=1e-5, atol=1e-12)


def test_loss_clock_goes_through_the_same_points_at_even_logarithms_of_the_loss():
    """The time of each point is found by integration; the physical run is asked for these times."""
    flow = mf.Flow(PROBLEM, reparameterization=HADAMARD)
    path = mf.integrate(flow, START, clock=mf.clocks.Loss(), until=mf.until.log_loss(-12.0), save=9)
    assert path.status.ok
    falls = np.diff(np.asarray(path.log_loss))
    np.testing.assert_allclose(falls, falls[0], rtol=1e-6)
    times = np.asarray(path.time)
    physical = mf.integrate(flow, START, until=mf.until.time(times[-1]), save=times)
    np.testing.assert_allclose(path.x, physical.x, atol=1e-7)


def test_gradient_flow_of_a_square_in_the_loss_clock_has_its_time_in_closed_form():
    """f=½x², ẋ=−x: f falls as e^{−2t}, so t = s/2."""
    flow = mf.Flow(mf.problems.Objective(square, dimension=1), potential=mf.potentials.Quadratic())
    # x falls to 1e-9: the tolerance must be relative to it.
    path = mf.integrate(flow, np.ones(1), clock=mf.clocks.Loss(), until=mf.until.log_loss(-40.0), save=5, atol=1e-20)
    expected = (path.log_loss[0] - path.log_loss) / 2
    np.testing.assert_allclose(path.time, expected, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("clock", [mf.clocks.Log(), mf.clocks.Physical()])
def test_even_saves_are_even_in_the_clock(clock):
    path = mf.integrate(FLOW, START, until=mf.until.time(20.0), clock=clock, save=6)
    even = np.asarray(clock.from_time(np.asarray(path.time)))
    np.testing.assert_allclose(even, np.linspace(0, clock.from_time(20.0), 6), rtol=1e-13)


def test_log_clock_follows_a_flow_beyond_the_range_of_floats():
    """d∇R=−∇f dt with f=e^{−x}: x = log(1+t), at log t=1000 as well."""
    flow = mf.Flow(mf.problems.Objective(lambda x: jnp.exp(-x[0]), dimension=1), potential=mf.potentials.Quadratic())
    path = mf.integrate(flow, np.zeros(1), clock=mf.clocks.Log(), until=mf.until.log_time(700.0), save=8)
    assert path.status.ok
    assert bool(jnp.isfinite(path.log_time[1:]).all()) and float(path.log_time[-1]) == pytest.approx(700.0)
    expected = np.logaddexp(0.0, np.asarray(path.log_time))
    np.testing.assert_allclose(path.x[:, 0], expected, rtol=1e-6, atol=1e-9)


def test_a_schedule_is_read_at_the_physical_time_under_every_clock():
    decay = mf.decay.Coupled(mf.schedules.switch_off(0.4, at=0.7))
    flow = mf.Flow(PROBLEM, reparameterization=HADAMARD, decay=decay)
    ends = [
        mf.integrate(flow, START, until=mf.until.time(2.0), clock=clock).x[-1]
        for clock in (mf.clocks.Physical(), mf.clocks.Log())
    ]
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-8)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: mf.integrate(FLOW, START, until=mf.until.log_time(800.0)), "beyond the physical clock"),
        (
            lambda: mf.integrate(
                FLOW, START, until=mf.until.log_loss(-1.0), clock=mf.clocks.Loss(), save=np.array([0.0, 1.0])
            ),
            "no place in the loss clock",
        ),
        (
            lambda: mf.integrate(
                mf.Flow(
                    PROBLEM,
                    reparameterization=HADAMARD,
                    decay=mf.decay.Coupled(mf.schedules.switch_off(0.4, at=0.7)),
                ),
                START,
                until=mf.until.log_loss(-1.0),
                clock=mf.clocks.Loss(),
            ),
            "cannot land on the jumps",
        ),
    ],
)
def test_what_a_clock_cannot_do_is_refused(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()


def test_points_are_saved_at_log_times_beyond_the_range_of_floats():
    """One separable sample: x' = e^{s−x} on the log clock from x=0, so e^x = 1+t."""
    problem = mf.problems.Classification(np.ones((1, 1)), np.ones(1))
    flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
    asked = np.array([-np.inf, -1.0, 3.0, 40.0, 2e3, 1e4])
    save = mf.clocks.LogTimes(asked)
    path = mf.integrate(flow, np.zeros(1), clock=mf.clocks.Log(), until=mf.until.log_time(1e4), save=save)
    np.testing.assert_allclose(path.log_time, asked, rtol=1e-12)
    np.testing.assert_allclose(path.x[:, 0], np.logaddexp(0.0, asked), rtol=1e-7, atol=1e-12)
    assert np.isinf(path.time[-1]) and float(path.time[0]) == 0.0


@pytest.mark.parametrize(
    ("values", "words"),
    [([1.0, 1.0], "strictly increasing"), ([[1.0]], "one axis"), ([np.nan], "finite"), ([2.0, np.inf], "finite")],
)
def test_log_times_that_make_no_sense_are_refused(values, words):
    with pytest.raises(ValueError, match=words):
        mf.clocks.LogTimes(values)


def test_log_times_after_the_end_or_beyond_the_clock_are_refused():
    for clock, log_time, words in ((mf.clocks.Log(), 5.0, "log t = 5"), (None, 5000.0, "beyond the physical clock")):
        with pytest.raises(ValueError, match=words):
            mf.integrate(FLOW, START, clock=clock, until=mf.until.log_time(4.0), save=mf.clocks.LogTimes([log_time]))
