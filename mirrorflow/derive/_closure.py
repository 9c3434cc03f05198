"""The dimension of the Lie algebra that vector fields generate, at a random point modulo a prime.

Let X_t = Σ_ka_k(t)w_k be a combination of the fields with random power series a_k, Φ_t its flow from the point θ, and
Y_k(t) = (DΦ_t)⁻¹w_k(Φ_t(θ)) what it carries back of each field. Then Y_k' is carried back from [X_t, w_k], and the nth
coefficient of Y_k is a combination of brackets of n+1 fields: all coefficients lie in Lie(W)(θ). For almost all a_k
they span it (controls are regular for almost all inputs), and they do so up to the first order that adds nothing:
where Y, …, Y⁽ⁿ⁾ span Y⁽ⁿ⁺¹⁾ over the functions of t, their span does not change with t any more.

With M' = DX_t·M for M=DΦ_t and V=M⁻¹ all of this is arithmetic of power series, which costs a power of the size and of
the order, whatever the degree of the fields; brackets written out as polynomials grow with every step.

A rank modulo a prime, at any point, is a lower bound for the generic rank over the rationals: a minor that is not zero
modulo the prime is not zero. So D − rank bounds the number of laws from above with certainty; that the rank is not
larger holds up to the chance of a point, or of series, on a hypersurface, at most (degree of the minor)/2³¹.
"""

import random
from collections.abc import Iterator

import numpy as np

from ._fields import Field, Fields, rank_of_fields
from ._modular import Echelon, product
from ._ring import PRIME, Polynomial, flint

# Orders computed first; doubled until one adds nothing.
ORDERS = 4

Series = Polynomial  # flint.nmod_poly


def closure(fields: Fields, *, target: int | None = None, seed: int = 0) -> int:
    """The rank of the fields with their brackets of any length; stops where it reaches `target`."""
    echelon, chosen = rank_of_fields(fields)
    generators, orders, taken = [fields.fields[k] for k in chosen], ORDERS, 1
    while generators:
        carried = CarriedBack(fields, generators, orders, seed)
        for vectors in list(carried)[taken:]:
            before = echelon.rank
            if _added(echelon, vectors, fields.size if target is None else target) or echelon.rank == before:
                return echelon.rank
        orders, taken = 2 * orders, orders
    return echelon.rank


def _added(echelon: Echelon, vectors: np.ndarray, most: int) -> bool:
    """Take in the columns; whether there is room for no more."""
    for vector in vectors.T:
        if echelon.rank >= most:
            break
        echelon.add(vector)
    return echelon.rank >= most


class CarriedBack:
    """The coefficients of Y_1, …, Y_K up to an order; iterating gives them order by order, each (D, K)."""

    def __init__(self, fields: Fields, generators: list[Field], orders: int, seed: int):
        self.fields, self.generators, self.orders = fields, generators, orders
        draw = random.Random(seed)
        # Order by order, so that more orders begin with the same ones.
        drawn = [[draw.randrange(1, PRIME) for _ in generators] for _ in range(orders)]
        self.inputs = [self._series([row[k] for row in drawn]) for k in range(len(generators))]

    def __iter__(self) -> Iterator[np.ndarray]:
        path = self._path()
        velocities = self._coefficients([self._along(field, path) for field in self.generators])
        inverse = self._inverse_flow(path)
        for order in range(self.orders):
            yield _convolved(inverse, velocities, order)

    @staticmethod
    def _series(coefficients: list[int]) -> Series:
        return flint.nmod_poly(coefficients, PRIME)

    def _path(self) -> dict[int, Series]:
        """Φ_t(θ) by Picard's iteration, each of which gains one order; by the places of the coordinates in the ring."""
        start = {place: self.fields.point[place] for place in self.fields.places}
        path = {place: self._series([value]) for place, value in start.items()}
        for order in range(1, self.orders):
            self.powers: dict[tuple[int, int], Series] = {}
            velocity = self._velocity(path, order)
            for j, place in enumerate(self.fields.places):
                path[place] = velocity[j].integral() + start[place] if j in velocity else path[place]
        self.powers = {}
        return path

    def _velocity(self, path: dict[int, Series], order: int) -> dict[int, Series]:
        found: dict[int, Series] = {}
        for control, field in zip(self.inputs, self.generators, strict=True):
            for i, polynomial in field.items():
                term = self._at(polynomial, path, order).mul_low(control, order)
                found[i] = found[i] + term if i in found else term
        return found

    def _at(self, polynomial: Polynomial, path: dict[int, Series], order: int) -> Series:
        """A polynomial at the path, to an order."""
        total = self._series([])
        for exponents, coefficient in polynomial.terms():
            term = self._series([int(coefficient)])
            for place, exponent in enumerate(exponents):
                if exponent:
                    term = term.mul_low(self._power(path, place, int(exponent), order), order)
            total = total + term
        return total

    def _power(self, path: dict[int, Series], place: int, exponent: int, order: int) -> Series:
        if exponent == 1:
            return path[place]
        if (place, exponent) not in self.powers:
            self.powers[place, exponent] = path[place].pow_trunc(exponent, order)
        return self.powers[place, exponent]

    def _along(self, field: Field, path: dict[int, Series]) -> dict[int, Series]:
        return {i: self._at(polynomial, path, self.orders) for i, polynomial in field.items()}

    def _coefficients(self, columns: list[dict[int, Series]]) -> np.ndarray:
        """(orders, D, columns)"""
        found = np.zeros((self.orders, self.fields.size, len(columns)), dtype=np.int64)
        for k, column in enumerate(columns):
            for i, series in column.items():
                for order, coefficient in enumerate(series.coeffs()[: self.orders]):
                    found[order, i, k] = int(coefficient)
        return found

    def _inverse_flow(self, path: dict[int, Series]) -> np.ndarray:
        """V=(DΦ_t)⁻¹ from V' = −V·DX_t, V(0)=1; (orders, D, D)"""
        columns: list[dict[int, Series]] = [{} for _ in range(self.fields.size)]
        for control, field in zip(self.inputs, self.generators, strict=True):
            for i, polynomial in field.items():
                degrees = polynomial.degrees()
                for j, place in enumerate(self.fields.places):
                    if degrees[place] > 0:
                        term = self._at(polynomial.derivative(place), path, self.orders).mul_low(control, self.orders)
                        columns[j][i] = columns[j][i] + term if i in columns[j] else term
        slopes = self._coefficients(columns)
        found = np.zeros_like(slopes)
        found[0] = np.eye(self.fields.size, dtype=np.int64)
        for order in range(1, self.orders):
            total = _convolved(found, slopes, order - 1)
            found[order] = total * pow(-order, -1, PRIME) % PRIME
        return found


def _convolved(left: np.ndarray, right: np.ndarray, order: int) -> np.ndarray:
    """Σ_j left_j·right_{order−j}"""
    total = np.zeros_like(right[0])
    for j in range(order + 1):
        if left[j].any() and right[order - j].any():
            total = (total + product(left[j], right[order - j])) % PRIME
    return total
