"""STR: the chain rule through the threshold, and thresholds that rise."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf


def shown(weights, s):
    return jnp.sign(weights) * jnp.maximum(jnp.abs(weights) - jax.nn.sigmoid(s), 0)


def loss(theta):
    return jnp.sum((theta - jnp.array([[0.5, -1.0, 0.03, 0.0]])) ** 2) + jnp.sum(theta**4)


def test_steps_are_those_of_automatic_differentiation_through_the_threshold():
    theta, decay, rate = jnp.array([[0.4, -0.7, 0.3, 0.1]]), 0.2, 0.05
    s = jnp.asarray(-2.0)
    weights = theta + jax.nn.sigmoid(s) * jnp.sign(theta)
    optimizer = mf.sparsity.learned_threshold(optax.sgd(rate), initial=-2.0, decay=decay)
    state = optimizer.init(theta)

    def total(weights, s):
        return loss(shown(weights, s)) + decay / 2 * (jnp.sum(weights**2) + s**2)

    for _ in range(20):
        slopes = jax.grad(total, (0, 1))(weights, s)
        weights, s = weights - rate * slopes[0], s - rate * slopes[1]
        updates, state = optimizer.update(jax.grad(loss)(theta), state, theta)
        theta = theta + updates
        np.testing.assert_allclose(theta, shown(weights, s), rtol=1e-10, atol=1e-14)
    assert float(state.factors.s) == pytest.approx(float(s), rel=1e-10)


def test_the_start_is_what_it_was():
    theta = {"w": jax.random.normal(jax.random.key(0), (5, 4)), "b": jnp.ones(4)}
    optimizer = mf.sparsity.learned_threshold(optax.sgd(0.0))
    updates, _ = optimizer.update(jax.tree.map(jnp.ones_like, theta), optimizer.init(theta), theta)
    assert max(float(jnp.abs(u).max()) for u in jax.tree.leaves(updates)) < 1e-15


def test_stronger_decay_gives_more_exact_zeros():
    zeros = []
    for decay in (0.0, 0.1, 1.0):
        # Half of the targets are small; from there λW takes W below the threshold, where only λW is left.
        small = jnp.where(jnp.arange(200).reshape(20, 10) % 2 == 0, 0.02, 1.0)
        target = small * jax.random.normal(jax.random.key(1), (20, 10))
        optimizer = mf.sparsity.learned_threshold(optax.sgd(0.05), initial=-6.0, decay=decay)

        def step(carry, _, optimizer=optimizer, target=target):
            theta, state = carry
            updates, state = optimizer.update(theta - target, state, theta)
            return (theta + updates, state), None

        (theta, _), _ = jax.lax.scan(step, (target, optimizer.init(target)), None, length=2000)
        zeros.append(int((theta == 0).sum()))
    assert zeros[0] == 0 and zeros[0] < zeros[1] < zeros[2]


def test_weights_moved_from_outside_are_followed():
    optimizer = mf.sparsity.learned_threshold(optax.sgd(0.1), initial=-2.0, decay=0.0)
    theta = jnp.array([[0.4, -0.7]])
    state = optimizer.init(theta)
    moved = jnp.array([[0.0, 2.0]])
    updates, _ = optimizer.update(jnp.zeros((1, 2)), state, moved)
    np.testing.assert_allclose(moved + updates, moved, atol=1e-15)
