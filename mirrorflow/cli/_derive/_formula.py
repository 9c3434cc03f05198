"""Formulas of a user, read without running anything: names, numbers, + − · / ^, parentheses and eight functions.

`sympy.parse_expr` hands what it is given to Python's `eval`; here every node is built by hand. What would take for ever
to write out is refused before it is built.
"""

import difflib
import math
from collections.abc import Mapping
from typing import NamedTuple

import sympy

from ._tokens import Token, Unreadable, tokens

FUNCTIONS = {name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "cosh", "sinh")}
DEEPEST = 40
MOST_TERMS, HIGHEST_DEGREE, MOST_DIGITS = 2000, 100, 200
_LARGEST_ARGUMENT = 100  # of a function of a number
_DIGITS_OF_A_NUMBER = 25


class Node(NamedTuple):
    """An expression, with bounds on the terms, the degree and the digits that it has multiplied out."""

    expression: sympy.Expr
    terms: int
    degree: int
    digits: int


class Formula(NamedTuple):
    """`left = expression`, the left side empty where there is none."""

    left: str
    expression: sympy.Expr
    names: tuple[str, ...]


def read(formula: str, symbols: Mapping[str, sympy.Symbol] | None = None) -> Formula:
    """The formula, with real symbols for its names unless others are given; `names` in the order of first appearance.

    **Raises:** `Unreadable` with the place that is to blame.
    """
    reader = _Reader(formula, symbols or {})
    left = reader.left_side()
    expression = reader.sum().expression
    reader.expect_end()
    if left in reader.names:
        raise ValueError(f"{left} stands on both sides of {formula!r}: the left side names what data sees.")
    return Formula(left, expression, tuple(reader.names))


class _Reader:
    """Recursive descent; ^ binds before unary minus and to the right."""

    def __init__(self, formula: str, symbols: Mapping[str, sympy.Symbol]):
        self.formula, self.symbols = formula, symbols
        self.tokens, self.place, self.depth = tokens(formula), 0, 0
        self.names: dict[str, None] = {}

    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        """The next word, behind which reading goes on."""
        self.place += 1
        return self.tokens[self.place - 1]

    def is_operator(self, *operators: str) -> bool:
        """Whether one of these comes next."""
        return self.now.kind == "operator" and self.now.text in operators

    def fail(self, reason: str, at: Token | None = None) -> Unreadable:
        """Refuse, pointing at a word (the next one)."""
        return Unreadable(self.formula, (at or self.now).column, reason)

    def left_side(self) -> str:
        """The name before =, if there is one."""
        if self.now.kind == "name" and self.tokens[1].text == "=":
            name = self.take().text
            self.take()
            return name
        return ""

    def expect_end(self) -> None:
        """Refuse what is left over."""
        if self.now.kind == "end":
            return
        if self.now.kind in ("name", "number") or self.is_operator("("):
            raise self.fail("An operator is missing here; write * for products.")
        raise self.fail(f"{self.now.text!r} is not expected here.")

    def sum(self) -> Node:
        """product ± product ± …"""
        found = self.product()
        while self.is_operator("+", "-"):
            sign = self.take()
            other = self.product()
            found = self.checked(
                sign,
                found.expression + (1 if sign.text == "+" else -1) * other.expression,
                found.terms + other.terms,
                max(found.degree, other.degree),
                found.digits + other.digits,
            )
        return found

    def product(self) -> Node:
        """power · power / power …"""
        found = self.signed()
        while self.is_operator("*", "/"):
            sign = self.take()
            other = self.signed()
            found = self.checked(
                sign,
                found.expression * (other.expression if sign.text == "*" else 1 / other.expression),
                found.terms * other.terms,
                found.degree + other.degree,
                found.digits + other.digits,
            )
        return found

    def signed(self) -> Node:
        """−power"""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"This is nested more than {DEEPEST} deep.")
        if self.is_operator("-", "+"):
            sign, inner = self.take(), self.signed()
            found = inner._replace(expression=-inner.expression) if sign.text == "-" else inner
        else:
            found = self.power()
        self.depth -= 1
        return found

    def power(self) -> Node:
        """base^exponent, base²"""
        base = self.atom()
        if self.now.kind == "raised":
            raised = self.take()
            base = self.raised(raised, base, sympy.Integer(raised.text))
        if self.is_operator("**", "^"):
            sign = self.take()
            return self.raised(sign, base, self.signed().expression)
        return base

    def raised(self, sign: Token, base: Node, exponent: sympy.Expr) -> Node:
        """The power, of which the size is known before it is taken."""
        times = int(sympy.ceiling(abs(exponent))) if exponent.is_Rational else 1
        if times > HIGHEST_DEGREE:
            raise self.fail(f"Exponents go up to {HIGHEST_DEGREE}.", sign)
        terms = math.comb(base.terms + times - 1, times) if times else 1
        self.check_size(sign, terms, base.degree * times, base.digits * times)
        return self.checked(sign, base.expression**exponent, terms, base.degree * times, base.digits * times)

    def atom(self) -> Node:
        """A number, a name, a function of something, or something in parentheses."""
        token = self.take()
        if token.kind == "number":
            if len(token.text) > _DIGITS_OF_A_NUMBER:
                raise self.fail(f"Numbers have at most {_DIGITS_OF_A_NUMBER} digits.", token)
            value = sympy.Rational(token.text)
            return Node(value, 1, 0, len(str(value)))
        if token.kind == "name" and self.is_operator("("):
            return self.function(token)
        if token.kind == "name":
            if token.text in FUNCTIONS:
                raise self.fail(f"{token.text} needs an argument in parentheses.", token)
            self.names[token.text] = None
            return Node(self.symbols.get(token.text, sympy.Symbol(token.text, real=True)), 1, 1, 0)
        if token.text == "(":
            inner = self.sum()
            self.close()
            return inner
        raise self.fail("A name, a number or a parenthesis is expected here.", token)

    def function(self, name: Token) -> Node:
        """One of the functions there are."""
        if name.text not in FUNCTIONS:
            near = difflib.get_close_matches(name.text, FUNCTIONS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FUNCTIONS)}; write * for products."
            raise self.fail(f"There is no function {name.text}; {hint}", name)
        self.take()
        inner = self.sum()
        self.close()
        value = inner.expression
        if value.is_number and not abs(value.evalf(5)) <= _LARGEST_ARGUMENT:
            raise self.fail(f"{name.text} of a number that is larger than {_LARGEST_ARGUMENT}.", name)
        return self.checked(name, FUNCTIONS[name.text](value), inner.terms, inner.degree, inner.digits)

    def close(self) -> None:
        """The parenthesis that has to come."""
        if self.is_operator(")"):
            self.take()
            return
        self.expect_end()
        raise self.fail("A closing parenthesis is missing.")

    def checked(self, at: Token, expression: sympy.Expr, terms: int, degree: int, digits: int) -> Node:
        """The node, if it is a real expression of a reasonable size."""
        self.check_size(at, terms, degree, digits)
        if expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I):
            raise self.fail("This has no real value: a division by 0, or a root or logarithm below 0.", at)
        return Node(expression, terms, degree, digits)

    def check_size(self, at: Token, terms: int, degree: int, digits: int) -> None:
        """Refuse what is too large to work with."""
        if terms > MOST_TERMS:
            raise self.fail(f"Multiplied out this has more than {MOST_TERMS} terms.", at)
        if degree > HIGHEST_DEGREE:
            raise self.fail(f"Multiplied out this has a degree above {HIGHEST_DEGREE}.", at)
        if digits > MOST_DIGITS:
            raise self.fail(f"Multiplied out this has numbers of more than {MOST_DIGITS} digits.", at)
