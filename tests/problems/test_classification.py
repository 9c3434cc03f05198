"""Losses of a classifier far outside the range of floats, against 60 digits; labels that are none."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import mirrorflow as mf

INPUTS = np.array([[1.0, 0.3], [0.4, -1.1], [-0.7, -0.2]])
LABELS = np.array([1.0, 1.0, -1.0])
# Of both signs and beyond exp's range; two large ones at once; the middle, where log(1+e^{−m}) is neither tail.
MARGINS = np.array([-1e5, -1e3, -50.0, -1.0, 0.0, 0.5, 39.9, 40.1, 300.0, 1e3, 1e5])


def classifier(loss, inputs=INPUTS, labels=LABELS):
    return mf.problems.Classification(inputs, labels, loss=loss)


def exact(loss, margins):
    """log f and the log of each −∂loss/∂m, at 60 digits."""
    with mpmath.workdps(60):
        exps = [mpmath.exp(-mpmath.mpf(float(m))) for m in margins]
        values = exps if loss == "exponential" else [mpmath.log1p(e) for e in exps]
        slopes = exps if loss == "exponential" else [e / (1 + e) for e in exps]
        return float(mpmath.log(sum(values))), [mpmath.log(s) for s in slopes]


@jax.jit
def of_one_sample(problem, x):
    return problem.log_loss(x), problem.scaled_gradient(x), problem.loss(x), problem.gradient(x)


@pytest.mark.parametrize("loss", ["exponential", "logistic"])
def test_one_sample_is_the_logarithm_at_any_margin(loss):
    """f = e^{−m} or log(1+e^{−m}), ∇f = −σ(−m)·z: margins of 1e5 are a loss of 10^{−43429}, or 1e5."""
    problem = classifier(loss, np.array([[1.0]]), [1.0])
    for margin in MARGINS:
        log_loss, (log_scale, direction), plain, gradient = of_one_sample(problem, jnp.array([margin]))
        expected, (log_slope,) = exact(loss, np.array([margin]))
        assert float(log_loss) == pytest.approx(expected, rel=1e-14, abs=1e-15)
        assert float(log_scale) == pytest.approx(float(log_slope), rel=1e-14, abs=1e-15)
        assert direction.tolist() == [-1.0]
        if abs(expected) < 700:
            assert float(plain) == pytest.approx(np.exp(expected), rel=1e-12)
        if abs(float(log_slope)) < 700:
            assert float(gradient[0]) == pytest.approx(-np.exp(float(log_slope)), rel=1e-12)
    assert float(of_one_sample(problem, jnp.array([1e5]))[2]) == 0.0


@pytest.mark.parametrize("loss", ["exponential", "logistic"])
@pytest.mark.parametrize("scale", [1.0, -1.0, 30.0, 1e3, -1e3, 1e5])
def test_several_samples_are_the_sum_at_60_digits(loss, scale):
    problem, x = classifier(loss), scale * np.array([0.9, -0.8])
    margins = LABELS * (INPUTS @ x)
    log_loss, log_slopes = exact(loss, margins)
    assert float(problem.log_loss(x)) == pytest.approx(log_loss, rel=1e-13)
    log_scale, direction = problem.scaled_gradient(x)
    largest = max(log_slopes)
    weights = np.array([float(mpmath.exp(s - largest)) for s in log_slopes])
    assert float(log_scale) == pytest.approx(float(largest), rel=1e-13, abs=1e-15)
    np.testing.assert_allclose(direction, -(weights * LABELS) @ INPUTS, rtol=1e-9, atol=1e-13 * max(1, abs(scale)))
    np.testing.assert_allclose(np.exp(problem.log_weights(x)), weights / weights.sum(), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("loss", ["exponential", "logistic"])
def test_log_loss_has_the_derivative_of_the_scaled_gradient(loss):
    """∇log f = e^{s−log f}·d, where f and ∇f both underflow."""
    problem, x = classifier(loss), 1e4 * np.array([0.9, -0.8])
    log_scale, direction = problem.scaled_gradient(x)
    slope = jax.grad(problem.log_loss)(jnp.asarray(x))
    np.testing.assert_allclose(slope, np.exp(log_scale - problem.log_loss(x)) * direction, rtol=1e-11)
    assert np.isfinite(np.asarray(slope)).all() and float(problem.loss(x)) == 0.0


def test_logistic_loss_is_the_exponential_one_for_large_margins():
    x = 1e3 * np.array([0.9, -0.8])
    exponential, logistic = classifier("exponential"), classifier("logistic")
    assert float(logistic.log_loss(x)) == pytest.approx(float(exponential.log_loss(x)), rel=1e-15)


def test_margins_are_of_the_label_s_side():
    np.testing.assert_allclose(
        classifier("exponential").margins(np.array([2.0, 1.0])), LABELS * (INPUTS @ [2.0, 1.0]), rtol=1e-15
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: classifier("exponential", labels=[1.0, 0.0, 1.0]), "labels must be -1 or 1, got at index 1: 0.0"),
        (lambda: classifier("exponential", labels=[1.0, 1.0]), r"labels must have shape \(samples,\) = \(3,\).*\(2,\)"),
        (lambda: classifier("exponential", labels=np.ones((3, 1))), r"labels must be one axis of signs.*\(3, 1\)"),
        (lambda: classifier("exponential", labels=["a", "b", "c"]), "labels must be a real number"),
        (lambda: classifier("exponential", labels=[1.0, np.nan, 1.0]), "labels must be finite"),
        (lambda: classifier("hinge"), "loss must be one of 'exponential', 'logistic', got 'hinge'"),
        (lambda: classifier("logistic", inputs=np.ones(3)), r"inputs must have shape \(samples, features\).*\(3,\)"),
        (lambda: classifier("logistic", inputs=np.full((3, 2), np.inf)), "inputs must be finite"),
        (lambda: mf.problems.Classification.sample(jax.random.key(0), samples=0, features=2), "samples must be at"),
    ],
)
def test_what_is_no_classification_is_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("potential", [mf.potentials.Quadratic(), mf.potentials.Cosh()], ids=["at rest", "too stiff"])
def test_a_clock_that_outruns_the_flow_is_no_blow_up(potential):
    """Inseparable data come to rest and cosh gets stiffer without end: both solutions exist for all times."""
    inputs, labels = [[1.0, 0.0], [1.0, 0.1], [0.5, 1.0]], [1.0, -1.0, 1.0]
    if isinstance(potential, mf.potentials.Cosh):
        labels = [1.0, 1.0, 1.0]
    flow = mf.Flow(mf.problems.Classification(inputs, labels), potential=potential)
    until = mf.until.log_time(1e5)
    path = mf.integrate(flow, np.zeros(2), clock=mf.clocks.Log(), until=until, max_steps=50_000)
    assert "blew up" not in str(path.status) and np.isfinite(path.x).all()
