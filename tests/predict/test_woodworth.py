"""Woodworth's function against arithmetic of many digits, the potentials of the flow, and its two limits."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
woodworth_q = mf.predict.woodworth_q
X = np.array([0.7, -2.3, 1e-3, 0.0, 40.0])


def exact(x, depth, alpha):
    """Σα^D q_D(x/α^D) in 320 digits: y=h⁻¹(z) by bisection in log((1+y)/(1−y)), then q=zy−∫h."""
    with mpmath.workdps(320):
        unit, total = mpmath.mpf(float(alpha)) ** depth, mpmath.mpf(0)
        for entry in np.abs(x[x != 0]):
            z = mpmath.mpf(float(entry)) / unit
            if depth == 2:
                total += unit * (2 - mpmath.sqrt(4 + z**2) + z * mpmath.asinh(z / 2))
                continue
            gamma = mpmath.mpf(depth) / (depth - 2)
            below = lambda odds: ((1 + mpmath.e**odds) / 2) ** gamma - ((1 + mpmath.e**-odds) / 2) ** gamma < z  # noqa: B023, E731
            low, high = mpmath.mpf(0), mpmath.mpf(8) + 2 * mpmath.log(1 + z)
            for _ in range(700):
                middle = (low + high) / 2
                low, high = (middle, high) if below(middle) else (low, middle)
            y = mpmath.tanh(low / 2)
            k = gamma - 1
            total += unit * (z * y - ((1 - y) ** -k + (1 + y) ** -k - 2) / k)
        return float(total)


@pytest.mark.parametrize("alpha", [1e-150, 1e-10, 0.05, 1.0, 30.0, 1e70])
def test_depth_two_agrees_with_many_digits(alpha):
    np.testing.assert_allclose(woodworth_q(X, 2, alpha), exact(X, 2, alpha), rtol=5e-15)


@pytest.mark.parametrize("depth", [3, 4, 7])
@pytest.mark.parametrize("alpha", [1e-40, 0.05, 3.0, 1e12])
def test_deep_ones_agree_with_many_digits(depth, alpha):
    np.testing.assert_allclose(woodworth_q(X, depth, alpha), exact(X, depth, alpha), rtol=1e-13)


def test_the_range_of_floats_is_no_limit():
    for depth in (2, 3, 6):
        ones = np.array([1.0, -2.0])
        small, large = (float(woodworth_q(ones, depth, alpha)) for alpha in (1e-150, 1e150))
        assert np.isfinite(small) and np.isfinite(large) and large >= 0
        if depth == 2:
            np.testing.assert_allclose(large, 5 / (4 * 1e300), rtol=1e-13)
        else:
            np.testing.assert_allclose(small, 3, rtol=1e-13)
    big = 1e100
    np.testing.assert_allclose(woodworth_q(np.array([big]), 3, 1e130), (big / 1e130) ** 2 / 1e130 / 12, rtol=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 0.7, 3.0])
def test_the_potentials_of_the_flows_are_multiples_of_it(alpha):
    """D_R(x,0)=Q/4 for D=2, Q/(D(D−2)α^{D−2}) for D≥3; ∇R=∇Q times the same, so that d∇Q=−∇f dt is a slower flow."""
    entropy = P.TiltedHyperbolicEntropy(scale=2 * alpha**2, factor=0.25)
    np.testing.assert_allclose(entropy.divergence(X, np.zeros(5)), woodworth_q(X, 2, alpha) / 4, rtol=1e-12)
    np.testing.assert_allclose(
        entropy.mirror_map(X), jax.grad(lambda x: woodworth_q(x, 2, alpha))(jnp.asarray(X)) / 4, rtol=1e-12
    )
    for depth in (3, 4, 6):
        deep, factor = P.PowerDifferencePotential(depth, alpha, alpha), depth * (depth - 2) * alpha ** (depth - 2)
        np.testing.assert_allclose(deep.divergence(X, np.zeros(5)), woodworth_q(X, depth, alpha) / factor, rtol=1e-9)
        slope = jax.grad(lambda x, depth=depth: woodworth_q(x, depth, alpha))(jnp.asarray(X))
        np.testing.assert_allclose(deep.mirror_map(X), slope / factor, rtol=1e-12)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_small_starts_tend_to_l1_and_large_ones_to_l2(depth):
    least = float(np.abs(X).sum())
    gaps = []
    for alpha in (1e-1, 1e-2, 1e-3):
        size = woodworth_q(X, depth, alpha) / (-2 * np.log(alpha) if depth == 2 else 1.0)
        gaps.append(abs(float(size) / least - 1))
    assert gaps[0] > gaps[1] > gaps[2]
    if depth == 2:  # Q=Σ|x|(log(|x|/α²)−1) up to powers of α
        expected = np.sum(np.abs(X[X != 0]) * (np.log(np.abs(X[X != 0])) + 48 * np.log(10) - 1))
        np.testing.assert_allclose(woodworth_q(X, 2, 1e-24), expected, rtol=1e-13)
    factor = 4e12 if depth == 2 else 4 * depth * 1e6**depth / (depth - 2)
    np.testing.assert_allclose(woodworth_q(X, depth, 1e6) * factor, np.sum(X**2), rtol=1e-9)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_slopes_agree_with_differences(depth):
    for alpha in (0.05, 1.5):
        in_alpha = jax.grad(lambda a: woodworth_q(X, depth, a))(alpha)
        step = 1e-5 * alpha
        difference = (woodworth_q(X, depth, alpha + step) - woodworth_q(X, depth, alpha - step)) / (2 * step)
        np.testing.assert_allclose(in_alpha, difference, rtol=1e-7)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((X, 1, 1.0), "depth must be at least 2"),
        ((X, 2, 0.0), "alpha must be positive"),
        ((X * np.nan, 2, 1.0), "x must be"),
    ],
)
def test_bad_arguments_are_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        woodworth_q(*arguments)
