"""Fits find exact laws, agree with SciPy, keep their invariances, and their intervals cover as often as they say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from mirrorflow import observe

random = np.random.default_rng(4)


@pytest.mark.parametrize("exponent", [-1 / 3, 0.0, 2.0])
@pytest.mark.parametrize("decades", [(-300, 300), (-12, -6), (299, 300)])
def test_exact_power_laws_are_found_over_the_range_of_floats(exponent, decades):
    x = np.logspace(*decades, 13)
    log_y = np.clip(exponent * np.log(x), -680, 680)
    if np.abs(exponent * np.log(x)).max() > 680:
        x = x[np.abs(exponent * np.log(x)) < 680]
        log_y = exponent * np.log(x)
    if len(x) < 3:
        pytest.skip("the law leaves the range of floats")
    fit = observe.fit_exponent(x, 3.0 * np.exp(log_y))
    # Logarithms up to 700 carry errors of 1e-13 each, over a lever of at least one decade.
    assert abs(fit.exponent - exponent) < 1e-12 and fit.half_width < 1e-11 and fit.residual < 1e-11
    assert abs(np.log(fit.prefactor / 3)) < 1e-9


@pytest.mark.parametrize("rate", [-3.0, 1e-200, 2e6])
def test_exact_exponentials_are_found(rate):
    t = np.linspace(0, 10, 7) / abs(rate)
    fit = observe.fit_rate(t, 0.5 * np.exp(rate * t))
    assert abs(fit.rate / rate - 1) < 1e-12 and abs(fit.prefactor - 0.5) < 1e-12 and fit.half_width < 1e-11 * abs(rate)


def _noisy(n=20, seed=5, deviation=0.3):
    generator = np.random.default_rng(seed)
    x = np.sort(generator.lognormal(0, 2, n))
    return x, 2 * x**0.7 * np.exp(deviation * generator.standard_normal(n))


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_a_fit_is_scipys_regression(confidence):
    x, y = _noisy()
    fit, reference = observe.fit_exponent(x, y, confidence), scipy.stats.linregress(np.log(x), np.log(y))
    width = scipy.stats.t.ppf((1 + confidence) / 2, len(x) - 2) * reference.stderr
    np.testing.assert_allclose(fit[:2], (reference.slope, width), rtol=1e-11)
    np.testing.assert_allclose(fit.prefactor, np.exp(reference.intercept), rtol=1e-11)
    deviation = np.log(y) - reference.slope * np.log(x) - reference.intercept
    np.testing.assert_allclose(fit.residual, np.sqrt((deviation**2).sum() / (len(x) - 2)), rtol=1e-11)


def test_weights_are_those_of_scipys_curve_fit():
    x, y = _noisy()
    weights = random.uniform(0.1, 4, len(x))
    fit = observe.fit_exponent(x, y, weights=weights)
    best, covariance = scipy.optimize.curve_fit(
        lambda log_x, slope, level: level + slope * log_x, np.log(x), np.log(y), p0=(0, 0), sigma=weights**-0.5
    )
    width = scipy.stats.t.ppf(0.975, len(x) - 2) * np.sqrt(covariance[0, 0])
    np.testing.assert_allclose(fit[:3], (best[0], width, np.exp(best[1])), rtol=1e-6)


def test_whole_weights_that_are_zero_or_scaled_change_nothing():
    x, y = _noisy()
    kept = np.arange(len(x)) % 3 > 0
    without = observe.fit_exponent(x[kept], y[kept])
    np.testing.assert_allclose(observe.fit_exponent(x, y, weights=np.where(kept, 7.0, 0.0)), without, rtol=1e-11)


def test_exponents_do_not_depend_on_units_or_order():
    x, y = _noisy()
    fit = observe.fit_exponent(x, y)
    shuffled = random.permutation(len(x))
    for other in (observe.fit_exponent(1e100 * x, 1e-150 * y), observe.fit_exponent(x[shuffled], y[shuffled])):
        np.testing.assert_allclose(
            (other.exponent, other.half_width, other.residual), (fit[0], fit[1], fit[3]), rtol=1e-10
        )
    # The inverse law has the negative exponent; a power law in x is an exponential in log x.
    np.testing.assert_allclose(observe.fit_exponent(x, 1 / y)[0], -fit.exponent, rtol=1e-12)
    np.testing.assert_allclose(observe.fit_rate(np.log(x), y), fit, rtol=1e-12)


@pytest.mark.parametrize(("confidence", "points"), [(0.5, 3), (0.9, 4), (0.95, 12)])
def test_intervals_cover_the_truth_as_often_as_they_say(confidence, points):
    generator, trials = np.random.default_rng(6), 2000
    x = np.logspace(-12, -6, points)
    covered = 0
    for _ in range(trials):
        fit = observe.fit_exponent(x, x**-0.5 * np.exp(0.2 * generator.standard_normal(points)), confidence)
        covered += abs(fit.exponent + 0.5) <= fit.half_width
    # Four standard deviations of a binomial share.
    assert abs(covered / trials - confidence) < 4 * np.sqrt(confidence * (1 - confidence) / trials)


def test_weighted_intervals_cover_as_well():
    generator, trials = np.random.default_rng(7), 2000
    t, deviations = np.linspace(0, 3, 8), np.geomspace(0.05, 2, 8)
    covered = 0
    for _ in range(trials):
        y = np.exp(1.5 * t + deviations * generator.standard_normal(8))
        fit = observe.fit_rate(t, y, 0.9, weights=deviations**-2)
        covered += abs(fit.rate - 1.5) <= fit.half_width
    assert abs(covered / trials - 0.9) < 4 * np.sqrt(0.09 / trials)


def test_fits_of_traced_numbers_are_the_same():
    x, y = map(jnp.asarray, _noisy())
    np.testing.assert_allclose(jax.jit(observe.fit_exponent)(x, y), observe.fit_exponent(x, y), rtol=1e-11)
    slope = jax.grad(lambda y: observe.fit_exponent(x, y).exponent)(y)
    # The exponent is linear in log y, so its derivative along y·(log x) is 1.
    np.testing.assert_allclose(jnp.sum(slope * y * jnp.log(x)), 1.0, rtol=1e-11)


@pytest.mark.parametrize(
    ("x", "y", "settings", "words"),
    [
        ([1.0, 2.0, 0.0], [1.0, 2.0, 3.0], {}, "x must be positive, got at index 2"),
        ([1.0, 2.0, 3.0], [1.0, -2.0, 3.0], {}, "y must be positive, got at index 1"),
        ([1.0, 2.0, np.nan], [1.0, 2.0, 3.0], {}, "x must be finite"),
        ([1.0, 2.0, 3.0], [1.0, 2.0], {}, "x has shape .3,., y has shape .2,."),
        ([1.0, 2.0], [1.0, 2.0], {}, "at least three points, got 2"),
        ([2.0, 2.0, 2.0], [1.0, 2.0, 3.0], {}, "x must take at least two values"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], {"confidence": 1.0}, "confidence must be inside"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], {"confidence": 95}, "confidence must be inside"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], {"weights": [1.0, 1.0]}, "weights must have the shape .3,."),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], {"weights": [1.0, 1.0, -1.0]}, "weights must be non-negative"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], {"weights": [1.0, 1.0, 0.0]}, "at least three points, got 2"),
        (np.ones((2, 3)), np.ones((2, 3)), {}, "x must be one axis of numbers"),
        (1.0, 1.0, {}, "x must be one axis of numbers"),
    ],
)
def test_what_cannot_be_fitted_is_refused(x, y, settings, words):
    with pytest.raises(ValueError, match=words):
        observe.fit_exponent(x, y, **settings)
