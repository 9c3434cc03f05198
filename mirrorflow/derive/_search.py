"""Laws in the span of a basis, by exact linear algebra.

A combination Σc_jb_j is conserved iff its derivative along every force (and along the drift) vanishes identically.
Each derivative is a polynomial, each of its monomials one equation for the c_j. The equations fall into small groups
that share no unknown; each group's null space is found modulo a prime, lifted to fractions and checked exactly.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import sympy

from ._ring import PRIME, Polynomial, Ring, flint
from ._system import System

# What of the law, and the exponents of a monomial, which are integers of flint.
Equation = tuple[Any, tuple[Any, ...]]
Column = dict[Equation, Fraction]


class Quotient(NamedTuple):
    """A law as a quotient of polynomials; the bottom is 1 for most."""

    top: Polynomial
    bottom: Polynomial

    def expression(self, ring: Ring, values: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
        """The law with `values` in place of the ring's symbols."""
        return ring.expression(self.top, values) / ring.expression(self.bottom, values)


def search(system: System, basis: Iterable[Polynomial], rate: sympy.Expr | None = None) -> list[Quotient]:
    """A basis of the laws h (with h·e^{c∫rate} conserved, where there is a drift) in the span of `basis`."""
    derivative = Derivative(system, rate)
    elements = {tuple(b.monoms()): b for b in map(system.ring.normal, basis) if not _constant(system, b)}
    columns = [derivative(element) for element in elements.values()]
    found = []
    chosen = list(elements.values())
    for members in _groups(columns):
        for vector in _null_space([columns[j] for j in members]):
            terms = (chosen[j] * flint.fmpq(c.numerator, c.denominator) for j, c in zip(members, vector, strict=True))
            found.append(Quotient(primitive(sum(terms, start=system.ring.zero)), system.ring.one))
    return found


def holds(system: System, law: Quotient, rate: sympy.Expr | None = None) -> bool:
    """Whether one function is a law, exactly: (dT·B − T·dB)/B² + c·rate·T/B vanishes."""
    top = Derivative(system, rate).parts(law.top)
    bottom = Derivative(system, sympy.Integer(0)).parts(law.bottom)
    zero = system.ring.zero
    return all(
        system.ring.normal(top.get(key, zero) * law.bottom - law.top * bottom.get(key, zero)).is_zero()
        for key in {*top, *bottom}
    )


class Derivative:
    """The derivative of a function along all forces and the drift, as the coefficients of its monomials."""

    def __init__(self, system: System, rate: sympy.Expr | None):
        self.system = system
        self.by_symbol = {function.symbol: function for function in system.functions}
        self.along: dict[int, list[tuple[int, Polynomial]]] = defaultdict(list)
        for k, force in enumerate(system.forces):
            for owner, entry in force.items():
                self.along[owner].append((k, entry))
        self.drift = system.drift
        self.rate = None if rate is None or system.drift is None else system.ring.polynomial(sympy.expand(rate))

    def __call__(self, element: Polynomial) -> Column:
        """{(which, exponents): coefficient}, empty for a law."""
        return {
            (which, exponents): Fraction(int(c.p), int(c.q))
            for which, polynomial in self.parts(element).items()
            for exponents, c in self.system.ring.normal(polynomial).terms()
        }

    def parts(self, element: Polynomial) -> dict[Any, Polynomial]:
        """The derivative along each force, and along the drift with its rate."""
        ring = self.system.ring
        parts: dict[Any, Polynomial] = {}
        for symbol in ring.support(element):
            function = self.by_symbol.get(symbol)
            if function is None or function.speed is None or function.speed.is_zero():
                continue
            scaled = ring.derivative(element, symbol) * function.speed
            for k, entry in self.along[function.owner]:
                parts[k] = parts[k] + scaled * entry if k in parts else scaled * entry
        if self.drift is not None:
            total = self.rate * self.drift.factor * element if self.rate is not None else ring.zero
            for symbol in ring.support(element):
                if symbol in self.drift.functions:
                    total = total + ring.derivative(element, symbol) * self.drift.functions[symbol]
            parts["drift"] = total
        return parts


def primitive(law: Polynomial) -> Polynomial:
    """The multiple with integer coefficients without a common divisor, the first of them positive."""
    coefficients = law.coeffs()
    if not coefficients:
        return law
    bottom = 1
    for c in coefficients:
        bottom = int(flint.fmpz(bottom).lcm(c.q))
    top = 0
    for c in coefficients:
        top = int(flint.fmpz(top).gcd(flint.fmpz(int(c.p) * bottom // int(c.q))))
    scale = flint.fmpq(bottom, top)
    return law * (scale if coefficients[0] > 0 else -scale)


def _constant(system: System, element: Polynomial) -> bool:
    moving = {function.symbol for function in system.functions if function.speed is not None}
    return not (set(system.ring.support(element)) & (moving - system.ring.binary))


def _groups(columns: list[Column]) -> list[list[int]]:
    """The unknowns that share equations, directly or through others."""
    parent = list(range(len(columns)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[Equation, int] = {}
    for j, column in enumerate(columns):
        for equation in column:
            parent[root(j)] = root(first.setdefault(equation, j))
    found: dict[int, list[int]] = defaultdict(list)
    for j in range(len(columns)):
        found[root(j)].append(j)
    return list(found.values())


def _null_space(columns: list[Column]) -> list[list[Fraction]]:
    """A basis of the c with Σc_j·column_j=0, in reduced form, the last columns as pivots."""
    if not any(columns):
        return [[Fraction(int(i == j)) for i in range(len(columns))] for j in range(len(columns))]
    if not all(columns) or len(columns) > 1:
        equations = {equation: i for i, equation in enumerate(dict.fromkeys(e for column in columns for e in column))}
        vectors = _lifted(columns, equations)
        if vectors is None:
            vectors = _rational(columns, equations)
        return vectors
    return []


def _lifted(columns: list[Column], equations: dict[Equation, int]) -> list[list[Fraction]] | None:
    """From the null space modulo the prime; None where that does not lift to one over the rationals."""
    size = len(columns)
    matrix = flint.nmod_mat(len(equations), size, PRIME)
    for j, column in enumerate(columns):
        for equation, c in column.items():
            matrix[equations[equation], size - 1 - j] = c.numerator * pow(c.denominator, -1, PRIME) % PRIME
    reduced, rank = matrix.rref()
    found = []
    for vector in _free_vectors(reduced, rank, size, lambda entry: _fraction(-int(entry) % PRIME), int):
        if vector is None or not _vanishes(columns, vector):
            return None
        found.append(vector)
    return found


def _rational(columns: list[Column], equations: dict[Equation, int]) -> list[list[Fraction]]:
    size = len(columns)
    matrix = flint.fmpq_mat(len(equations), size)
    for j, column in enumerate(columns):
        for equation, c in column.items():
            matrix[equations[equation], size - 1 - j] = flint.fmpq(c.numerator, c.denominator)
    reduced, rank = matrix.rref()
    return list(_free_vectors(reduced, rank, size, lambda entry: -Fraction(int(entry.p), int(entry.q)), bool))


def _free_vectors(reduced, rank: int, size: int, negated, nonzero):
    """One null vector for each column without a pivot, given that the columns stand in reverse order."""
    pivots, row = [], 0
    for j in range(size):
        if row < rank and nonzero(reduced[row, j]):
            pivots.append(j)
            row += 1
    for free in (j for j in range(size) if j not in set(pivots)):
        vector = [Fraction(0)] * size
        vector[free] = Fraction(1)
        lifted = True
        for row, pivot in enumerate(pivots):
            if nonzero(reduced[row, free]):
                entry = negated(reduced[row, free])
                lifted = lifted and entry is not None
                vector[pivot] = entry
        yield vector[::-1] if lifted else None


def _fraction(residue: int) -> Fraction | None:
    """The fraction with numerator and denominator below √(p/2) that is this residue."""
    bound = 32767
    old, new, old_factor, factor = PRIME, residue, 0, 1
    while new > bound:
        quotient = old // new
        old, new = new, old - quotient * new
        old_factor, factor = factor, old_factor - quotient * factor
    return None if factor == 0 or abs(factor) > bound else Fraction(new, factor)


def _vanishes(columns: list[Column], vector: list[Fraction]) -> bool:
    total: dict[Equation, Fraction] = defaultdict(Fraction)
    for column, c in zip(columns, vector, strict=True):
        if c:
            for equation, value in column.items():
                total[equation] += c * value
    return not any(total.values())
