"""Laws among the combinations of given functions, by numerical linear algebra."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import sympy

from ..._types import Real
from ._basis import Gradients, complexity
from ._fields import velocities
from ._rank import Span, double_precision, extended, normalized, null_space, span
from ._rational import echelon
from ._verified import NumericLaw, directions_of, verified

# Fresh points at which every candidate is verified, and at which independence is judged.
FRESH = 8
# Numbers in the gradients of all functions at a part of the points: 64 MB.
CHUNK = 2**23


@dataclass(frozen=True)
class Search:
    """Independent laws, simplest first; `gap`: of the last null space; `most`: how many there can be at all."""

    laws: tuple[NumericLaw, ...]
    gap: float
    most: int

    @property
    def full(self) -> bool:
        """Whether the laws are as many as there can be."""
        return len(self.laws) >= self.most


def search(
    fields: Callable[[Real], Real],
    variables: Sequence[sympy.Symbol],
    basis: Sequence[sympy.Expr],
    *,
    sample: Callable[[int], np.ndarray],
    most: int | None = None,
) -> Search:
    """The independent h=Σ_j c_j·b_j with ⟨∇h, w⟩=0 for every velocity w, at every point.

    The basis is taken in by growing degree (of what is no polynomial, by its length) until the laws are as many as
    there can be. Coefficients come from a null space, are brought into echelon form and to fractions, and each law is
    then verified at fresh points; what fails is dropped.

    **Arguments:**

    - `fields`: θ ↦ velocities, (D,) ↦ (fields, D).
    - `variables`: the D symbols of θ; `basis`: functions b_j of them.
    - `sample`: count ↦ generic points, shape (count, D), other ones at each call.
    - `most`: how many laws there can be, if that is known; otherwise D − (rank of the fields).

    **Raises:** `ValueError` for an empty basis, symbols that are no variables, points of another shape, or what is not
    finite at them.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2307.00144), theory page 07.

    >>> import sympy as sp
    >>> from mirrorflow.derive._numeric import monomials, search
    >>> u, v = sp.symbols("u v", real=True)
    >>> draw = np.random.default_rng(0).standard_normal
    >>> found = search(lambda p: p[None, ::-1], [u, v], monomials([u, v], 2), sample=lambda count: draw((count, 2)))
    >>> [law.expression for law in found.laws], found.full
    ([u**2 - v**2], True)
    """
    symbols = _variables(variables)
    candidates = _basis(basis, symbols)
    fresh = _points(sample, FRESH, len(symbols))
    spans = _spans(fields, fresh)
    most = len(symbols) - max(each.rank for each in spans) if most is None else most
    laws: list[NumericLaw] = []
    gap, taken, directions = 1.0, [], [span(np.zeros((1, len(symbols)))) for _ in fresh]
    degrees = groupby(sorted(candidates, key=lambda b: complexity(b, symbols)), lambda b: complexity(b, symbols))
    for _, group in degrees:
        if len(laws) >= most:
            break
        taken += list(group)
        gradients = Gradients(taken, symbols)
        gap, coefficients = _null_vectors(fields, gradients, sample, len(taken), spans)
        at_fresh = gradients(fresh)
        for vector in coefficients:
            law = verified(vector, taken, at_fresh, spans)
            slopes = None if law is None else directions_of(law.coefficients, at_fresh)
            if law is None or slopes is None or len(laws) >= most:
                continue
            grown = [extended(each, slope[None]) for each, slope in zip(directions, slopes, strict=True)]
            if all(now.rank > then.rank for now, then in zip(grown, directions, strict=True)):
                directions = grown
                laws.append(law)
    return Search(tuple(laws), gap, most)


def _null_vectors(fields, gradients: Gradients, sample, unknowns: int, spans: list[Span]) -> tuple[float, np.ndarray]:
    """The gap, and coefficients whose combinations are orthogonal to all velocities, in echelon form."""
    rank = max(min(each.rank for each in spans), 1)
    points = _points(sample, -(-2 * unknowns // rank) + 1, len(spans[0].basis.T))
    at_points, rows, squares = _spans(fields, points), [], np.zeros(unknowns)
    for part in np.array_split(np.arange(len(points)), -(-points.size * unknowns // CHUNK)):
        at = gradients(points[part])
        squares += np.sum(at**2, axis=(0, 2))
        rows += [at_points[index].basis @ slopes.T for index, slopes in zip(part, at, strict=True)]
    # In units of the sizes of the gradients, so that a function counts as much as another whatever its degree.
    scale = np.sqrt(squares / len(points))
    scale = np.where(scale > 0, scale, 1.0)
    found = null_space(np.concatenate(rows) / scale / np.sqrt(len(points)))
    return found.gap, echelon(found.basis / scale)


def _spans(fields: Callable[[Real], Real], points: np.ndarray) -> list[Span]:
    return [span(normalized(rows)) for rows in velocities(fields, points)]


def _points(sample: Callable[[int], np.ndarray], count: int, dimension: int) -> np.ndarray:
    points = double_precision("sample", sample(count), axes=(2,))
    if points.shape != (count, dimension):
        raise ValueError(f"sample({count}) must make points of shape ({count}, {dimension}), got {points.shape}.")
    return points


def _variables(variables: Sequence[sympy.Symbol]) -> list[sympy.Symbol]:
    symbols = list(variables)
    wrong = [each for each in symbols if not isinstance(each, sympy.Symbol)]
    if not symbols or wrong or len(set(symbols)) < len(symbols):
        raise ValueError(f"variables must be different sympy symbols, at least one, got {symbols}.")
    return symbols


def _basis(basis: Sequence[sympy.Expr], variables: list[sympy.Symbol]) -> list[sympy.Expr]:
    found = [sympy.sympify(each) for each in basis]
    foreign = set().union(*(each.free_symbols for each in found)) - set(variables)
    if foreign:
        raise ValueError(f"basis must be functions of variables, and has {sorted(map(str, foreign))} besides.")
    kept = [each for each in dict.fromkeys(found) if each.free_symbols]
    if not kept:
        raise ValueError("basis must hold at least one function that depends on the variables.")
    return kept
