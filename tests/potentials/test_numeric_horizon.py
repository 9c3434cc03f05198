"""Horizons read off numbers are those that theory states."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

P = mf.potentials
Custom = P.Custom
SCALES = np.array([0.3, 1e-6, 20.0])
STATED = {
    "quadratic": P.Quadratic(),
    "power-1.2": P.Power(1.2),
    "power-7.5": P.Power(7.5),
    "entropy-tiny": P.HyperbolicEntropy(1e-300),
    "entropy-large": P.HyperbolicEntropy(1e3),
    "entropy-scales": P.HyperbolicEntropy(SCALES),
    "aware": P.HyperbolicAware(1.3),
    "aware-large": P.HyperbolicAware(1e9),
    "tilted": P.TiltedHyperbolicEntropy(0.4, 1.7),
    "steepest-2-2": P.SteepestFamily(2, 2.0, 0.2),
    "steepest-2-1": P.SteepestFamily(2, 1.0, 0.2),
    "steepest-bounded": P.SteepestFamily(3, 2.0, 0.5),
    "balanced": P.BalancedSteepest(3, 1.0),
    "balanced-half-line": P.BalancedSteepest(2, 2.0, side=-1),
    "balanced-bounded": P.BalancedSteepest(3, 1.6, side=-1),
    "power-difference": P.PowerDifferencePotential(3, 0.6, 0.5),
    "log-difference": P.LogDifferencePotential(0.6, 1.5),
    "cosh": P.Cosh(),
    "negative-entropy": P.NegativeEntropy(),
    "log-barrier": P.LogBarrier(),
}


@pytest.mark.parametrize("name", STATED)
def test_numeric_horizon_is_the_stated_one(name):
    assert P.numeric_horizon(STATED[name]) == STATED[name].horizon


@pytest.mark.parametrize(
    "value, p",
    [
        (lambda x: jnp.abs(x) ** 3 / 3 + x**2 + jnp.abs(x) ** 1.1, 3),  # lower-order convex terms count for nothing
        (lambda x: x * jnp.arcsinh(x / 0.01) - jnp.sqrt(x**2 + 1e-4), 1),
    ],
)
def test_horizon_of_a_function_is_found(value, p):
    assert Custom(value=value).horizon == P.Lp(p)


def test_logarithmic_factors_are_seen_through():
    found = Custom(metric=lambda x: x**2 * jnp.log(2 + x**2)).horizon  # R ~ |x|⁴·log|x|
    assert found == P.Lp(4) or abs(found.p - 4) <= found.error < 1e-3
    slowly = Custom(mirror_map=lambda x: jnp.sign(x) * jnp.log1p(jnp.log1p(jnp.abs(x)))).horizon
    assert slowly == P.Lp(1)


def test_growth_that_differs_between_the_sides_gives_weights():
    """x²/2 for x<0 and 2x² for x>0: φ(x)² ∝ ¼(x⁻)²+(x⁺)²."""
    tilted = Custom(metric=lambda x: jnp.where(x < 0, 1.0, 4.0))
    horizon = tilted.horizon
    np.testing.assert_allclose(horizon([3.0, -8.0]), 5.0, rtol=1e-9)
    assert horizon(np.eye(3)[0]) == 1 and horizon.p == 2 and horizon.error < 1e-9
    x = np.array([0.3, -2.0, 0.7])
    # the definition, at a distance where this potential is its own limit
    np.testing.assert_allclose(horizon(x), np.sqrt(tilted.value(x) / 2), rtol=1e-9)
    y = np.array([1.0, 2.0, -0.4])
    assert x @ y <= horizon(x) * horizon.dual(y)
    touching = horizon.dual(y) * jnp.where(y < 0, 4, 1) * y / horizon.dual(y) ** 2  # x with ⟨x,y⟩=φ(x)φ°(y)
    np.testing.assert_allclose(touching @ y, horizon(touching) * horizon.dual(y), rtol=1e-9)


def test_exponential_rates_that_differ_give_weights_with_their_error():
    horizon = Custom(metric=lambda x: jnp.exp(x) + jnp.exp(-2 * x)).horizon
    assert horizon.p == np.inf and horizon.positive == 1
    assert abs(horizon.negative - 2) < horizon.error < 0.02


def test_sides_and_coordinates_of_slower_growth_have_weight_zero():
    horizon = Custom(metric=lambda x: jnp.where(x < 0, 1.0, 1 + jnp.abs(x))).horizon
    assert horizon.p == 3 and horizon([2.0, -5.0]) == 2
    assert horizon.dual([1.0, 0.0]) == 1 and horizon.dual([0.0, -1.0]) == np.inf
    scaled = P.numeric_horizon(P.HyperbolicAware(np.array([1.0, 3.0])))  # Q ~ |x|/α
    np.testing.assert_allclose(scaled.positive, [1, 1 / 3], rtol=1e-9)
    np.testing.assert_allclose(scaled([-1.0, 3.0]), 2.0, rtol=1e-9)


def test_bounded_domains_and_mirror_maps_have_no_horizon():
    assert Custom(mirror_map=jnp.tanh).horizon is None
    assert Custom(metric=lambda x: 1 / ((1 - x) * (1 + x)), domain=(-1, 1)).horizon is None


def test_growth_between_powers_and_exponentials_is_refused():
    slow = Custom(metric=lambda x: jnp.exp(jnp.log1p(jnp.abs(x)) ** 1.15))
    with pytest.raises(ValueError, match="no exponent within reach of floats"):
        assert slow.horizon
