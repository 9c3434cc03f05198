"""The rank of velocities that are no linear function of the loss's choice, from a sample of choices.

At a random point, velocities are drawn for random duals G until the rank grows no more. Each rank is proved to be at
least what is reported: for sign flow by exact arithmetic with the signs, otherwise by enclosures of the velocities and
an elimination in ball arithmetic. A rank of velocities at one point is a lower bound for the rank nearby, hence D−rank
an upper bound for the number of laws there. Larger samples, and brackets, could only lower that bound.
"""

import itertools
import random
from collections.abc import Sequence

import numpy as np
import sympy

from ._decays import DecayRate
from ._model import Model
from ._modular import Echelon
from ._ring import NotPolynomial, Ring, flint

# So many draws in a row that add nothing end the sampling.
PATIENCE = 60
# As with draws, for lines through two of them.
LINES = 8
BITS = 256


class Sampler:
    """Exact forces F = Σ_kG_k∂φ_k(θ) (+ coupled decay) at a random rational point."""

    def __init__(self, model: Model, q: sympy.Expr, decay: DecayRate | None, seed: int):
        self.generator = random.Random(seed)
        self.variables = model.variables
        self.q = sympy.Rational(self.generator.randrange(1200, 1800), 1000) if q.free_symbols else q
        self.decay = decay
        free: set[sympy.Symbol] = set().union(*(feature.free_symbols for feature in model.features))
        self.ring = Ring([*model.variables, *sorted(free - set(model.variables), key=str)])
        self.point = [self._fraction() for _ in self.ring.symbols]
        for i, symbol in enumerate(self.ring.symbols):
            self.point[i] = abs(self.point[i]) if symbol.is_positive else self.point[i]
        self.gradients = [self._gradient(feature) for feature in model.features]

    def _fraction(self) -> flint.fmpq:
        return flint.fmpq(self.generator.choice((1, -1)) * self.generator.randrange(100, 1000), 100)

    def _gradient(self, feature: sympy.Expr) -> dict[int, flint.fmpq]:
        values = dict(zip(self.ring.symbols, self.point, strict=True))
        try:
            polynomial = self.ring.polynomial(feature)
        except NotPolynomial:
            exact = {symbol: sympy.Rational(int(value.p), int(value.q)) for symbol, value in values.items()}
            slopes = {i: sympy.diff(feature, theta).subs(exact) for i, theta in enumerate(self.variables)}
            return {i: flint.fmpq(int(slope.p), int(slope.q)) for i, slope in slopes.items() if slope != 0}
        degrees = polynomial.degrees()
        return {i: polynomial.derivative(i)(*self.point) for i in range(len(self.variables)) if degrees[i] > 0}

    def force(self) -> list[flint.fmpq]:
        """F for a new random G, of which a random part is 0."""
        share = self.generator.choice((0.0, 0.0, 0.5, 0.8))
        total = [flint.fmpq(0)] * len(self.variables)
        for gradient in self.gradients:
            if self.generator.random() < share:
                continue
            dual = self._fraction()
            for i, entry in gradient.items():
                total[i] += dual * entry
        if self.decay is not None and self.decay.coupled:
            rate = abs(self._fraction()) / 10
            total = [force + rate * value for force, value in zip(total, self.point, strict=False)]
        return total

    def velocity(self) -> list[flint.arb]:
        """sgn(F)|F|^{q−1}, enclosed; no component vanishes where F does not."""
        power = self.q - 1
        return [self._power(force, power) for force in self.force()]

    @staticmethod
    def _power(force: flint.fmpq, power: sympy.Expr) -> flint.arb:
        if force == 0:
            return flint.arb(0)
        exponent = flint.arb(flint.fmpq(int(power.p), int(power.q)))
        return flint.arb(1 if force > 0 else -1) * (flint.arb(abs(force)).log() * exponent).exp()

    def drift(self) -> list[flint.arb]:
        """(−θ, 1) where decoupled decay makes time part of the state, else nothing."""
        return [*(flint.arb(-value) for value in self.point[: len(self.variables)]), flint.arb(1)]


def sampled_rank(model: Model, q: sympy.Expr, decay: DecayRate | None, seed: int) -> int:
    """A rank that velocities are proved to have at a random point; with decoupled decay, with the drift and time."""
    sampler = Sampler(model, q, decay, seed)
    with_time = decay is not None and not decay.coupled
    if q == 1 and not with_time:
        return _signs(sampler)
    return _enclosed(sampler, with_time)


def _signs(sampler: Sampler) -> int:
    """Exact: the velocities are vectors of signs.

    They change where some F_i is 0. Random duals would miss a thin sector between two such kinks; a line through two of
    them passes all kinks, and velocities are taken in every sector on the line.
    """
    echelon, idle = Echelon(len(sampler.variables)), 0
    whole = sampler.decay is None  # a rate stays positive on the segment only
    while idle < LINES and echelon.rank < echelon.size:
        added = [echelon.add(signs) for signs in _along(sampler.force(), sampler.force(), whole=whole)]
        idle = 0 if any(added) else idle + 1
    return echelon.rank


def _along(start: list[flint.fmpq], end: list[flint.fmpq], *, whole: bool) -> list[np.ndarray]:
    """The signs of start + s(end − start) between the zeros of its entries, for s in [0, 1] or on the whole line."""
    steps = [b - a for a, b in zip(start, end, strict=True)]
    zeros = {-a / step for a, step in zip(start, steps, strict=True) if step != 0}
    if not whole:
        zeros = {zero for zero in zeros if 0 < zero < 1} | {flint.fmpq(0), flint.fmpq(1)}
    places = sorted(zeros)
    ends = [places[0] - 1, places[-1] + 1] if whole and places else []
    between = [(a + b) / 2 for a, b in itertools.pairwise(places)]
    found = []
    for s in (*ends, *between) if places else [flint.fmpq(0)]:
        at = [a + s * step for a, step in zip(start, steps, strict=True)]
        found.append(np.array([(force > 0) - (force < 0) for force in at], dtype=np.int64))
    return found


def _enclosed(sampler: Sampler, with_time: bool) -> int:
    size = len(sampler.variables) + with_time
    before, flint.ctx.prec = flint.ctx.prec, BITS
    try:
        elimination, idle = Elimination(size), 0
        if with_time:
            elimination.add(sampler.drift())
        while idle < PATIENCE and elimination.rank < size:
            velocity = sampler.velocity() + [flint.arb(0)] * with_time
            idle = 0 if elimination.add(velocity) else idle + 1
        return elimination.rank
    finally:
        flint.ctx.prec = before


class Elimination:
    """Gaussian elimination of enclosed vectors; a vector counts only with an entry that is certainly not zero."""

    def __init__(self, size: int):
        self.size = size
        self.rows: list[tuple[int, list[flint.arb]]] = []

    @property
    def rank(self) -> int:
        """How many vectors are certainly independent."""
        return len(self.rows)

    def add(self, vector: Sequence[flint.arb]) -> bool:
        """Take a vector in; False where its independence is not certain."""
        rest = list(vector)
        for pivot, row in self.rows:
            factor = rest[pivot]
            rest = [a - factor * b for a, b in zip(rest, row, strict=True)]
            rest[pivot] = flint.arb(0)
        sizes = [float(entry.abs_lower()) for entry in rest]
        best = int(np.argmax(sizes))
        if not sizes[best] > 0:
            return False
        scale = 1 / rest[best]
        self.rows.append((best, [entry * scale for entry in rest]))
        return True
