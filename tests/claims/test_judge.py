"""What follows from a deviation, its numerical error and a tolerance."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mirrorflow as mf
from mirrorflow.claims._judge import decide, judge

TOLERANCE = mf.tolerance(1e-3, because="of the test")


def verdict(coarse, fine, tolerance=TOLERANCE, **how):
    """The row for a quantity predicted to be 1 that was measured at two accuracies."""
    return judge("case", "", [mf.Comparison(1.0, coarse, **how), mf.Comparison(1.0, fine, **how)], tolerance)


def test_small_deviation_with_small_numerical_error_holds():
    row = verdict(1.0 + 2e-4, 1.0 + 1e-4)
    assert row.outcome == "holds" and 0 <= row.error <= row.tolerance
    assert row.error == pytest.approx(1e-4) and row.numerical_error == pytest.approx(1e-4)


def test_large_deviation_with_small_numerical_error_is_refuted():
    assert verdict(1.1, 1.1001).outcome == "refuted"


def test_effect_below_the_numerical_error_is_undecided_however_small_the_deviation():
    row = verdict(1.1, 1.0)  # agrees to the last digit at the finer accuracy, and yet
    assert row.error == 0 and row.numerical_error == pytest.approx(0.1) and row.outcome == "undecided"


def test_deviation_that_straddles_the_tolerance_is_undecided_and_says_so():
    row = verdict(1.0015, 1.0011)
    assert row.outcome == "undecided" and "both sides of the tolerance" in row.reason


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["coarse", "fine", "predicted"])
def test_what_is_not_finite_never_holds(bad, place):
    values = {"coarse": [1.0, 1.0], "fine": [1.0, 1.0], "predicted": [1.0, 1.0]}
    values[place] = [1.0, bad]
    ladder = [mf.Comparison(values["predicted"], values["coarse"]), mf.Comparison(values["predicted"], values["fine"])]
    row = judge("case", "", ladder, TOLERANCE)
    assert row.outcome == "undecided" and "not finite (1 of 2 entries)" in row.reason


def test_nothing_to_compare_is_undecided():
    empty = mf.Comparison(np.zeros(0), np.zeros(0))
    assert judge("case", "", [empty, empty], TOLERANCE).outcome == "undecided"


def test_shape_that_depends_on_the_accuracy_is_undecided():
    row = judge("case", "", [mf.Comparison(0.0, np.zeros(3)), mf.Comparison(0.0, np.zeros(4))], TOLERANCE)
    assert row.outcome == "undecided" and "shape" in row.reason


@given(
    order=st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    constant=st.floats(1e-6, 1e-1),
    truth=st.floats(-0.05, 0.05),
)
def test_numerical_error_bounds_the_true_error_of_a_method_of_order_half_or_more(order, constant, truth):
    """measured(h) = truth + C h^order, refined tenfold: the estimate contains the truth, so no verdict is wrong."""
    row = verdict(1 + truth + constant, 1 + truth + constant * 10.0**-order)
    assert abs(row.error - abs(truth)) <= row.numerical_error * (1 + 1e-9)
    if row.outcome == "holds":
        assert abs(truth) <= 1e-3
    if row.outcome == "refuted":
        assert abs(truth) > 1e-3 - 1e-12


@given(violation=st.floats(-10, 10), doubt=st.floats(0, 10), tolerance=st.floats(0, 10))
def test_holds_and_refuted_mean_every_value_within_the_doubt(violation, doubt, tolerance):
    outcome, reason = decide(violation, doubt, tolerance)
    assert (outcome == "holds") == (violation + doubt <= tolerance)
    assert (outcome == "refuted") == (violation - doubt > tolerance)
    assert bool(reason) == (outcome == "undecided")


def test_deviation_counts_and_not_what_both_sides_share():
    """Predicted and measured move together when times move: the law still holds to the last digit."""
    coarse, fine = np.linspace(0, 1, 9), np.linspace(0, 1.1, 9)
    row = judge("case", "", [mf.Comparison(coarse**2, coarse**2), mf.Comparison(fine**2, fine**2)], TOLERANCE)
    assert row.outcome == "holds" and not row.refined


def test_bound_that_is_kept_with_room_holds_in_spite_of_a_numerical_error():
    row = verdict(5.0, 5.4, relation="at least")
    assert row.outcome == "holds" and row.error == 0 and row.numerical_error == pytest.approx(0.4)


def test_bound_that_is_kept_by_less_than_the_numerical_error_is_undecided():
    assert verdict(0.9, 0.99, relation="at most").outcome == "undecided"


def test_bound_that_is_broken_in_one_entry_is_refuted():
    measured = np.array([0.5, 0.2, 1.2])
    row = judge("case", "", [mf.Comparison(1.0, measured, relation="at most")] * 2, TOLERANCE)
    assert row.outcome == "refuted" and row.measured == 1.2 and row.predicted == 1.0


def test_entry_that_deviates_most_is_reported():
    predicted, measured = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.5], [3.1, 4.0]])
    row = judge("case", "", [mf.Comparison(predicted, measured)] * 2, TOLERANCE)
    assert (row.predicted, row.measured, row.entries) == (2.0, 2.5, 4)
    assert row.error == pytest.approx(0.5 / 4)  # in units of the largest prediction


@pytest.mark.parametrize(("norm", "expected"), [("max", 0.4), ("mean", 0.1), ("rms", 0.2)])
def test_norms(norm, expected):
    comparison = mf.Comparison(np.ones(4), np.array([1.0, 1.0, 1.4, 1.0]), norm=norm)
    assert judge("case", "", [comparison] * 2, TOLERANCE).error == pytest.approx(expected)


def test_interval_of_a_fit_counts_as_doubt():
    fit = mf.Comparison(-1 / 3, -0.331, scale=1.0, uncertainty=0.1)
    assert judge("case", "", [fit] * 2, mf.tolerance(0.05, because="x")).outcome == "undecided"
    sharp = mf.Comparison(-1 / 3, -0.331, scale=1.0, uncertainty=0.01)
    assert judge("case", "", [sharp] * 2, mf.tolerance(0.05, because="x")).outcome == "holds"


def test_counts_are_compared_exactly():
    exact = mf.tolerance(0, because="counts are exact")
    assert judge("case", "", [mf.Comparison(3, 3)] * 2, exact).outcome == "holds"
    assert judge("case", "", [mf.Comparison(3, 4)] * 2, exact).outcome == "refuted"
    assert judge("case", "", [mf.Comparison("stationary", "blew up")] * 2, exact).outcome == "refuted"
    assert judge("case", "", [mf.Comparison([True, True], [True, False])] * 2, exact).error == 0.5


def test_count_that_depends_on_the_accuracy_is_undecided():
    exact = mf.tolerance(0, because="counts are exact")
    for measured in ((3, 4), (4, 3)):
        row = judge("case", "", [mf.Comparison(3, m) for m in measured], exact)
        assert row.outcome == "undecided" and "depends on the accuracy" in row.reason


def test_count_that_is_wrong_at_every_accuracy_is_refuted():
    exact = mf.tolerance(0, because="counts are exact")
    assert judge("case", "", [mf.Comparison(3, 7), mf.Comparison(3, 8)], exact).outcome == "refuted"


def test_rounding_is_part_of_the_numerical_error():
    row = judge("case", "", [mf.Comparison(1.0, 1.0)] * 2, mf.tolerance(1e-17, because="too little"))
    assert row.outcome == "undecided" and 0 < row.numerical_error < 1e-14
    single = mf.Comparison(np.float32(1.0), np.float32(1.0))
    assert judge("case", "", [single] * 2, TOLERANCE).numerical_error > 1e-7
