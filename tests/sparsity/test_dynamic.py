"""Masks that change: how many weights there are, which ones, and what the state remembers of them."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf

PARAMS = {
    "a": jax.random.normal(jax.random.key(0), (12, 10)),
    "b": jax.random.normal(jax.random.key(1), (3, 3, 2, 4)),
    "bias": jnp.ones(4),
}


def start(params):
    return mf.sparsity.random_masks(jax.random.key(7), params, 0.3)


METHODS = {
    "SET": lambda inner: mf.sparsity.sparse_evolution(inner, start, key=jax.random.key(3), interval=2, fraction=0.25),
    "RigL": lambda inner: mf.sparsity.rigl(inner, start, interval=2, fraction=0.25),
    "RigL that stops": lambda inner: mf.sparsity.rigl(inner, start, interval=2, fraction=0.25, stop=4),
    "gradual": lambda inner: mf.sparsity.gradual(inner, density=0.2, begin=1, end=6, interval=2),
    "AC/DC": lambda inner: mf.sparsity.ac_dc(inner, density=0.2, warmup=1, compressed=2, dense=2, end=8),
}
methods = pytest.mark.parametrize("make", METHODS.values(), ids=METHODS.keys())


def gradient(k):
    leaves, structure = jax.tree.flatten(PARAMS)
    return jax.tree.unflatten(
        structure,
        [jax.random.normal(jax.random.fold_in(jax.random.key(k), i), leaf.shape) for i, leaf in enumerate(leaves)],
    )


def followed(optimizer, steps, params=PARAMS):
    """Params, masks and states after each step."""
    state, update, made = optimizer.init(params), jax.jit(optimizer.update), []
    for k in range(steps):
        before = params
        updates, state = update(gradient(k), state, params)
        params = optax.apply_updates(params, updates)
        made.append((before, params, state))
    return made


def count(masks):
    return {name: int(mask.sum()) for name, mask in masks.items()}


@methods
def test_what_is_pruned_is_zero_after_every_step(make):
    for _, params, state in followed(make(optax.adamw(0.05, weight_decay=0.1)), 10):
        assert all((params[name][~mask] == 0).all() for name, mask in state.masks.items())
        assert all((params[name][mask] != 0).all() for name, mask in state.masks.items())
        assert state.masks["bias"].all()


@pytest.mark.parametrize("name", ["SET", "RigL"])
def test_each_layer_keeps_its_number_of_weights_and_moves_the_share_asked_for(name):
    masks = start(PARAMS)
    numbers = count(masks)
    for k, (before, _, state) in enumerate(followed(METHODS[name](optax.adam(0.05)), 9)):
        assert count(state.masks) == numbers
        for key in ("a", "b"):
            dropped = np.asarray(masks[key] & ~state.masks[key])
            if k % 2 or k == 0:
                assert not dropped.any()
                continue
            candidates = round(0.25 * numbers[key])
            assert dropped.sum() <= candidates  # what is dropped may be grown again at once
            smallest = np.sort(np.abs(np.asarray(before[key]))[np.asarray(masks[key])])[:candidates]
            assert np.abs(np.asarray(before[key]))[dropped].max(initial=0) <= smallest[-1]
        masks = state.masks


def test_rigl_grows_where_the_gradient_is_largest():
    made = followed(METHODS["RigL"](optax.sgd(0.05)), 3)
    old, new = made[1][2].masks["a"], made[2][2].masks["a"]
    before = np.asarray(made[2][0]["a"])
    moved = round(0.25 * int(old.sum()))
    size = np.abs(np.asarray(gradient(2)["a"]))
    stays = np.zeros(before.size, bool)
    stays[np.argsort(-np.where(old, np.abs(before), -1).ravel(), kind="stable")[: int(old.sum()) - moved]] = True
    stays = stays.reshape(before.shape)
    expected = np.sort(size[~stays])[-moved:]
    np.testing.assert_allclose(np.sort(size[np.asarray(new) & ~stays]), expected)


def test_a_cosine_ends_the_changes():
    masks = [state.masks for _, _, state in followed(METHODS["RigL that stops"](optax.sgd(0.05)), 10)]
    assert all((masks[4][name] == masks[-1][name]).all() for name in PARAMS)


@pytest.mark.parametrize("name", ["SET", "RigL", "AC/DC"])
def test_grown_weights_start_from_zero_with_moments_of_zero(name):
    rate, seen = 0.05, 0
    previous = start(PARAMS) if name != "AC/DC" else jax.tree.map(lambda p: jnp.ones(p.shape, bool), PARAMS)
    for k, (_, params, state) in enumerate(followed(METHODS[name](optax.sgd(rate, momentum=0.9)), 9)):
        for key in ("a", "b"):
            grown = np.asarray(state.masks[key] & ~previous[key])
            seen += grown.sum()
            # One step of momentum from nothing: −η·g.
            np.testing.assert_allclose(params[key][grown], -rate * gradient(k)[key][grown], rtol=1e-12)
        previous = state.masks
    assert seen > 10


@pytest.mark.parametrize(
    "make",
    [
        lambda: mf.optimizers.sign_in(optax.adam(0.05), reset_every=3),
        lambda: mf.optimizers.pilot(optax.sgd(0.05, momentum=0.9)),
        lambda: mf.optimizers.nano_adam(0.05, density=0.5, interval=3, exclude=()),
        lambda: mf.optimizers.horst(0.05),
        lambda: mf.optimizers.sparse_opt(optax.adam(0.05), neuron_axis=-1),
    ],
    ids=["sign_in", "pilot", "nano_adam", "horst", "sparse_opt"],
)
def test_the_optimizers_train_inside(make):
    for _, params, state in followed(METHODS["RigL"](make()), 8):
        assert all((params[name][~mask] == 0).all() for name, mask in state.masks.items())
        assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(params))


def test_factors_of_grown_weights_have_moments_of_zero():
    optimizer = METHODS["RigL"](mf.optimizers.pilot(optax.sgd(0.05, momentum=0.9), balance=1.0, decay=0.0))
    previous = start(PARAMS)
    for k, (_, params, state) in enumerate(followed(optimizer, 7)):
        grown = np.asarray(state.masks["a"] & ~previous["a"])
        # From w=0 and no momentum: m stays, w=−η g·m, θ=m·w, whatever finite steps have left of m²−w²=β.
        m = state.inner.inner.factors["a"].m
        np.testing.assert_allclose(params["a"][grown], (-0.05 * gradient(k)["a"] * m**2)[grown], rtol=1e-12)
        assert (m[grown] > 0).all()
        previous = state.masks


def test_the_density_falls_along_the_cubic_and_ends_exactly():
    optimizer = mf.sparsity.gradual(optax.sgd(0.01), density=0.2, begin=2, end=10, interval=4)
    total, counts = 192, []
    for _, _, state in followed(optimizer, 12):
        counts.append(sum(v for key, v in count(state.masks).items() if key != "bias"))
    last = round(0.2 * total)
    expected = {1: total, 2: total, 6: round(last + (total - last) * 0.5**3), 10: last, 11: last}
    assert {k: counts[k] for k in expected} == expected
    assert all(a >= b for a, b in itertools.pairwise(counts))


def test_phases_take_turns_and_end_compressed():
    made = followed(METHODS["AC/DC"](optax.sgd(0.01)), 10)
    counts = [sum(v for key, v in count(state.masks).items() if key != "bias") for _, _, state in made]
    sparse = round(0.2 * 192)
    assert counts == [192, sparse, sparse, 192, 192, sparse, sparse, 192, sparse, sparse]


def test_rounds_prune_geometrically_and_rewind():
    early = jax.tree.map(lambda p: 0.5 * p, PARAMS)
    seen = []

    def train(params, masks):
        seen.append(params)
        return jax.tree.map(lambda p, m: (p + 0.1 * jnp.sign(p)) * m, params, masks)

    made = mf.sparsity.imp(train, PARAMS, density=0.1, rounds=3, rewind=early)
    sizes = [sum(v for key, v in count(r.masks).items() if key != "bias") for r in made]
    assert sizes == [192, round(192 * 0.1 ** (1 / 3)), round(192 * 0.1 ** (2 / 3)), 19]
    for params, r in zip(seen[1:], made[1:], strict=True):
        np.testing.assert_array_equal(params["a"], early["a"] * r.masks["a"])
    for one, two in itertools.pairwise(made):
        assert all((one.masks[name] | ~two.masks[name]).all() for name in PARAMS)


def test_a_saved_state_goes_on_bit_for_bit():
    optimizer = METHODS["SET"](optax.adam(0.05))
    whole = followed(optimizer, 8)[-1]
    _, params, state = followed(optimizer, 3)[-1]
    state = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)), state)
    for k in range(3, 8):
        updates, state = jax.jit(optimizer.update)(gradient(k), state, params)
        params = optax.apply_updates(params, updates)
    for one, other in zip(jax.tree.leaves((params, state)), jax.tree.leaves(whole[1:]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_refusals():
    with pytest.raises(ValueError, match=r"fraction must be in \[0, 1\]"):
        mf.sparsity.rigl(optax.sgd(0.1), start, fraction=1.5)
    with pytest.raises(ValueError, match="interval must be at least 1"):
        mf.sparsity.rigl(optax.sgd(0.1), start, interval=0)
    with pytest.raises(ValueError, match="end must come after begin = 5, got 5"):
        mf.sparsity.gradual(optax.sgd(0.1), density=0.1, begin=5, end=5)
    with pytest.raises(ValueError, match="density must be in"):
        mf.sparsity.ac_dc(optax.sgd(0.1), density=0.0, warmup=1, compressed=1, dense=1, end=5)
    with pytest.raises(ValueError, match="params must be given"):
        METHODS["RigL"](optax.sgd(0.1)).update(PARAMS, METHODS["RigL"](optax.sgd(0.1)).init(PARAMS))
