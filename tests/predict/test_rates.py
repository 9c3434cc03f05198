"""Rates against the flows they speak of, and constants against their definitions."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
predict = mf.predict
random = np.random.default_rng(0)
INPUTS = random.normal(size=(9, 4))
PROBLEM = mf.problems.Classification(INPUTS, np.sign(INPUTS @ random.normal(size=4)))


def test_the_constant_of_the_inequality_is_attained():
    """‖∇f‖²=Λ(f−f*) along the least singular direction, ≥ elsewhere, with a target outside the range."""
    design = random.normal(size=(6, 3))
    problem = mf.problems.LinearRegression(design, random.normal(size=6))
    rate = predict.pl_rate(problem, P.Quadratic(), -1.0, 1.0)
    best = np.linalg.lstsq(design, problem.target, rcond=None)[0]
    np.testing.assert_allclose(rate.least, problem.loss(best), rtol=1e-12)
    steps = np.vstack([np.linalg.svd(design)[2][-1], random.normal(size=(20, 3))])
    ratios = []
    for step in steps:
        gradient = problem.scaled_gradient(jnp.asarray(best + step))[1]
        ratios.append(float(gradient @ gradient / (problem.loss(best + step) - rate.least)))
    np.testing.assert_allclose(ratios[0], rate.constant, rtol=1e-10)
    assert min(ratios[1:]) > rate.constant


@pytest.mark.parametrize("potential", [P.HyperbolicEntropy(0.5), P.Power(3.0)])
def test_the_inverse_metric_is_the_least_one_of_the_box(potential):
    problem = mf.problems.LinearRegression(np.eye(2), np.ones(2))
    low, high = np.array([-0.3, 0.2]), np.array([0.4, 2.0])
    points = random.uniform(low, high, size=(500, 2))
    least = predict.pl_rate(problem, potential, low, high).inverse_metric
    sampled = (1 / np.array([np.asarray(potential.metric(point)) for point in points])).min()
    assert least <= sampled <= 1.05 * least


def test_losses_stay_below_the_bound():
    problem = mf.problems.LinearRegression(np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 1.0]]), np.array([1.0, 0.3]))
    potential = P.HyperbolicEntropy(0.3)
    path = mf.integrate(mf.Flow(problem, potential=potential), jnp.zeros(3), until=mf.until.time(6.0), save=40)
    x = np.asarray(path.x)
    rate = predict.pl_rate(problem, potential, x.min(axis=0), x.max(axis=0))
    assert rate.rate > 0 and (path.loss <= rate.bound(path.time, path.loss[0]) * (1 + 1e-9)).all()
    twice = dataclasses.replace(rate, rate=20 * rate.rate)
    assert (np.asarray(path.loss)[1:] > twice.bound(path.time, path.loss[0])[1:]).any()


@pytest.mark.parametrize("p", [1.5, 2.0, 3.0])
def test_gap_times_log_time_tends_to_the_entropy_and_norms_to_log_time_over_the_margin(p):
    best = predict.max_margin(PROBLEM, P.Lp(p))
    flow = mf.Flow(PROBLEM, potential=P.Power(p))
    errors = []
    for end in (100.0, 300.0):
        path = mf.integrate(flow, jnp.zeros(4), clock=mf.clocks.Log(), until=mf.until.log_time(end), save=3)
        gap = mf.observe.margin_certificate(path.x[-1], best).gap
        errors.append(
            [
                gap * end / predict.margin_gap_constant(best) - 1,
                mf.observe.norm(path, p)[-1] / end / predict.norm_growth(best) - 1,
            ]
        )
    assert np.abs(errors[1]).max() < 0.04 and (np.abs(errors[1]) < np.abs(errors[0]) / 2).all()


def test_equal_shares_have_no_gap_constant():
    """Three orthogonal samples share equally under ℓ2; under ℓ∞ one of c's entries may still dominate."""
    best = predict.max_margin(mf.problems.Classification(np.eye(3), np.ones(3)), P.Lp(2))
    assert abs(predict.margin_gap_constant(best)) < 1e-12
    skewed = predict.max_margin(PROBLEM, P.Lp(np.inf))
    parts = []
    for weights in (skewed.shares, np.abs(skewed.dual)):
        held = weights[weights > 0]
        parts.append(-held @ np.log(held) + np.log(held.max()))
    expected = (1 + skewed.margin) * (parts[0] / skewed.margin + parts[1])
    np.testing.assert_allclose(predict.margin_gap_constant(skewed), expected, rtol=1e-10)
    np.testing.assert_allclose(predict.norm_growth(skewed), 1 / (1 + skewed.margin))


def test_slacks_are_the_exponents_of_hyperbolic_entropy():
    best = predict.max_margin(mf.problems.Classification(np.array([[3.0, 1.0, -2.0]]), np.ones(1)), P.Lp(1))
    np.testing.assert_allclose(predict.coordinate_exponents(best), [0, -2 / 3, -1 / 3], atol=1e-12)
    with pytest.raises(ValueError, match="2 of 3 features have a slack"):
        predict.margin_gap_constant(best)
    with pytest.raises(ValueError, match="belong to the horizon"):
        predict.coordinate_exponents(predict.max_margin(PROBLEM, P.Lp(2)))


def test_exponents_of_the_table():
    assert predict.norm_exponent(2) == 0.5 and predict.loss_exponents(2, 3) == (-1.0, -0.5)
    assert predict.bregman_gap_exponent(1.5) == -0.5 and predict.direction_error_exponent() == -1
    for call, message in (
        (lambda: predict.norm_exponent(0), "degree must be positive"),
        (lambda: predict.loss_exponents(1, 0.5), "growth must be in"),
        (lambda: predict.bregman_gap_exponent(1.0), "p must be greater than 1"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(
    "design, low, high, message",
    [
        (np.eye(2), 1.0, 0.0, "must span a box"),
        (np.eye(2), -np.inf, 1.0, "low must be finite"),
        (np.zeros((2, 2)), 0.0, 1.0, "design must not be 0"),
    ],
)
def test_boxes_and_designs_without_a_rate_are_refused(design, low, high, message):
    with pytest.raises(ValueError, match=message):
        predict.pl_rate(mf.problems.LinearRegression(design, np.ones(2)), P.Quadratic(), low, high)


def test_a_narrow_peak_of_a_metric_is_not_stepped_over():
    """R''=1+e^{−10⁴(x−.3)²} is 2 at x=.3, which lies between two points of the grid."""
    potential = mf.potentials.Custom(metric=lambda x: 1 + jnp.exp(-1e4 * (x - 0.3) ** 2))
    problem = mf.problems.LinearRegression(np.eye(1), np.ones(1))
    assert mf.predict.pl_rate(problem, potential, -1.0, 1.0).inverse_metric == pytest.approx(0.5, rel=1e-9)
