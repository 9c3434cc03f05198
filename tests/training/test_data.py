"""Data: the same for the same key, every sample once an epoch, and test samples that are never trained on."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.training._data_images import place, stratified
from mirrorflow.training._shuffle import permuted, secrets

KEY = jax.random.key(3)


def images(samples, tests=5, classes=3):
    """Samples that carry their number."""
    numbers = np.arange(samples + tests, dtype=float).reshape(-1, 1)
    labels = np.arange(samples + tests) % classes
    return mf.training.Images(numbers[:samples], labels[:samples], numbers[samples:], labels[samples:], classes)


def drawn(data, key, steps, size):
    """The numbers of the samples in the row of batches."""
    batches = jax.jit(lambda key: jax.lax.map(lambda step: data.batch(key, step, size), jnp.arange(steps)))(key)
    assert bool(jnp.all(batches[0][..., 0].astype(int) % data.classes == batches[1]))  # each with its label
    return np.asarray(batches[0]).ravel().astype(int)


@pytest.mark.parametrize("samples, size", [(12, 4), (10, 4), (7, 7), (7, 6), (1, 1), (2, 1), (33, 5)])
def test_every_sample_comes_once_an_epoch(samples, size):
    row = drawn(images(samples), KEY, 3 * samples, size)
    epochs = row[: len(row) // samples * samples].reshape(-1, samples)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.broadcast_to(np.arange(samples), epochs.shape))


def test_orders_differ_between_epochs_and_keys():
    data = images(40)
    one, other = (drawn(data, key, 10, 8).reshape(2, 40) for key in jax.random.split(KEY))
    orders = [*one, *other]
    assert all((a != b).sum() > 30 for i, a in enumerate(orders) for b in orders[:i])


def test_a_batch_is_the_same_whenever_it_is_asked_for():
    data = images(20)
    row = drawn(data, KEY, 15, 7).reshape(15, 7)
    for step in (0, 2, 14):
        np.testing.assert_array_equal(data.batch(KEY, step, 7)[0][:, 0], row[step])


@pytest.mark.parametrize("samples, size", [(60_000, 64), (1797, 100), (7, 5), (40_000, 30_000)])
def test_places_are_counted_far_beyond_what_integers_of_32_bits_hold(samples, size):
    with jax.enable_x64(False):
        for step in (0, 1, 12_345, 2**31 - 1):
            epoch, start = place(jnp.asarray(step, jnp.int32), size, samples)
            # The number of the epoch alone may go round; it is one of 2^32 all the same.
            assert int(epoch) % 2**32 == step * size // samples % 2**32 and int(start) == step * size % samples


@pytest.mark.parametrize("count", [1, 2, 3, 17, 64, 1000, 1347])
def test_shuffles_are_permutations(count):
    made = jnp.expand_dims(secrets(KEY, count), -1)
    assert sorted(np.asarray(permuted(jnp.arange(count), made, count)).tolist()) == list(range(count))


def test_shuffles_take_every_entry_everywhere_and_pairs_apart():
    count, draws = 7, 21_000
    made = jax.vmap(lambda key: secrets(key, count))(jax.random.split(KEY, draws))
    shuffles = np.asarray(jax.vmap(lambda one: permuted(jnp.arange(count), jnp.expand_dims(one, -1), count))(made))
    # Each place is taken 3000 times by each entry, and each pair of places 500 times by each pair: four standard
    # deviations of some hundred and some thousand counts are 4·√3000/√1 and 4.5·√500.
    singles = np.array([[(shuffles[:, i] == k).sum() for k in range(count)] for i in range(count)])
    assert np.abs(singles - draws / 7).max() < 4 * np.sqrt(draws / 7)
    pairs = np.zeros((42, 49))
    for n, (i, j) in enumerate((i, j) for i in range(count) for j in range(count) if i != j):
        pairs[n] = np.bincount(7 * shuffles[:, i] + shuffles[:, j], minlength=49)
    assert (pairs[:, ::8] == 0).all()
    counts = pairs[:, np.arange(49) % 8 != 0]
    assert np.abs(counts - draws / 42).max() < 4.5 * np.sqrt(draws / 42)


@pytest.mark.parametrize("size", [1, 4, 5, 9])
def test_blocks_hold_each_sample_once_by_weight(size):
    data = images(3, tests=9)
    blocks = data.blocks("test", size)
    assert blocks.inputs.shape == (-(-9 // size), size, 1) and blocks.weights.shape == blocks.targets.shape
    kept = np.asarray(blocks.weights).ravel() == 1
    np.testing.assert_array_equal(np.asarray(blocks.inputs).ravel()[kept], np.arange(3, 12))
    np.testing.assert_array_equal(np.asarray(blocks.targets).ravel()[kept], np.arange(3, 12) % 3)
    assert set(np.asarray(blocks.weights).ravel()) <= {0.0, 1.0}


@pytest.mark.parametrize(
    "size, words", [(0, "at least 1"), (21, "at most the number of samples, 20"), (2.0, "integer")]
)
def test_batches_of_no_size_are_refused(size, words):
    with pytest.raises((ValueError, TypeError), match=f"size must be .*{words}|Expected type: <class 'int'>"):
        images(20).batch(KEY, 0, size)


def test_another_part_is_refused():
    with pytest.raises(ValueError, match="part must be one of 'train', 'test', got 'validation'"):
        images(20).blocks("validation", 4)


def test_splits_take_the_same_share_of_each_class():
    labels = np.repeat([0, 1, 4], [40, 20, 3])
    chosen = stratified(KEY, labels, 0.25)
    assert [int(chosen[labels == label].sum()) for label in (0, 1, 4)] == [10, 5, 1]
    assert (chosen != stratified(jax.random.key(4), labels, 0.25)).any()
    np.testing.assert_array_equal(chosen, stratified(KEY, labels, 0.25))
    assert [int(stratified(KEY, labels, 0.99)[labels == label].sum()) for label in (0, 1, 4)] == [39, 19, 2]


def test_a_share_is_rounded_as_python_rounds():
    for test in (0.1, 0.3, 0.5):
        exact = Fraction(str(test)) * 31
        assert abs(stratified(KEY, np.zeros(31, int), test).sum() - exact) <= Fraction(1, 2)
