"""Laws as LaTeX."""

from typing import TYPE_CHECKING

import sympy

# How the symbol of a velocity begins.
DOT = r"\dot{"

if TYPE_CHECKING:
    from ._laws import ConservationLaws


def law_latex(expression: sympy.Expr, rate: sympy.Expr) -> str:
    """h, or h·e^{∫c} with its weight."""
    body = sympy.latex(expression, symbol_names=_velocities(expression))
    if rate == 0:
        return body
    return rf"\left({body}\right) {weight_latex(rate)}"


def _velocities(expression: sympy.Expr) -> dict[sympy.Symbol, str]:
    """θ̇_{11} as a dot over the letter with its subscript."""
    dotted = [symbol for symbol in expression.free_symbols if symbol.name.startswith(DOT)]
    return {symbol: f"{DOT}{sympy.latex(sympy.Symbol(symbol.name[len(DOT) : -1]))}}}" for symbol in dotted}


def weight_latex(rate: sympy.Expr) -> str:
    """e^{∫₀ᵗ c ds}: t^c where the rate is c/t."""
    time = [symbol for symbol in rate.free_symbols if symbol.name == "t"]
    if time:
        return rf"t^{{{sympy.latex(sympy.simplify(rate * time[0]))}}}"
    if rate.is_number:
        return rf"e^{{{sympy.latex(rate * sympy.Symbol('t'))}}}"
    return rf"e^{{\int_0^t {sympy.latex(rate)}\,ds}}"


def laws_latex(found: "ConservationLaws") -> str:
    """An aligned display: forms first, then the laws that are entries of no form, then the count."""
    inside = {sympy.expand(entry) for form in found.forms for entry in form.entries}
    inside |= {-entry for entry in inside}
    rates = {law.expression: law.rate for law in found.laws}
    lines = []
    for form in found.forms:
        weights = {rates[e] for entry in form.entries for e in (entry, -entry) if e in rates}
        weight = "" if weights <= {sympy.Integer(0)} else r"\," + weight_latex(weights.pop())
        lines.append(rf"{_wrapped(form.latex, weight)} &= \text{{const}}")
    lines += [
        rf"{law.to_latex()} &= \text{{const}}" for law in found.laws if sympy.expand(law.expression) not in inside
    ]
    lines += dict.fromkeys(line for law in found.laws if law.integral is not None for line in law.integral.latex)
    return "\\begin{aligned}\n" + " \\\\\n".join([*lines, count_latex(found)]) + "\n\\end{aligned}"


def _wrapped(latex: str, weight: str) -> str:
    return rf"\left({latex}\right){weight}" if weight else latex


def count_latex(found: "ConservationLaws") -> str:
    """D − dim Lie(W) = count, with what was found."""
    if found.count is None:
        return rf"\#\,\text{{found}} &= {len(found)}"
    algebra = r"\operatorname{rank} W" if found.closure is None else r"\dim\operatorname{Lie}(W)"
    rank = found.rank if found.closure is None else found.closure
    return rf"\#\,\text{{laws}} &= D - {algebra} = {found.dimension} - {rank} = {found.count}"
