"""What `conservation_laws` refuses: each message names the argument, what was given and what is allowed."""

import subprocess
import sys

import numpy as np
import pytest
import sympy

import mirrorflow as mf

U, V, W = sympy.symbols("u v w", real=True)
UV = ([U * V], [U, V])
MATRICES = mf.derive.models.matrix_factorization(1, 1, 1)


def refusal(*given, **named):
    with pytest.raises(ValueError) as caught:
        mf.derive.conservation_laws(*given, **named)
    return str(caught.value)


@pytest.mark.parametrize(
    "given, named, words",
    [
        (([], [U]), {}, ("expressions", "at least one", "none")),
        (([U * V], []), {}, ("variables", "at least one symbol", "none")),
        (([U * V],), {}, ("variables", "must be given", "symbols")),
        (([U * V], [U, 2]), {}, ("variables[1]", "symbol", "2")),
        (([U * V], [U, "v"]), {}, ("variables[1]", "symbol", "'v'")),
        (([U * V], "uv"), {}, ("variables", "sequence", "'uv'")),
        (([U * V], [U, U]), {}, ("variables", "different", "u", "2 times")),
        (([U * V], [U, sympy.pi]), {}, ("variables[1]", "symbol", "pi")),
        (([U * V], [U, V, sympy.Symbol("k", integer=True)]), {}, ("variables[2]", "real", "k")),
        (([U * V, 3], [U, V]), {}, ("expressions[1]", "sympy expression", "3")),
        (([U * V, sympy.Integer(3)], [U, V]), {}, ("expressions[1]", "at least one of the variables", "3")),
        (([W**2], [U, V]), {}, ("expressions[0]", "at least one of the variables u, v", "w**2")),
        (([sympy.Symbol("u") * V], [U, V]), {}, ("expressions[0]", "assumptions", "u")),
        (([abs(U) * V], [U, V]), {}, ("expressions[0]", "differentiable", "Abs(u)", "positive")),
        (([sympy.sqrt(U**2) * V], [U, V]), {}, ("expressions[0]", "differentiable", "Abs(u)")),
        (([sympy.Max(U, V)], [U, V]), {}, ("expressions[0]", "differentiable", "Max")),
        (([sympy.floor(U)], [U]), {}, ("expressions[0]", "differentiable", "floor")),
        (([sympy.I * U], [U]), {}, ("expressions[0]", "real")),
        (([sympy.atan(U) * V], [U, V]), {"decay": "l2"}, ("model", "rational functions", "atan(u)")),
        (UV, {"decay": "l1"}, ("decay", "'coupled', 'decoupled'", "'l1'")),
        (UV, {"decay": -1.0}, ("decay", "non-negative", "-1")),
        (UV, {"decay": sympy.Integer(-1)}, ("decay", "non-negative", "-1")),
        (UV, {"decay": U}, ("decay", "variables", "u")),
        (UV, {"decay": mf.decay.Coupled(0.1, mf.decay.PowerSum(3.0))}, ("decay", "‖θ‖²")),
        (UV, {"momentum": "polyak"}, ("momentum", "'heavy-ball', 'nesterov'", "'polyak'")),
        (UV, {"momentum": -1}, ("momentum", "non-negative", "-1")),
        (UV, {"momentum": sympy.Rational(-1, 2)}, ("momentum", "non-negative", "-0.5")),
        (UV, {"momentum": V}, ("momentum", "variables", "v")),
        (UV, {"momentum": 1 / sympy.Symbol("t") ** 2}, ("momentum", "1/t", "t**(-2)")),
        (UV, {"momentum": 1, "decay": "decoupled"}, ("momentum", "without", "decay")),
        (UV, {"momentum": 1, "metric": mf.potentials.Cosh()}, ("momentum", "without metric")),
        (UV, {"momentum": 1, "geometry": 1.5}, ("momentum", "without", "geometry")),
        (UV, {"metric": mf.potentials.Cosh(), "geometry": 1.5}, ("metric", "q=2")),
        (UV, {"metric": {"x": mf.potentials.Cosh()}}, ("metric", "'x'", "'u', 'v'")),
        (UV, {"metric": {"u": 2.0}}, ("metric['u']", "potential", "float")),
        (UV, {"metric": "cosh"}, ("metric", "potential", "matrix", "'cosh'")),
        (UV, {"metric": sympy.eye(3)}, ("metric", "(2, 2)", "(3, 3)")),
        (
            UV,
            {"metric": mf.potentials.HyperbolicEntropy(np.array([1.0, 2.0]))},
            ("metric", "HyperbolicEntropy", "same"),
        ),
        (UV, {"metric": mf.potentials.SteepestFamily(3, 1.5, 1.0)}, ("metric", "SteepestFamily", "closed form")),
        (UV, {"geometry": 2.5}, ("geometry", "[1, 2]", "2.5")),
        (UV, {"geometry": 0.5}, ("geometry", "[1, 2]", "0.5")),
        (UV, {"geometry": "sing"}, ("geometry", "exponent", "'sign'", "'sing'")),
        (UV, {"metric": sympy.Matrix([[1, 1], [0, 1]])}, ("metric", "symmetric", "[[1, 1], [0, 1]]")),
        (UV, {"metric": sympy.diag(1, -1)}, ("metric", "negative eigenvalue", "[[1, 0], [0, -1]]")),
        (UV, {"geometry": U}, ("geometry", "variables", "u")),
        (UV, {"geometry": sympy.Symbol("q") + 1}, ("geometry", "number or a symbol", "q + 1")),
        (([sympy.exp(U * V)], [U, V]), {"geometry": sympy.Symbol("q")}, ("model", "rational", "exp(u*v)")),
        (UV, {"degree": 0}, ("degree", "at least 1", "0")),
        (UV, {"degree": 1.5}, ("degree", "integer", "1.5")),
        (UV, {"limit": -1.0}, ("limit", "positive", "-1")),
        (UV, {"limit": float("nan")}, ("limit", "finite", "nan")),
        (UV, {"seed": -1}, ("seed", "at least 0", "-1")),
        (UV, {"seed": True}, ("seed", "integer", "True")),
        ((MATRICES, [U]), {}, ("variables", "Model", "its own")),
        ((3.0, [U]), {}, ("must be", "3.0")),
        (("u*v", [U, V]), {}, ("must be", "'u*v'")),
    ],
)
def test_bad_input_is_refused_in_words(given, named, words):
    message = refusal(*given, **named)
    for word in words:
        assert word in message, message


def test_a_small_limit_is_refused_with_the_estimate_and_how_to_ask():
    message = refusal(mf.derive.models.matrix_factorization(3, 3, 3), limit=100)
    assert "18 parameters" in message
    asked = float(message.split("limit=")[1].split(" ")[0])
    assert mf.derive.conservation_laws(mf.derive.models.matrix_factorization(3, 3, 3), limit=asked).complete


def test_a_model_that_is_too_large_is_refused_before_anything_is_computed():
    message = refusal(mf.derive.models.matrix_factorization(20, 20, 20))
    for word in ("800 parameters", "GB", "limit="):
        assert word in message


@pytest.mark.parametrize("name", ["t", r"\dot{v}"])
def test_names_that_momentum_needs_are_refused(name):
    taken = sympy.Symbol(name, real=True)
    assert name in refusal([taken * V], [taken, V], momentum="nesterov")
    assert name in refusal([taken * V], [V], momentum=1)
    assert mf.derive.conservation_laws([taken * V], [taken, V]).complete


def test_numbers_that_are_not_rational_stand_in_momentum_and_decay():
    for value in (sympy.sqrt(2), sympy.pi, 1 / sympy.Symbol("h", positive=True)):
        found = mf.derive.conservation_laws([U * V, W * V], [U, V, W], momentum=value)
        assert found.complete is not None
        (law,) = mf.derive.conservation_laws(*UV, decay=value)
        assert sympy.simplify(law.rate - 2 * value) == 0


def test_without_python_flint_the_extra_is_named(tmp_path):
    """In a process of its own, in which the library cannot be imported."""
    (tmp_path / "flint.py").write_text("raise ImportError('no flint')\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import mirrorflow as mf, sympy\n"
        "u, v = sympy.symbols('u v', real=True)\n"
        "mf.derive.conservation_laws([u * v], [u, v])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "mirrorflow[symbolic]" in ended.stderr.strip().splitlines()[-1]


def test_single_precision_is_enough_to_derive():
    code = (
        "import mirrorflow as mf, sympy\n"
        "u, v = sympy.symbols('u v', real=True)\n"
        "found = mf.derive.conservation_laws([u * v], [u, v], metric=mf.potentials.HyperbolicEntropy(0.3))\n"
        "print(found.complete, found[0].residual([3.0, 4.0] @ __import__('numpy').eye(2)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    complete, value = ended.stdout.split()
    assert complete == "True"
    assert abs(float(value) - (np.sqrt(9.09) - np.sqrt(16.09))) < 1e-5
