"""`fit`: the same steps as a loop by hand, one compiled program for all numbers, masks from the first step on."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf
from mirrorflow.claims import _compiles

from ._small import DATA, KEY, NETWORK, Net, Points, fit, on_masks, same, weights


def by_hand(network, optimizer, steps, batch=16, data=DATA):
    params, rest = eqx.partition(network, eqx.is_inexact_array)
    statistics, state, losses = network.statistics(), optimizer.init(params), []

    def objective(params, statistics, inputs, targets):
        outputs, statistics = eqx.combine(params, rest)(inputs, statistics, training=True)
        return optax.losses.softmax_cross_entropy_with_integer_labels(outputs, targets).mean(), statistics

    @jax.jit
    def step(params, statistics, state, inputs, targets):
        (loss, statistics), gradients = jax.value_and_grad(objective, has_aux=True)(params, statistics, inputs, targets)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), statistics, state, loss

    for count in range(steps):
        params, statistics, state, loss = step(params, statistics, state, *data.batch(KEY, count, batch))
        losses.append(float(loss))
    return params, statistics, losses


def test_fit_takes_the_steps_of_a_loop_by_hand():
    run = fit(steps=30, evaluate_every=10)
    params, statistics, losses = by_hand(NETWORK, optax.adam(0.01), 30)
    pairs = zip(jax.tree.leaves((run.params, run.statistics)), jax.tree.leaves((params, statistics)), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    assert run.status.ok and run.steps == 30 and run.history["step"].tolist() == [0, 10, 20, 30]
    np.testing.assert_allclose(run.history["train_loss"][1:], np.reshape(losses, (3, 10)).mean(axis=1), rtol=1e-4)
    inputs, labels = DATA._part("test")
    logits, _ = run.network(inputs, run.statistics, training=False)
    right = np.argmax(np.asarray(logits), axis=1) == np.asarray(labels)
    expected = np.log(np.exp(logits).sum(axis=1)) - np.asarray(logits)[np.arange(len(labels)), labels]
    np.testing.assert_allclose(run.history["test_accuracy"][-1], right.mean(), rtol=1e-6)
    np.testing.assert_allclose(run.history["test_loss"][-1], expected.mean(), rtol=1e-5)


def test_training_learns_and_leaves_the_network_it_was_given_alone():
    before = jax.tree.map(np.array, weights(NETWORK))
    run = fit(steps=200)
    assert run.history["test_accuracy"][-1] > 0.9 > run.history["test_accuracy"][0] + 0.2
    assert same(before, jax.tree.map(np.array, weights(NETWORK)))


def test_other_numbers_keys_networks_and_masks_compile_nothing():
    masks = mf.sparsity.random_masks(KEY, weights(NETWORK), 0.5)
    first = fit(on_masks, {"learning_rate": 0.01, "masks": masks}, clip=1.0)
    other, key = Net(jax.random.key(9)), jax.random.key(8)
    sparser = mf.sparsity.random_masks(key, weights(NETWORK), 0.2)
    jax.block_until_ready((other, sparser))
    with _compiles.count() as programs:
        second = fit(on_masks, {"learning_rate": 0.03, "masks": sparser}, network=other, key=key, clip=2.0, steps=30)
    assert programs.compiled == programs.loaded == 0
    assert first.history["nonzeros"][-1] == 36 and second.history["nonzeros"][-1] == 14


def test_the_counter_sees_what_does_compile():
    fit()
    with _compiles.count() as programs:
        fit(lambda learning_rate: optax.sgd(learning_rate))
    assert programs.compiled + programs.loaded >= 2


METHODS = {
    "masked": lambda rate, masks: mf.sparsity.masked(optax.adam(rate), masks),
    "rigl": lambda rate, masks: mf.sparsity.rigl(optax.adam(rate), masks, interval=3),
    "set": lambda rate, masks: mf.sparsity.sparse_evolution(optax.adam(rate), masks, key=KEY, interval=3),
    "in a chain": lambda rate, masks: optax.chain(optax.clip(1.0), mf.sparsity.masked(optax.adam(rate), masks)),
    "sparse_opt": lambda rate, masks: mf.sparsity.masked(
        mf.optimizers.sparse_opt(optax.sgd(rate), neuron_axis=0), masks
    ),
}


@pytest.mark.parametrize("method", METHODS)
def test_masks_hold_exactly_at_every_evaluation(method):
    masks = mf.sparsity.random_masks(KEY, weights(NETWORK), 0.5)
    made = METHODS[method]

    def look(seen):
        masks = optax.tree.get(seen.optimizer_state, "masks")
        pairs = zip(jax.tree.leaves(weights(seen.network)), jax.tree.leaves(masks), strict=True)
        return {
            "wrong": sum(jnp.sum((theta != 0) & ~mask) for theta, mask in pairs),
            "kept": sum(jnp.sum(mask) for mask in jax.tree.leaves(masks)),
        }

    run = fit(lambda rate, masks: made(rate, masks), {"rate": 0.01, "masks": masks}, evaluate_every=4, observe=look)
    assert run.history["wrong"].tolist() == [0] * 11 and set(run.history["kept"]) == {36 + 8}
    assert (run.history["density"] <= 0.5 + 1e-6).all() and run.history["density"][0] == pytest.approx(0.5)
    assert run.masks is not None and run.status.ok


def test_weights_that_come_back_past_their_masks_end_the_training():
    masks = mf.sparsity.random_masks(KEY, weights(NETWORK), 0.5)

    def leaking(masks):
        return optax.chain(mf.sparsity.masked(optax.adam(0.01), masks), optax.add_noise(0.1, 0.5, KEY))

    run = fit(leaking, {"masks": masks}, evaluate_every=10)
    assert not run.status.ok and "masks" in str(run.status) and run.steps == 10


def test_clip_bounds_the_norm_over_weights_that_are_there():
    masks = mf.sparsity.random_masks(KEY, weights(NETWORK), 0.3)

    def descend(masks):
        return mf.sparsity.masked(optax.sgd(1.0), masks)

    start = fit(descend, {"masks": masks}, steps=1, clip=1e-9).params
    for bound in (1e-2, 1e3):
        run = fit(descend, {"masks": masks}, steps=1, clip=bound)
        moved = optax.tree.norm(jax.tree.map(jnp.subtract, run.params, start))
        assert (float(moved) == pytest.approx(bound, rel=1e-3)) == (bound == 1e-2) and moved < 1e2


# --- what is not finite ----------------------------------------------------------------------------------------------


def poisoned(places):
    return eqx.tree_at(lambda data: data.inputs, DATA, DATA.inputs.at[jnp.asarray(places)].set(jnp.nan))


def test_batches_with_nan_are_skipped_and_counted():
    bad = poisoned([5])
    hit = [count for count in range(40) if not np.isfinite(np.asarray(bad.batch(KEY, count, 4)[0])).all()]
    run = fit(data=bad, batch=4)
    assert 0 < len(hit) < 20 and run.skipped == len(hit) == run.history["skipped"][-1]
    assert run.status.ok and f"{len(hit)} of them skipped" in str(run.status)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((run.params, run.optimizer_state, run.statistics)))
    assert np.isfinite(run.history["train_loss"][1:]).all()
    assert int(optax.tree.get(run.optimizer_state, "count")) == 40 - len(hit)


def test_a_start_that_is_not_finite_is_said_and_makes_no_step():
    network = eqx.tree_at(lambda net: net.bias, NETWORK, NETWORK.bias.at[2].set(jnp.nan))
    run = fit(network=network)
    assert not run.status.ok and str(run.status).startswith("bad start") and run.steps == 0


def test_training_that_explodes_keeps_the_last_finite_weights():
    run = fit(lambda rate: optax.sgd(rate), {"rate": 1e30})
    assert run.status.code == mf.training.Code.NOT_FINITE and not run.status.ok
    assert run.steps < 40 and run.skipped >= 20 and f"after step {run.steps - 20}" in str(run.status)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(run.params))
    assert run.history["step"][-1] == run.steps


# --- what is looked at -----------------------------------------------------------------------------------------------


def test_further_test_sets_and_observed_numbers_are_in_the_history():
    old = Points(jax.random.key(7), tested=37)

    def flips(seen):
        pairs = zip(jax.tree.leaves(weights(seen.start)), jax.tree.leaves(weights(seen.network)), strict=True)
        return {"flips": sum(jnp.sum(jnp.sign(a) * jnp.sign(b) < 0) for a, b in pairs), "first": seen.network.first[0]}

    run = fit(steps=100, tests={"old task": old}, observe=flips, evaluate_every=50)
    expected = sum(
        int(np.sum(np.sign(a) * np.sign(b) < 0))
        for a, b in zip(jax.tree.leaves(weights(NETWORK)), jax.tree.leaves(run.params), strict=True)
    )
    assert run.history["flips"].tolist()[::2] == [0, expected] and expected > 0
    np.testing.assert_array_equal(run.history["first"][-1], run.network.first[0])
    logits, _ = run.network(old._part("test")[0], run.statistics, training=False)
    right = np.argmax(np.asarray(logits), axis=1) == np.asarray(old._part("test")[1])
    np.testing.assert_allclose(run.history["old_task_accuracy"][-1], right.mean(), rtol=1e-6)


def test_fine_tuning_starts_from_another_run_without_its_moments():
    first = fit(steps=50)
    second = fit(steps=1, initial=first, numbers={"learning_rate": 1e-9})
    third = fit(steps=1, network=first.network, numbers={"learning_rate": 1e-9})
    assert int(optax.tree.get(second.optimizer_state, "count")) == 1
    assert same(second.params, third.params) and not same(second.statistics, third.statistics)
    assert second.history["test_loss"][0] == pytest.approx(first.history["test_loss"][-1])


def test_rounds_with_rewinding_share_one_program():
    params = weights(NETWORK)

    def train(start, masks):
        run = fit(on_masks, {"learning_rate": 0.02, "masks": masks}, initial=start, steps=60)
        assert run.status.ok
        return run.params

    train(params, jax.tree.map(lambda theta: jnp.ones(theta.shape, bool), params))
    rounds = mf.sparsity.imp(train, params, density=0.25, rounds=2)
    sizes = [sum(int(jnp.sum(theta != 0)) for theta in (r.params.first, r.params.second)) for r in rounds]
    assert sizes == [72, 36, 18]
    with _compiles.count() as programs:
        train(params, rounds[-1].masks)
    assert programs.compiled + programs.loaded == 0


def test_numbers_follow_what_is_seen_without_compiling():
    def halve(row):
        return {"learning_rate": 0.01 * 0.5 ** (row["step"] // 10)}

    fit()
    with _compiles.count() as programs:
        ours = fit(evaluate_every=10, adapt=halve)
    assert programs.compiled + programs.loaded == 0
    theirs = fit(lambda: optax.adam(lambda count: 0.01 * 0.5 ** (count // 10)), {})
    for one, other in zip(jax.tree.leaves(ours.params), jax.tree.leaves(theirs.params), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    for wrong, words in (({"rate": 1.0}, "by name"), ({"learning_rate": jnp.ones(2)}, "of the types they have")):
        with pytest.raises(ValueError, match=words):
            fit(adapt=lambda row, wrong=wrong: wrong)


def test_half_precision_trains():
    network = Net(jax.random.key(1), dtype=jnp.bfloat16)
    run = fit(network=network, data=Points(jax.random.key(2), dtype=jnp.bfloat16), steps=20)
    assert run.network.first.dtype == jnp.bfloat16 and run.status.ok


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"batch": 65}, "batch must be at most the 64 samples to train on, got 65"),
        ({"evaluate_every": 0}, "evaluate_every must be at least 1"),
        ({"clip": -1.0}, "clip must be positive"),
        ({"numbers": {"learning_rate": float("nan")}}, r"numbers\['learning_rate'\] must be finite"),
        ({"numbers": {"learning_rate": "fast"}}, "must be a number or a pytree of arrays, got str: 'fast'"),
        ({"tests": {"train": DATA}}, "tests must have names other than train, test, got 'train'"),
        ({"initial": Net(KEY, width=9)}, r"got shape \(9, 6\) at .first in place of shape \(8, 6\)"),
        ({"initial": {"first": jnp.zeros(2)}}, "initial must have the arrays of the network, got none at .first"),
    ],
)
def test_bad_arguments_are_refused_in_words(more, words):
    with pytest.raises(ValueError, match=words):
        fit(**more)
