"""How runs end that cannot go on: said in words, everything up to there kept, no NaN anywhere."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.flows._status import WORDS, Code


def no_nan(path):
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves((path.time, path.x, path.parameters, path.loss))]
    return all(np.isfinite(leaf).all() for leaf in leaves)


def push(slopes):
    slopes = np.asarray(slopes, float)
    return mf.problems.Objective(lambda x: jnp.sum(slopes * x), dimension=slopes.shape)


def powers_flow(decay=None):
    # u⁴−v⁴ on a slope of −1: u^{-2} = u₀^{-2} − 8t reaches 0.
    return mf.Flow(push([-1.0]), reparameterization=mf.reparameterizations.PowerDifference(4), decay=decay)


def test_a_blow_up_is_found_where_it_is():
    flow, start = powers_flow(), np.array([[0.7], [0.5]])
    path = mf.integrate(flow, start, until=mf.until.time(1.0), save=101)
    blow_up = 0.7**-2 / 8
    assert blow_up == pytest.approx(0.2551, abs=5e-5)
    assert not path.status.ok and path.status.code == Code.BLOW_UP
    assert "blew up" in str(path.status) and "at t=0.2551" in str(path.status)
    assert float(path.time[-1]) == pytest.approx(blow_up, rel=1e-6)
    # What was asked for before it is there, and then the last point before it.
    np.testing.assert_allclose(path.time[:26], np.linspace(0, 0.25, 26), rtol=1e-12)
    assert len(path.time) == 27 and no_nan(path)
    times = np.asarray(path.time[:26])
    np.testing.assert_allclose(np.asarray(path.parameters)[:26, 0, 0] ** -2, 0.7**-2 - 8 * times, rtol=1e-6, atol=1e-6)


def test_decay_delays_the_blow_up_as_page_02_says():
    """u^{-2} = u₀^{-2} + 8(A−t) with α = ½: from .2551 to .5102."""
    flow = powers_flow(mf.decay.Coupled(0.5, penalty=mf.decay.PowerSum(4)))
    path = mf.integrate(flow, np.array([[0.7], [0.5]]), until=mf.until.time(1.0))
    assert path.status.code == Code.BLOW_UP
    assert float(path.time[-1]) == pytest.approx(2 * 0.7**-2 / 8, rel=1e-6)


@pytest.mark.parametrize(("slope", "end"), [(-1.0, 0.25), (1.0, 0.49), (0.0, 0.25)])
def test_log_u_minus_log_v_ends_where_u_or_v_reaches_zero(slope, end):
    """u² = u₀² + 2(ℓ−A), v² = v₀² − 2(ℓ+A): without decay at ½v₀² or ½u₀²; here α=½ if the slope is 0 (page 02)."""
    decay = None if slope else mf.decay.Coupled(0.5, penalty=mf.decay.LogSum())
    flow = mf.Flow(push([slope]), reparameterization=mf.reparameterizations.LogDifference(), decay=decay)
    end = end / 2 if slope else end
    path = mf.integrate(flow, np.array([[0.7], [0.5]]), until=mf.until.time(1.0), save=101)
    assert path.status.code == Code.BLOW_UP and no_nan(path)
    assert float(path.time[-1]) == pytest.approx(end, rel=1e-6)
    times, (u, v) = np.asarray(path.time), np.asarray(path.parameters)[:, :, 0].T
    spent = 0.0 if slope else 0.5 * times
    np.testing.assert_allclose(u**2, 0.49 - 2 * slope * times - 2 * spent, atol=1e-8)
    np.testing.assert_allclose(v**2, 0.25 + 2 * slope * times - 2 * spent, atol=1e-8)


def test_u_and_v_that_reach_zero_together_end_the_run_at_a_finite_x():
    """At the point of rest x stays while u²+v² = u₀²+v₀²−4A comes to 0."""
    decay = mf.decay.Coupled(0.5, penalty=mf.decay.LogSum())
    problem = mf.problems.LinearRegression(np.eye(1), np.zeros(1))
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.LogDifference(), decay=decay)
    path = mf.integrate(flow, np.full((2, 1), 0.6), until=mf.until.time(1.0), save=11)
    assert path.status.code == Code.BLOW_UP and no_nan(path)
    assert float(path.time[-1]) == pytest.approx(0.36, rel=1e-6)


def test_a_blow_up_in_the_log_clock_names_its_time():
    path = mf.integrate(
        powers_flow(), np.array([[0.7], [0.5]]), clock=mf.clocks.Log(), until=mf.until.log_time(50.0), save=5
    )
    assert path.status.code == Code.BLOW_UP and "at t=0.2551" in str(path.status) and no_nan(path)


@pytest.mark.parametrize(("depth", "q"), [(2, 1.0), (3, 1.0), (2, 1.5), (3, 1.2), (2, 1.7)])
def test_tied_factors_that_reach_zero_together_end_the_run(depth, q):
    flow = mf.Flow(
        push([1.0, -1.0]),
        reparameterization=mf.reparameterizations.Hadamard(depth),
        geometry=mf.geometries.Steepest(q, smoothing=1e-6),
    )
    start = flow.lift(x=np.array([0.3, 0.3]), balance=0.0)
    path = mf.integrate(flow, start, until=mf.until.time(10.0), save=200)
    assert path.status.code == Code.TIED_FACTORS and "tied factors" in str(path.status)
    room = 1 - q * (depth - 1) / depth
    meeting = 0.3**room / (depth * room)
    # Factors w are followed to 1e-7 of their size, which is w^{L(1−m)} from the end of their time.
    assert float(path.time[-1]) == pytest.approx(meeting, rel=3e-5 + 1e-7 ** (depth * room) * 2)
    assert no_nan(path) and float(path.x[-1, 0]) == pytest.approx(0.0, abs=1e-10)
    assert np.asarray(path.parameters[:, :, 0]).min() >= 0


@pytest.mark.parametrize(("depth", "q"), [(2, 2.0), (3, 1.5), (4, 1.4)])
def test_tied_factors_never_meet_from_metric_exponent_one_on(depth, q):
    """m=1: x = x₀e^{−Lt}, beyond every tolerance; m>1 is slower still."""
    flow = mf.Flow(
        push([1.0]),
        reparameterization=mf.reparameterizations.Hadamard(depth),
        geometry=mf.geometries.Steepest(q, smoothing=1e-9),
    )
    path = mf.integrate(flow, flow.lift(x=np.full(1, 0.3), balance=0.0), until=mf.until.time(20.0), save=9)
    assert path.status.ok
    m = q * (depth - 1) / depth
    times = np.asarray(path.time)
    expected = 0.3 * np.exp(-depth * times) if m <= 1 else (0.3 ** (1 - m) + depth * (m - 1) * times) ** (1 / (1 - m))
    np.testing.assert_allclose(path.x[:, 0], expected, rtol=1e-6, atol=1e-9)


def test_tied_factors_whose_pull_fades_do_not_count_as_met():
    """f=½x² with L=2, q=4/3: ẇ=−w is as slow as an exponential although m<1, decay or not."""
    flow = mf.Flow(
        mf.problems.Objective(lambda x: 0.5 * jnp.sum(x**2), dimension=1),
        reparameterization=mf.reparameterizations.Hadamard(2),
        geometry=mf.geometries.Steepest(4 / 3, smoothing=1e-30),
        decay=mf.decay.Decoupled(0.5),
    )
    path = mf.integrate(flow, flow.lift(x=np.full(1, 0.3), balance=0.0), until=mf.until.time(40.0), max_steps=50_000)
    assert path.status.ok


def test_the_small_factor_of_an_unbalanced_product_passes_zero():
    flow = mf.Flow(
        push([1.0]),
        reparameterization=mf.reparameterizations.Hadamard(3),
        geometry=mf.geometries.Steepest(1.5, smoothing=1e-6),
    )
    path = mf.integrate(flow, flow.lift(x=np.full(1, 0.3), balance=1e-3), until=mf.until.time(20.0))
    assert path.status.ok and float(path.x[-1, 0]) < -0.1


def test_a_discontinuity_that_is_not_declared_stalls_or_is_passed_in_words():
    """|x| pulls to its kink with an unsmoothed sign: no step holds the tolerance there."""
    flow = mf.Flow(
        mf.problems.Objective(lambda x: jnp.sum(jnp.abs(x)), dimension=1), potential=mf.potentials.Quadratic()
    )
    path = mf.integrate(flow, np.ones(1), until=mf.until.time(3.0), max_steps=20_000, save=7)
    assert not path.status.ok and path.status.code in (Code.STALLED, Code.STEP_LIMIT)
    # Reached 0 at t=1, and stayed there within what was asked for.
    assert no_nan(path) and float(path.time[-1]) >= 1.0 - 1e-6
    np.testing.assert_allclose(path.x[:2, 0], [1.0, 0.5], atol=1e-8)


def test_a_step_limit_is_a_status_and_the_hint_helps():
    flow = mf.Flow(
        mf.problems.LinearRegression(np.eye(2), np.ones(2)), potential=mf.potentials.HyperbolicEntropy(scale=1e-3)
    )
    short = mf.integrate(flow, np.zeros(2), until=mf.until.time(50.0), max_steps=10, save=6)
    assert short.status.code == Code.STEP_LIMIT and "raise max_steps" in str(short.status)
    assert short.stats["steps"] == 10 and 0 < float(short.time[-1]) < 50 and no_nan(short)
    whole = mf.integrate(flow, np.zeros(2), until=mf.until.time(50.0), max_steps=10_000)
    assert whole.status.ok


def test_the_loss_clock_stops_where_the_loss_stops_falling():
    def bowl(x):
        return 1.0 + jnp.sum(x**2)

    flow = mf.Flow(mf.problems.Objective(bowl, dimension=2), potential=mf.potentials.Quadratic())
    path = mf.integrate(flow, np.array([1.0, 0.5]), clock=mf.clocks.Loss(), until=mf.until.log_loss(-1.0), save=5)
    assert not path.status.ok and "clock stopped" in str(path.status) and no_nan(path)
    assert float(path.loss[-1]) == pytest.approx(1.0, abs=1e-5)


FALLING = mf.Flow(push([-1.0, -1.0, -1.0]), potential=mf.potentials.Quadratic())


def test_a_run_on_data_that_nothing_separates_counts_the_samples_in_the_way():
    problem = mf.problems.Classification([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [1.0, 1.0, 1.0])
    flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
    start = jnp.array([0.0, 1.0])
    path = mf.integrate(flow, start, clock=mf.clocks.Log(), until=mf.until.log_time(30.0), max_steps=5)
    assert "step limit" in str(path.status) and "1 of 3 samples not classified" in str(path.status)


def test_a_negative_loss_has_no_logarithm_and_the_status_says_where():
    path = mf.integrate(FALLING, -np.ones(3), until=mf.until.time(3.0), save=5)
    assert path.status.ok and "log_loss is NaN from t=1.5 on, where the loss is negative" in str(path.status)
    np.testing.assert_allclose(path.loss, 3 - 3 * np.linspace(0, 3, 5), atol=1e-9)
    np.testing.assert_array_equal(np.isnan(path.log_loss), [False, False, True, True, True])


@pytest.mark.parametrize("start", [-1.0, 1.0])
def test_what_waits_for_a_logarithm_ends_where_the_loss_has_none(start):
    """f = 3−3t, which comes to 0 at t=1, or −3−3t."""
    path = mf.integrate(FALLING, np.full(3, start), until=mf.until.log_loss(-300.0), max_steps=1000)
    assert path.status.code == Code.NO_LOGARITHM and "not positive" in str(path.status)
    assert (path.stats["steps"] == 0) == (start > 0)
    path = mf.integrate(FALLING, np.full(3, start), clock=mf.clocks.Loss(), until=mf.until.loss(-5.0), max_steps=10_000)
    assert path.status.code == Code.NO_LOGARITHM and no_nan(path)
    assert float(path.time[-1]) == pytest.approx(max(-start, 0.0), abs=1e-8)


def test_a_start_that_overflows_is_told_from_one_outside_the_domain():
    problem = mf.problems.Objective(lambda x: jnp.sum(x**2) - 0.5 * jnp.sum(x**2), dimension=2)
    flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
    with pytest.raises(ValueError, match=r"start must stay below 1.3e\+154, .* got an entry of size 1e\+200"):
        mf.integrate(flow, np.full(2, 1e200), until=mf.until.time(1.0))


LOGARITHM = mf.Flow(
    mf.problems.Objective(lambda x: jnp.sum(jnp.log(x)), dimension=1), potential=mf.potentials.Quadratic()
)


def test_a_start_without_a_velocity_is_invalid():
    path = mf.integrate(LOGARITHM, np.zeros(1), until=mf.until.time(1.0))
    assert path.status.code == Code.INVALID and "velocity at its start" in str(path.status)
    assert path.stats["steps"] < 2000


def test_a_start_outside_the_domain_of_the_problem_is_refused():
    with pytest.raises(ValueError, match="start lies outside the problem's domain"):
        mf.integrate(LOGARITHM, -np.ones(1), until=mf.until.time(0.1))


def test_a_path_ends_where_its_loss_is_not_a_number():
    """A loss whose gradient does not notice the end of its domain: x = 1−t, and √ beyond 0."""

    def loss(x):
        return jnp.sum(x + jax.lax.stop_gradient(0.0 * jnp.sqrt(x)))

    flow = mf.Flow(mf.problems.Objective(loss, dimension=1), potential=mf.potentials.Quadratic())
    path = mf.integrate(flow, np.ones(1), until=mf.until.time(2.0), save=9)
    assert path.status.code == Code.LEFT_DOMAIN and "between t=1 and t=1.25" in str(path.status)
    np.testing.assert_allclose(path.time, np.linspace(0, 1, 5))
    assert no_nan(path)


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_words(code):
    status = mf.Status(int(code), "at t=2")
    assert status.ok == (code in (Code.REACHED, Code.STATIONARY))
    assert WORDS[code] in str(status) and "at t=2" in str(status)
