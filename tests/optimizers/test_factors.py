"""PILoT and Sign-In: training m⊙w in place of θ, against the flows of pages 02 and 05."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf
from mirrorflow.optimizers._factors import lifted


def run(optimizer, gradient, theta, steps):
    def step(carry, _):
        theta, state = carry
        updates, state = optimizer.update(gradient(theta), state, theta)
        return (optax.apply_updates(theta, updates), state), None

    return jax.lax.scan(step, (theta, optimizer.init(theta)), None, length=steps)[0]


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_factors_have_their_product_and_their_balance_at_every_size(dtype):
    sizes = np.concatenate([[0.0], np.geomspace(1e-30, 1e15, 60)])
    theta = jnp.asarray(np.concatenate([sizes, -sizes]), dtype)
    for balance in (1e-12, 1.0, 1e6):
        m, w = lifted(theta, jnp.asarray(balance, dtype))
        eps = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(m * w, theta, rtol=eps)
        assert (np.abs((m - w) * (m + w) - balance) <= 2 * eps * np.maximum(np.asarray(m) ** 2, balance)).all()
    m, w = lifted(theta, jnp.asarray(0.0, dtype))
    np.testing.assert_allclose(jnp.abs(w), m, rtol=eps)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_small_steps_follow_the_flow_with_order_one(decay):
    # ẋ = −2√(x²+ρ_t²)·∂f − 4αx with ρ_t=½β e^{−4αt}, here by a solver of its own.
    import scipy.integrate

    target, start, balance, time = np.array([1.0, -0.8, 0.1]), np.array([0.2, 0.3, -0.5]), 0.7, 0.5

    def field(t, x):
        rho = balance / 2 * np.exp(-4 * decay * t)
        return -2 * np.sqrt(x**2 + rho**2) * (x - target) - 4 * decay * x

    exact = scipy.integrate.solve_ivp(field, (0, time), start, rtol=1e-11, atol=1e-13).y[:, -1]
    errors, counts = [], (100, 200, 400)
    for count in counts:
        optimizer = mf.optimizers.pilot(optax.sgd(time / count), balance=balance, decay=decay, where=lambda p: True)
        theta, state = run(optimizer, lambda theta: theta - target, jnp.asarray(start), count)
        errors.append(np.abs(theta - exact).max())
        m, w = state.inner.factors
        np.testing.assert_allclose(m**2 - w**2, balance * np.exp(-4 * decay * time), rtol=0.5 / count**0.5)
    assert np.polyfit(np.log(counts), np.log(errors), 1)[0] == pytest.approx(-1, abs=0.2)


def test_the_balance_of_finite_steps_is_the_exact_recursion():
    # β_{k+1} = β_k((1−2ηα)² − η²g_k²)
    rate, decay, gradient = 0.1, 0.2, jnp.array([0.5, -2.0, 1.0])
    optimizer = mf.optimizers.pilot(optax.sgd(rate), balance=1.0, decay=decay, where=lambda p: True)
    theta = jnp.array([0.3, -0.2, 0.0])
    _, state = run(optimizer, lambda theta: gradient, theta, 5)
    m, w = state.inner.factors
    np.testing.assert_allclose(m**2 - w**2, ((1 - 2 * rate * decay) ** 2 - (rate * gradient) ** 2) ** 5, rtol=1e-12)


def test_sign_in_resets_the_balance_and_keeps_the_weights():
    theta = jnp.array([0.3, -0.2, 0.0])
    optimizer = mf.optimizers.sign_in(optax.sgd(0.1), balance=0.8, reset_every=3, where=lambda p: True)
    state = optimizer.init(theta)
    for k in range(7):
        g = jax.random.normal(jax.random.key(k), theta.shape)
        m, w = state.inner.factors
        if k in (3, 6):
            fresh = lifted(theta, jnp.asarray(0.8))
            assert jnp.abs((m - w) * (m + w) - 0.8).max() > 1e-4
            m, w = fresh
        expected = (m - 0.1 * w * g, w - 0.1 * m * g)
        updates, state = optimizer.update(g, state, theta)
        theta = theta + updates
        for one, other in zip(state.inner.factors, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)
        np.testing.assert_allclose(state.inner.factors.m * state.inner.factors.w, theta, rtol=1e-12, atol=1e-15)


def test_sign_in_takes_weights_through_zero_that_balanced_factors_keep():
    def gradient(theta):
        return theta + 1.0

    start = jnp.array([0.5])
    flipped, _ = run(mf.optimizers.sign_in(optax.sgd(0.05), reset_every=10, where=lambda p: True), gradient, start, 400)
    kept, _ = run(
        mf.optimizers.pilot(optax.sgd(0.05), balance=0.0, decay=0.0, where=lambda p: True), gradient, start, 400
    )
    assert float(flipped[0]) == pytest.approx(-1, abs=1e-3) and abs(float(kept[0])) < 1e-3


def test_a_weight_moved_by_something_else_is_lifted_anew_with_its_balance():
    optimizer = mf.optimizers.pilot(optax.sgd(0.1), balance=0.6, decay=0.0, where=lambda p: True)
    theta = jnp.array([0.3, -0.2, 0.5])
    state = optimizer.init(theta)
    moved = theta.at[0].set(-1.5)
    _, after = optimizer.update(jnp.zeros(3), state, moved)
    m, w = after.inner.factors
    np.testing.assert_allclose(m * w, moved, rtol=1e-12)
    np.testing.assert_allclose(m**2 - w**2, 0.6, rtol=1e-12)
    np.testing.assert_array_equal(m[1:], state.inner.factors.m[1:])


def test_a_chain_that_shrinks_the_weights_is_followed():
    optimizer = optax.chain(mf.optimizers.pilot(optax.sgd(0.1), decay=0.0), optax.scale(0.5))
    theta = jnp.full((2, 2), 0.4)
    theta, state = run(optimizer, jnp.ones_like, theta, 6)
    updates, after = optimizer.update(jnp.zeros((2, 2)), state, theta)
    np.testing.assert_allclose(after[0].inner.factors.m * after[0].inner.factors.w, theta, rtol=1e-12)
    assert jnp.abs(updates).max() < 1e-15


def test_half_precision_keeps_factors_that_the_weights_cannot_resolve():
    # Steps of 1e-4 on weights near 1 vanish in bfloat16; in the factors they add up.
    theta = jnp.ones((1, 1), jnp.bfloat16)
    optimizer = mf.optimizers.pilot(optax.sgd(1e-4), balance=1e-3, decay=0.0)
    moved, _ = run(optimizer, jnp.ones_like, theta, 1000)
    # ẋ=−2√(x²+ρ²) ≈ −2x over time 0.1
    assert float(moved[0, 0]) == pytest.approx(np.exp(-0.2), abs=0.01)


def test_masked_weights_do_not_come_back_through_moments_or_resets():
    mask = jnp.array([[True, False], [False, True]])
    theta = jnp.array([[0.5, 0.4], [-0.3, 0.2]])
    optimizer = mf.sparsity.masked(mf.optimizers.sign_in(optax.adam(0.1), reset_every=2), mask)
    state = optimizer.init(theta)
    for k in range(6):
        updates, state = optimizer.update(jax.random.normal(jax.random.key(k), (2, 2)), state, theta)
        theta = theta + updates
        assert (theta[~mask] == 0).all() and (theta[mask] != 0).all()


def test_refusals():
    with pytest.raises(ValueError, match="balance must be non-negative"):
        mf.optimizers.pilot(optax.sgd(0.1), balance=-1.0)
    with pytest.raises(ValueError, match="reset_every must be at least 1"):
        mf.optimizers.sign_in(optax.sgd(0.1), reset_every=0)
    with pytest.raises(ValueError, match="where must be a pytree"):
        mf.optimizers.pilot(optax.sgd(0.1), where={"a": True}).init(jnp.ones((2, 2)))
