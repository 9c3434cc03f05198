"""Formulas as they are typed and as they are shown."""

import pytest
import sympy as sp

from mirrorflow.cli._derive._formula import read
from mirrorflow.cli._derive._line import behaviour, line

M, W, X = sp.symbols("m w x", real=True)
BETA = sp.Symbol("beta", positive=True)


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
