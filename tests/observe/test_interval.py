"""Intervals of means against SciPy, and how often they hold the mean."""

import numpy as np
import pytest
from scipy import stats

import mirrorflow as mf


@pytest.mark.parametrize("shape", [(2,), (5,), (30,), (4, 3)])
def test_it_is_students_interval(shape):
    values = np.random.default_rng(0).normal(2.0, 3.0, shape)
    mean, half = mf.observe.interval(values)
    low, high = stats.t.interval(0.95, shape[0] - 1, values.mean(axis=0), stats.sem(values, axis=0))
    np.testing.assert_allclose([mean - half, mean + half], [low, high], rtol=1e-12)


def test_it_holds_the_mean_nineteen_times_of_twenty():
    draws = np.random.default_rng(1).normal(size=(5, 20_000))
    mean, half = mf.observe.interval(draws)
    # 20,000 trials at 0.95: standard deviation 0.0015
    assert abs(np.mean(np.abs(mean) <= half) - 0.95) < 0.006


@pytest.mark.parametrize("wrong, words", [([1.0], "two draws"), (1.0, "two draws"), ([1.0, np.nan], "finite")])
def test_what_has_no_interval_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        mf.observe.interval(wrong)
