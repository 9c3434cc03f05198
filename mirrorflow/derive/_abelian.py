"""The laws of three-layer linear networks from a number to a number that are no polynomials.

φ = bᵀWa with a ∈ ℝⁿ, W ∈ ℝ^{m×n}, b ∈ ℝᵐ has one velocity field, so D−1 laws; the matrices A=WᵀW−aaᵀ and B=WWᵀ−bbᵀ
hold all but k−1 of them, k=min(n,m). Let λ_i=σ_i² be the non-zero eigenvalues of WᵀW, with singular vectors u_i, v_i.
Since A and B are perturbations of rank one, with eigenvalues that stay,

  (v_iᵀa)² = det(λ_i−A)/(λ_i^{n−k}∏_{j≠i}(λ_i−λ_j)),  (u_iᵀb)² = det(λ_i−B)/(λ_i^{m−k}∏_{j≠i}(λ_i−λ_j)),

and λ̇_i = 2σ_i(u_iᵀb)(v_iᵀa) is ε_i·2√P(λ_i)/|∏_{j≠i}(λ_i−λ_j)| with P(s) = s^{1−|n−m|}det(s−A)det(s−B), a polynomial
of degree 2k+1 whose coefficients are conserved. By Lagrange's identity Σ_iλ_i^l/∏_{j≠i}(λ_i−λ_j)=0 for l ≤ k−2,

  h_l = Σ_i ε_i ∫₀^{λ_i} s^l ds/√|P(s)|,  l = 0, …, k−2,  ε_i = sgn((u_iᵀb)(v_iᵀa)∏_{j≠i}(λ_i−λ_j)),

do not change while no ε_i does: Abelian integrals of a curve of genus k, which no polynomials replace. (Where some λ_i
comes to a root of P, it turns, ε_i changes its sign and h_l jumps by a function of A and B.)
"""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import sympy

from .._types import Real
from ._model import Integral

# Nodes on each half of an interval between roots; the integrand is analytic in the substituted variable.
NODES = 48


def abelian_integrals(inner: int, outer: int, names: Sequence[str], offset: int = 0) -> tuple[Integral, ...]:
    """The laws h_l of φ = bᵀWa with a ∈ ℝ^inner and b ∈ ℝ^outer, whose arrays are called `names`.

    Their entries stand one after another among the values of the model's variables, from `offset` on.
    """
    s = sympy.Symbol("s", positive=True)
    curve = sympy.Function("P")(s)
    count = min(inner, outer)
    a, w, b = names
    degree = 1 - abs(inner - outer)
    power = "" if degree == 0 else "s·" if degree == 1 else f"s^({degree})·"
    where = (
        f"λ_i are the non-zero eigenvalues of {w}ᵀ{w}, P(s) = {power}det(s − {w}ᵀ{w} + {a}{a}ᵀ)·"
        f"det(s − {w}{w}ᵀ + {b}ᵀ{b}), and ε_i = ±1 is the sign of the change of λ_i along ∇φ; constant until some λ_i "
        "meets a root of P and turns around, where ε_i changes and the law jumps by a function of the others"
    )
    first, middle, last = (f"{name[0]}_{{{name[1:]}}}" for name in names)
    factor = "" if degree == 0 else "s\\," if degree == 1 else f"s^{{{degree}}}"
    latex = (
        rf"P(s) &= {factor}\det(s-{middle}^\top {middle}+{first}{first}^\top)"
        rf"\det(s-{middle}{middle}^\top+{last}^\top {last})",
        rf"\lambda_i &\neq 0 \text{{ eigenvalues of }} {middle}^\top {middle}",
        r"\epsilon_i &= \operatorname{sgn}\langle\nabla\phi,\nabla\lambda_i\rangle"
        r"\text{ (const until } P(\lambda_i)=0\text{)}",
    )
    found = []
    for order in range(count - 1):
        terms = [
            sympy.Symbol(f"epsilon_{i}", real=True)
            * sympy.Integral(s**order / sympy.sqrt(sympy.Abs(curve)), (s, 0, sympy.Symbol(f"lambda_{i}")))
            for i in range(1, count + 1)
        ]
        function = functools.partial(_one, order, inner, outer, offset)
        found.append(Integral(sympy.Add(*terms), where, function, latex))
    return tuple(found)


def _one(order: int, inner: int, outer: int, offset: int, values: Sequence[Real]) -> Real:
    size = inner + inner * outer + outer
    flat = jnp.stack([jnp.asarray(value) for value in values[offset : offset + size]])
    middle = flat[inner : inner + inner * outer].reshape(outer, inner)
    return abelian_laws(flat[:inner], middle, flat[inner + inner * outer :])[order]


def abelian_laws(first: Real, middle: Real, last: Real) -> Real:
    """h_0, …, h_{k−2} at a (n,), W (m, n) and b (m,); shape (k−1,)."""
    left, sizes, right = jnp.linalg.svd(middle, full_matrices=False)
    values = sizes**2
    gaps = values[:, None] - values[None, :] + jnp.eye(values.shape[0])
    signs = jnp.sign((left.T @ last) * (right @ first) * jnp.prod(gaps, axis=1))
    roots, extra = _roots(first, middle, last)
    integrals = jax.vmap(lambda end: _integrals(end, roots, extra, values.shape[0] - 1))(values)
    return signs @ integrals


def _roots(first: Real, middle: Real, last: Real) -> tuple[Real, int]:
    """The roots of P that are not 0 by themselves, and how often 0 is one beside them."""
    rows, columns = middle.shape
    inner = jnp.linalg.eigvalsh(middle.T @ middle - jnp.outer(first, first))
    outer = jnp.linalg.eigvalsh(middle @ middle.T - jnp.outer(last, last))
    spare = abs(rows - columns) - 1
    if spare > 0:
        # The larger of the two matrices has rank at most k+1: its zeros cancel against the power of s.
        large, small = (inner, outer) if columns > rows else (outer, inner)
        large = large[jnp.argsort(jnp.abs(large))[spare:]]
        return jnp.concatenate([large, small]), 0
    return jnp.concatenate([inner, outer]), int(spare < 0)


def _integrals(end: Real, roots: Real, extra: int, count: int) -> Real:
    """∫₀^end s^l/√|P| for l < count; inverse square roots at roots are taken out by s−r=x²."""
    breaks = jnp.sort(jnp.clip(roots, 0.0, end))
    edges = jnp.concatenate([jnp.zeros(1), breaks, end[None]])
    low, high = edges[:-1], edges[1:]
    half = (high - low) / 2
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    nodes, weights = jnp.asarray((nodes + 1) / 2)[None, :], jnp.asarray(weights / 2)[None, None, :]
    total = jnp.zeros(count)
    for start, side in ((low, 1.0), (high, -1.0)):
        step = half[:, None] * nodes**2
        points = start[:, None] + side * step
        # Distances to the roots at the start of the piece are the steps themselves, without cancellation.
        distances = jnp.abs(start[:, None, None] - roots[None, None, :] + side * step[:, :, None])
        square = jnp.prod(distances, axis=-1) * points**extra
        empty = square == 0  # pieces of no length, whose derivatives have to stay finite too
        density = jnp.where(empty, 0.0, 2 * half[:, None] * nodes / jnp.sqrt(jnp.where(empty, 1.0, square)))
        powers = jnp.stack([points**order for order in range(count)])
        total = total + jnp.sum(powers * density[None] * weights, axis=(1, 2))
    return total
