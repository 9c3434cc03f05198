"""Which of many laws are independent of each other as functions."""

import random
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import mpmath
import numpy as np
import sympy

from ._decays import TIME
from ._modular import Echelon
from ._ring import PRIME, ModularRing, Polynomial
from ._search import Quotient
from ._system import Drift, System

Number: TypeAlias = Any  # mpmath.mpf, which has no types


class Found(NamedTuple):
    """A law h in the system's functions; h·e^{c∫rate} is conserved with c = `rate`."""

    law: Quotient
    rate: sympy.Expr


class Independent:
    """A growing set of laws whose gradients are independent at a random point."""

    def __init__(self, system: System, seed: int):
        self.system = system
        self.found: list[Found] = []
        self.gradients = _Exact(system, seed) if _consistent(system) else _Numeric(system, seed)

    def add(self, law: Quotient, rate: sympy.Expr) -> bool:
        """Take a law in; False if it depends on the others."""
        if not self.gradients.add(law, rate):
            return False
        self.found.append(Found(law, rate))
        return True

    def add_all(self, laws: Sequence[Quotient], rate: sympy.Expr) -> None:
        """Take in what is independent, the shortest laws first."""
        for law in sorted(laws, key=lambda law: (law.top.total_degree(), len(law.top.coeffs()))):
            self.add(law, rate)


def _consistent(system: System) -> bool:
    """Whether residues are known for all functions together, whose speeds are then their slopes up to a factor."""
    if system.ring.binary:
        return False
    sampled = system.sample(random.Random(0))
    plain = set(system.variables)
    return all(function.symbol in sampled or function.expression in plain for function in system.functions)


class _Exact:
    """Gradients modulo the prime; each component may be multiplied by the inverse metric, which is not zero."""

    def __init__(self, system: System, seed: int):
        self.system, self.modular = system, ModularRing(system.ring)
        self.point = system.draw(random.Random(seed))
        self.echelon = Echelon(system.dimension)
        place = {variable: i for i, variable in enumerate(system.variables)}
        self.slopes = []
        for function in system.functions:
            variable = function.expression if function.expression in place else system.variables[function.owner]
            assert function.speed is not None, "Where residues are known for a function, so is its speed."
            own = function.expression in place and function.speed.is_zero()
            slope = 1 if own else int(self.modular.image(function.speed)(*self.point))
            self.slopes.append((system.ring.position[function.symbol], place[variable], slope))

    def add(self, law: Quotient, rate: sympy.Expr) -> bool:
        top, bottom = self.modular.image(law.top), self.modular.image(law.bottom)
        up, down = int(top(*self.point)), int(bottom(*self.point))
        gradient = (self._gradient(top) * down - self._gradient(bottom) * up) % PRIME
        if self.system.drift is not None:
            gradient[-1] = self._in_time(self.system.drift, top, sympy.Rational(rate), up) * down % PRIME
        return self.echelon.add(gradient)

    def _in_time(self, drift: Drift, top: Any, rate: sympy.Rational, value: int) -> int:
        """The derivative of h·e^{c∫rate} in time over e^{c∫rate}, multiplied by the time's speed as the drift is."""
        factor, speed = (int(self.modular.image(each)(*self.point)) for each in (drift.factor, drift.time_speed))
        pulled = int(rate.p) * pow(int(rate.q), -1, PRIME) * factor * value
        place = self.system.ring.position.get(TIME)
        if place is None or TIME not in drift.functions:
            return pulled % PRIME
        return (pulled + speed * int(top.derivative(place)(*self.point))) % PRIME

    def _gradient(self, image: Any) -> np.ndarray:
        gradient = np.zeros(self.system.dimension, dtype=np.int64)
        degrees = image.degrees()
        for symbol, variable, slope in self.slopes:
            if degrees[symbol] > 0:
                change = int(image.derivative(symbol)(*self.point))
                gradient[variable] = (gradient[variable] + change * slope) % PRIME
        return gradient


class _Numeric:
    """Gradients at a random point with 60 digits, of laws with functions that are no polynomials."""

    digits = 60

    def __init__(self, system: System, seed: int):
        self.system = system
        self.generator = random.Random(seed)
        self.rows: list[list[Number]] = []
        free = {symbol for function in system.functions for symbol in function.expression.free_symbols}
        named = {function.symbol for function in system.functions}
        free |= set(system.variables) | (set(system.ring.symbols) - named)
        point = {symbol: self._fraction(symbol) for symbol in sorted(free, key=str)}
        self.point = point
        self.expressions = {s: system.constants.get(s, s) for s in system.ring.symbols if s not in named}
        self.expressions |= {each.symbol: each.expression for each in system.functions}
        self.values: dict[sympy.Symbol, Number] = {}
        self.slopes: dict[sympy.Symbol, tuple[sympy.Symbol, Number] | None] = {}

    def add(self, law: Quotient, rate: sympy.Expr) -> bool:
        with mpmath.workdps(self.digits):
            up, down = self._at(law.top), self._at(law.bottom)
            tops, bottoms = self._gradient(law.top), self._gradient(law.bottom)
            gradient = [a * down - b * up for a, b in zip(tops, bottoms, strict=True)]
            if self.system.drift is not None:
                gradient.append(self._number(rate, self.point) * up * down)
            rest = list(gradient)
            for other in self.rows:
                rest = _without(rest, other)
            size, before = _norm(rest), _norm(gradient)
            if before == 0 or size < mpmath.mpf(10) ** (-self.digits // 2) * before:
                return False
            self.rows.append([entry / size for entry in rest])
        return True

    def _gradient(self, polynomial: Polynomial) -> list[Number]:
        ring = self.system.ring
        row = dict.fromkeys(self.system.variables, mpmath.mpf(0))
        for symbol in ring.support(polynomial):
            slope = self._slope_of(symbol)
            if slope is not None:
                row[slope[0]] += slope[1] * self._at(ring.derivative(polynomial, symbol))
        return list(row.values())

    def _slope_of(self, symbol: sympy.Symbol) -> tuple[sympy.Symbol, Number] | None:
        """The variable that a function depends on, and its derivative at the point."""
        if symbol not in self.slopes:
            expression = self.expressions[symbol]
            own = expression.free_symbols & set(self.system.variables)
            self.slopes[symbol] = next(((v, self._number(_slope(expression, v), self.point)) for v in own), None)
        return self.slopes[symbol]

    def _value_of(self, symbol: sympy.Symbol) -> Number:
        if symbol not in self.values:
            self.values[symbol] = self._number(self.expressions[symbol], self.point)
        return self.values[symbol]

    def _at(self, polynomial: Polynomial) -> Number:
        symbols = self.system.ring.symbols
        total = mpmath.mpf(0)
        for exponents, coefficient in polynomial.terms():
            powers = [self._value_of(symbol) ** int(e) for symbol, e in zip(symbols, exponents, strict=True) if e]
            total += mpmath.fprod(powers) * int(coefficient.p) / int(coefficient.q)
        return total

    def _fraction(self, symbol: sympy.Symbol) -> sympy.Rational:
        side = 1 if symbol.is_positive else self.generator.choice((1, -1))
        return sympy.Rational(side * self.generator.randrange(400, 3000), 1000)

    def _number(self, expression: sympy.Expr, point) -> Number:
        value = sympy.re(sympy.sympify(expression).evalf(self.digits, subs=point))
        with mpmath.workdps(self.digits):
            return mpmath.mpf(0) if value == 0 else mpmath.mpf(sympy.Float(value, self.digits)._mpf_)


def _slope(expression: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
    """The derivative in a variable that stands for a real number, whatever is declared: |θ| has none over ℂ."""
    real = sympy.Dummy(variable.name, real=True)
    return sympy.diff(expression.subs(variable, real), real).subs(real, variable)


def _norm(row: list[Number]) -> Number:
    return mpmath.sqrt(mpmath.fsum(entry**2 for entry in row))


def _without(row: list[Number], unit: list[Number]) -> list[Number]:
    along = mpmath.fsum(a * b for a, b in zip(row, unit, strict=True))
    return [a - along * b for a, b in zip(row, unit, strict=True)]
