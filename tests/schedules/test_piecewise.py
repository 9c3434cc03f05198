"""Steps: any number of pieces, checked against sums done by hand."""

import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import mirrorflow as mf

heights = st.floats(0.0, 1e3, allow_subnormal=False)
gaps = st.lists(st.floats(1e-3, 10.0), min_size=0, max_size=5)


@given(gaps=gaps, data=st.data(), time=st.floats(0.0, 60.0))
def test_integral_is_the_sum_of_the_pieces(gaps, data, time):
    times = np.cumsum(gaps)
    values = np.array(data.draw(st.lists(heights, min_size=len(times) + 1, max_size=len(times) + 1)))
    schedule = mf.schedules.Piecewise(values, times=times)
    edges = np.concatenate([[0.0], times, [np.inf]])
    area = sum(v * max(0.0, min(time, high) - low) for v, low, high in zip(values, edges[:-1], edges[1:], strict=True))
    assert abs(float(schedule.integral(time)) - area) <= 1e-12 * (1 + area)
    assert float(schedule(time)) == values[np.searchsorted(times, time, side="right")]


def test_switch_off_is_one_piece_and_nothing():
    schedule = mf.schedules.switch_off(0.4, at=0.5)
    np.testing.assert_array_equal(schedule(jnp.array([0.0, 0.4999, 0.5, 9.0])), [0.4, 0.4, 0.0, 0.0])
    assert schedule.total() == 0.2 and schedule.steady_value == 0.0


def test_storage_test_of_page_02_has_equal_integrals():
    """Decay 2λ for T and decay λ for 2T leave the same ∫α, and meet at 2T."""
    strong, weak = mf.schedules.switch_off(0.6, at=1.5), mf.schedules.switch_off(0.3, at=3.0)
    assert strong.total() == weak.total()
    times = jnp.linspace(0.01, 2.99, 50)
    assert bool(jnp.all(strong.integral(times) > weak.integral(times)))
    assert float(strong.integral(3.0)) == float(weak.integral(3.0))
