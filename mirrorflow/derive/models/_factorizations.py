"""Products of two matrices that gradient flow or a mirror flow trains, and the product of one with itself."""

import itertools

import numpy as np
import sympy
from sympy.combinatorics import Permutation

from ... import _checks
from ...potentials import NegativeEntropy
from .._model import Form, Model, matrix, symbols
from ._features import gram_difference


def matrix_factorization(rows: int, columns: int, rank: int) -> Model:
    """X = UVᵀ, with θ = {"left": U (rows, rank), "right": V (columns, rank)}: the linear network of two layers.

    Data sees every entry of X. Gradient flow keeps UᵀU − VᵀV: k(2·rank−k+1)/2 laws, k=min(rows+columns, rank).

    **Arguments:** `rows`, `columns`, `rank`: at least 1.

    **Raises:** `ValueError` for sizes below 1.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2307.00144); theory page 07.

    >>> from mirrorflow.derive.models import matrix_factorization
    >>> list(matrix_factorization(2, 1, 1).forms[0].entries)
    [u11**2 + u21**2 - v11**2]
    """
    rows, columns, rank = _sizes(rows, columns, rank)
    u, v = symbols("u", rows, rank), symbols("v", columns, rank)
    form = gram_difference("UᵀU − VᵀV", r"U^\top U - V^\top V", u.T, v.T)
    name = f"matrix factorization of {rows}×{columns} by rank {rank}"
    return Model(name, {"left": u, "right": v}, tuple((u @ v.T).ravel()), (form,))


def low_rank_adaptation(rows: int, columns: int, rank: int) -> Model:
    """W = W₀ + BA, with θ = {"B": (rows, rank), "A": (rank, columns)} and a frozen W₀.

    Data sees every entry of BA, W₀ being no function of θ. Gradient flow keeps BᵀB − AAᵀ.

    **Arguments:** `rows`, `columns`, `rank`: at least 1.

    **Raises:** `ValueError` for sizes below 1.

    **Source:** theory pages 02 (LoRA) and 07 (linear, two layers).
    """
    rows, columns, rank = _sizes(rows, columns, rank)
    b, a = symbols("B", rows, rank), symbols("A", rank, columns)
    form = gram_difference("BᵀB − AAᵀ", r"B^\top B - AA^\top", b.T, a)
    name = f"low-rank adaptation of {rows}×{columns} by rank {rank}"
    return Model(name, {"B": b, "A": a}, tuple((b @ a).ravel()), (form,))


def nonnegative_factorization(rows: int, columns: int, rank: int) -> Model:
    """X = UVᵀ with U, V > 0 that follow θ̇ = −θ⊙∇, the mirror flow of the negative entropy.

    θ = {"left": U (rows, rank), "right": V (columns, rank)}. Data sees every entry of X. The flow keeps 1ᵀu_k − 1ᵀv_k
    for every column k, as d/dt of both sums is −⟨u_k, ∇f(X)v_k⟩.

    **Arguments:** `rows`, `columns`, `rank`: at least 1.

    **Raises:** `ValueError` for sizes below 1.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2405.12888); theory page 07.

    >>> from mirrorflow.derive.models import nonnegative_factorization
    >>> list(nonnegative_factorization(2, 1, 1).forms[0].entries)
    [u11 + u21 - v11]
    """
    rows, columns, rank = _sizes(rows, columns, rank)
    u, v = symbols("u", rows, rank, positive=True), symbols("v", columns, rank, positive=True)
    form = Form("1ᵀU − 1ᵀV", r"\mathbf{1}^\top U - \mathbf{1}^\top V", matrix(u.sum(axis=0) - v.sum(axis=0)))
    name = f"non-negative factorization of {rows}×{columns} by rank {rank}"
    potentials = {"left": NegativeEntropy(), "right": NegativeEntropy()}
    return Model(name, {"left": u, "right": v}, tuple((u @ v.T).ravel()), (form,), potentials)


def symmetric_factorization(size: int, rank: int) -> Model:
    """X = UUᵀ, with θ = {"factor": U (size, rank)}.

    Data sees every entry of X. Gradient flow is U̇ = −2SU, S symmetric and otherwise free; such S generate all matrices,
    so that U goes wherever AU leads for an invertible A. For rank ≤ size this is everywhere near U: no law. For rank >
    size the row space of U stays, of which U_1⁻¹U_2 are the size·(rank−size) coordinates, U_1 the first `size` columns.

    **Arguments:** `size`, `rank`: at least 1.

    **Raises:** `ValueError` for sizes below 1.

    **Source:** theory pages 01 (UUᵀ) and 07; the laws for rank > size are derived here.

    >>> from mirrorflow.derive.models import symmetric_factorization
    >>> list(symmetric_factorization(size=1, rank=2).forms[0].entries)
    [u12/u11]
    """
    size, rank = _checks.integer("size", size, at_least=1), _checks.integer("rank", rank, at_least=1)
    u = symbols("u", size, rank)
    upper = np.triu_indices(size)
    forms = (Form("U₁⁻¹U₂", "U_1^{-1}U_2", _row_space(u)),) if rank > size else ()
    name = f"symmetric factorization of {size}×{size} by rank {rank}"
    return Model(name, {"factor": u}, tuple((u @ u.T)[upper]), forms)


def _row_space(u: np.ndarray) -> sympy.Matrix:
    """U_1⁻¹U_2 by Cramer's rule, of which every entry is a quotient of two expanded minors."""
    size, rank = u.shape
    whole = _determinant(u[:, :size])
    made = sympy.zeros(size, rank - size)
    for i, j in np.ndindex(size, rank - size):
        replaced = u[:, :size].copy()
        replaced[:, i] = u[:, size + j]
        made[i, j] = _determinant(replaced) / whole
    return made


def _determinant(square: np.ndarray) -> sympy.Expr:
    """The sum over permutations: for symbols, faster than sympy's own and expanded."""
    size = len(square)
    orders = itertools.permutations(range(size))
    return sympy.Add(*(Permutation(p).signature() * sympy.Mul(*square[range(size), p]) for p in orders))


def _sizes(rows: int, columns: int, rank: int) -> tuple[int, int, int]:
    return (
        _checks.integer("rows", rows, at_least=1),
        _checks.integer("columns", columns, at_least=1),
        _checks.integer("rank", rank, at_least=1),
    )
