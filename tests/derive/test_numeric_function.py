"""A user's function comes in with symbols that can be read, and what cannot be differentiated is refused in words."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorflow.derive._numeric import from_function


def test_symbols_follow_the_tree_and_its_order():
    example = {"layers": [{"W": np.ones((2, 1)), "b": np.ones(1)}, {"W": np.ones((1, 2))}], "scale": 2.0}

    def function(p):
        hidden = p["layers"][1]["W"] @ p["layers"][0]["W"] + p["layers"][0]["b"][None]
        return p["scale"] * hidden

    model = from_function(function, example)
    assert [str(each) for each in model.variables] == [
        *("layers_0_W11", "layers_0_W21", "layers_0_b1", "layers_1_W11", "layers_1_W12", "scale")
    ]
    back = model.unravel(jnp.arange(6.0))
    assert back["layers"][1]["W"].tolist() == [[3.0, 4.0]] and float(back["scale"]) == 5.0
    assert model.ravel(back).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_symbols_of_different_parameters_differ():
    model = from_function(lambda p: sum(jnp.sum(leaf) for leaf in p.values()), {"a": np.ones(2), "a1": 1.0, "a_1": 2.0})
    assert len(set(model.variables)) == 4


def test_gradients_and_their_combinations_are_the_jacobian():
    model = from_function(lambda p: p[:2] * p[2], np.array([1.0, 2.0, 3.0]))
    jacobian = np.array([[3.0, 0.0, 1.0], [0.0, 3.0, 2.0]])
    np.testing.assert_allclose(model.fields(jnp.asarray(model.example)), jacobian)
    weights = np.array([2.0, -1.0])
    np.testing.assert_allclose(model.fields.combine(weights, jnp.asarray(model.example)), weights @ jacobian)


def _forwards_only(p):
    return jax.lax.while_loop(lambda s: jnp.sum(s) < 100.0, lambda s: 2 * s, p)


@pytest.mark.parametrize(
    ("function", "example", "words"),
    [
        (jnp.sum, np.arange(3), "floats"),
        (jnp.sum, {}, "at least one parameter"),
        (jnp.sum, np.ones(3, np.float32), "float64"),
        (jnp.sum, np.array([1.0, np.nan]), "finite"),
        (jnp.sum, np.ones(81), "Pass limit=81"),
        (lambda p: jnp.round(p), np.array([0.3, 0.4]), "is 0"),
        (lambda p: jnp.sqrt(p), np.zeros(2), "not finite"),
        (lambda p: jnp.argmax(p), np.ones(2), "real arrays"),
        (lambda p: p["W"], np.ones(2), "does not accept"),
        (_forwards_only, np.ones(2), "twice"),
    ],
)
def test_bad_input_is_refused_in_words(function, example, words):
    with pytest.raises(ValueError, match=words):
        from_function(function, example)


def test_more_parameters_are_taken_when_asked_for():
    assert from_function(jnp.prod, np.ones(81), limit=81).variables.shape == (81, 1)
