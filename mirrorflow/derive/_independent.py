"""Which of many laws are independent of each other as functions."""

import random
from collections.abc import Sequence
from typing import NamedTuple

import mpmath
import numpy as np
import sympy

from ._modular import Echelon
from ._ring import PRIME, ModularRing, Polynomial
from ._system import System


class Found(NamedTuple):
    """A law h as a polynomial in the system's functions; h·e^{c∫rate} is conserved with c = `rate`."""

    law: Polynomial
    rate: sympy.Rational


class Independent:
    """A growing set of laws whose gradients are independent at a random point."""

    def __init__(self, system: System, seed: int):
        self.system = system
        self.found: list[Found] = []
        variables = set(system.variables)
        plain = {function.symbol for function in system.functions if function.expression in variables}
        exact = all(function.symbol in plain for function in system.functions) and not system.binary
        self.gradients = _Exact(system, seed) if exact else _Numeric(system, seed)

    def add(self, law: Polynomial, rate: sympy.Rational) -> bool:
        """Take a law in; False if it depends on the others."""
        if not self.gradients.add(law, rate):
            return False
        self.found.append(Found(law, rate))
        return True

    def add_all(self, laws: Sequence[Polynomial], rate: sympy.Rational) -> None:
        """Take in what is independent, the shortest laws first."""
        for law in sorted(laws, key=lambda law: (law.total_degree(), len(law.coeffs()))):
            self.add(law, rate)


class _Exact:
    """Gradients modulo the prime, of laws that are polynomials in the variables."""

    def __init__(self, system: System, seed: int):
        self.system, self.modular = system, ModularRing(system.ring)
        self.point = system.draw(random.Random(seed))
        self.places = [system.ring.position[variable] for variable in system.variables]
        self.echelon = Echelon(system.dimension)

    def add(self, law: Polynomial, rate: sympy.Rational) -> bool:
        image = self.modular.image(law)
        gradient = np.zeros(self.system.dimension, dtype=np.int64)
        degrees = image.degrees()
        for i, place in enumerate(self.places):
            if degrees[place] > 0:
                gradient[i] = int(image.derivative(place)(*self.point))
        if self.system.drift is not None:
            gradient[-1] = int(rate.p) * pow(int(rate.q), -1, PRIME) * int(image(*self.point)) % PRIME
        return self.echelon.add(gradient)


class _Numeric:
    """Gradients at a random point with 60 digits, of laws with functions that are no polynomials."""

    digits = 60

    def __init__(self, system: System, seed: int):
        self.system = system
        generator = random.Random(seed)
        self.values = {function.symbol: function.expression for function in system.functions}
        free = {symbol for function in system.functions for symbol in function.expression.free_symbols}
        free |= set(system.variables) | set(system.ring.symbols) - set(self.values)
        self.point = {symbol: sympy.Rational(generator.randrange(400, 3000), 1000) for symbol in sorted(free, key=str)}
        self.rows: list[list[mpmath.mpf]] = []

    def add(self, law: Polynomial, rate: sympy.Rational) -> bool:
        expression = self.system.ring.expression(law, self.values)
        present = expression.free_symbols
        row = [
            self._number(sympy.diff(expression, variable)) if variable in present else mpmath.mpf(0)
            for variable in self.system.variables
        ]
        if self.system.drift is not None:
            row.append(self._number(rate * expression))
        with mpmath.workdps(self.digits):
            rest = list(row)
            for other in self.rows:
                rest = _without(rest, other)
            size, before = _norm(rest), _norm(row)
            if before == 0 or size < mpmath.mpf(10) ** (-self.digits // 2) * before:
                return False
            self.rows.append([entry / size for entry in rest])
        return True

    def _number(self, expression: sympy.Expr) -> mpmath.mpf:
        with mpmath.workdps(self.digits):
            return mpmath.mpf(sympy.re(expression.subs(self.point).evalf(self.digits))._mpf_)


def _norm(row: list[mpmath.mpf]) -> mpmath.mpf:
    return mpmath.sqrt(mpmath.fsum(entry**2 for entry in row))


def _without(row: list[mpmath.mpf], unit: list[mpmath.mpf]) -> list[mpmath.mpf]:
    along = mpmath.fsum(a * b for a, b in zip(row, unit, strict=True))
    return [a - along * b for a, b in zip(row, unit, strict=True)]
