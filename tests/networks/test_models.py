"""Networks to train: every one keeps the contract of `AbstractModel`. A new one is a new line of the table."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf

KEY = jax.random.key(5)
IMAGE = (2, 6, 4)
NETWORKS = mf.networks


def image(batch):
    return jax.random.normal(jax.random.key(1), (batch, *IMAGE), jnp.float32)


def tokens(batch):
    return jax.random.randint(jax.random.key(1), (batch, 7), 0, 11)


class Case(NamedTuple):
    """How a network is made, what goes in, the shape of outputs for 3 samples, and how many parameters there are."""

    make: Any
    inputs: Any
    outputs: tuple[int, ...]
    parameters: int


def perceptron(**options):
    return lambda **more: NETWORKS.Perceptron(IMAGE, 5, (7, 3), key=KEY, **options, **more)


def resnet(**options):
    return lambda **more: NETWORKS.ResNet(IMAGE, 5, width=3, blocks=(1, 2), key=KEY, **options, **more)


def vit(**more):
    return NETWORKS.ViT(IMAGE, 5, patch=2, width=8, depth=2, heads=2, expansion=3, key=KEY, **more)


def transformer(**more):
    return NETWORKS.Transformer(11, 7, width=8, depth=2, heads=2, expansion=3, key=KEY, **more)


DENSE = 48 * 7 + 7 * 3 + 3 * 5
KERNELS = 9 * (2 * 3 + 3 * 3 * 2 + 3 * 6 + 6 * 6 * 3) + 3 * 6  # the last: the shortcut of size 1
CHANNELS = 3 + 3 * 2 + 6 * 5  # of all convolutions
BLOCKS = 2 * (4 * (8 * 8 + 8) + 2 * (2 * 8) + 8 * 24 + 24 + 24 * 8 + 8)
CASES = {
    "perceptron": Case(perceptron(), image, (3, 5), DENSE + 7 + 3 + 5),
    "perceptron without biases": Case(perceptron(bias=False), image, (3, 5), DENSE),
    "perceptron, batch": Case(perceptron(normalization="batch"), image, (3, 5), DENSE + 2 * (7 + 3) + 5),
    "perceptron, layer": Case(perceptron(normalization="layer", activation="gelu"), image, (3, 5), DENSE + 35),
    "resnet": Case(resnet(), image, (3, 5), KERNELS + 2 * CHANNELS + 6 * 5 + 5),
    "resnet, layer": Case(resnet(normalization="layer"), image, (3, 5), KERNELS + 2 * CHANNELS + 6 * 5 + 5),
    "resnet, none": Case(resnet(normalization=None), image, (3, 5), KERNELS + CHANNELS + 6 * 5 + 5),
    "vit": Case(vit, image, (3, 5), 8 * 8 + 8 + 6 * 8 + BLOCKS + 2 * 8 + 5 * 8 + 5),
    "transformer": Case(transformer, tokens, (3, 7, 11), 11 * 8 + 7 * 8 + BLOCKS + 2 * 8 + 11 * 8 + 11),
}
NORMALIZED = ("perceptron, batch", "resnet")  # by the batch


@partial(jax.jit, static_argnames="training")
def call(network, inputs, statistics, training):
    return network(inputs, statistics, training=training)


@pytest.fixture(scope="module", params=CASES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def case(name):
    return CASES[name]


@pytest.fixture(scope="module")
def network(case):
    return case.make()


@pytest.fixture(scope="module")
def outputs(case, network):
    """In training and after it, on the moments that training left."""
    trained = call(network, case.inputs(3), network.statistics(), training=True)
    return trained, call(network, case.inputs(3), trained[1], training=False)


def test_outputs_have_one_row_for_each_sample(case, outputs):
    assert all(found.shape == case.outputs and bool(jnp.isfinite(found).all()) for found, _ in outputs)


def test_parameters_are_as_many_as_the_formula_says(case, network):
    assert sum(leaf.size for leaf in jax.tree.leaves(network)) == case.parameters


def test_every_leaf_is_an_array_to_train_in_single_precision(network, outputs):
    assert jax.config.jax_enable_x64  # so that single precision is no accident
    arrays = [*jax.tree.leaves(network), *jax.tree.leaves(network.statistics()), *jax.tree.leaves(outputs)]
    assert all(isinstance(leaf, jax.Array) and leaf.dtype == jnp.float32 for leaf in arrays)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float64])
def test_another_type_is_kept_and_starts_from_the_same_weights(case, network, dtype):
    other = case.make(dtype=dtype)
    for one, two in zip(jax.tree.leaves(network), jax.tree.leaves(other), strict=True):
        assert two.dtype == dtype
        np.testing.assert_array_equal(one.astype(dtype), two)
    found, statistics = jax.eval_shape(partial(call, training=True), other, case.inputs(3), other.statistics())
    assert found.dtype == dtype
    assert all(leaf.dtype == jnp.promote_types(dtype, jnp.float32) for leaf in jax.tree.leaves(statistics))


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float64])
@pytest.mark.parametrize("kind", ["perceptron, batch", "resnet", "vit", "transformer"])
def test_all_types_compute_the_same(kind, dtype):
    case = CASES[kind]
    one, other = (
        call(network, case.inputs(3), network.statistics(), training=True)[0].astype(float)
        for network in (case.make(), case.make(dtype=dtype))
    )
    # bfloat16 has 8 bits, so an error of 2^-8 in each of some ten layers, some times larger where numbers cancel.
    assert 0 < float(jnp.abs(one - other).max()) < (1e-5 if dtype == jnp.float64 else 0.3)


def test_gradients_reach_every_parameter(case, network):
    def loss(parameters):
        found = parameters(case.inputs(3), network.statistics(), training=True)[0]
        return jnp.sum(jnp.sin(found.astype(float) * jnp.arange(1.0, found.size + 1).reshape(found.shape)))

    gradients = mf.networks.weights(jax.jit(jax.grad(loss))(network))
    idle = [name for name, gradient in gradients.items() if float(jnp.abs(gradient).max()) < 1e-6]
    # q·(k+b): a bias of the keys adds the same to every score of a query, and softmax takes it away.
    assert all(name.endswith("attention.key.bias") for name in idle), idle


def test_samples_do_not_see_each_other_but_through_batch_normalization(case, name, network, outputs):
    (trained, moments), (evaluated, _) = outputs
    alone = call(network, case.inputs(3)[:2], moments, training=False)[0]
    np.testing.assert_allclose(alone, evaluated[:2], atol=2e-6)
    together = call(network, case.inputs(3)[:2], moments, training=True)[0]
    assert (float(jnp.abs(together - trained[:2]).max()) > 1e-2) == (name in NORMALIZED)


def test_only_batch_normalization_keeps_statistics_and_only_training_changes_them(name, network, outputs):
    (_, trained), (_, evaluated) = outputs
    start = network.statistics()
    assert bool(jax.tree.leaves(start)) == (name in NORMALIZED)
    assert jax.tree.structure(start) == jax.tree.structure(trained)
    for before, after, last in zip(*(jax.tree.leaves(tree) for tree in (start, trained, evaluated)), strict=True):
        assert before.shape == after.shape and bool(jnp.any(before != after))
        np.testing.assert_array_equal(after, last)


def test_an_optimizer_takes_the_network_as_its_parameters(network):
    optimizer = optax.adamw(1e-2, mask=mf.networks.kernels)

    def step(network):
        updates, _ = optimizer.update(network, optimizer.init(network), network)
        return optax.apply_updates(network, updates)

    moved = jax.eval_shape(step, network)
    assert jax.tree.structure(moved) == jax.tree.structure(network)


def test_networks_of_many_keys_are_made_together():
    keys = jax.random.split(KEY, 3)
    networks = jax.vmap(lambda key: NETWORKS.Perceptron((4,), 2, (3,), key=key))(keys)
    one = NETWORKS.Perceptron((4,), 2, (3,), key=keys[1])
    np.testing.assert_array_equal(networks.head.weight[1], one.head.weight)


def test_one_program_serves_all_weights(case, network):
    traces = []

    @jax.jit
    def traced(parameters):
        traces.append(1)
        return parameters.head.weight

    traced(network), traced(jax.tree.map(lambda leaf: 2 * leaf, network)), traced(case.make())
    assert len(traces) == 1


REFUSED = {
    "perceptron": (jnp.ones((3, 2, 6, 5)), "inputs must have shape"),
    "resnet": (jnp.ones((2, 6, 4)), "inputs must have shape"),
    "vit": (jnp.ones((3, 48)), "inputs must have shape"),
    "transformer": (jnp.ones((3, 7)), "inputs must be integers"),
}


@pytest.mark.parametrize("refused", REFUSED)
def test_other_inputs_are_refused(refused):
    inputs, words = REFUSED[refused]
    network = CASES[refused].make()
    with pytest.raises(ValueError, match=words):
        network(inputs, network.statistics())


@pytest.mark.parametrize("shape", [(3, 8), (7,), (3, 0)])
def test_a_transformer_refuses_more_positions_than_it_has(shape):
    with pytest.raises(ValueError, match="inputs must have shape"):
        transformer()(jnp.zeros(shape, int))


@pytest.mark.parametrize("name", NORMALIZED)
def test_batch_normalization_without_its_moments_is_refused(name):
    case = CASES[name]
    with pytest.raises(ValueError, match=r"statistics must be the running moments"):
        case.make()(case.inputs(3))
    with pytest.raises(ValueError, match=r"statistics must be the running moments"):
        case.make()(case.inputs(3), case.make().statistics()[:1])


CONSTRUCTIONS = [
    (lambda: NETWORKS.Perceptron((), 2, (3,), key=KEY), "shape must be a sequence of integers"),
    (lambda: NETWORKS.Perceptron((4,), 0, (3,), key=KEY), "classes must be at least 1"),
    (lambda: NETWORKS.Perceptron((4,), 2, (), key=KEY), "widths must be a sequence of integers"),
    (lambda: NETWORKS.Perceptron((4,), 2, (3, 0), key=KEY), r"widths\[1\] must be at least 1"),
    (lambda: NETWORKS.Perceptron((4,), 2, (3,), key=KEY, activation="reLU"), "activation must be one of"),
    (lambda: NETWORKS.Perceptron((4,), 2, (3,), key=KEY, normalization="group"), "normalization must be 'batch'"),
    (lambda: NETWORKS.Perceptron((4,), 2, (3,), key=KEY, epsilon=0.0), "epsilon must be positive"),
    (lambda: NETWORKS.Perceptron((4,), 2, (3,), key=KEY, momentum=1.5), "momentum must be in"),
    (lambda: NETWORKS.Perceptron((4,), 2, (3,), key=jax.random.split(KEY)), "key must be one key"),
    (lambda: NETWORKS.Perceptron((4,), 2, (3,), key=KEY, dtype=int), "dtype must be a floating type"),
    (lambda: NETWORKS.Perceptron((4,), 2, (3,), key=KEY, dtype="wide"), "dtype must be a floating type"),
    (lambda: NETWORKS.ResNet((8, 8), 2, key=KEY), "shape must be .channels, height, width."),
    (lambda: NETWORKS.ResNet(IMAGE, 2, blocks=(1, 0), key=KEY), r"blocks\[1\] must be at least 1"),
    (lambda: NETWORKS.Perceptron((4,), 2, (2.5,), key=KEY), r"widths\[0\] must be an integer"),
    (lambda: NETWORKS.ViT(IMAGE, 2, patch=4, key=KEY), "patch must divide the height and width of 6×4 images, got 4"),
    (lambda: NETWORKS.ViT(IMAGE, 2, width=6, heads=4, key=KEY), "heads must divide width = 6, got 4"),
    (lambda: NETWORKS.Transformer(0, 4, key=KEY), "vocabulary must be at least 1"),
    (lambda: NETWORKS.Transformer(4, 4, width=6, heads=4, key=KEY), "heads must divide width = 6, got 4"),
]


@pytest.mark.parametrize("make, words", CONSTRUCTIONS, ids=[words for _, words in CONSTRUCTIONS])
def test_bad_arguments_are_refused_by_name(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_double_precision_that_is_not_enabled_is_refused():
    with jax.enable_x64(False), pytest.raises(ValueError, match=r"dtype float64 needs double precision"):
        perceptron()(dtype=np.float64)
