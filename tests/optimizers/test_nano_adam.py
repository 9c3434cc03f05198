"""NanoAdam: the set it moves, the Adam it is there, and the memory it takes."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf
from mirrorflow.optimizers._smallest import smallest


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32, jnp.float64])
def test_the_smallest_entries_are_those_of_a_stable_sort(dtype):
    rng = np.random.default_rng(1)
    for size, count in ((1, 1), (7, 3), (1000, 100), (1000, 999)):
        weights = jnp.asarray(np.round(rng.normal(size=size), 1), dtype)  # many ties, zeros of both signs
        found = np.asarray(smallest(weights, count, count))
        order = np.argsort(np.abs(np.asarray(weights, float)), kind="stable")[:count]
        np.testing.assert_array_equal(found, np.sort(order))


def test_entries_that_are_not_allowed_come_last():
    weights, allowed = jnp.array([0.0, 3.0, 1.0, 2.0]), jnp.array([False, True, True, True])
    np.testing.assert_array_equal(smallest(weights, 2, 2, allowed), [2, 3])
    np.testing.assert_array_equal(smallest(weights, 2, 3, allowed), [2, 3, 4])


def gradient(k, shape):
    return jax.random.normal(jax.random.fold_in(jax.random.key(3), k), shape)


def reference(theta, steps, density, interval, rate, reset=False, weight_decay=0.0):
    """In NumPy with full arrays, entry by entry."""
    theta = np.array(theta)
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    chosen, since = np.zeros(theta.shape, bool), 0
    for k in range(steps):
        if k % interval == 0:
            count = max(1, round(density * theta.size))
            chosen = np.zeros(theta.size, bool)
            chosen[np.argsort(np.abs(theta).ravel(), kind="stable")[:count]] = True
            chosen = chosen.reshape(theta.shape)
            first, second = first * chosen, second * chosen
            if reset:
                first, second, since = 0 * first, 0 * second, 0
        since += 1
        g = np.asarray(gradient(k, theta.shape))
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
        first, second = first * chosen, second * chosen
        step = first / (1 - 0.9**since) / (np.sqrt(second / (1 - 0.999**since)) + 1e-8) + weight_decay * theta
        theta = theta - rate * step * chosen
    return theta


def followed(optimizer, theta, steps):
    state, update = optimizer.init(theta), jax.jit(optimizer.update)
    for k in range(steps):
        updates, state = update(gradient(k, theta.shape), state, theta)
        theta = optax.apply_updates(theta, updates)
    return theta, state


START = jax.random.normal(jax.random.key(0), (9, 8))


@pytest.mark.parametrize("reset", [False, True])
def test_it_is_adam_on_the_smallest_weights(reset):
    optimizer = mf.optimizers.nano_adam(0.05, density=0.2, interval=4, reset=reset, weight_decay=0.1)
    expected = reference(START, 13, 0.2, 4, 0.05, reset, 0.1)
    np.testing.assert_allclose(followed(optimizer, START, 13)[0], expected, rtol=1e-10)


def test_density_one_is_adam():
    theta, _ = followed(mf.optimizers.nano_adam(0.05, density=1.0), START, 7)
    expected, _ = followed(optax.adam(0.05), START, 7)
    np.testing.assert_allclose(theta, expected, rtol=1e-12)


def test_steps_in_place_are_the_same_steps():
    optimizer = mf.optimizers.nano_adam(0.05, density=0.2, interval=3, exclude=())
    params = {"w": START, "bias": jnp.ones(3)}
    theta, state, expected, other = params, optimizer.init(params), params, optimizer.init(params)
    for k in range(8):
        g = {"w": gradient(k, (9, 8)), "bias": gradient(k + 50, (3,))}
        theta, state = jax.jit(optimizer.apply)(g, state, theta)
        updates, other = jax.jit(optimizer.update)(g, other, expected)
        expected = optax.apply_updates(expected, updates)
        for a, b in zip(jax.tree.leaves(theta), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13)
    bad = {"w": gradient(0, (9, 8)).at[0, 0].set(jnp.nan), "bias": jnp.ones(3)}
    kept, after = optimizer.apply(bad, state, theta)
    np.testing.assert_array_equal(kept["w"], theta["w"])
    assert int(after.skipped) == 1


def test_the_state_has_as_many_numbers_as_the_density_says():
    theta = jnp.zeros((200, 100), jnp.float32)
    adam = sum(leaf.nbytes for leaf in jax.tree.leaves(optax.adam(0.1).init(theta)))
    for density in (0.02, 0.1, 0.5):
        state = mf.optimizers.nano_adam(0.1, density=density).init(theta)
        assert sum(leaf.nbytes for leaf in jax.tree.leaves(state)) <= density * 1.5 * adam + 16


def test_a_falling_density_moves_fewer_weights():
    optimizer = mf.optimizers.nano_adam(0.05, density=0.5, final_density=0.125, decay_steps=4, interval=2)
    theta, state, moved = START, optimizer.init(START), []
    for k in range(8):
        updates, state = optimizer.update(gradient(k, theta.shape), state, theta)
        moved.append(int((updates != 0).sum()))
        theta = theta + updates
    # 72 entries: shares 1/2, 5/16, 1/8 from the steps 0, 2 and 4 on.
    assert moved == [36, 36, 22, 22, 9, 9, 9, 9]


def test_named_arrays_and_vectors_are_updated_in_full():
    params = {"head": START, "w": START, "b": jnp.ones(4)}
    optimizer = mf.optimizers.nano_adam(0.05, density=0.25)
    updates, _ = optimizer.update(jax.tree.map(jnp.ones_like, params), optimizer.init(params), params)
    counts = jax.tree.map(lambda u: int((u != 0).sum()), updates)
    assert counts == {"head": 72, "w": 18, "b": 4}


def test_pruned_entries_are_not_chosen():
    mask = jnp.arange(72).reshape(9, 8) % 2 == 0
    optimizer = mf.sparsity.masked(mf.optimizers.nano_adam(0.05, density=0.25), mask)
    theta = START * mask
    updates, _ = optimizer.update(gradient(0, theta.shape), optimizer.init(theta), theta)
    assert int((updates != 0).sum()) == 18 and (updates[~mask] == 0).all()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"density": 0.0}, r"density must be a number in \(0, 1\], got 0.0"),
        ({"density": 1.5}, r"density must be a number in \(0, 1\], got 1.5"),
        ({"density": 0.1, "final_density": 0.2}, "final_density must be at most density = 0.1"),
        ({"density": 0.1, "final_density": 0.05}, "come with decay_steps"),
        ({"interval": 0}, "interval must be at least 1"),
    ],
)
def test_refusals(arguments, words):
    with pytest.raises(ValueError, match=words):
        mf.optimizers.nano_adam(0.1, **arguments)
