"""Smoothed margins against their formulas, closed inverses and 60 digits; where there is none."""

import jax
import mpmath
import numpy as np
import pytest
import scipy.optimize

import mirrorflow as mf

NETWORK = mf.networks.MLP((3, 4, 4, 1), key=jax.random.key(0))
SQUARED = mf.networks.MLP((3, 4, 1), key=jax.random.key(0), activation="squared relu")
QUADRATIC, CUBIC = mf.potentials.Quadratic(), mf.potentials.Power(3.0)
COSH, ENTROPY = mf.potentials.Cosh(), mf.potentials.HyperbolicEntropy(0.3)
smoothed_margin = mf.observe.smoothed_margin


def points(network, sizes=(0.3, 1.0, 2.5)):
    random = np.random.default_rng(3)
    return tuple(np.stack([size * random.standard_normal(shape) for size in sizes]) for shape in network.shape)


def flat(path):
    return np.concatenate([np.asarray(weights).reshape(len(path.time), -1) for weights in path.x], axis=1)


@pytest.mark.parametrize("network", [NETWORK, SQUARED], ids=["relu", "squared relu"])
@pytest.mark.parametrize("alpha", [1.0, 2.0, 3.0])
def test_margin_is_the_logarithm_over_a_power_of_q(network, alpha, of_network):
    """Also where 𝓛>1 and the margin is negative; with a potential for each layer, Q is their sum."""
    potentials = (QUADRATIC, CUBIC, COSH)[: len(network.shape)]
    path = of_network(network, points(network), potentials)
    q = sum(
        np.array([float(potential.balance_function(weights[i])) for i in range(3)])
        for potential, weights in zip(potentials, path.x, strict=True)
    )
    expected = -np.asarray(path.log_loss) / q ** (network.degree / alpha)
    np.testing.assert_allclose(smoothed_margin(path, alpha), expected, rtol=1e-12)


def radii(potential, theta):
    """r with Q₁(r)=ΣQ₁(θ_i)."""
    total = float(potential.balance_function(theta))
    if potential is ENTROPY:
        return np.sqrt(total**2 - 0.3**2)
    if potential is COSH:
        return scipy.optimize.brentq(lambda r: r * np.sinh(r) - np.cosh(r) + 1 - total, 0.0, 50.0, xtol=1e-14)
    return np.linalg.norm(theta, 3.0)


@pytest.mark.parametrize("potential", [CUBIC, ENTROPY, COSH], ids=["power", "hyperbolic entropy", "cosh"])
def test_general_form_is_relative_to_the_coordinate_with_all_of_q(potential, of_network):
    path = of_network(NETWORK, points(NETWORK), potential)
    expected = -np.asarray(path.log_loss) / [radii(potential, theta) ** 3 for theta in flat(path)]
    np.testing.assert_allclose(smoothed_margin(path), expected, rtol=1e-10)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_general_form_reaches_sizes_far_from_one(size):
    """For powers r is the ℓp norm; of a linear classifier, L=1."""
    problem = mf.problems.Classification(np.eye(3), np.ones(3))
    x = size * np.array([[1.0, -2.0, 3.0]])
    path = mf.Trajectory.from_arrays(time=[0.0], parameters=x, problem=problem, potential=CUBIC)
    expected = -np.asarray(path.log_loss) / np.linalg.norm(x[0], 3)
    np.testing.assert_allclose(smoothed_margin(path), expected, rtol=1e-11)
    np.testing.assert_allclose(smoothed_margin(path, 3.0), expected / (2 / 3) ** (1 / 3), rtol=1e-11)


@pytest.mark.parametrize("margin", [-800.0, -30.0, -1.0, 0.3, 1.0, 20.0, 29.9, 30.1, 1e4])
def test_logistic_logarithm_at_60_digits(margin):
    """−log(e^𝓛−1) with 𝓛=Σlog(1+e^{−m}): for one sample it is m itself, for several it is not."""
    for inputs in ([[1.0]], [[1.0], [1.0], [2.0]]):
        problem = mf.problems.Classification(inputs, np.ones(len(inputs)), loss="logistic")
        path = mf.Trajectory.from_arrays(time=[0.0], parameters=np.array([[margin]]), problem=problem)
        with mpmath.workdps(60):
            loss = sum(mpmath.log1p(mpmath.exp(-mpmath.mpf(margin) * row[0])) for row in inputs)
            expected = float(-mpmath.log(mpmath.expm1(loss)))
        if len(inputs) == 1:
            assert expected == pytest.approx(margin, rel=1e-15)
        found = float(smoothed_margin(path, 2.0)[0]) * np.sqrt(margin**2 / 2)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-13)


def of_points(x, potential=None, problem=None, **more):
    problem = mf.problems.Classification(np.eye(2), np.ones(2)) if problem is None else problem
    return mf.Trajectory.from_arrays(
        time=np.arange(len(x), dtype=float),
        parameters=np.asarray(x, float),
        problem=problem,
        potential=potential,
        **more,
    )


TWO = mf.networks.MLP((2, 3, 1), key=jax.random.key(1))


@pytest.mark.parametrize(
    ("make", "alpha", "words"),
    [
        (lambda of_network: of_points([[1.0, 1.0], [0.0, 0.0]]), 2.0, r"Q is positive.*point 1, t=1.0"),
        (lambda of_network: of_points([[1.0, 1.0], [0.0, 0.0]]), None, r"Q is positive.*point 1, t=1.0"),
        (lambda of_network: of_points([[1.0, 900.0]], COSH), 2.0, "within the range of floats; at point 0"),
        (lambda of_network: of_points([[1.0, 900.0]], COSH), None, "within the range of floats; at point 0"),
        (lambda of_network: of_points([[1.0, 1.0]]), 0.0, "alpha must be positive, got 0.0"),
        (
            lambda of_network: of_points([[1.0, 1.0]], problem=mf.problems.LinearRegression(np.eye(2), np.ones(2))),
            2.0,
            "smoothed_margin needs a classifier.*LinearRegression",
        ),
        (
            lambda of_network: of_points(
                [[[1.0, 1.0], [1.0, 1.0]]], reparameterization=mf.reparameterizations.Hadamard(2)
            ),
            2.0,
            "path with a potential that acts entry by entry, got one without a potential",
        ),
        (
            lambda of_network: of_network(TWO, points(TWO), (QUADRATIC, CUBIC)),
            None,
            "needs one potential for all layers; give alpha",
        ),
        (
            lambda of_network: of_points([[1.0, 1.0]], mf.potentials.HyperbolicEntropy([0.1, 0.2])),
            None,
            "needs one potential for all coordinates; give alpha",
        ),
        (
            lambda of_network: of_points([[1.0, 1.0]], mf.potentials.NegativeEntropy()),
            None,
            r"needs a potential on all of ℝ; NegativeEntropy.*Give alpha",
        ),
    ],
)
def test_where_there_is_no_smoothed_margin_words_say_so(make, alpha, words, of_network):
    with pytest.raises(ValueError, match=words):
        smoothed_margin(make(of_network), alpha)
