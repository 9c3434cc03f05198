"""`mirrorflow derive`: laws, counts and Legendre functions of models that are typed."""

import json
import re
import time

import pytest
import sympy as sp

import mirrorflow as mf
from mirrorflow.cli._derive._formula import read
from mirrorflow.cli._derive._line import behaviour, line

M, W, X = sp.symbols("m w x", real=True)
BETA = sp.Symbol("beta", positive=True)


@pytest.fixture
def derived(command):
    """The JSON of a derivation."""

    def run(*arguments):
        result = command("derive", *arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return run


@pytest.fixture
def refused(command):
    """What a derivation is refused with, on one line."""

    def run(*arguments):
        result = command("derive", *arguments)
        assert result.exit_code == 2 and not result.stdout, result.stdout
        assert "Traceback" not in result.stderr
        return " ".join(result.stderr.split())

    return run


def laws(made, **symbols):
    return [sp.sympify(law["expression"], locals=symbols) for law in made["laws"]]


# --- what is derived -------------------------------------------------------------------------------------------------


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
    assert words["R''(x)"] == "1/((a² + β) (3 a² + β)), x=a (a² + β)"


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


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "got none"),
        (("a*b", "--network", "2,1"), "formulas and --network"),
        (("a*b", "--constants", "z"), "z stands in no formula; there are a, b"),
        (("a*b", "--constants", "a,b"), "No symbol is left to train"),
        (("a*b", "--sizes", "2"), "--sizes goes with --model"),
        (("a*b", "--biases"), "--biases goes with"),
        (("--network", "3,x,1"), "whole numbers"),
        (("--network", "3,0,1"), "widths"),
        (("--network", "3"), "at least two"),
        (("--network", "3,2", "--activation", "tanh"), "tanh"),
        (("--model", "atention"), "did you mean attention"),
        (("--model", "matrix"), "ROWS,COLUMNS,RANK"),
        (("--model", "matrix", "--sizes", "2,2"), "ROWS,COLUMNS,RANK"),
        (("--model", "matrix", "--sizes", "2,2,2", "--biases"), "has none"),
        (("a*b", "--decay", "l1"), "--decay must be"),
        (("a*b", "--decay", "-1"), "--decay"),
        (("a*b", "--momentum", "sin("), "--momentum must be"),
        (("a*b", "--geometry", "3"), "[1, 2]"),
        (("a*b", "--metric", "entrpy"), "did you mean entropy"),
        (("a*b", "--metric", "z=cosh"), "'z'"),
        (("a*b", "--momentum", "1", "--decay", "l2"), "momentum"),
        (("lambda*b", "--decay", "l2"), "lambda is the rate of the decay"),
        (("a*b", "--balance", "a=1"), "a, b"),
        (("a*b", "--balance", "-1"), "--balance"),
        (("--network", "2,1", "--balance", "1"), "--balance"),
        (("x = x*w",), "both sides"),
        (("a*b", "--json", "--latex"), "--json and --latex"),
        (("w*log(u)",), "must have gradients that are rational"),
    ],
)
def test_bad_input_is_refused_in_words(refused, arguments, words):
    assert words in refused(*arguments)


def test_size_beyond_the_limit_comes_with_an_estimate_before_anything_is_built(refused):
    begin = time.perf_counter()
    said = refused("--network", "500,500,500")
    assert "--limit" in said and "terms" in said
    said = refused("--network", "8,8,8", "--limit", "2000")
    assert "products" in said and "--limit" in said and "limit=" not in said
    assert "--limit" in refused("--model", "symmetric", "--sizes", "14,15")
    assert time.perf_counter() - begin < 10


@pytest.mark.parametrize(
    "attack",
    [
        "__import__('os').system('touch owned')",
        "().__class__.__bases__",
        "os.system(1)",
        "lambda: 0",
        "m.__class__",
        "m[0]",
        "exec(m)",
        "open(m)",
        "__builtins__",
        "m if w else u",
        "'m'",
        "m; w",
        "m\\w",
        "getattr(m, w)",
        "Symbol(m)",
        "m := w",
        "ｍ*w",
    ],
)
def test_nothing_but_formulas_is_read(refused, folder, attack):
    said = refused(attack)
    assert "^" in said
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "monster",
    [
        "9**9**9",
        "m + 9^9^9^9",
        "m*(9^60)^60",
        "(m + w)^99999999",
        "((m + w)^50)^50",
        "(m^60)^60",
        "m^60*w^60",
        "(a+b+c+d+e+f+g)^40",
        "m*1e999999999",
        "m*" + "9" * 1000,
        "(" * 500 + "m" + ")" * 500,
        "-" * 1500 + "m",
        "exp(" * 30 + "9" + ")" * 30 + "*m",
        "m^(1/0)",
        "m/(w-w)",
        "sqrt(-1)*m",
        "log(0)*m",
        "m + " * 1000 + "w",
        "m^" * 200 + "2",
        "2^m^m^1000",
    ],
)
def test_what_would_take_for_ever_is_refused_at_once(refused, monster):
    begin = time.perf_counter()
    refused(monster)
    assert time.perf_counter() - begin < 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m*w", M * W),
        ("m ⊙ w", M * W),
        ("m·w×m", M**2 * W),
        ("m−w", M - W),
        ("−m^2", -(M**2)),
        ("2^-1*m", M / 2),
        ("2**3**2*m", 512 * M),
        ("m²w".replace("w", "*w"), M**2 * W),
        ("m/w/2", M / W / 2),
        ("0.1*m", M / 10),
        ("m - w - 1", M - W - 1),
        ("exp(m)*(1 + w)", sp.exp(M) * (1 + W)),
        ("tanh(sinh(m)) + cosh(cos(w))", sp.tanh(sp.sinh(M)) + sp.cosh(sp.cos(W))),
    ],
)
def test_formulas_are_read_as_they_are_meant(text, expected):
    assert sp.expand(read(text).expression - expected) == 0


def test_greek_letters_and_small_digits_are_names():
    assert read("β*w₁ + Γ").names == ("beta", "w1", "Gamma")
    assert read("y = m*w").left == "y"


@pytest.mark.parametrize("text", ["2m", "m w", "m(w)", "m + ", "(m", "m)", "m ** ", "* m", "m = w = 1", "abs(m)", ""])
def test_slips_are_pointed_at(text):
    with pytest.raises(ValueError, match=r"(?s)\n.*\^$"):
        read(text)


def test_lines_name_symbols_as_they_were_typed():
    assert line(sp.sqrt(BETA**2 + 4 * X**2) / 2) == "√(β² + 4·x²)/2"
    assert line(abs(M * (W + 1)) ** sp.Rational(1, 3)) in ("|m·(w + 1)|^(1/3)", "|m|^(1/3)·|w + 1|^(1/3)")


def test_rates_say_whether_a_law_falls_or_grows():
    rate, t = sp.symbols("lambda t", positive=True)
    assert behaviour(-2 * rate) == "grows as exp(2∫λ)" and behaviour(rate) == "falls as exp(−∫λ)"
    assert behaviour(-3 / t) == "grows as t^(3)" and behaviour(sp.Rational(-1, 2)) == "grows as exp(t/2)"
