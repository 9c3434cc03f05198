"""Laws found numerically are those of the theory, verified symbolically where the fields are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

import mirrorflow as mf
from mirrorflow.derive._numeric import closure, from_function, monomials, search, spanning_duals, steepest_fields


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def around(example, spread):
    """Points around an example, every time other ones."""
    random = np.random.default_rng(3)
    return lambda count: example * (1 + spread * random.uniform(-1, 1, (count, example.size)))


def laws_of(model, basis, spread=0.5, **settings):
    return search(model.fields, list(model.variables), basis, sample=around(model.example, spread), **settings)


def test_the_laws_of_a_matrix_product_are_its_balance():
    model = from_function(lambda p: p["U"] @ p["V"].T, {"U": normal(3, 2), "V": normal(2, 2, seed=1)})
    found = laws_of(model, monomials(list(model.variables), 2))
    u, v = (sympy.Matrix(model.arrays[name].tolist()) for name in "UV")
    balance = u.T * u - v.T * v
    assert [law.expression for law in found.laws] == [sympy.expand(balance[i, j]) for i, j in [(0, 0), (0, 1), (1, 1)]]
    assert all(law.exact for law in found.laws) and found.gap > 1e6
    counted = closure(model.fields, around(model.example, 0.5)(2), target=10 - len(found.laws))
    assert counted.conclusive and counted.laws == 3


def test_the_laws_of_a_relu_network_are_those_of_its_neurons():
    inputs = normal(2, 40, seed=4)
    example = {"U": normal(2, 2, seed=2), "V": normal(2, 2, seed=3), "b": normal(2, seed=5)}
    model = from_function(lambda p: p["V"] @ jax.nn.relu(p["U"] @ inputs + p["b"][:, None]), example)
    found = laws_of(model, monomials(list(model.variables), 2), spread=0.2)
    u, v, b = model.arrays["U"], model.arrays["V"], model.arrays["b"]
    neurons = {sympy.expand(sum(u[k] ** 2) + b[k] ** 2 - sum(v[:, k] ** 2)) for k in range(2)}
    assert {law.expression for law in found.laws} == neurons


@pytest.mark.parametrize("q", [sympy.Rational(3, 2), sympy.Rational(6, 5)])
def test_steepest_flows_on_a_product_keep_differences_of_powers(q):
    model = from_function(jnp.prod, np.array([0.7, -1.3, 2.0, -0.4]))
    geometry = mf.geometries.Steepest(q=float(q))
    duals = spanning_duals(model.fields, geometry, model.example)
    fields = steepest_fields(model.fields, geometry, duals.values, model.example)
    x = list(model.variables)
    basis = [*monomials(x, 2), *(abs(each) ** q for each in x)]
    found = search(fields, x, basis, sample=around(model.example, 0.2))
    assert [law.expression for law in found.laws] == [abs(x[i]) ** q - abs(x[3]) ** q for i in range(3)]
    assert closure(fields, model.example, target=1).laws == 3 and found.full


def test_a_law_with_an_exponential_is_found():
    # ẋ ∝ (y·e^x, e^x): x − y²/2 is kept; with the outputs e^x·y alone there is nothing else.
    model = from_function(lambda p: jnp.exp(p[0]) * p[1], np.array([0.3, -1.2]))
    x, y = model.variables
    found = laws_of(model, [sympy.exp(x), x, y, x * y, y**2])
    assert [law.expression for law in found.laws] == [x - y**2 / 2] and found.full


def test_scale_invariance_keeps_the_norm():
    model = from_function(lambda w: w / jnp.linalg.norm(w), normal(4))
    found = laws_of(model, monomials(list(model.variables), 2))
    assert [law.expression for law in found.laws] == [sum(w**2 for w in model.variables)]


def test_coefficients_that_are_no_fractions_are_marked():
    model = from_function(lambda p: jnp.sqrt(2.0) * p["a"] + p["b"], {"a": 0.3, "b": 0.4})
    (law,) = laws_of(model, list(model.variables)).laws
    a, b = model.variables
    assert not law.exact and law.residual < 1e-9
    assert abs(law.expression.coeff(b) / law.expression.coeff(a) + np.sqrt(2)) < 1e-12


def test_a_number_close_to_a_fraction_is_not_taken_for_it():
    model = from_function(lambda p: (1 / 3 + 5e-9) * p["a"] + p["b"], {"a": 0.3, "b": 0.4})
    (law,) = laws_of(model, list(model.variables)).laws
    assert not law.exact and law.residual < 1e-12


def test_powers_of_a_law_are_no_further_laws():
    model = from_function(jnp.prod, normal(2))
    found = laws_of(model, monomials(list(model.variables), 4), most=5)
    x, y = model.variables
    assert [law.expression for law in found.laws] == [x**2 - y**2]


def test_functions_that_only_look_different_make_no_law():
    model = from_function(jnp.prod, normal(2))
    x, y = model.variables
    found = laws_of(model, [sympy.sin(x) ** 2, sympy.cos(x) ** 2, y])
    assert found.laws == () and not found.full


def test_a_law_that_is_only_nearly_one_is_dropped():
    # x²−y² fails for a field that is off by 1e-7, which the eye would not see.
    def fields(theta):
        return jnp.stack([theta[1], theta[0] * (1 + 1e-7 * theta[0])])[None]

    x, y = sympy.symbols("x y", real=True)
    found = search(fields, [x, y], monomials([x, y], 2), sample=around(np.array([1.0, 2.0]), 0.5))
    assert found.laws == ()


@pytest.mark.parametrize(
    ("basis", "sample", "words"),
    [
        ([], None, "at least one function"),
        ([sympy.Integer(3)], None, "at least one function"),
        ([sympy.Symbol("z")], None, "z"),
        (None, lambda count: np.ones((count, 3)), "sample"),
        ([sympy.log(sympy.Symbol("x", real=True))], lambda count: np.zeros((count, 2)), "finite"),
    ],
)
def test_bad_input_is_refused_in_words(basis, sample, words):
    x, y = sympy.symbols("x y", real=True)
    basis = [x, y] if basis is None else basis
    sample = sample or around(np.ones(2), 0.5)
    with pytest.raises(ValueError, match=words):
        search(lambda t: t[None, ::-1], [x, y], basis, sample=sample)


def test_variables_must_be_different_symbols():
    x = sympy.Symbol("x", real=True)
    for wrong in ([], [x, x]):
        with pytest.raises(ValueError, match="variables"):
            search(lambda t: t[None], wrong, [x], sample=around(np.ones(2), 0.5))
