"""Sparse coding of one signal is a regression, and is predicted like one."""

import jax
import numpy as np
import pytest

import mirrorflow as mf

KEY = jax.random.key(4)


def test_one_signal_is_predicted_as_the_regression_it_is():
    coding = mf.problems.SparseCoding.sample(KEY, length=8, atoms=12, support=2)
    regression = mf.problems.LinearRegression(coding.dictionary, coding.signals)
    potential = mf.potentials.HyperbolicEntropy(1e-3)
    one, other = (mf.predict.bregman_projection(p, potential, np.zeros(12)).x for p in (coding, regression))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(coding.dictionary @ one, coding.signals, atol=1e-10)
    np.testing.assert_array_equal(mf.predict.saddle_jumps(coding).times, mf.predict.saddle_jumps(regression).times)


def test_several_signals_have_no_prediction_and_say_so():
    coding = mf.problems.SparseCoding.sample(KEY, length=8, atoms=12, support=2, signals=3)
    with pytest.raises(ValueError, match="must have a design and a target"):
        mf.predict.bregman_projection(coding, mf.potentials.Quadratic(), np.zeros((12, 3)))
