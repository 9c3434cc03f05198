"""Functions of one parameter in a user's expressions: exponentials, circular functions, roots, logarithms.

Each kind is a polynomial in itself and its companions after differentiation, so that brackets stay polynomials:
e^{θ/d} and its inverse, sin(θ/d) with cos(θ/d), θ^{1/b} with its inverse, log θ. Hyperbolic functions are exponentials.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import sympy

from ._charts import Chart, Coordinate, Sample
from ._ring import PRIME, NotPolynomial

_Hyperbolic = (sympy.sinh, sympy.cosh, sympy.tanh, sympy.coth, sympy.sech, sympy.csch)
_Circular = (sympy.tan, sympy.cot, sympy.sec, sympy.csc)


@dataclass(frozen=True)
class Kernels:
    """Which functions of one parameter θ occur.

    `exponential` and `circular`: d of e^{θ/d} and of sin(θ/d), cos(θ/d), 0 where there is none; `root`: b of θ^{1/b},
    0 where θ itself is enough; `logarithm`: whether log θ occurs.
    """

    theta: sympy.Symbol
    exponential: int = 0
    circular: int = 0
    root: int = 0
    logarithm: bool = False

    def symbol(self, kind: str) -> sympy.Symbol:
        """The symbol of a kernel: "exp", "sin", "cos", "root", "log", or an inverse, "1/exp", "1/root"."""
        return sympy.Symbol(f"{kind}[{self.theta}]", real=True)

    def chart(self) -> Chart:
        """θ with its kernels, all moving as polynomials of each other."""
        theta = self.theta
        found = [Coordinate(theta, theta, sympy.Integer(1))]
        if self.exponential:
            up, down, rate = self.symbol("exp"), self.symbol("1/exp"), sympy.Rational(1, self.exponential)
            found.append(Coordinate(up, sympy.exp(theta * rate), rate * up))
            found.append(Coordinate(down, sympy.exp(-theta * rate), -rate * down))
        if self.circular:
            s, c, rate = self.symbol("sin"), self.symbol("cos"), sympy.Rational(1, self.circular)
            found.append(Coordinate(s, sympy.sin(theta * rate), rate * c))
            found.append(Coordinate(c, sympy.cos(theta * rate), -rate * s))
        if self.root or self.logarithm:
            found += self._roots()
        return Chart(tuple(found), tuple(found), self._sample)

    def _roots(self) -> list[Coordinate]:
        b = max(self.root, 1)
        root, down = self._root(), self.symbol("1/root")
        rate = sympy.Rational(1, b)
        found = [Coordinate(down, self.theta ** (-rate), -rate * down ** (b + 1))]
        if b > 1:
            found.append(Coordinate(root, self.theta**rate, rate * down ** (b - 1)))
        if self.logarithm:
            found.append(Coordinate(self.symbol("log"), sympy.log(self.theta), down**b))
        return found

    def _root(self) -> sympy.Symbol:
        return self.symbol("root") if self.root > 1 else self.theta

    @property
    def inverses(self) -> dict[sympy.Symbol, sympy.Symbol]:
        """Pairs of symbols whose product is 1."""
        found = {self.symbol("exp"): self.symbol("1/exp")} if self.exponential else {}
        return found | ({self._root(): self.symbol("1/root")} if self.root or self.logarithm else {})

    def _sample(self, generator: random.Random) -> Sample:
        def draw() -> int:
            return generator.randrange(2, PRIME - 1)

        root, growth, half = draw(), draw(), draw()
        found = {self.theta: pow(root, max(self.root, 1), PRIME)}
        found |= {self.symbol("root"): root, self.symbol("1/root"): pow(root, -1, PRIME), self.symbol("log"): draw()}
        found |= {self.symbol("exp"): growth, self.symbol("1/exp"): pow(growth, -1, PRIME)}
        # The rational points of the circle.
        bottom = pow(1 + half * half, -1, PRIME)
        return found | {
            self.symbol("sin"): 2 * half * bottom % PRIME,
            self.symbol("cos"): (1 - half * half) * bottom % PRIME,
        }

    def written(self, expression: sympy.Expr) -> sympy.Expr:
        """The expression with kernels of θ in place of its functions of θ alone."""
        replaced = expression.replace(sympy.exp, self._exponential)
        replaced = replaced.replace(lambda part: isinstance(part, sympy.sin | sympy.cos), self._circular)
        replaced = replaced.replace(
            lambda part: part.is_Pow and part.base == self.theta and part.exp.is_Rational and not part.exp.is_Integer,
            lambda part: self._root() ** (part.exp * self.root),
        )
        if self.root > 1:
            replaced = replaced.subs(self.theta, self._root() ** self.root)
        return replaced.subs(sympy.log(self.theta), self.symbol("log"))

    def _exponential(self, argument: sympy.Expr) -> sympy.Expr:
        slope = sympy.expand(argument).coeff(self.theta)
        rest = sympy.expand(argument - slope * self.theta)
        if not self.exponential or rest.has(self.theta) or not slope.is_Rational:
            return sympy.exp(argument)
        return self.symbol("exp") ** (slope * self.exponential) * sympy.exp(rest)

    def _circular(self, part: sympy.Expr) -> sympy.Expr:
        slope = sympy.expand(part.args[0]).coeff(self.theta)
        if not self.circular or part.args[0] != slope * self.theta:
            return part
        inner = sympy.Symbol("inner", real=True)
        multiple = sympy.expand_trig(part.func(slope * self.circular * inner))
        return multiple.subs({sympy.sin(inner): self.symbol("sin"), sympy.cos(inner): self.symbol("cos")})


def plain_functions(expression: sympy.Expr) -> sympy.Expr:
    """Hyperbolic functions as exponentials, tan and its kin by sin and cos, exponentials of sums as products."""
    replaced = expression.replace(lambda part: isinstance(part, _Hyperbolic), lambda part: part.rewrite(sympy.exp))
    return replaced.replace(
        lambda part: isinstance(part, _Circular),
        lambda part: (
            part.rewrite(sympy.sin).rewrite(sympy.cos)
            if not isinstance(part, sympy.tan)
            else sympy.sin(part.args[0]) / sympy.cos(part.args[0])
        ),
    )


def kernels_of(expressions: Sequence[sympy.Expr], theta: sympy.Symbol) -> Kernels:
    """The kernels of θ that occur in expressions.

    **Raises:** `NotPolynomial` for functions that are none of these.
    """
    exponential = circular = root = 0
    logarithm = False
    for part in set().union(*(sympy.preorder_traversal(expression) for expression in expressions)):
        if isinstance(part, sympy.exp | sympy.sin | sympy.cos) and part.has(theta):
            slope = sympy.expand(part.args[0]).coeff(theta)
            if not slope.is_Rational or sympy.expand(part.args[0] - slope * theta).has(theta):
                raise NotPolynomial(f"{part} is a function of no multiple of {theta}.")
            if isinstance(part, sympy.exp):
                exponential = math.lcm(max(exponential, 1), int(slope.q))
            else:
                circular = math.lcm(max(circular, 1), int(slope.q))
        elif isinstance(part, sympy.log) and part.has(theta):
            if part.args[0] != theta:
                raise NotPolynomial(f"{part} is no logarithm of {theta} alone.")
            logarithm = True
        elif part.is_Pow and part.base == theta and part.exp.is_Rational and not part.exp.is_Integer:
            root = math.lcm(max(root, 1), int(part.exp.q))
    return Kernels(theta, exponential, circular, root, logarithm)
