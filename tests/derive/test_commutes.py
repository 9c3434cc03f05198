"""Which gradient fields commute, against sympy's own derivatives and the brackets in numbers."""

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

import mirrorflow as mf
from mirrorflow.derive._commutes import commutes
from mirrorflow.derive._model import Model, symbols
from mirrorflow.derive._symbolic import symbolic

MAPS = mf.reparameterizations
DECAY = mf.decay
RANDOM = np.random.default_rng(5)
A, B, C = sp.symbols("a b c", real=True)


def reference(first, second, variables):
    """∇²ψ∇φ − ∇²φ∇ψ by sympy's Hessians."""
    one, two = (sp.Matrix([f.diff(v) for v in variables]) for f in (first, second))
    return sp.hessian(second, variables) * one - sp.hessian(first, variables) * two


@pytest.mark.parametrize("depth", range(2, 7))
def test_weight_decay_commutes_with_a_product_of_two_factors_only(depth):
    product = MAPS.Hadamard(depth)
    answer = commutes(product, "l2")
    model = symbolic(product)
    gradient = sp.Matrix([model.features[0].diff(v) for v in model.variables])
    assert commutes(product).holds
    assert answer.holds == (depth == 2) == (answer.witness == 0)
    assert (answer.bracket - 2 * (depth - 2) * gradient).expand() == sp.zeros(depth, 1)
    assert answer.holds or answer.multiple == 2 * (depth - 2)


HOLDING = {
    "u²−v², ‖θ‖²": (MAPS.PowerDifference(2), DECAY.Coupled(0.1)),
    "u²−v², decoupled": (MAPS.PowerDifference(2), DECAY.Decoupled(0.1)),
    "u⁴−v⁴, Σθ⁴": (MAPS.PowerDifference(4), DECAY.Coupled(0.1, DECAY.PowerSum(4))),
    "u³−v³, Σ|θ|³": (MAPS.PowerDifference(3), DECAY.Coupled(0.1, DECAY.PowerSum(3))),
    "log u−log v, Σlog θ": (MAPS.LogDifference(), DECAY.Coupled(0.1, DECAY.LogSum())),
    "k⊙q, ‖θ‖²": (MAPS.DiagonalAttention(), "l2"),
    "UVᵀ of one entry": (MAPS.MatrixProduct(1, 1, 3), "l2"),
    "commuting forms": (MAPS.QuadraticForm([np.diag([1.0, 2.0, -0.5]), np.diag([0.3, 0.0, 4.0])]), "l2"),
}
FAILING = {
    "u³−v³, ‖θ‖²": (MAPS.PowerDifference(3), "l2"),
    "u³−v³, Σ|θ|^2.5": (MAPS.PowerDifference(3), DECAY.Coupled(0.1, DECAY.PowerSum(2.5))),
    "log u−log v, ‖θ‖²": (MAPS.LogDifference(), "l2"),
    "w₁w₂, Σ|θ|": (MAPS.Hadamard(2), DECAY.Coupled(0.1, DECAY.PowerSum(1))),
    "UVᵀ": (MAPS.MatrixProduct(2, 2, 1), None),
    "KᵀQ": (MAPS.Attention(2, 2), None),
    "forms": (MAPS.QuadraticForm([[[1.0, 0.0], [0.0, -1.0]], [[0.0, 1.0], [1.0, 0.0]]]), None),
}


@pytest.mark.parametrize("name", HOLDING)
def test_the_commuting_maps_of_the_theory_commute(name):
    answer = commutes(*HOLDING[name])
    assert answer.holds and answer.witness == 0 and answer.bracket.is_zero_matrix
    assert "=0" in answer.to_latex()


@pytest.mark.parametrize("name", FAILING)
def test_a_map_that_does_not_commute_shows_a_bracket_that_is_not_zero(name):
    answer = commutes(*FAILING[name])
    point = {
        s: sp.Rational(int(n), 7)
        for s, n in zip(sorted(answer.witness.free_symbols, key=str), (3, 8, 5, 9), strict=False)
    }
    assert not answer.holds and answer.witness.subs(point) != 0
    assert answer.witness in list(answer.bracket)
    assert r"\neq 0" in answer.to_latex()


@pytest.mark.parametrize("name", ["UVᵀ", "KᵀQ", "forms"])
def test_symbols_and_automatic_differentiation_agree_on_which_bracket_is_largest(name):
    reparameterization = FAILING[name][0]
    model, answer = symbolic(reparameterization), commutes(FAILING[name][0])
    values = RANDOM.standard_normal(len(model.variables))
    if name == "forms":
        theta = jnp.asarray(values)
    else:
        split = np.split(values, np.cumsum([a.size for a in model.arrays.values()])[:-1])
        theta = {k: part.reshape(a.shape) for (k, a), part in zip(model.arrays.items(), split, strict=True)}
    size = float(answer.bracket.subs(dict(zip(model.variables, values, strict=True))).norm())
    assert 0 < size <= mf.reparameterizations.bracket(reparameterization, theta).size * (1 + 1e-9)


def test_the_bracket_of_expressions_is_that_of_their_hessians():
    functions = [A**2 * B - C, sp.exp(A) * C + B * C]
    answer = commutes(functions, variables=[A, B, C])
    assert not answer.holds and answer.between == "g_1 and g_2"
    assert sp.simplify(answer.bracket - reference(*functions, [A, B, C])) == sp.zeros(3, 1)


def test_an_identity_that_needs_simplification_is_recognized():
    same = [sp.sin(A) ** 2 - sp.cos(B) ** 2, sp.cos(2 * A) - sp.cos(2 * B)]
    assert commutes(same, variables=[A, B]).holds


def test_symbols_without_assumptions_come_back_as_they_were_given():
    u, v = sp.symbols("u v")
    answer = commutes([u * v], u**2 + 3 * v**2, variables=[u, v])
    assert answer.witness.free_symbols <= {u, v} and not answer.holds


def test_constants_stay_symbols():
    k = sp.Symbol("k")
    assert commutes([k * A**2, B], variables=[A, B]).holds
    assert commutes([A * B], k * (A**2 + B**2), variables=[A, B]).holds


BAD = {
    "no variables": (lambda: commutes([A]), "variables"),
    "no symbol": (lambda: commutes([A], variables=[3]), "sympy symbol"),
    "twice": (lambda: commutes([A], variables=[A, A]), "different"),
    "empty": (lambda: commutes([], variables=[A]), "at least one function"),
    "text": (lambda: commutes("a*b", variables=[A]), "list of sympy expressions, a reparameterization or a model"),
    "a text inside": (lambda: commutes(["a"], variables=[A]), r"expressions\[0\].*'a'"),
    "constants": (lambda: commutes([C], variables=[A]), "depend"),
    "numbers": (lambda: commutes(MAPS.Custom(lambda t: t)), "bracket"),
    "variables of a map": (lambda: commutes(MAPS.Hadamard(2), variables=[A]), "has its own"),
    "word": (lambda: commutes(MAPS.Hadamard(2), "l1"), "'l2'"),
    "free penalty": (lambda: commutes([A * B], C, variables=[A, B]), "in the variables"),
    "penalty of numbers": (lambda: commutes(MAPS.Hadamard(2), DECAY.Coupled(1.0, lambda t: t.sum())), "decay_bracket"),
    "a number for decay": (lambda: commutes(MAPS.Hadamard(2), 3.0), "mf.decay"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_words(name):
    call, words = BAD[name]
    with pytest.raises(ValueError, match=words):
        call()


def test_a_model_with_mirror_maps_of_its_own_is_refused():
    u = symbols("u", 2)
    model = Model("own", {"u": u}, (u[0] * u[1],), potentials={"u": mf.potentials.NegativeEntropy()})
    with pytest.raises(ValueError, match="mirror map"):
        commutes(model)
