"""`mirrorflow derive`: laws, counts and Legendre functions of models that are typed."""

import json
import re

import pytest
import sympy as sp

import mirrorflow as mf

M, W, X = sp.symbols("m w x", real=True)
BETA = sp.Symbol("beta", positive=True)


def laws(made, **symbols):
    return [sp.sympify(law["expression"], locals=symbols) for law in made["laws"]]


def test_product_keeps_its_balance_under_decay_and_is_a_mirror_flow(derived):
    made = derived("x = m*w", "--decay", "l2")
    (law,) = laws(made, m=M, w=W)
    assert sp.expand(law**2 - (M**2 - W**2) ** 2) == 0
    assert made["laws"][0]["along_the_flow"] == "falls as exp(−2∫λ)"
    assert made["complete"] is True and made["count"] == 1 and made["missing"] == 0
    mirror = made["mirror"]
    assert "R(x), t=0" in mirror["words"]
    assert mirror["commutes"] is True and mirror["domain"] == "ℝ" and mirror["legendre"]
    potential = sp.sympify(mirror["potential"], locals={"x": X, "beta": BETA})
    assert sp.simplify(potential.diff(X, 2) - 1 / sp.sqrt(4 * X**2 + BETA**2)) == 0
    # d/dt(m·w) with m² − w² = βe^{−2Λ}: −f'(m² + w²) − 2λ·m·w
    total, rate, slope = sp.symbols("Lambda lambda slope", positive=True)
    velocity = sp.sympify(
        mirror["velocity"].replace("f'", "slope").replace("lambda", "rate"),
        locals={"x": X, "beta": BETA, "Lambda": total, "rate": rate, "slope": slope},
    )
    expected = -slope * sp.sqrt(4 * X**2 + BETA**2 * sp.exp(-4 * total)) - 2 * rate * X
    assert sp.simplify(velocity - expected) == 0


def test_product_of_three_does_not_commute_with_decay(derived):
    mirror = derived("a*b*c", "d^2", "--decay", "l2")["mirror"]
    assert mirror["commutes"] is False and sp.sympify(mirror["witness"]) == 2 * sp.Symbol("b") * sp.Symbol("c")
    words = derived("x = a*b*c")["mirror"]["words"]
    assert words["R''(x)"] == "1/((a² + β)·(3·a² + β)) at x = a·(a² + β)" and words["ẋ"] == "−f'/R''(x)"


def test_decay_inside_the_sign_leaves_no_mirror_flow(derived):
    mirror = derived("x = m*w", "--geometry", "sign", "--decay", "coupled")["mirror"]
    assert "velocity" not in mirror and "inside the direction map" in mirror["words"]["no mirror flow"]
    assert "R(x), without the decay" in mirror["words"]


def test_product_of_three_from_a_balanced_start_keeps_its_sign(derived):
    mirror = derived("x = a*b*c", "--balance", "0")["mirror"]
    assert mirror["domain"] == "(0, ∞)" and "m=4/3" in mirror["words"]["origin"]


def test_difference_of_squares_starts_where_it_vanishes(derived):
    made = derived("u² − v^2")
    u, v = sp.symbols("u v")
    assert laws(made) == [u * v]
    potential = sp.sympify(made["mirror"]["potential"], locals={"x": X, "beta": BETA})
    assert sp.simplify(potential.diff(X, 2) - 1 / (4 * sp.sqrt(X**2 + 4 * BETA**4))) == 0
    assert derived("u² − v²", "--balance", "u=1,v=1")["mirror"]["potential"] != made["mirror"]["potential"]


def test_relu_network_has_one_law_a_hidden_neuron(derived, command):
    made = derived("--network", "3,5,1", "--activation", "relu")
    assert made["complete"] is True and made["count"] == 5 == len(made["laws"])
    assert (made["dimension"], made["rank"]) == (20, 15) and made["mirror"] is None
    shown = command("derive", "--network", "3,5,1").stdout
    assert "20 (parameters) − 15 (directions in which data can move them) = 5" in shown
    assert "W1_11² + W1_12² + W1_13² − W2_11²" in shown and "all 5 laws" in shown


def test_linear_network_has_the_laws_of_its_gram_matrices_and_biases_join_them(derived):
    assert derived("--network", "2,2,2", "--activation", "linear")["count"] == 3
    form = derived("--network", "2,3,1", "--biases")["forms"][0]
    assert "b1_1**2" in form["entries"][0]


SIZES = {
    "diagonal": ("3", 2),
    "matrix": ("2,2,2", 3),
    "lora": ("2,2,1", 1),
    "symmetric": ("2,2", 0),
    "nonnegative": ("3,3,2", 2),
    "convex": ("2,3", 3),
    "attention": ("2,1", 2),
    "softmax": ("3,2", 2),
    "normalized": ("2,3", 2),
    "convolution": ("3,2,1,2", 2),
}


@pytest.mark.parametrize("name", SIZES)
def test_every_model_is_counted(derived, name):
    sizes, count = SIZES[name]
    made = derived("--model", name, "--sizes", sizes)
    assert made["complete"] is True and made["count"] == count == len(made["laws"])


def test_every_model_is_in_the_help_and_tested(command):
    from mirrorflow.cli._derive._models import MODELS

    assert set(MODELS) == set(SIZES)
    words = " ".join(command("derive", "--help").stdout.split())
    assert all(name in words for name in MODELS)


@pytest.mark.parametrize(
    ("options", "law", "along"),
    [
        (("--geometry", "sign"), "|m| − |w|", "constant"),
        (("--geometry", "q"), "|m|^q − |w|^q", "constant"),
        (("--decay", "0.1"), "m² − w²", "falls as exp(−t/5)"),
        (("--metric", "entropy"), "m − w", "constant"),
    ],
)
def test_flow_is_chosen_by_options(command, options, law, along):
    result = command("derive", "m·w", *options)
    assert result.exit_code == 0, result.stderr
    row = next(row for row in result.stdout.splitlines() if row.startswith(law))
    assert along in row and "no more" in result.stdout


def test_decoupled_decay_of_a_steepest_flow_falls_with_its_exponent(derived):
    (law,) = derived("--model", "diagonal", "--sizes", "2", "--geometry", "1.5", "--decay", "decoupled")["laws"]
    assert law["along_the_flow"] == "falls as exp(−3/2∫λ)"


def test_momentum_rotates(derived):
    made = derived("--model", "matrix", "--sizes", "2,2,2", "--momentum", "nesterov")
    assert made["count"] == 1 and made["laws"][0]["along_the_flow"] == "falls as t^(−3)"
    assert derived("--model", "matrix", "--sizes", "2,2,2", "--momentum", "0.5")["laws"][0]["rate"] == "1/2"
    assert derived("--network", "2,2,1", "--momentum", "heavy-ball")["count"] == 0


def test_potentials_are_given_array_by_array(derived):
    mixed = derived("a*b", "--positive", "a", "--metric", "a=entropy")
    a, b = sp.symbols("a b")
    (law,) = laws(mixed)
    assert sp.simplify(law.diff(a) * a * b + law.diff(b) * a) == 0  # ȧ = a·b, ḃ = a


def test_constants_are_not_trained_and_logarithms_are_of_positive_symbols(derived):
    u, v = sp.symbols("u v")
    assert laws(derived("x = log(u) − log(v)")) == [u**2 + v**2]
    made = derived("x = c*u*v", "--constants", "c")
    assert made["variables"] == ["u", "v"] and sp.expand(laws(made)[0] ** 2 - (u**2 - v**2) ** 2) == 0


def test_missing_laws_are_said_and_are_no_error(command):
    result = command("derive", "a*b + c")
    assert result.exit_code == 0 and "1 of 2 laws found, 1 missing" in result.stdout
    assert not re.search(r"no more", result.stdout)


def test_laws_are_shown_where_no_legendre_function_is_found(derived):
    made = derived("x = (a + b)*c")
    a, b, c = sp.symbols("a b c")
    for law in laws(made):
        assert sp.expand(c * (law.diff(a) + law.diff(b)) + (a + b) * law.diff(c)) == 0
    assert made["count"] == 2 == len(made["laws"])
    assert made["mirror"]["refused"] == made["mirror"]["words"]["R(x)"]


def test_functions_that_are_no_polynomials_are_counted_too(derived):
    made = derived("w*log(u)")
    assert made["count"] == 1 and made["complete"] is (len(made["laws"]) == 1)


def test_no_formula_is_shown_with_an_imaginary_part(derived):
    words = derived("x = tanh(a)")["mirror"]["words"]
    assert not any("I·" in each for each in words.values())
    assert words["domain"].startswith("(−1, 1)")


def test_several_functions_have_a_bracket(derived):
    mirror = derived("a*b", "a*c")["mirror"]
    assert mirror["commutes"] is False and sp.sympify(mirror["witness"]) != 0
    assert derived("a^2", "b^2")["mirror"]["commutes"] is True


def test_long_lists_are_cut_and_shown_when_asked(command):
    cut = command("derive", "--network", "1,9,1").stdout
    assert "more, --all shows them" in cut
    whole = command("derive", "--network", "1,9,1", "--all").stdout
    assert "more, --all" not in whole and all(f"W1_{k}_1²" in whole or f"W1_{k}1²" in whole for k in range(1, 10))


def test_table_says_where_the_sign_is_fixed(command, refused, monkeypatch):
    monkeypatch.setattr("mirrorflow.cli._derive._table.DEPTHS", (2, 3))
    monkeypatch.setattr("mirrorflow.cli._derive._table.EXPONENTS", (1, 2))
    table = json.loads(command("derive", "--table", "--json").stdout)
    assert len(table) == 8
    for row in table:
        exponent = sp.Rational(row["q"]) * (row["depth"] - 1) / row["depth"]
        assert sp.Rational(row["m"]) == exponent
        crosses = row["start"] == "one small factor" or exponent < 1
        assert row["domain"] == ("ℝ" if crosses else "(0, ∞)") and row["leaves 0"] == ("yes" if crosses else "no")
    assert "--table" in refused("a*b", "--table")


def test_caveat_of_a_model_takes_back_what_a_complete_list_would_say(command):
    shown = command("derive", "--network", "1,3,1").stdout
    assert "all 3 laws of the path products" in shown and "there may be more" in shown and "no more" not in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("x = m*w", "--decay", "l2"),
        ("x = a*b*c",),
        ("--network", "2,2,1"),
        ("--model", "matrix", "--sizes", "2,2,2", "--momentum", "nesterov"),
        ("a*b", "a*c"),
    ],
)
def test_latex_is_a_document_of_formulas_that_can_be_read(command, arguments):
    result = command("derive", *arguments, "--latex")
    assert result.exit_code == 0 and result.stdout.startswith("%")
    body = result.stdout.split(r"\begin{document}")[1].split(r"\end{document}")[0]
    displays = r"\\\[(.*?)\\\]|(\\begin\{align\*\}.*?\\end\{align\*\})"
    formulas = ["".join(found) for found in re.findall(displays, body, re.DOTALL)]
    rest = re.sub(displays, "", body, flags=re.DOTALL).strip()
    assert formulas and rest in ("", r"The decay's rate is $\lambda=2\alpha$ below.")
    assert body.isascii()
    for formula in formulas:
        formula = re.sub(r"&\\text\{.*?:\}\\\\", "", formula).replace("align*", "aligned")
        assert "<math" in mf.report.mathml(formula, display=True)
