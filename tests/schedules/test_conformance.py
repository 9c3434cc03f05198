"""Every schedule is non-negative, knows its integral and its jumps. A new schedule is a new line of the table."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

SCHEDULES = {
    "constant": mf.schedules.constant(0.7),
    "zero": mf.schedules.constant(0.0),
    "switched off": mf.schedules.switch_off(0.4, at=0.5),
    "pieces": mf.schedules.Piecewise([0.2, 1.5, 0.0, 0.3], times=[0.4, 1.0, 2.5]),
    "1/k": mf.schedules.Power(0.5),
    "1/k²": mf.schedules.Power(0.5, exponent=2.0, timescale=0.3),
    "1/√k": mf.schedules.Power(0.5, exponent=0.5, timescale=3.0),
    "almost 1/k": mf.schedules.Power(1.1, exponent=1.0 - 1e-9),
    "flat power": mf.schedules.Power(0.6, exponent=0.0),
    "zero power": mf.schedules.Power(0.0),
    "0.95^k": mf.schedules.Exponential(1.2, rate=-np.log(0.95)),
    "own": mf.schedules.Custom(
        lambda t: 0.5 * (1 + jnp.sin(t)) + (t >= 0.8),
        lambda t: 0.5 * (t + 1 - jnp.cos(t)) + jnp.maximum(t - 0.8, 0.0),
        integral_to_infinity=np.inf,
        jumps=[0.8],
    ),
}
TIMES = np.array([0.0, 0.13, 0.4, 0.5, 0.77, 0.8, 1.0, 1.9, 2.5, 7.1])


@pytest.fixture(params=SCHEDULES.values(), ids=SCHEDULES.keys())
def schedule(request):
    return request.param


def test_schedule_is_nonnegative_and_keeps_the_shape_of_time(schedule):
    values = schedule(jnp.asarray(TIMES))
    assert values.shape == TIMES.shape and bool(jnp.all(values >= 0))
    one_by_one = [float(schedule(time)) for time in TIMES]
    np.testing.assert_allclose(values, one_by_one, rtol=1e-15)
    square = schedule(jnp.asarray(TIMES).reshape(2, 5))
    np.testing.assert_array_equal(square, values.reshape(2, 5))


def test_integral_is_the_area_under_the_schedule(schedule):
    nodes, weights = np.polynomial.legendre.leggauss(40)  # exact to rounding on pieces as smooth and short as these
    jumps = np.asarray(schedule.jumps)
    for end in TIMES[1:]:
        edges = np.array([0.0, *jumps[jumps < end], end])
        middles, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
        values = schedule(jnp.asarray(middles[:, None] + halves[:, None] * nodes))
        area = float(halves @ np.asarray(values) @ weights)
        assert float(schedule.integral(end)) == pytest.approx(area, rel=1e-12, abs=1e-14)


def test_integral_keeps_the_shape_of_time_and_starts_at_zero(schedule):
    areas = schedule.integral(jnp.asarray(TIMES))
    assert areas.shape == TIMES.shape and float(areas[0]) == 0.0
    assert bool(jnp.all(jnp.diff(areas) >= 0))
    np.testing.assert_allclose(areas, [float(schedule.integral(time)) for time in TIMES], rtol=1e-15)


def test_schedule_is_the_derivative_of_its_integral(schedule):
    for time in (0.31, 0.66, 1.7, 5.3):  # away from all jumps
        assert float(jax.grad(schedule.integral)(time)) == pytest.approx(float(schedule(time)), rel=1e-9, abs=1e-14)


def test_schedule_is_continuous_from_the_right_and_jumps_only_where_it_says(schedule):
    jumps = np.asarray(schedule.jumps)
    assert jumps.ndim == 1 and (np.diff(jumps) > 0).all() and (jumps > 0).all()
    for jump in jumps:
        after, before = np.nextafter(jump, np.inf), np.nextafter(jump, -np.inf)
        assert float(schedule(jump)) == pytest.approx(float(schedule(after)), rel=1e-12)
        assert abs(float(schedule(jump)) - float(schedule(before))) > 0.05
    fine = np.linspace(0.0, 6.0, 4001)
    steps = np.abs(np.diff(np.asarray(schedule(jnp.asarray(fine)))))
    crossed = np.array([((fine[:-1] < jump) & (jump <= fine[1:])) for jump in jumps]).any(axis=0)
    # Between jumps every schedule of the table has a slope below 4.
    assert (steps[~crossed] < 4 * 6.0 / 4000).all()


def test_total_is_the_integral_to_infinity(schedule):
    total = schedule.total()
    assert isinstance(total, float)
    if np.isfinite(total):
        assert float(schedule.integral(1e14)) == pytest.approx(total, rel=1e-6)
    elif float(schedule(1e14)) > 0:
        # These fall at most like 1/t, so each further decade adds as much as the last one.
        first, second, third = (float(schedule.integral(10.0**k)) for k in (6, 7, 8))
        assert third - second >= 0.99 * (second - first) > 0


def test_integral_at_infinity_is_no_nan(schedule):
    if not isinstance(schedule, mf.schedules.Custom):
        assert float(schedule.integral(jnp.inf)) == pytest.approx(schedule.total(), rel=1e-15)
        assert np.isfinite(float(schedule(jnp.inf)))


def test_steady_value_is_the_value_behind_the_last_jump(schedule):
    if schedule.steady_value is not None:
        last = max([0.0, *np.asarray(schedule.jumps)])
        for time in (last, last + 1.0, last + 1e9):
            assert float(schedule(time)) == schedule.steady_value


def test_numbers_of_schedules_may_be_traced():
    @jax.jit
    def area(height, at, rate):
        pieces = mf.schedules.Piecewise([height, 2.0 * height, 0.0], times=[at, 2 * at])
        return (
            mf.schedules.switch_off(height, at=at).integral(3.0)
            + pieces.integral(3.0)
            + mf.schedules.Power(height, rate).integral(3.0)
            + mf.schedules.Exponential(height, rate).integral(3.0)
        )

    expected = 0.4 * 0.5 + (0.4 * 0.5 + 0.8 * 0.5) + 0.4 * (1 - 1 / 4.0) + 0.4 * (1 - np.exp(-6.0)) / 2
    assert float(area(0.4, 0.5, 2.0)) == pytest.approx(expected, rel=1e-14)
    assert np.isfinite(float(jax.grad(area, argnums=0)(0.4, 0.5, 2.0)))
