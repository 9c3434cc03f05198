"""SparseOpt: the scale of each neuron, in every layout, before and after an adaptive step."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf

MASK = jnp.array([[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 0]], bool)  # (in, out): 4, 2 and 0 of 4 weights
SCALES = np.sqrt(np.array([1.0, 0.5, 0.0]) / 0.5)
THETA = jnp.ones((4, 3))
G = np.asarray(jax.random.normal(jax.random.key(0), (4, 3)))


def step(optimizer, theta=THETA, gradient=G):
    return np.asarray(optimizer.update(gradient, optimizer.init(theta), theta)[0])


def test_each_neuron_has_its_scale_in_every_layout():
    sgd = optax.sgd(0.1)
    np.testing.assert_allclose(
        step(mf.optimizers.sparse_opt(sgd, masks=MASK, neuron_axis=-1)), -0.1 * G * SCALES, rtol=1e-14
    )
    turned = step(mf.optimizers.sparse_opt(sgd, masks=MASK.T, neuron_axis=0), THETA.T, G.T)
    np.testing.assert_allclose(turned, -0.1 * (G * SCALES).T, rtol=1e-14)
    kernel, filters = MASK.reshape(2, 2, 1, 3), G.reshape(2, 2, 1, 3)
    folded = step(mf.optimizers.sparse_opt(sgd, masks=kernel, neuron_axis=3), jnp.ones_like(filters), filters)
    np.testing.assert_allclose(folded.reshape(4, 3), -0.1 * G * SCALES, rtol=1e-14)


def test_the_mean_over_neurons_of_the_squared_scales_is_one():
    masks = mf.sparsity.random_mask(jax.random.key(1), (40, 30), 0.1)
    scales = mf.optimizers.neuron_scales(masks, -1)
    assert float(jnp.mean(scales**2)) == pytest.approx(1, rel=1e-12)


def test_equal_fan_ins_give_exactly_the_base_step():
    mask = jnp.tile(jnp.array([[True], [True], [False]]), (3, 7))
    gradient = jax.random.normal(jax.random.key(2), (9, 7))
    for correct in ("update", "gradient"):
        optimizer = mf.optimizers.sparse_opt(optax.adam(0.1), masks=mask, neuron_axis=-1, correct=correct)
        np.testing.assert_array_equal(
            step(optimizer, jnp.ones((9, 7)), gradient), step(optax.adam(0.1), jnp.ones((9, 7)), gradient)
        )


def test_adam_sees_the_correction_of_its_update_alone():
    adam = optax.adam(0.1, eps=1e-30)
    before = mf.optimizers.sparse_opt(adam, masks=MASK, neuron_axis=-1, correct="gradient")
    after = mf.optimizers.sparse_opt(adam, masks=MASK, neuron_axis=-1)
    plain = step(adam)
    np.testing.assert_allclose(step(before)[:, :2], plain[:, :2], rtol=1e-12)
    np.testing.assert_allclose(step(after), plain * SCALES, rtol=1e-12)


def test_linear_methods_do_not_care_where_it_is_corrected():
    sgd = optax.sgd(0.1, momentum=0.9, nesterov=True)
    one, other = (
        mf.optimizers.sparse_opt(sgd, masks=MASK, neuron_axis=-1, correct=correct) for correct in ("update", "gradient")
    )
    np.testing.assert_allclose(step(one), step(other), rtol=1e-13)


def test_masks_given_to_update_count():
    optimizer = mf.optimizers.sparse_opt(optax.sgd(0.1), neuron_axis=-1)
    updates, _ = optimizer.update(G, optimizer.init(THETA), THETA, masks=MASK)
    np.testing.assert_allclose(updates, -0.1 * G * SCALES, rtol=1e-14)
    with pytest.raises(ValueError, match="masks must be given"):
        optimizer.update(G, optimizer.init(THETA), THETA)


def test_empty_layers_and_vectors():
    nothing = mf.optimizers.sparse_opt(optax.sgd(0.1), masks=jnp.zeros((4, 3), bool), neuron_axis=-1)
    np.testing.assert_array_equal(step(nothing), 0)
    params = {"w": THETA, "b": jnp.ones(3)}
    optimizer = mf.optimizers.sparse_opt(optax.sgd(0.1), masks={"w": MASK, "b": None}, neuron_axis={"w": 1, "b": 0})
    updates, _ = optimizer.update({"w": G, "b": jnp.ones(3)}, optimizer.init(params), params)
    np.testing.assert_allclose(updates["b"], -0.1)
    np.testing.assert_allclose(updates["w"], -0.1 * G * SCALES, rtol=1e-14)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"masks": {"w": MASK}, "neuron_axis": -1}, "masks must be a pytree of the structure of params"),
        ({"masks": MASK[:2], "neuron_axis": -1}, r"must have the shape \(4, 3\) of its array, got \(2, 3\)"),
        ({"masks": 1.0 * MASK, "neuron_axis": -1}, "must hold booleans, got float"),
        ({"masks": MASK, "neuron_axis": 2}, r"neuron_axis must be an axis of an array of shape \(4, 3\), got 2"),
        ({"masks": MASK, "neuron_axis": -1, "correct": "both"}, 'correct must be "update" or "gradient"'),
    ],
)
def test_refusals(arguments, words):
    with pytest.raises(ValueError, match=words):
        mf.optimizers.sparse_opt(optax.sgd(0.1), **arguments).init(THETA)
