"""HAM: its formula, its flow across sign flips, and its penalty."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf


def run(optimizer, gradient, theta, steps):
    def step(carry, _):
        theta, state = carry
        updates, state = optimizer.update(gradient(theta), state, theta)
        return (theta + updates, state), None

    return jax.lax.scan(step, (theta, optimizer.init(theta)), None, length=steps)[0]


def test_one_step_is_the_published_formula():
    theta, gradient = jnp.array([[0.5, -0.01], [0.0, 2.0]]), jnp.array([[1.0, -2.0], [0.5, 0.1]])
    optimizer = mf.optimizers.ham(optax.sgd(0.1), learning_rate=0.1, alpha=3.0, beta=0.2)
    updates, _ = optimizer.update(gradient, optimizer.init(theta), theta)
    half = np.asarray(theta - 0.1 * gradient)
    expected = half * np.exp(-0.1 * (3.0 * np.sign(half) * np.asarray(gradient) + 0.2))
    np.testing.assert_allclose(theta + updates, expected, rtol=1e-14)


def test_the_closed_form_is_followed_across_a_flip_of_the_sign_at_order_one():
    # Constant gradient g: z=sign(θ)log(1+α|θ|)/α falls by g·t, through 0.
    alpha, slope, start, time = 4.0, 1.0, 0.3, 0.4
    z = np.log1p(alpha * start) / alpha - slope * time
    exact = np.sign(z) * np.expm1(alpha * abs(z)) / alpha
    assert exact < 0 < start
    errors, counts = [], (1000, 2000, 4000)
    for count in counts:
        optimizer = mf.optimizers.ham(
            optax.sgd(time / count), learning_rate=time / count, alpha=alpha, beta=0.0, where="all"
        )
        theta, _ = run(optimizer, lambda theta: jnp.full_like(theta, slope), jnp.array([start]), count)
        errors.append(abs(float(theta[0]) - exact))
    assert np.polyfit(np.log(counts), np.log(errors), 1)[0] == pytest.approx(-1, abs=0.2)
    assert errors[-1] < 1e-3


def test_beta_is_the_decay_of_the_balance_function():
    # θ rests where (1+α|θ|)∇f=−βθ, a minimum of f+βΣ(|θ|/α−log(1+α|θ|)/α²).
    alpha, beta, target = 2.0, 0.5, jnp.array([1.0, -0.4, 0.05])
    optimizer = mf.optimizers.ham(optax.sgd(1e-3), learning_rate=1e-3, alpha=alpha, beta=beta, where="all")
    theta, _ = run(optimizer, lambda theta: theta - target, jnp.array([0.5, 0.5, -0.5]), 20_000)

    def objective(theta):
        size = jnp.abs(theta)
        return 0.5 * jnp.sum((theta - target) ** 2) + beta * jnp.sum(size / alpha - jnp.log1p(alpha * size) / alpha**2)

    assert jnp.abs(jax.grad(objective)(theta)).max() < 2e-3


def test_the_exponential_alone_keeps_signs_and_zeros():
    theta = jnp.array([0.5, -0.2, 0.0])
    optimizer = mf.optimizers.ham(optax.sgd(0.0), learning_rate=0.1, alpha=50.0, where="all")
    moved, _ = run(optimizer, lambda theta: jnp.array([5.0, -5.0, 1.0]), theta, 50)
    np.testing.assert_array_equal(jnp.sign(moved), jnp.sign(theta))


def test_a_learning_rate_beyond_the_exponential_is_cut_off_and_counted():
    theta = jnp.array([[1.0, -1.0, 1.0]])
    optimizer = mf.optimizers.ham(optax.sgd(0.0), learning_rate=1e3, alpha=1.0, beta=0.0)
    updates, state = optimizer.update(jnp.array([[1.0, 1.0, 1e-4]]), optimizer.init(theta), theta)
    np.testing.assert_allclose(theta + updates, [[np.exp(-5), -np.exp(5), np.exp(-0.1)]], rtol=1e-12)
    assert int(state.inner[0].clamped) == 2


def test_biases_get_the_base_step_alone():
    theta, gradient = {"w": jnp.ones((2, 2)), "b": jnp.ones(2)}, {"w": jnp.ones((2, 2)), "b": jnp.ones(2)}
    optimizer = mf.optimizers.ham(optax.sgd(0.1), learning_rate=0.1)
    updates, _ = optimizer.update(gradient, optimizer.init(theta), theta)
    np.testing.assert_allclose(updates["b"], -0.1)
    assert (updates["w"] < -0.1).all()


def test_schedules_are_followed():
    rate = optax.piecewise_constant_schedule(0.1, {2: 0.0})
    optimizer = mf.optimizers.ham(optax.sgd(rate), learning_rate=rate, alpha=1.0, where="all")
    after_two, state = run(optimizer, jnp.ones_like, jnp.ones(2), 3)
    updates, _ = optimizer.update(jnp.ones(2), state, after_two)
    np.testing.assert_array_equal(updates, 0)
