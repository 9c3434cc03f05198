"""What a comparison accepts, and in which units it counts."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf


def test_scale_is_the_largest_prediction_and_one_where_that_is_zero():
    assert mf.Comparison(jnp.array([1.0, -4.0]), jnp.zeros(2)).scale == 4
    assert mf.Comparison(jnp.zeros(3), jnp.ones(3)).scale == 1
    assert mf.Comparison(1.0, jnp.ones(3), scale=0.5).scale == 0.5


def test_relation_is_exact_for_counts_words_and_booleans_only():
    assert mf.Comparison(1, 2).relation == "identical"
    assert mf.Comparison("a", "b").relation == "identical"
    assert mf.Comparison(True, np.array(False)).relation == "identical"
    assert mf.Comparison(1, 2.0).relation == "equal"
    assert mf.Comparison(1, 2, relation="equal").relation == "equal"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(predicted=np.ones(3), measured=np.ones(4)), "predicted has shape"),
        (dict(predicted=np.ones((3, 1)), measured=np.ones(3)), "predicted has shape"),
        (dict(predicted=1.0, measured=1j), "measured must be real"),
        (dict(predicted="a", measured=1.0), "predicted must be real"),
        (dict(predicted=1.0, measured=1.0, scale=0.0), "scale must be positive"),
        (dict(predicted=1.0, measured=1.0, scale=np.inf), "scale must be positive"),
        (dict(predicted=np.ones(2), measured=np.ones(2), scale=np.ones(3)), "scale must be one number"),
        (dict(predicted=1.0, measured=1.0, relation="less"), "relation must be one of"),
        (dict(predicted=1.0, measured=1.0, norm="l2"), "norm must be one of"),
        (dict(predicted=1.0, measured=1.0, norm="rms", relation="at most"), "a bound holds everywhere"),
        (dict(predicted=1.0, measured=1.0, uncertainty=-1.0), "uncertainty must not be negative"),
    ],
)
def test_nonsense_is_refused_in_words(arguments, words):
    with pytest.raises(ValueError, match=words):
        mf.Comparison(**arguments)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "1e-3"])
def test_tolerance_is_a_finite_number(value):
    with pytest.raises(ValueError, match="value must be a finite number"):
        mf.tolerance(value, because="x")


def test_tolerance_needs_a_reason():
    with pytest.raises(ValueError, match="because must say in words"):
        mf.tolerance(1e-3, because=" ")
