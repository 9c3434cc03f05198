"""How the families of potentials run into one another."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
X = np.array([-2.5, -0.03, 0.4, 1.7])


def test_hyperbolic_entropy_of_large_scale_is_quadratic():
    scale = 1e5
    potential = P.HyperbolicEntropy(scale)
    # ρ(R−R(0)) = x²/2 up to x⁴/(24ρ²)
    np.testing.assert_allclose(scale * potential.divergence(X, np.zeros(4)), np.sum(X**2) / 2, rtol=1e-9)
    np.testing.assert_allclose(scale * potential.mirror_map(X), X, rtol=1e-9)


def test_hyperbolic_entropy_of_small_scale_is_the_l1_norm():
    errors = []
    for exponent in (30, 100, 300):
        potential = P.HyperbolicEntropy(10.0**-exponent)
        value = potential.value(X) / (exponent * np.log(10))
        errors.append(abs(float(value) / np.sum(np.abs(X)) - 1) * exponent)
    assert errors[0] < 1 and np.ptp(errors) < 1e-9  # the error is C/log(1/ρ)


def test_hyperbolic_aware_is_quadratic_for_small_alpha_and_l1_for_large():
    np.testing.assert_allclose(P.HyperbolicAware(1e-9).value(X), np.sum(X**2) / 2, rtol=1e-8)
    alpha = 1e200
    scaled = alpha / np.log(alpha) * P.HyperbolicAware(alpha).value(X)
    np.testing.assert_allclose(scaled, np.sum(np.abs(X)), rtol=2 / np.log(alpha))


def test_power_two_is_quadratic():
    for name in ("value", "mirror_map", "metric", "to_chart"):
        np.testing.assert_allclose(getattr(P.Power(2.0), name)(X), getattr(P.Quadratic(), name)(X), rtol=1e-14)


@pytest.mark.parametrize("q", [1.0, 1.4, 2.0])
def test_depth_two_has_the_metric_of_theory_page_03(q):
    potential = P.SteepestFamily(2, q, 0.3)
    np.testing.assert_allclose(potential.metric(X), 1 / np.sqrt(4 * np.abs(X) ** q + 0.3**2), rtol=1e-13)


def test_depth_two_gradient_flow_is_half_a_hyperbolic_entropy():
    steepest, entropy = P.SteepestFamily(2, 2.0, 0.3), P.HyperbolicEntropy(0.15)
    np.testing.assert_allclose(steepest.mirror_map(X), entropy.mirror_map(X) / 2, rtol=1e-13)
    np.testing.assert_allclose(steepest.divergence(X, -X), entropy.divergence(X, -X) / 2, rtol=1e-13)


def test_depth_two_sign_flow_has_its_closed_form():
    balance, size = 0.3, np.abs(X)
    closed = (4 * size + balance**2) ** 1.5 / 12 - balance * size / 2 - balance**3 / 12
    np.testing.assert_allclose(P.SteepestFamily(2, 1.0, balance).value(X), np.sum(closed), rtol=1e-12)


@pytest.mark.parametrize("depth, q", [(2, 1.5), (3, 1.0), (5, 1.1)])
def test_small_balance_is_the_balanced_potential(depth, q):
    near, balanced = P.SteepestFamily(depth, q, 1e-12), P.BalancedSteepest(depth, q)
    np.testing.assert_allclose(near.metric(X), balanced.metric(X), rtol=1e-6)
    # what is missing near 0 is of the order λ^{(1−m)L/q}
    missing = 1e-12 ** ((depth - q * (depth - 1)) / q)
    np.testing.assert_allclose(near.mirror_map(X), balanced.mirror_map(X), atol=3 * missing)


def test_metric_exponent_decides_the_domain():
    assert P.BalancedSteepest(3, 1.4).domain == (-np.inf, np.inf)  # m = 14/15
    assert P.BalancedSteepest(3, 1.5).domain == (0.0, np.inf)  # m = 1
    assert P.BalancedSteepest(3, 2.0, side=-1).domain == (-np.inf, 0.0)  # m = 4/3


@pytest.mark.parametrize("name", ["value", "mirror_map", "metric", "balance_density"])
def test_balanced_potential_is_continuous_in_q_through_the_entropic_exponent(name):
    x = np.abs(X)
    entropic = getattr(P.BalancedSteepest(3, 1.5), name)(x)
    for step, tolerance in ((1e-6, 1e-4), (1e-12, 1e-10)):
        np.testing.assert_allclose(getattr(P.BalancedSteepest(3, 1.5 + step), name)(x), entropic, rtol=tolerance)
    np.testing.assert_allclose(P.BalancedSteepest(3, 1.5).mirror_map(x), np.log(x) / 3, rtol=1e-14)


def test_tilted_entropy_has_its_minimum_at_the_start():
    u, v = np.array([1.3, 0.2]), np.array([0.4, 0.9])
    product = P.TiltedHyperbolicEntropy(u * v, np.log(u / v))  # m⊙w, x=½(u²−v²)
    difference = P.TiltedHyperbolicEntropy(2 * u * v, np.log(u / v), factor=0.25)  # u²−v²
    for potential, start in ((product, (u**2 - v**2) / 2), (difference, u**2 - v**2)):
        np.testing.assert_allclose(potential.mirror_map(start), 0.0, atol=1e-15)
        np.testing.assert_allclose(potential.inverse_mirror_map(jnp.zeros(2)), start, rtol=1e-14)


@pytest.mark.parametrize("depth", [3, 4, 6])
def test_balanced_power_difference_is_the_published_potential(depth):
    """∇R = α^{2−D}/(D(D−2))·h⁻¹(x/α^D) with h(z)=(1−z)^{−D/(D−2)}−(1+z)^{−D/(D−2)} (theory page 01)."""
    alpha, gamma = 0.7, depth / (depth - 2)
    unit = np.array([-0.6, -0.01, 0.3, 0.8])
    x = alpha**depth * ((1 - unit) ** -gamma - (1 + unit) ** -gamma)
    potential = P.PowerDifferencePotential(depth, alpha, alpha)
    expected = unit * alpha ** (2 - depth) / (depth * (depth - 2))
    np.testing.assert_allclose(potential.mirror_map(x), expected, rtol=1e-12)
