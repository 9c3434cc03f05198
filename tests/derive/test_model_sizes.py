"""Models of every size down to 1, and arguments that are refused."""

import subprocess
import sys
import time

import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from mirrorflow.derive._model import symbols
from mirrorflow.derive.models import (
    attention,
    convolutional_network,
    diagonal_network,
    input_convex_network,
    linear_network,
    low_rank_adaptation,
    matrix_factorization,
    network,
    nonnegative_factorization,
    normalized_layer,
    relu_network,
    softmax_layer,
    symmetric_factorization,
)

# model, number of parameters, of features, and of numbers in its forms (a symmetric matrix has its upper triangle)
SMALLEST = [
    (linear_network(1, 1), 1, 1, 0),
    (linear_network(1, 1, 1), 2, 1, 1),
    (linear_network(1, 1, 1, biases=True), 4, 2, 1),
    (relu_network(1, 1), 1, 1, 0),
    (relu_network(1, 1, 1, 1), 3, 1, 2),
    (relu_network(1, 1, 1, biases=True), 4, 3, 1),
    (convolutional_network(1, (1, 1), 1), 2, 1, 1),
    (convolutional_network(1, (1, 1), 1, outputs=None), 1, 1, 0),
    (convolutional_network((1, 1), (1, 1), (1, 1), biases=True), 4, 3, 1),
    (attention(1), 4, 2, 2),
    (attention(1, heads=2, values=False), 4, 2, 2),
    (softmax_layer(1, 1), 1, 1, 1),
    (softmax_layer(2, 1, transposed=True), 2, 1, 1),
    (matrix_factorization(1, 1, 1), 2, 1, 1),
    (low_rank_adaptation(1, 1, 1), 2, 1, 1),
    (nonnegative_factorization(1, 1, 1), 2, 1, 1),
    (symmetric_factorization(1, 1), 1, 1, 0),
    (symmetric_factorization(1, 2), 2, 1, 1),
    (input_convex_network(1, 1), 2, 1, 1),
    (normalized_layer(1, 1), 1, 1, 1),
    (normalized_layer(1, 1, scale="layer", gain=True, shift=True), 3, 2, 1),
    (diagonal_network(1), 1, 1, 0),
    (diagonal_network(2), 2, 1, 1),
]


@pytest.mark.parametrize("case", range(len(SMALLEST)))
def test_smallest_sizes_are_models(case):
    model, parameters, features, laws = SMALLEST[case]
    variables = model.variables
    assert len(set(variables)) == len(variables) == parameters and len(model.features) == features
    assert set().union(*(feature.free_symbols for feature in model.features)) <= set(variables)
    assert sum(upper_size(form.entries) for form in model.forms) == laws
    point = np.arange(1.0, parameters + 1)
    parts = np.split(point, np.cumsum([array.size for array in model.arrays.values()])[:-1])
    theta = {name: part.reshape(array.shape) for (name, array), part in zip(model.arrays.items(), parts, strict=True)}
    assert [float(value) for value in model.values(theta)] == point.tolist()
    assert [float(value) for value in model.values(jnp.asarray(point))] == point.tolist()


def upper_size(entries):
    rows, columns = entries.shape
    symmetric = rows == columns and entries == entries.T
    return rows * (rows + 1) // 2 if symmetric else rows * columns


@pytest.mark.parametrize("model", [softmax_layer(1, 3), normalized_layer(2, 1)], ids=["one class", "one input"])
def test_a_model_of_which_data_sees_nothing_has_one_feature_that_is_zero(model):
    assert model.features == (0,)


def test_path_products_are_monomials_and_each_occurs_once():
    counts = [
        (relu_network(2, 3, 4, 2), 2 * 3 * 4 * 2),
        (relu_network(2, 3, 2, biases=True), 2 * 3 * 2 + 3 * 2 + 2),
        (convolutional_network(5, (2, 3), 2, outputs=2), 2 * 3 * 2 * 4 * 2),
        (convolutional_network(5, (2, 3, 2), 2, outputs=None), 2 * 2 * 3 * 2 * 2),
    ]
    for model, count in counts:
        assert len(set(model.features)) == len(model.features) == count
        assert all(sympy.Poly(feature, *model.variables).is_monomial for feature in model.features)


def test_entries_of_a_product_are_those_of_sympy():
    model = linear_network(2, 3, 2, 2, biases=True)
    w, b = ([sympy.Matrix(model.arrays[f"{name}{i}"].tolist()) for i in (1, 2, 3)] for name in "Wb")
    product, bias = w[2] * w[1] * w[0], w[2] * w[1] * b[0] + w[2] * b[1] + b[2]
    assert set(model.features) == {sympy.expand(entry) for entry in (*product, *bias)}
    assert all(sympy.expand(feature) == feature for feature in model.features)


def test_row_space_coordinates_are_those_of_sympy():
    model = symmetric_factorization(2, 4)
    u = sympy.Matrix(model.arrays["factor"].tolist())
    assert sympy.simplify(model.forms[0].entries - u[:, :2].inv() * u[:, 2:]) == sympy.zeros(2, 2)


def test_symbols_of_different_arrays_and_places_differ():
    arrays = [symbols(f"W{i}", 11, 11) for i in (1, 11)] + [symbols("W1", 1, 1), symbols("W11", 1, 1)]
    names = [symbol.name for array in arrays for symbol in array.ravel()]
    # The array W1 of shape (1, 1) shares no name with the wide one either.
    assert len(set(names)) == len(names)
    deep = relu_network(*[1] * 13)
    assert len(set(deep.variables)) == 12


def test_a_network_by_the_name_of_its_activation():
    assert network([2, 3, 1], "linear").features == linear_network(2, 3, 1).features
    assert network([2, 3, 1], "relu", biases=True).features == relu_network(2, 3, 1, biases=True).features
    leaky = network((2, 3, 1), "leaky_relu")
    assert leaky.forms == relu_network(2, 3, 1).forms and "leaky" in leaky.name


def test_large_models_are_built_at_once():
    """They take under 0.1 s each; by expanding products of sums it would be minutes."""
    begun = time.process_time()
    sizes = [
        (len(model.features), len(model.variables))
        for model in (relu_network(5, 8, 8, 1), attention(6), matrix_factorization(4, 4, 4))
    ]
    assert sizes == [(320, 112), (72, 144), (16, 32)] and time.process_time() - begun < 2


REFUSED = {
    "one width": (lambda: linear_network(3), "widths", "at least two"),
    "no width": (lambda: relu_network(), "widths", "at least two"),
    "width of 0": (lambda: relu_network(2, 0, 1), r"widths\[1\]", "at least 1", "0"),
    "activation": (lambda: network([1, 2], "tanh"), "activation", "'relu'", "tanh"),
    "one channel": (lambda: convolutional_network(4, (2,), 2), "channels", "at least two"),
    "channels of 0": (lambda: convolutional_network(4, (1, 0), 2), r"channels\[1\]", "at least 1"),
    "kernel too wide": (lambda: convolutional_network(4, (1, 1, 1), 3), "kernel", "2 times", r"\(0,\)"),
    "kernel of 0": (lambda: convolutional_network(4, (1, 1), 0), "kernel", "at least 1"),
    "three axes": (lambda: convolutional_network((4, 4, 4), (1, 1), 1), "size", r"\(4, 4, 4\)"),
    "axes that differ": (lambda: convolutional_network(4, (1, 1), (1, 2)), "kernel", r"\(1, 2\)"),
    "no outputs": (lambda: convolutional_network(4, (1, 1), 2, outputs=0), "outputs", "at least 1"),
    "attention of width 0": (lambda: attention(0), "width", "at least 1"),
    "heads of width 0": (lambda: attention(2, head_width=0), "head_width", "at least 1"),
    "no heads": (lambda: attention(2, heads=0), "heads", "at least 1"),
    "no classes": (lambda: softmax_layer(0, 2), "classes", "at least 1"),
    "no features": (lambda: softmax_layer(2, 0), "features", "at least 1"),
    "rows of 0": (lambda: matrix_factorization(0, 1, 1), "rows", "at least 1"),
    "columns of 0": (lambda: nonnegative_factorization(1, 0, 1), "columns", "at least 1"),
    "rank of 0": (lambda: low_rank_adaptation(1, 1, 0), "rank", "at least 1"),
    "size of -1": (lambda: symmetric_factorization(-1, 1), "size", "at least 1", "-1"),
    "no hidden neuron": (lambda: input_convex_network(1, 0), "hidden", "at least 1"),
    "no inputs": (lambda: normalized_layer(1, 0), "inputs", "at least 1"),
    "scale": (lambda: normalized_layer(1, 1, scale="column"), "scale", "'row', 'layer'", "column"),
    "depth of 0": (lambda: diagonal_network(0), "depth", "at least 1"),
    "depth True": (lambda: diagonal_network(True), "depth", "integer", "True"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_bad_sizes_are_refused_in_words(what):
    call, *words = REFUSED[what]
    with pytest.raises(ValueError) as caught:
        call()
    for word in words:
        assert caught.match(f"(?s).*{word}")


WRONG_TYPES = """
import mirrorflow.derive.models as models
for call, name in [
    (lambda: models.relu_network(2, 3.0, 1), "widths[1]"),
    (lambda: models.network("231"), "widths"),
    (lambda: models.network([2, "3"]), "widths[1]"),
    (lambda: models.convolutional_network("4", (1, 1), 2), "size"),
    (lambda: models.convolutional_network(4, 3, 2), "channels"),
    (lambda: models.convolutional_network(4, (1, 1), 2.0), "kernel"),
    (lambda: models.attention(2.0), "width"),
    (lambda: models.diagonal_network("3"), "depth"),
]:
    try:
        call()
    except ValueError as error:
        assert str(error).startswith(name), error
    else:
        raise AssertionError(name)
"""


def test_wrong_types_are_refused_in_words():
    """In a process without the type checks of the tests, as users have it."""
    done = subprocess.run([sys.executable, "-c", WRONG_TYPES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
