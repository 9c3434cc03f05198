"""From a numerical span to recognizable vectors: echelon form, and the fractions that its entries are."""

from fractions import Fraction

import numpy as np

# The largest denominator looked for: coefficients of laws are powers, counts and halves.
LARGEST_DENOMINATOR = 24
# Fractions with denominators up to 24 are at least 1/(24·23) apart: one this close is hit by chance once in 1e5.
CLOSE = 1e-8
# Below this an entry of a reduced vector is rounding.
VANISHING = 1e-8


def echelon(rows: np.ndarray) -> np.ndarray:
    """The reduced row echelon form of independent rows, the largest entry of each column as its pivot."""
    reduced = np.array(rows, dtype=float)
    done = 0
    for column in range(reduced.shape[1]):
        if done == len(reduced):
            break
        pivot = done + int(np.argmax(np.abs(reduced[done:, column])))
        if abs(reduced[pivot, column]) <= VANISHING:
            reduced[done:, column] = 0.0
            continue
        reduced[[done, pivot]] = reduced[[pivot, done]]
        reduced[done] /= reduced[done, column]
        others = np.arange(len(reduced)) != done
        reduced[others] -= np.outer(reduced[others, column], reduced[done])
        done += 1
    return np.where(np.abs(reduced) > VANISHING, reduced, 0.0)[:done]


def rational(values: np.ndarray) -> list[Fraction] | None:
    """The fractions of small denominators that all values are, up to 1e-8; None if one is none."""
    found = [Fraction(float(value)).limit_denominator(LARGEST_DENOMINATOR) for value in values]
    errors = [abs(float(fraction) - value) for fraction, value in zip(found, values, strict=True)]
    return found if max(errors, default=0.0) <= CLOSE * max(1.0, float(np.max(np.abs(values), initial=0.0))) else None
