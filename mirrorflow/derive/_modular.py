"""Ranks modulo a prime, vector by vector."""

import numpy as np

from ._ring import PRIME


class Echelon:
    """A growing set of independent vectors over the field with `PRIME` elements, in reduced form."""

    def __init__(self, size: int):
        self.size = size
        self.rows = np.zeros((0, size), dtype=np.int64)
        self.pivots: list[int] = []

    @property
    def rank(self) -> int:
        """The number of independent vectors so far."""
        return len(self.pivots)

    def reduce(self, vector: np.ndarray) -> np.ndarray:
        """What remains of a vector modulo the span."""
        if not self.pivots:
            return vector % PRIME
        factors = vector[self.pivots] % PRIME
        used = np.flatnonzero(factors)
        if not used.size:
            return vector % PRIME
        # Rows are in reduced form, so all pivots go in one step; each product is reduced before it is added.
        products = factors[used, None] * self.rows[used] % PRIME
        return (vector - products.sum(axis=0)) % PRIME

    def add(self, vector: np.ndarray) -> bool:
        """Take a vector in; False if it was in the span already."""
        rest = self.reduce(vector)
        places = np.flatnonzero(rest)
        if not places.size:
            return False
        pivot = int(places[0])
        rest = rest * pow(int(rest[pivot]), -1, PRIME) % PRIME
        if self.pivots:
            factors = self.rows[:, pivot : pivot + 1]
            self.rows = (self.rows - factors * rest % PRIME) % PRIME
        self.rows = np.vstack([self.rows, rest])
        self.pivots.append(pivot)
        return True


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Matrix times vector or matrix modulo the prime.

    In halves of 16 bits, whose sums of up to 2¹⁶ products fit into 63 bits.
    """
    high, low = right >> 16, right & 0xFFFF
    return ((left @ high % PRIME << 16) + left @ low) % PRIME
