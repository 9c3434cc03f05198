"""A potential of one coordinate, acting on the singular values or eigenvalues of a matrix."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Real, Scalar
from . import _derivatives as derivatives
from ._base import AbstractDualPair, AbstractPotential
from ._divergence import divergence
from ._divided_difference import divided_difference
from ._horizon import Schatten

_EVEN = np.array([0.03, 0.4, 1.7])


class Spectral(AbstractDualPair):
    """R(X) = Σ_i R₁(σ_i(X)), mirror map U·diag(R₁'(σ))·Vᵀ, for an even potential R₁ of one coordinate on ℝ.

    For a potential on x>0 the matrices are symmetric positive definite and σ their eigenvalues: with
    `NegativeEntropy`, R is the von Neumann entropy tr(X·log X−X) and the mirror map log X. There the dual of an
    unsymmetric matrix is that of its symmetric part, since ⟨Z,X⟩ knows no other.

    First and second derivatives are by divided differences (Daleckii–Krein): right at repeated and at zero singular
    values too. Derivatives of third order, which differentiate the singular vectors, need simple ones.

    **Arguments:** `potential`: R₁, whose numbers are the same for every coordinate.

    **Raises:** `ValueError` for a potential that is not even, whose domain is neither ℝ nor x>0, or whose numbers
    differ between coordinates; in the methods for what is no matrix.

    **Source:** theory page 01; Lewis (1996), The convex analysis of unitarily invariant matrix functions.

    >>> entropy = mf.potentials.Spectral(mf.potentials.NegativeEntropy())
    >>> entropy.inverse_mirror_map(jnp.zeros((2, 2))).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    potential: AbstractPotential
    symmetric: bool = eqx.field(static=True)

    def __init__(self, potential: Any):
        _checks.instance("potential", potential, AbstractPotential, "a separable potential of mf.potentials")
        name = type(potential).__name__
        if any(np.ndim(number) for number in vars(potential).values() if hasattr(number, "shape")):
            raise ValueError(f"{name} has numbers that differ between coordinates; singular values have no order.")
        self.potential = potential
        if potential.domain not in ((-float("inf"), float("inf")), (0.0, float("inf"))):
            raise ValueError(f"The domain of potential must be ℝ or (0, inf), that of {name} is {potential.domain}.")
        self.symmetric = potential.domain[0] == 0.0
        if not (self.symmetric or any(_checks.is_traced(leaf) for leaf in jax.tree.leaves(potential))):
            with jax.ensure_compile_time_eval():
                sides = [np.asarray(potential.mirror_map(side * _EVEN)) for side in (1, -1)]
            if not np.allclose(sides[0], -sides[1], rtol=1e-9, atol=1e-12):
                raise ValueError(f"potential must be even, since singular values have no sign; {name} is not.")

    @property
    def horizon(self) -> Schatten | None:
        """The Schatten norm of the potential's ℓp."""
        horizon = self.potential.horizon
        return None if horizon is None else Schatten(horizon.p)

    def value(self, x: Numeric) -> Scalar:
        """R(X)"""
        return _value(*self._with(x))

    def mirror_map(self, x: Numeric) -> Real:
        """Z = ∇R(X), of the shape of X."""
        return _mirror_map(*self._with(x))

    def inverse_mirror_map(self, z: Numeric) -> Real:
        """X = ∇R*(Z), of the shape of Z."""
        return _inverse_mirror_map(*self._with(z, "z"))

    def conjugate(self, z: Numeric) -> Scalar:
        """R*(Z) = Q(∇R*(Z))"""
        return _conjugate(*self._with(z, "z"))

    def balance_function(self, x: Numeric) -> Scalar:
        """Q(X) = ⟨X,∇R(X)⟩−R(X)"""
        return _balance(*self._with(x))

    def divergence(self, x: Numeric, y: Numeric) -> Scalar:
        """D_R(X,Y) = R(X)−R(Y)−⟨∇R(Y),X−Y⟩, as a mean of those of the values: a sum of terms ≥0."""
        spectral, x = self._with(x)
        _, y = self._with(y, "y")
        if x.shape != y.shape:
            raise ValueError(f"x and y must have one shape, got {x.shape} and {y.shape}.")
        return _divergence(spectral, x, y)

    def metric_product(self, x: Numeric, v: Numeric) -> Real:
        """∇²R(X)[V]"""
        spectral, x = self._with(x)
        return spectral._product(spectral._split(x), derivatives.as_real(v), inverse=False)

    def conjugate_product(self, z: Numeric, w: Numeric) -> Real:
        """∇²R*(Z)[W]"""
        spectral, z = self._with(z, "z")
        split = spectral._split(z)
        at_x = split._replace(values=spectral.potential.inverse_mirror_map(split.values))
        return spectral._product(at_x, derivatives.as_real(w), inverse=True)

    def metric_times_identity(self, x: Numeric) -> Real:
        """∇²R(X)[X] = ∇Q(X)"""
        spectral, x = self._with(x)
        split = spectral._split(x)
        return split.joined(spectral.potential.metric_times_identity(split.values))

    def conjugate_metric(self, z: Numeric) -> Real:
        """The diagonal of ∇²R*(Z) in the entries of Z, of the shape of Z."""
        z = jnp.asarray(z)
        basis = jnp.eye(z.size, dtype=derivatives.as_real(z).dtype).reshape(-1, *z.shape)
        return jax.lax.map(lambda e: jnp.sum(e * self.conjugate_product(z, e)), basis).reshape(z.shape)

    def rotated(self, x: Numeric, dual: Numeric) -> tuple[Real, Real, Real]:
        """X, a dual velocity and the inverse metric in the singular basis of X, where ∇²R is diagonal.

        The velocity is split into the symmetric and the antisymmetric part of its square block, and the rows that X
        leaves empty; all of them as one matrix each, one row block after the other.
        """
        spectral, x = self._with(x)
        split = spectral._split(x)
        values, inner, outer = spectral._components(split, derivatives.as_real(dual))
        plus, minus, empty = spectral._curvatures(values)
        size = jnp.diag(values)
        # a metric that is 0 makes the velocity infinite: as large as floats go, so that none of 0 stays 0
        largest = float(jnp.finfo(values.dtype).max)
        plus, minus, empty = (jnp.nan_to_num(1 / part, posinf=largest) for part in (plus, minus, empty))
        if self.symmetric:
            return size, inner, plus
        mirrored = inner.T
        norms = jnp.linalg.norm(outer, axis=0)[None]
        points = jnp.concatenate([size, jnp.zeros_like(size), jnp.zeros_like(norms)])
        duals = jnp.concatenate([(inner + mirrored) / 2, (inner - mirrored) / 2, norms])
        return points, duals, jnp.concatenate([plus, minus, empty[None]])

    def _with(self, x: Numeric, name: str = "x") -> tuple["Spectral", Real]:
        x = derivatives.as_real(x)
        if x.ndim != 2 or (self.symmetric and x.shape[0] != x.shape[1]):
            kind = "square matrix" if self.symmetric else "matrix"
            raise ValueError(f"{name} must be a {kind}, got shape {x.shape}.")
        return derivatives.as_jax(self), x

    def _split(self, x: Real) -> "_Split":
        if self.symmetric:
            values, vectors = jnp.linalg.eigh((x + x.T) / 2)
            return _Split(vectors, values, vectors, False)
        wide = x.shape[0] < x.shape[1]
        left, values, right = jnp.linalg.svd(x.T if wide else x, full_matrices=False)
        return _Split(left, values, right.T, wide)

    def _components(self, split: "_Split", v: Real) -> tuple[Real, Real, Real]:
        """The values, UᵀVW, and what of V lies outside the range of U."""
        if self.symmetric:
            v = (v + v.T) / 2
        v = v.T if split.wide else v
        inner = split.left.T @ v @ split.right
        return split.values, inner, v @ split.right - split.left @ inner

    def _curvatures(self, values: Real) -> tuple[Real, Real, Real]:
        """Divided differences of R₁' over (σ_i,σ_j), (σ_i,−σ_j) and (σ_i,0)."""
        a = jnp.broadcast_to(values[:, None], (len(values), len(values)))
        plus = divided_difference(self.potential, a, a.T)
        if self.symmetric:
            return plus, plus, values
        return (
            plus,
            divided_difference(self.potential, a, -a.T),
            divided_difference(self.potential, values, jnp.zeros_like(values)),
        )

    def _product(self, split: "_Split", v: Real, inverse: bool) -> Real:
        values, inner, outer = self._components(split, v)
        plus, minus, empty = self._curvatures(values)
        if inverse:
            plus, minus, empty = 1 / plus, 1 / minus, 1 / empty
        if self.symmetric:
            return split.left @ (plus * inner) @ split.right.T
        moved = plus * (inner + inner.T) / 2 + minus * (inner - inner.T) / 2
        total = (split.left @ moved + outer * empty[None]) @ split.right.T
        return total.T if split.wide else total


class _Split(NamedTuple):
    """X = U·diag(σ)·Wᵀ, or its transpose if X is wide."""

    left: Real
    values: Real
    right: Real
    wide: bool

    def joined(self, values: Real) -> Real:
        """U·diag(values)·Wᵀ"""
        made = (self.left * values[None]) @ self.right.T
        return made.T if self.wide else made


@eqx.filter_custom_jvp
def _value(spectral: Spectral, x: Real) -> Scalar:
    return spectral.potential.value(spectral._split(x).values)


@_value.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    spectral, x = primals
    moved = derivatives.partial(lambda s: s.potential.value(spectral._split(x).values), spectral, tangents[0])
    along = None if tangents[1] is None else jnp.sum(_mirror_map(spectral, x) * tangents[1])
    return _value(spectral, x), _sum(along, moved)


@eqx.filter_custom_jvp
def _mirror_map(spectral: Spectral, x: Real) -> Real:
    split = spectral._split(x)
    return split.joined(spectral.potential.mirror_map(split.values))


@_mirror_map.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    spectral, x = primals
    split = spectral._split(x)
    moved = derivatives.partial(lambda s: split.joined(s.potential.mirror_map(split.values)), spectral, tangents[0])
    along = None if tangents[1] is None else spectral._product(split, tangents[1], inverse=False)
    return _mirror_map(spectral, x), _sum(along, moved)


@eqx.filter_custom_jvp
def _inverse_mirror_map(spectral: Spectral, z: Real) -> Real:
    split = spectral._split(z)
    return split.joined(spectral.potential.inverse_mirror_map(split.values))


@_inverse_mirror_map.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    spectral, z = primals
    split = spectral._split(z)
    moved = derivatives.partial(
        lambda s: split.joined(s.potential.inverse_mirror_map(split.values)), spectral, tangents[0]
    )
    along = None if tangents[1] is None else spectral.conjugate_product(z, tangents[1])
    return _inverse_mirror_map(spectral, z), _sum(along, moved)


@eqx.filter_custom_jvp
def _conjugate(spectral: Spectral, z: Real) -> Scalar:
    return spectral.potential.conjugate(spectral._split(z).values)


@_conjugate.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    spectral, z = primals
    moved = derivatives.partial(lambda s: s.potential.conjugate(spectral._split(z).values), spectral, tangents[0])
    along = None if tangents[1] is None else jnp.sum(_inverse_mirror_map(spectral, z) * tangents[1])
    return _conjugate(spectral, z), _sum(along, moved)


@eqx.filter_custom_jvp
def _balance(spectral: Spectral, x: Real) -> Scalar:
    return spectral.potential.balance_function(spectral._split(x).values)


@_balance.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    spectral, x = primals
    values = spectral._split(x).values
    moved = derivatives.partial(lambda s: s.potential.balance_function(values), spectral, tangents[0])
    along = None if tangents[1] is None else jnp.sum(spectral.metric_times_identity(x) * tangents[1])
    return _balance(spectral, x), _sum(along, moved)


@eqx.filter_custom_jvp
def _divergence(spectral: Spectral, x: Real, y: Real) -> Scalar:
    """With overlaps a of left and b of right vectors: ¼Σ[(a+b)²D(σ,τ)+(a−b)²D(σ,−τ)], and what one range misses."""
    at_x, at_y = spectral._split(x), spectral._split(y)
    left, right = at_x.left.T @ at_y.left, at_x.right.T @ at_y.right
    shape = left.shape
    sigma = jnp.broadcast_to(at_x.values[:, None], shape)
    tau = jnp.broadcast_to(at_y.values[None], shape)
    alike = divergence(spectral.potential, sigma, tau)
    if spectral.symmetric:
        return jnp.sum(left**2 * alike)
    opposite = divergence(spectral.potential, sigma, -tau)
    total = jnp.sum((left + right) ** 2 * alike + (left - right) ** 2 * opposite) / 4
    if x.shape[0] == x.shape[1]:
        return total
    zero = jnp.zeros_like(at_x.values)
    beyond_x = jnp.sum((at_y.left - at_x.left @ left) ** 2, axis=0)
    beyond_y = jnp.sum((at_x.left - at_y.left @ left.T) ** 2, axis=0)
    missed = beyond_x * divergence(spectral.potential, zero, at_y.values)
    return total + jnp.sum(missed + beyond_y * divergence(spectral.potential, at_x.values, zero)) / 2


@_divergence.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    spectral, x, y = primals
    along = None
    if tangents[1] is not None:
        along = jnp.sum((_mirror_map(spectral, x) - _mirror_map(spectral, y)) * tangents[1])
    if tangents[2] is not None:
        along = _sum(along, jnp.sum(spectral.metric_product(y, y - x) * tangents[2]))
    moved = derivatives.partial(lambda s: _divergence(s, x, y), spectral, tangents[0])
    return _divergence(spectral, x, y), _sum(along, moved)


def _sum(first: Real | None, second: Real | None) -> Real:
    parts = [part for part in (first, second) if part is not None]
    return sum(parts[1:], start=parts[0])
