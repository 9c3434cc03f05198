"""Exact polynomials over the rationals in named symbols, and their images modulo a prime."""

from collections.abc import Iterable, Mapping
from typing import Any

import sympy

try:
    import flint
except ImportError as missing:  # pragma: no cover
    raise ImportError("Counting conservation laws needs python-flint: pip install 'mirrorflow[symbolic]'.") from missing

# A prime below 2³¹, so that products of two residues fit into 64 bits.
PRIME = 2147483647

Polynomial = Any  # flint.fmpq_mpoly, which has no type stubs


class NotPolynomial(ValueError):
    """An expression that is no polynomial in the symbols of a ring."""


class Ring:
    """ℚ[symbols], with conversions from and to sympy.

    `inverses` and `logarithms` name the symbols that stand for 1/θ and log|θ|; `circles`
    pairs the symbols of sines and cosines; `binary` ones are ±1. Polynomials in
    these are equal as functions iff their `normal` forms are.
    """

    def __init__(
        self,
        symbols: Iterable[sympy.Symbol],
        *,
        inverses: Mapping[sympy.Symbol, sympy.Symbol] | None = None,
        logarithms: Mapping[sympy.Symbol, sympy.Symbol] | None = None,
        circles: Mapping[sympy.Symbol, sympy.Symbol] | None = None,
        binary: Iterable[sympy.Symbol] = (),
    ):
        self.symbols = tuple(dict.fromkeys(symbols))
        names = [f"x{i}" for i in range(len(self.symbols))]
        self.context = flint.fmpq_mpoly_ctx.get(names, flint.Ordering.degrevlex)
        self.generators = dict(zip(self.symbols, self.context.gens(), strict=True))
        self.position = {symbol: i for i, symbol in enumerate(self.symbols)}
        self.inverses, self.logarithms, self.binary = dict(inverses or {}), dict(logarithms or {}), frozenset(binary)
        self.functions = frozenset(self.inverses.values()) | frozenset(self.logarithms.values())
        self._pairs = [(self.position[a], self.position[b]) for a, b in self.inverses.items()]
        self._circles = [(self.position[s], self.generators[c]) for s, c in (circles or {}).items()]
        self._signs = [self.position[symbol] for symbol in self.binary]
        self.zero = self.constant(0)
        self.one = self.constant(1)

    def constant(self, value: Any) -> Polynomial:
        """A rational number as a polynomial."""
        value = sympy.Rational(value)
        return self.context.constant(flint.fmpq(int(value.p), int(value.q)))

    def polynomial(self, expression: sympy.Expr) -> Polynomial:
        """The polynomial of an expression.

        **Raises:** `NotPolynomial` if it is none.
        """
        if expression.is_Symbol:
            if expression not in self.generators:
                raise NotPolynomial(f"{expression} is not among the symbols of the ring.")
            return self.generators[expression]
        if expression.is_Rational:
            return self.constant(expression)
        if expression.is_Add:
            return sum((self.polynomial(part) for part in expression.args), start=self.zero)
        if expression.is_Mul:
            product = self.one
            for part in expression.args:
                product = product * self.polynomial(part)
            return product
        if expression.is_Pow and expression.exp.is_Integer and expression.exp >= 0:
            return self.polynomial(expression.base) ** int(expression.exp)
        if expression.is_Pow and expression.exp.is_Integer and expression.base in self.inverses:
            return self.generators[self.inverses[expression.base]] ** int(-expression.exp)
        if isinstance(expression, sympy.log) and expression.args[0] in self.logarithms:
            return self.generators[self.logarithms[expression.args[0]]]
        raise NotPolynomial(f"{expression} is no polynomial with rational coefficients.")

    def expression(self, polynomial: Polynomial, values: Mapping[sympy.Symbol, sympy.Expr] | None = None) -> sympy.Expr:
        """The sympy expression of a polynomial, with `values` in place of symbols."""
        values = values or {}
        bases = [values.get(symbol, symbol) for symbol in self.symbols]
        terms = []
        for exponents, coefficient in polynomial.terms():
            factors = [bases[i] ** int(e) for i, e in enumerate(exponents) if e]
            terms.append(sympy.Rational(int(coefficient.p), int(coefficient.q)) * sympy.Mul(*factors))
        return sympy.Add(*terms)

    def taken(self, polynomial: Polynomial, other: "Ring") -> Polynomial:
        """A polynomial of another ring, all of whose symbols are here too."""
        places = [self.position[symbol] for symbol in other.symbols]
        found = {}
        for exponents, coefficient in polynomial.terms():
            moved = [0] * len(self.symbols)
            for place, exponent in zip(places, exponents, strict=True):
                moved[place] = int(exponent)
            found[tuple(moved)] = coefficient
        return self.context.from_dict(found)

    def normal(self, polynomial: Polynomial) -> Polynomial:
        """The polynomial with θ·(1/θ)=1, sin²=1−cos² and s²=1 used as far as they go."""
        for place, cosine in self._circles:
            polynomial = self._on_circle(polynomial, place, cosine)
        if not (self._pairs or self._signs):
            return polynomial
        found: dict[tuple[int, ...], Any] = {}
        for exponents, coefficient in polynomial.terms():
            reduced = [int(e) for e in exponents]
            for place, inverse in self._pairs:
                common = min(reduced[place], reduced[inverse])
                reduced[place] -= common
                reduced[inverse] -= common
            for place in self._signs:
                reduced[place] %= 2
            found[tuple(reduced)] = found.get(tuple(reduced), 0) + coefficient
        return self.context.from_dict(found)

    def _on_circle(self, polynomial: Polynomial, place: int, cosine: Polynomial) -> Polynomial:
        low, high = {}, self.zero
        for exponents, coefficient in polynomial.terms():
            power = int(exponents[place])
            if power < 2:
                low[tuple(exponents)] = coefficient
                continue
            reduced = [int(e) for e in exponents]
            reduced[place] = power % 2
            high = high + self.context.from_dict({tuple(reduced): coefficient}) * (self.one - cosine**2) ** (power // 2)
        return self.context.from_dict(low) + high

    def derivative(self, polynomial: Polynomial, symbol: sympy.Symbol) -> Polynomial:
        """∂/∂symbol"""
        return polynomial.derivative(self.position[symbol])

    def support(self, polynomial: Polynomial) -> tuple[sympy.Symbol, ...]:
        """The symbols that occur."""
        return tuple(self.symbols[i] for i, degree in enumerate(polynomial.degrees()) if degree > 0)


class ModularRing:
    """The same symbols modulo `PRIME`."""

    def __init__(self, ring: Ring):
        self.ring = ring
        names = [f"x{i}" for i in range(len(ring.symbols))]
        self.context = flint.nmod_mpoly_ctx.get(names, modulus=PRIME, ordering=flint.Ordering.degrevlex)

    def image(self, polynomial: Polynomial) -> Any:
        """The polynomial with its coefficients modulo the prime.

        **Raises:** `NotPolynomial` where the prime divides one of them: ranks could then be far too small.
        """
        found = {}
        for exponents, coefficient in polynomial.terms():
            if coefficient.p % PRIME == 0 or coefficient.q % PRIME == 0:
                raise ValueError(f"model: coefficients must not be multiples of {PRIME}, modulo which ranks are taken.")
            found[exponents] = residue(coefficient)
        return self.context.from_dict(found)


def residue(value: Any) -> int:
    """A rational number modulo `PRIME`.

    >>> import sympy as sp
    >>> from mirrorflow.derive._ring import PRIME, residue
    >>> residue(sp.Rational(1, 2)) * 2 % PRIME
    1
    """
    return int(value.p) * pow(int(value.q), -1, PRIME) % PRIME
