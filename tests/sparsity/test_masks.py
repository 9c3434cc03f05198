"""Masks have exactly the density asked for, and hold exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf

SHAPES = {"a": (30, 20), "b": (3, 3, 8, 16), "c": (100, 10), "bias": (20,)}
PARAMS = {name: jax.random.normal(jax.random.key(k), shape) for k, (name, shape) in enumerate(SHAPES.items())}
WEIGHTS = sum(leaf.size for leaf in PARAMS.values() if leaf.ndim > 1)


@pytest.mark.parametrize("density", [1e-9, 0.05, 0.1, 1 / 3, 0.5, 0.999, 1.0])
@pytest.mark.parametrize("distribution", ["uniform", "erk"])
def test_all_layers_together_keep_exactly_the_share_asked_for(density, distribution):
    masks = mf.sparsity.random_masks(jax.random.key(0), PARAMS, density, distribution=distribution)
    assert masks["bias"].all()
    count = sum(int(mask.sum()) for name, mask in masks.items() if name != "bias")
    assert count == max(1, int(density * WEIGHTS + 0.5))
    assert all(mask.dtype == bool and mask.shape == SHAPES[name] for name, mask in masks.items())


def test_erk_densities_are_in_proportion_to_the_sum_over_the_product_of_the_sides():
    shapes = [shape for shape in SHAPES.values() if len(shape) > 1]
    counts = mf.sparsity.layer_counts(shapes, 0.1, "erk")
    raw = np.array([sum(shape) for shape in shapes])
    np.testing.assert_allclose(np.array(counts), raw * sum(counts) / raw.sum(), atol=1)


def test_erk_layers_that_would_be_more_than_full_are_full():
    counts = mf.sparsity.layer_counts([(1, 2), (100, 100)], 0.5, "erk")
    assert counts == [2, round(0.5 * 10_002) - 2]


def test_random_masks_draw_every_entry_equally_often():
    keys = jax.random.split(jax.random.key(1), 4000)
    often = jax.vmap(lambda key: mf.sparsity.random_mask(key, (4, 5), 0.25))(keys).mean(axis=0)
    assert jnp.abs(often - 0.25).max() < 5 * np.sqrt(0.25 * 0.75 / 4000)


def test_magnitude_masks_keep_the_largest_of_all_arrays_or_of_each():
    together = mf.sparsity.magnitude_masks(PARAMS, 0.2)
    kept = np.concatenate([np.abs(PARAMS[n])[np.asarray(m)] for n, m in together.items() if n != "bias"])
    dropped = np.concatenate([np.abs(PARAMS[n])[~np.asarray(m)] for n, m in together.items() if n != "bias"])
    assert kept.min() >= dropped.max() and kept.size == round(0.2 * WEIGHTS)
    each = mf.sparsity.magnitude_masks(PARAMS, 0.2, layerwise=True)
    assert {n: int(m.sum()) for n, m in each.items()} == {"a": 120, "b": 230, "c": 200, "bias": 20}


def test_equal_magnitudes_are_kept_from_the_front_and_the_density_is_exact():
    assert mf.sparsity.magnitude_mask(jnp.ones((2, 3)), 0.5).tolist() == [[True, True, True], [False, False, False]]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_n_of_m_holds_in_every_group(axis):
    weights = jax.random.normal(jax.random.key(2), (8, 12))
    mask = mf.sparsity.n_m_mask(weights, 2, 4, axis=axis)
    groups = jnp.moveaxis(mask, axis, -1).reshape(-1, 4)
    values = jnp.abs(jnp.moveaxis(weights, axis, -1)).reshape(-1, 4)
    assert (groups.sum(axis=1) == 2).all()
    assert (jnp.where(groups, values, jnp.inf).min(axis=1) >= jnp.where(groups, 0, values).max(axis=1)).all()


def test_pruned_weights_are_zero_whatever_moments_decay_and_noise_do():
    masks = mf.sparsity.random_masks(jax.random.key(3), PARAMS, 0.3)
    optimizer = mf.sparsity.masked(
        optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(0)), optax.adamw(0.1, weight_decay=0.1)), masks
    )
    params, state = PARAMS, optimizer.init(PARAMS)  # not masked at the start
    for k in range(4):
        gradient = jax.tree.map(lambda p, k=k: jax.random.normal(jax.random.key(k), p.shape), params)
        updates, state = optimizer.update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        assert all((params[name][~masks[name]] == 0).all() for name in params)


def test_a_bad_gradient_of_a_pruned_weight_does_no_harm():
    mask = jnp.array([[True, False]])
    optimizer = mf.sparsity.masked(optax.sgd(1.0), mask)
    theta = jnp.array([[1.0, 0.0]])
    updates, _ = optimizer.update(jnp.array([[1.0, jnp.nan]]), optimizer.init(theta), theta)
    assert (theta + updates).tolist() == [[0.0, 0.0]]


def test_masks_are_found_in_the_state_of_a_chain():
    mask = jnp.array([[True, False]])
    state = optax.chain(optax.clip(1.0), mf.sparsity.masked(optax.adam(0.1), mask)).init(jnp.ones((1, 2)))
    np.testing.assert_array_equal(optax.tree.get(state, "masks"), mask)


@pytest.mark.parametrize("density", [0.0, -0.1, 1.1, float("nan")])
def test_densities_outside_the_interval_are_refused(density):
    with pytest.raises(ValueError, match="density must be"):
        mf.sparsity.random_mask(jax.random.key(0), (3, 3), density)


def test_refusals():
    with pytest.raises(ValueError, match="masks must be a pytree of the structure"):
        mf.sparsity.masked(optax.sgd(0.1), {"a": jnp.ones((2, 2), bool)}).init(jnp.ones((2, 2)))
    with pytest.raises(ValueError, match=r"masks\['a'\] must have the shape \(2, 2\)"):
        mf.sparsity.masked(optax.sgd(0.1), {"a": jnp.ones(2, bool)}).init({"a": jnp.ones((2, 2))})
    with pytest.raises(ValueError, match=r"masks\['a'\] must hold booleans, got float"):
        mf.sparsity.masked(optax.sgd(0.1), {"a": jnp.ones((2, 2))}).init({"a": jnp.ones((2, 2))})
    with pytest.raises(ValueError, match="multiple of m = 4 long, got 6"):
        mf.sparsity.n_m_mask(jnp.ones((2, 6)), 2, 4)
    with pytest.raises(ValueError, match='distribution must be "uniform" or "erk"'):
        mf.sparsity.random_masks(jax.random.key(0), PARAMS, 0.1, distribution="ER")
    with pytest.raises(ValueError, match="at least one array of two or more axes"):
        mf.sparsity.random_masks(jax.random.key(0), {"b": jnp.ones(3)}, 0.1)
