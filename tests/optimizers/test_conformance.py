"""What every optimizer keeps, whatever it computes: the conventions of optax, resuming, refusing, skipping."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf


def masks_of(params):
    return jax.tree.map(lambda p: jax.random.bernoulli(jax.random.key(5), 0.5, p.shape) if p.ndim > 1 else None, params)


def parameters(dtype=jnp.float32):
    keys = jax.random.split(jax.random.key(0), 3)
    drawn = {
        "layer": {"kernel": jax.random.normal(keys[0], (6, 5)), "bias": jnp.zeros(5)},
        "conv": 0.3 * jax.random.normal(keys[1], (3, 3, 2, 4)),
        "head": jax.random.normal(keys[2], (5, 3)),
    }
    return jax.tree.map(lambda leaf: leaf.astype(dtype), drawn)


TABLE = {
    "ham": lambda rate=0.05: mf.optimizers.ham(optax.sgd(rate, momentum=0.9), learning_rate=rate, alpha=2.0),
    "ham of adam": lambda rate=0.05: mf.optimizers.ham(optax.adam(rate), learning_rate=rate, alpha=2.0),
    "horst": lambda rate=0.05: mf.optimizers.horst(rate, weight_decay=0.1),
    "horst, raw gradient": lambda rate=0.05: mf.optimizers.horst(rate, driver="gradient"),
    "horst, ham": lambda rate=0.05: mf.optimizers.horst(rate, driver="ham", alpha=1.0),
    "horst, metric first": lambda rate=0.05: mf.optimizers.horst(rate, order="hyperbolic first"),
    "sparse_opt": lambda rate=0.05: mf.optimizers.sparse_opt(
        optax.adam(rate), masks=masks_of(parameters()), neuron_axis=-1
    ),
    "nano_adam": lambda rate=0.05: mf.optimizers.nano_adam(rate, density=0.25, interval=3, weight_decay=0.1),
    "nano_adam, falling": lambda rate=0.05: mf.optimizers.nano_adam(
        rate, density=0.5, final_density=0.1, decay_steps=8, interval=2, reset=True
    ),
    "pilot": lambda rate=0.05: mf.optimizers.pilot(optax.sgd(rate, momentum=0.9), decay=1e-2),
    "sign_in": lambda rate=0.05: mf.optimizers.sign_in(optax.adam(rate), balance=0.5, reset_every=3),
}
optimizers = pytest.mark.parametrize("make", TABLE.values(), ids=TABLE.keys())


def gradients(params, step=0):
    leaves, structure = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.fold_in(jax.random.key(1), step), len(leaves))
    drawn = [jax.random.normal(key, leaf.shape).astype(leaf.dtype) for key, leaf in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(structure, drawn)


def steps(optimizer, params, state, first, last, update=None):
    update = update or jax.jit(optimizer.update)
    for k in range(first, last):
        updates, state = update(gradients(params, k), state, params)
        params = optax.apply_updates(params, updates)
    return params, state


def same(one, other, rtol=0.0, atol=0.0):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=rtol, atol=atol)


@optimizers
def test_compiled_and_not_compiled_steps_agree_and_move(make):
    optimizer, params = make(), parameters()
    state = optimizer.init(params)
    compiled, _ = steps(optimizer, params, state, 0, 4)
    plain, _ = steps(optimizer, params, state, 0, 4, optimizer.update)
    same(compiled, plain, rtol=1e-5, atol=1e-6)
    assert all((a != b).any() for a, b in zip(jax.tree.leaves(compiled), jax.tree.leaves(params), strict=True))


@optimizers
def test_structures_and_precisions_stay(make):
    for dtype in (jnp.bfloat16, jnp.float32, jnp.float64):
        optimizer, params = make(), parameters(dtype)
        state = optimizer.init(params)
        moved, after = steps(optimizer, params, state, 0, 2)
        assert jax.tree.map(lambda p: (p.shape, p.dtype), moved) == jax.tree.map(lambda p: (p.shape, p.dtype), params)
        assert jax.tree.structure(after) == jax.tree.structure(state)
        for old, new in zip(jax.tree.leaves(state), jax.tree.leaves(after), strict=True):
            assert (old.shape, old.dtype) == (new.shape, new.dtype)


@optimizers
def test_half_precision_follows_single(make):
    half = steps(make(), *_started(make(), jnp.bfloat16), 0, 5)[0]
    single = steps(make(), *_started(make(), jnp.float32), 0, 5)[0]
    for a, b in zip(jax.tree.leaves(half), jax.tree.leaves(single), strict=True):
        scale = float(jnp.abs(b).max())
        assert np.median(np.abs(np.asarray(a, float) - np.asarray(b, float))) < 2e-2 * scale


def _started(optimizer, dtype):
    params = parameters(dtype)
    return params, optimizer.init(params)


@optimizers
def test_a_saved_state_goes_on_bit_for_bit(make):
    optimizer, params = make(), parameters()
    update = jax.jit(optimizer.update)
    straight = steps(optimizer, params, optimizer.init(params), 0, 9, update)
    halfway = steps(optimizer, params, optimizer.init(params), 0, 4, update)
    halfway = jax.tree.map(jnp.asarray, pickle.loads(pickle.dumps(jax.tree.map(np.asarray, halfway))))
    same(straight, steps(optimizer, *halfway, 4, 9, update))


@optimizers
def test_a_bad_gradient_is_skipped_and_counted(make):
    optimizer, params = make(), parameters()
    _, state = steps(optimizer, params, optimizer.init(params), 0, 2)
    for bad in (jnp.nan, jnp.inf):
        wrong = gradients(params, 2)
        wrong["conv"] = wrong["conv"].at[1, 0, 1, 2].set(bad)
        updates, after = jax.jit(optimizer.update)(wrong, state, params)
        same(optax.apply_updates(params, updates), params)
        same(after.inner, state.inner)
        assert int(after.skipped) == int(state.skipped) + 1 == 1


@optimizers
def test_many_at_once_are_each_alone(make):
    optimizer, params = make(), parameters()
    stack = jax.tree.map(lambda p: jnp.stack([p, 2 * p, p - 1]), params)

    def two(params):
        return steps(optimizer, params, optimizer.init(params), 0, 2, optimizer.update)[0]

    together = jax.vmap(two)(stack)
    for lane in range(3):
        same(
            jax.tree.map(lambda p, lane=lane: p[lane], together),
            two(jax.tree.map(lambda p, lane=lane: p[lane], stack)),
            rtol=2e-5,
            atol=1e-6,
        )


@optimizers
def test_chains_and_masks_of_optax_take_it(make):
    optimizer, params = make(), parameters()
    chained = optax.chain(optax.clip_by_global_norm(1.0), optimizer, optax.scale(0.5))
    moved, _ = steps(chained, params, chained.init(params), 0, 2)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(moved))


@pytest.mark.parametrize("name", ["ham", "horst", "pilot", "sign_in", "nano_adam"])
def test_hyperparameters_can_be_injected_and_changed(name):
    make = {
        "ham": lambda rate: optax.inject_hyperparams(mf.optimizers.ham)(optax.sgd(1.0), learning_rate=rate, alpha=3.0),
        "horst": lambda rate: optax.inject_hyperparams(mf.optimizers.horst)(rate, scale=0.5),
        "pilot": lambda rate: optax.inject_hyperparams(mf.optimizers.pilot)(optax.sgd(0.1), decay=rate),
        "sign_in": lambda rate: optax.inject_hyperparams(mf.optimizers.sign_in, static_args="reset_every")(
            optax.sgd(0.1), reset_every=2, decay=rate
        ),
        "nano_adam": lambda rate: optax.inject_hyperparams(
            mf.optimizers.nano_adam, static_args=("density", "interval")
        )(rate, density=0.25, interval=2),
    }[name]
    key = "decay" if name in ("pilot", "sign_in") else "learning_rate"
    params = parameters()
    small, large = make(0.01), make(0.2)
    state = small.init(params)
    state.hyperparams[key] = jnp.asarray(0.2, jnp.float32)
    changed, _ = jax.jit(small.update)(gradients(params), state, params)
    expected, _ = jax.jit(large.update)(gradients(params), large.init(params), params)
    same(changed, expected, rtol=1e-6, atol=1e-7)


@optimizers
def test_refusals(make):
    optimizer, params = make(), parameters()
    with pytest.raises(ValueError, match="params must be given"):
        optimizer.update(params, optimizer.init(params))
    with pytest.raises(ValueError, match=r"floating-point.*int32 at params\['conv'\]"):
        optimizer.init(params | {"conv": jnp.zeros((3, 3, 2, 4), jnp.int32)})


@optimizers
def test_a_zero_layer_gives_no_nan(make):
    optimizer = make()
    params = jax.tree.map(jnp.zeros_like, parameters())
    moved, _ = steps(optimizer, params, optimizer.init(params), 0, 3)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(moved))


@optimizers
def test_masked_weights_are_zero_after_every_step(make):
    params = parameters()
    masks = masks_of(params)
    optimizer = mf.sparsity.masked(make(), masks)
    state = optimizer.init(params)
    for k in range(5):
        params, state = steps(optimizer, params, state, k, k + 1)
        for leaf, mask in zip(
            jax.tree.leaves(params), jax.tree.leaves(masks, is_leaf=lambda m: m is None), strict=True
        ):
            assert mask is None or (leaf[~mask] == 0).all()
