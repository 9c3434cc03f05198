"""Expressions on one line of a terminal, names as they were typed: m² − w² for m**2 - w**2."""

import re
from typing import Any

import sympy

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho - sigma tau upsilon phi "
    "chi psi omega"
)
_GREEK = {name: chr(0x3B1 + i) for i, name in enumerate(_NAMES.split(" "))}
_DOT = "\u0307"


def line(expression: Any) -> str:
    """An expression in one line of Unicode; Λ is ∫λ.

    >>> import sympy as sp
    >>> from mirrorflow.cli._derive._line import line
    >>> x, beta = sp.Symbol("x", real=True), sp.Symbol("beta", positive=True)
    >>> line(x * sp.asinh(2 * x / beta) / 2 - abs(x) ** 2 * sp.sqrt(x))
    '−x^(5/2) + x·asinh(2·x/β)/2'
    """
    text = sympy.sstr(expression)
    text = re.sub(r"\\dot\{(\w)(\w*)\}", rf"\1{_DOT}\2", text)
    text = re.sub(r"(?<![\w.])([a-z]+)(?=[\d_]*(?![\w(]))", lambda match: _GREEK.get(match[1], match[1]), text)
    text = _bars(text)
    text = text.replace("sqrt(", "√(")
    text = re.sub(r"\*\*(\d+)(?![\d.])", lambda match: match[1].translate(_RAISED), text)
    text = text.replace("**", "^").replace("*", "·")
    return text.replace("Lambda", "Λ").replace("-", "−")


def _bars(text: str) -> str:
    """|x| for Abs(x), parentheses inside included."""
    while "Abs(" in text:
        begin = text.index("Abs(")
        end, depth = begin + 4, 1
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = f"{text[:begin]}|{text[begin + 4 : end - 1]}|{text[end:]}"
    return text


def domain(where: Any) -> str:
    """An interval, or the cases of one.

    >>> import sympy as sp
    >>> from mirrorflow.cli._derive._line import domain
    >>> domain(sp.Reals), domain(sp.Interval.open(0, sp.oo))
    ('ℝ', '(0, ∞)')
    """
    if isinstance(where, sympy.Interval):
        if where.inf == -sympy.oo and where.sup == sympy.oo:
            return "ℝ"
        ends = (line(end).replace("oo", "∞") for end in (where.inf, where.sup))
        return f"({', '.join(ends)})"
    if isinstance(where, sympy.Piecewise):
        pieces: Any = where.args
        cases = [domain(value) + ("" if held == sympy.true else f" for {line(held)}") for value, held in pieces]
        return ", else ".join(cases)
    return "ℝ" if where == sympy.Reals else line(where)


def behaviour(rate: sympy.Expr) -> str:
    """What h does along the flow, where h·exp(∫rate) is constant.

    >>> import sympy as sp
    >>> from mirrorflow.cli._derive._line import behaviour
    >>> rate, t = sp.Symbol("lambda", positive=True), sp.Symbol("t", positive=True)
    >>> behaviour(sp.Integer(0)), behaviour(2 * rate), behaviour(3 / t), behaviour(sp.Rational(1, 5))
    ('constant', 'falls as exp(−2∫λ)', 'falls as t^(−3)', 'falls as exp(−t/5)')
    """
    if rate == 0:
        return "constant"
    verb = "grows" if rate.could_extract_minus_sign() else "falls"
    names = {str(symbol): symbol for symbol in rate.free_symbols}
    if "t" in names:
        return f"{verb} as t^({line(sympy.simplify(-rate * names['t']))})"
    if "lambda" in names:
        times = sympy.simplify(-rate / names["lambda"])
        shown = {"1": "", "−1": "−"}.get(line(times), line(times))
        return f"{verb} as exp({shown}∫λ)"
    return f"{verb} as exp({line(-rate * sympy.Symbol('t'))})"
