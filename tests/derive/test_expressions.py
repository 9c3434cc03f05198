"""A user's own model is taken as it is written, or refused in words."""

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from mirrorflow.derive._expressions import from_expressions

u, v, c = sp.symbols("u v c", real=True)
p = sp.Symbol("p", positive=True)
plain = sp.Symbol("u")
f = sp.Function("f")


def test_features_and_variables_keep_their_order_and_constants_stay():
    model = from_expressions([c * u * v, sp.sin(v)], [v, u], name="mine")
    assert model.name == "mine" and model.variables == (v, u) and model.features == (c * u * v, sp.sin(v))


def test_points_are_given_by_name_or_as_one_array():
    model = from_expressions([u * v], [v, u])
    assert [float(x) for x in model.values({"u": 2.0, "v": 3.0})] == [3.0, 2.0]
    assert [float(x) for x in model.values(jnp.array([3.0, 2.0]))] == [3.0, 2.0]
    with pytest.raises(ValueError, match=r"arrays v .*u"):
        model.values({"u": 2.0})


@pytest.mark.parametrize(
    "given", [sp.Matrix([[u, v], [u * v, c * u]]), [sp.Matrix([[u, v]]), u * v, c * u], np.array([u, v, u * v, c * u])]
)
def test_matrices_are_taken_entry_by_entry(given):
    assert from_expressions(given, sp.Matrix([u, v])).features == (u, v, u * v, c * u)
    assert from_expressions(u * v, u).features == (u * v,)


def test_decimal_numbers_become_the_fractions_they_write():
    assert from_expressions([0.1 * u * v], [u, v]).features == (u * v / 10,)


def test_kinks_that_the_declaration_of_a_variable_removes_are_none():
    features = from_expressions([abs(p) * u, sp.Abs(u) ** 2, sp.Max(p, 0) * u, abs(c) * u], [p, u]).features
    assert features == (p * u, u**2, p * u, abs(c) * u)
    assert from_expressions([sp.Piecewise((u, c > 0), (u**2, True))], [u]).features


REFUSED = {
    "no expressions": ([], [u], "expressions", "at least one"),
    "no variables": ([u * v], [], "variables", "at least one"),
    "a number as variable": ([u], [u, 3], r"variables\[1\]", "int: 3"),
    "a constant as variable": ([u], [u, sp.pi], r"variables\[1\]", "Pi"),
    "a text as variable": ([u], ["u"], r"variables\[0\]", "str: 'u'"),
    "an expression as variable": ([u], [2 * u], r"variables\[0\]", "Mul"),
    "a text for all variables": ([u], "u", "variables", "sequence", "str"),
    "a set of variables": ([u], {u}, "variables", "sequence", "set"),
    "a variable twice": ([u * v], [u, v, u], "u is given 2 times"),
    "two variables of one name": ([u], [u, plain], "different names", "called u"),
    "an integer variable": ([u], [sp.Symbol("n", integer=True)], r"variables\[0\]", "n is declared"),
    "an imaginary variable": ([u], [sp.Symbol("z", imaginary=True)], r"variables\[0\]", "z is declared"),
    "a symbol of other assumptions": ([plain * v], [u, v], r"expressions\[0\]", "assumptions"),
    "a text as expression": ([u, "u"], [u], r"expressions\[1\]", "str: 'u'"),
    "a number as expression": ([2, u], [u], r"expressions\[0\]", "int: 2"),
    "a constant expression": ([u, sp.Integer(2)], [u], r"expressions\[1\]", "at least one of the variables u", "2"),
    "a function of constants": ([c], [u, v], r"expressions\[0\]", "variables u, v", "c"),
    "a function of Python": (lambda x: x, [u], "expressions", "function"),
    "an equation": ([sp.Eq(u, v)], [u, v], r"expressions\[0\]", "Equality"),
    "a matrix symbol": ([sp.MatrixSymbol("A", 2, 2)], [u], r"expressions\[0\]", "MatrixSymbol"),
    "a complex function": ([u + sp.I * v], [u, v], r"expressions\[0\]", "real"),
    "an infinite one": ([sp.oo * u], [u], r"expressions\[0\]", "finite", "oo"),
    "not a number": ([sp.nan * u], [u], r"expressions\[0\]", "finite", "nan"),
    "Abs": ([u, abs(u) * v], [u, v], r"expressions\[1\]", r"Abs\(u\) is not where u = 0", "positive"),
    "the root of a square": ([sp.sqrt(u**2)], [u], r"Abs\(u\) is not where u = 0"),
    "Abs of a product": ([abs(p * u)], [u, p], r"Abs\(u\)"),
    "sign": ([sp.sign(u * v)], [u, v], r"sign\(u\*v\) is not where u\*v = 0"),
    "Heaviside": ([sp.Heaviside(u - 1)], [u], r"Heaviside\(u - 1\) is not where u - 1 = 0"),
    "floor": ([sp.floor(u / 2)], [u], r"floor\(u/2\) jumps where u/2 is an integer"),
    "Mod": ([sp.Mod(u, 2)], [u], r"jumps where u/2 is an integer"),
    "Max": ([sp.Max(u, v)], [u, v], r"Max\(u, v\) is not where u = v"),
    "Min": ([sp.Min(u, 1)], [u], r"Min\(1, u\) is not where 1 = u"),
    "Piecewise": ([sp.Piecewise((u, u > 0), (0, True))], [u], r"Piecewise.*where u > 0 begins or ends"),
    "a kink in a piece": ([sp.Piecewise((abs(u), c > 0), (u, True))], [u], r"Abs\(u\) is not where u = 0"),
    "a conjugate": ([sp.conjugate(plain)], [plain], r"conjugate\(u\) is no function of real symbols"),
    "an unknown function": ([f(u)], [u], r"f\(u\) must be a formula", "derivative in u"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_model_is_refused_in_words(what):
    expressions, variables, *words = REFUSED[what]
    with pytest.raises(ValueError) as caught:
        from_expressions(expressions, variables)
    for word in words:
        assert caught.match(f"(?s).*{word}")
