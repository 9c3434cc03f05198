"""Counts by automatic differentiation against published formulas, and against what is known of the fields."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorflow.derive._numeric import _brackets, closure, from_function


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def product(parameters):
    return parameters["U"] @ parameters["V"].T


def count(function, example, points=3, **settings):
    model = from_function(function, example)
    return closure(model.fields, model.sample(points, seed=7), **settings)


@pytest.mark.parametrize(
    ("n", "m", "r"), [(1, 1, 1), (1, 1, 3), (2, 1, 2), (2, 2, 2), (1, 3, 2), (3, 2, 4), (2, 1, 5), (4, 4, 4)]
)
def test_a_matrix_product_has_as_many_laws_as_the_formula_says(n, m, r):
    k = min(n + m, r)
    found = count(product, {"U": normal(n, r), "V": normal(m, r, seed=1)})
    assert found.conclusive and found.laws == k * (2 * r - k + 1) // 2


def test_a_product_of_numbers_has_one_law_less_than_factors():
    found = count(jnp.prod, normal(5))
    assert found.conclusive and found.laws == 4 and found.rank_of_fields == 1


@pytest.mark.parametrize("seed", [0, 1])
def test_a_relu_network_has_one_law_for_each_neuron(seed):
    # Enough inputs that no two neurons are active on the same ones, or on opposite ones.
    inputs = normal(3, 60, seed=seed + 10)
    found = count(
        lambda p: p["V"] @ jax.nn.relu(p["U"] @ inputs), {"U": normal(3, 3, seed=seed), "V": normal(1, 3, seed=seed)}
    )
    assert found.conclusive and found.laws == 3


def test_scale_invariant_weights_keep_one_law():
    found = count(lambda w: w / jnp.linalg.norm(w), normal(6))
    assert found.conclusive and found.laws == 1


def test_a_tanh_network_keeps_nothing():
    inputs = normal(2, 20, seed=5)
    found = count(lambda p: p["V"] @ jnp.tanh(p["U"] @ inputs), {"U": normal(3, 2), "V": normal(1, 3)})
    assert found.conclusive and found.laws == 0


@pytest.mark.parametrize("dimension", [4, 6])
def test_fields_that_need_long_brackets_get_them(dimension):
    # ∂₁ and ∂₂+x₁∂₃+x₁²/2·∂₄+…: each length adds one dimension, up to all of them (Goursat's normal form).
    powers = np.arange(dimension - 1)

    def fields(theta):
        second = theta[0] ** powers / np.array([math.factorial(k) for k in powers])
        return jnp.stack([jnp.zeros(dimension).at[0].set(1.0), jnp.concatenate([jnp.zeros(1), second])])

    found = closure(fields, normal(2, dimension))
    assert found.conclusive and found.rank == dimension and found.levels == dimension - 1
    cut = closure(fields, normal(2, dimension), levels=2)
    assert not cut.closed and not cut.conclusive and cut.rank == 3


def test_constant_fields_that_are_rounded_have_no_brackets():
    # a/√(a²) is ±1, and its derivative by automatic differentiation rounding.
    def fields(theta):
        return jnp.diag(theta / jnp.sqrt(theta**2 * 1.1))[:2]

    found = closure(fields, normal(3, 5))
    assert found.conclusive and found.rank == 2


def test_a_known_bound_saves_the_brackets():
    example = {"U": normal(2, 2), "V": normal(2, 2, seed=1)}
    found = count(product, example, target=5)
    assert found.conclusive and found.laws == 3 and found.levels == 2
    assert count(jnp.prod, normal(3), target=1).levels == 1


def test_what_lies_between_rounding_and_size_is_not_concluded():
    # A second direction of size δ beside the first: from 1e-12 to 1e-10 double precision cannot tell it from rounding.
    def fields_with(delta):
        return lambda theta: jnp.stack([theta, theta + delta * jnp.array([1.0, -1.0, 0.0])])

    for delta in (1e-11, 1e-10):
        assert not closure(fields_with(delta), np.array([1.0, 1.0, 1.0])).conclusive
    found = closure(fields_with(1e-6), np.array([1.0, 1.0, 1.0]))
    assert found.conclusive and found.rank == 2


def test_points_that_are_not_generic_do_not_decide():
    example = {"U": normal(2, 2), "V": normal(2, 2, seed=1)}
    model = from_function(product, example)
    points = np.concatenate([model.sample(2), model.example[None] * np.array([1.0] * 4 + [1e-7] * 4)])
    found = closure(model.fields, points)
    assert found.laws == 3


def test_points_of_different_ranks_are_reported():
    model = from_function(product, {"U": normal(2, 2), "V": normal(2, 2, seed=1)})
    found = closure(model.fields, np.stack([model.example, np.zeros(8)]))
    assert not found.agree and not found.conclusive and found.ranks == (5, 0)


def test_a_wrong_sign_in_the_bracket_is_noticed(monkeypatch):
    # The engine as it is counts 4 laws of five factors (above); with DY·X+DX·Y it must not.
    def wrong(first, second):
        def field(theta):
            (x, _), (y, _) = first(theta), second(theta)
            along_x = jax.jvp(lambda t: second(t)[0], (theta,), (x,))[1]
            along_y = jax.jvp(lambda t: first(t)[0], (theta,), (y,))[1]
            return along_x + along_y, jnp.ones(())

        return field

    monkeypatch.setattr(_brackets, "bracket", wrong)
    assert count(jnp.prod, normal(5), levels=2).laws != 4


@pytest.mark.parametrize(
    ("fields", "point", "settings", "words"),
    [
        (lambda t: t[None], np.ones(2, np.float32), {}, "double precision"),
        (lambda t: t, np.ones(2), {}, "shape"),
        (lambda t: t[None], np.ones((1, 1, 2)), {}, "axes"),
        (lambda t: jnp.log(-t)[None], np.ones(2), {}, "finite"),
        (lambda t: jnp.sqrt(t)[None] * jnp.array([[1.0], [0.0]]) + t[None, ::-1], np.zeros(2), {}, "finite"),
        (lambda t: t[None], np.ones(2), {"levels": 0}, "levels"),
        (lambda t: t[None], np.ones(2), {"target": -1}, "target"),
    ],
)
def test_bad_input_is_refused_in_words(fields, point, settings, words):
    with pytest.raises(ValueError, match=words):
        closure(fields, point, **settings)


def test_single_precision_is_refused():
    with jax.enable_x64(False), pytest.raises(ValueError, match="enable_float64"):
        closure(lambda t: t[None], np.ones(2))
