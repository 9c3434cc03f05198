"""Steps as operators: what two of them differ by, and the hyperbolic step at every size."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import optax
import pytest

import mirrorflow as mf
from mirrorflow.optimizers.operators import hyperbolic_step

THETA = jnp.array([-2.0, -0.3, 0.4, 1.7])
U = jnp.array([0.6, -1.1, 0.7, 0.9])
GAMMA = 0.5


@pytest.mark.parametrize("dtype, near, far", [(jnp.float32, 3e-6, 3e-6), (jnp.float64, 6e-15, 6e-15)])
def test_hyperbolic_steps_have_the_accuracy_of_their_numbers(dtype, near, far):
    rng = np.random.default_rng(0)
    theta, step = rng.normal(size=400) * 10.0 ** rng.uniform(-4, 1, 400), rng.normal(size=400) * 3
    theta, step = np.asarray(theta, dtype), np.asarray(np.clip(step, -8, 8), dtype)
    found = np.asarray(hyperbolic_step(jnp.asarray(theta), jnp.asarray(step), jnp.asarray(GAMMA, dtype)), float)
    exact = np.array(
        [
            float(GAMMA * mpmath.sinh(mpmath.asinh(float(t) / GAMMA) - float(s)))
            for t, s in zip(theta, step, strict=True)
        ]
    )
    # Relative to what enters: a result near 0 is the difference of the two.
    scale = np.abs(exact) + GAMMA * np.finfo(dtype).eps / near
    scale = np.maximum(scale, np.where(np.abs(step) <= 1, np.abs(theta), GAMMA))
    small = np.abs(step) <= 1
    assert (np.abs(found - exact) / scale)[small].max() < near
    assert (np.abs(found - exact) / scale)[~small].max() < far


def test_the_hyperbolic_step_is_mirror_descent_with_hyperbolic_entropy():
    potential = mf.potentials.HyperbolicEntropy(GAMMA)
    expected = potential.inverse_mirror_map(potential.mirror_map(THETA) - 0.1 * U)
    found = mf.optimizers.hyperbolic(0.1, GAMMA)(THETA, U)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_the_commutator_is_of_second_order_with_the_stated_constant():
    rates = np.array([4e-3, 2e-3, 1e-3])
    leading = np.asarray(U * U * THETA / jnp.sqrt(THETA**2 + GAMMA**2))
    errors = []
    for rate in rates:
        h, s = mf.optimizers.hyperbolic(rate, GAMMA), mf.optimizers.descent(rate)
        found = np.asarray(mf.optimizers.commutator(h, s, THETA, U))
        errors.append(np.abs(found / rate**2 - leading).max())
    assert np.polyfit(np.log(rates), np.log(errors), 1)[0] == pytest.approx(1, abs=0.1)


def test_decay_and_plain_descent_commute_with_themselves_alone():
    s, w = mf.optimizers.descent(0.1), mf.optimizers.shrink(0.1, 0.5)
    np.testing.assert_array_equal(mf.optimizers.commutator(s, s, THETA, U), 0)
    # (1−ηλ)(θ−ηs) − ((1−ηλ)θ−ηs) = η²λs
    np.testing.assert_allclose(mf.optimizers.commutator(w, s, THETA, U), 0.01 * 0.5 * U, rtol=1e-12)


def test_a_metric_before_the_sign_does_nothing():
    first = mf.optimizers.horst(0.1, order="hyperbolic first", b1=0.0, b2=0.0, eps=0.0)
    updates, _ = first.update(U, first.init(THETA), THETA)
    np.testing.assert_allclose(updates, -0.1 * jnp.sign(U), rtol=1e-12)


@pytest.mark.parametrize("driver", ["gradient", "ham"])
def test_horst_is_the_composition_it_is_said_to_be(driver):
    adam, decay = mf.optimizers.descent(0.1, optax.scale_by_adam()), mf.optimizers.shrink(0.1, 0.2)
    second = mf.optimizers.hyperbolic(0.1, GAMMA) if driver == "gradient" else mf.optimizers.exponential(0.1, 2.0, 0.01)
    expected = mf.optimizers.compose(decay, second, adam)(THETA, U)
    optimizer = mf.optimizers.horst(0.1, scale=GAMMA, weight_decay=0.2, driver=driver, alpha=2.0, beta=0.01)
    updates, _ = optimizer.update(U, optimizer.init(THETA), THETA)
    np.testing.assert_allclose(THETA + updates, expected, rtol=1e-13)


def test_horst_rests_where_adams_direction_balances_a_smoothed_l1():
    # Constant gradients: Adam's direction is their sign, up to its ε. (1−ηλ)H_η(θ;u)=θ has its fixed point where
    # u ≈ −λ√… : in the limit η→0, u√(θ²+γ²) = −λθ.
    rate, decay = 1e-3, 2.0
    optimizer = mf.optimizers.horst(rate, scale=GAMMA, weight_decay=decay)
    theta, gradient = jnp.array([0.2, -0.1]), jnp.array([1.0, -1.0])
    state = optimizer.init(theta)

    def step(carry, _):
        theta, state = carry
        updates, state = optimizer.update(gradient, state, theta)
        return (theta + updates, state), None

    (theta, _), _ = jax.lax.scan(step, (theta, state), None, length=20_000)
    u = jnp.sign(gradient)
    residual = u * jnp.sqrt(theta**2 + GAMMA**2) + decay * theta
    assert jnp.abs(residual).max() < 5 * rate


def test_refusals():
    with pytest.raises(ValueError, match="driver must be"):
        mf.optimizers.horst(0.1, driver="adam")
    with pytest.raises(ValueError, match="order must be"):
        mf.optimizers.horst(0.1, order="first")
    with pytest.raises(ValueError, match="scale must be positive"):
        mf.optimizers.horst(0.1, scale=0.0)
    with pytest.raises(ValueError, match="learning_rate must be non-negative"):
        mf.optimizers.horst(-0.1)
    with pytest.raises(ValueError, match="at least one operator"):
        mf.optimizers.compose()
