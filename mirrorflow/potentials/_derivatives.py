"""Derivatives of a potential's maps by what they are, not by how they are computed.

∇R is the derivative of R, the metric that of ∇R, and inverses differentiate implicitly. So gradients and Hessians are
exact where automatic differentiation of a stable formula is not: at 0, across branches, through Newton iterations.
Numbers of the potential (scale, exponent, …) keep their own derivatives.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Numeric, Real

if TYPE_CHECKING:
    from ._base import AbstractPotential


@eqx.filter_custom_jvp
def value(potential: "AbstractPotential", x: Real) -> Real:
    """R; slope ∇R."""
    return potential._value(x)


@value.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    potential, x = primals
    return value(potential, x), _total(
        _scaled(lambda: mirror_map(potential, x), tangents[1]),
        partial(lambda p: p._value(x), potential, tangents[0]),
    )


@eqx.filter_custom_jvp
def mirror_map(potential: "AbstractPotential", x: Real) -> Real:
    """∇R; slope ∇²R."""
    return potential._mirror_map(x)


@mirror_map.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    potential, x = primals
    return mirror_map(potential, x), _total(
        _scaled(lambda: potential._metric(x), tangents[1]),
        partial(lambda p: p._mirror_map(x), potential, tangents[0]),
    )


@eqx.filter_custom_jvp
def inverse_mirror_map(potential: "AbstractPotential", z: Real) -> Real:
    """∇R*; the solution x of ∇R(x)=z, with slope 1/∇²R(x)."""
    return potential._inverse_mirror_map(z)


@inverse_mirror_map.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    potential, z = primals
    x = inverse_mirror_map(potential, z)
    moved = partial(lambda p: p._mirror_map(x), potential, tangents[0])
    tangent = _total(tangents[1], None if moved is None else -moved)
    return x, _scaled(lambda: 1 / potential._metric(x), tangent)


@eqx.filter_custom_jvp
def conjugate(potential: "AbstractPotential", z: Real) -> Real:
    """R* = Q∘∇R*; slope ∇R*, and −∂R at fixed x for the numbers of the potential."""
    return potential._balance(potential._inverse_mirror_map(z))


@conjugate.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    potential, z = primals
    x = inverse_mirror_map(potential, z)
    moved = partial(lambda p: p._value(x), potential, tangents[0])
    return conjugate(potential, z), _total(_scaled(lambda: x, tangents[1]), None if moved is None else -moved)


@eqx.filter_custom_jvp
def balance(potential: "AbstractPotential", x: Real) -> Real:
    """Q = x∇R−R; slope ∇²R·x."""
    return potential._balance(x)


@balance.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    potential, x = primals
    return balance(potential, x), _total(
        _scaled(lambda: metric_times_identity(potential, x), tangents[1]),
        partial(lambda p: p._balance(x), potential, tangents[0]),
    )


@eqx.filter_custom_jvp
def to_chart(potential: "AbstractPotential", x: Real) -> Real:
    """The coordinate c with from_chart(c)=x, with slope ∇²R·dc/dz."""
    return potential._to_chart(x)


@to_chart.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    potential, x = primals
    chart = to_chart(potential, x)
    moved = partial(lambda p: p._from_chart(chart), potential, tangents[0])
    tangent = _total(tangents[1], None if moved is None else -moved)
    return chart, _scaled(lambda: potential._metric(x) * potential._chart_rate(chart), tangent)


def metric_times_identity(potential: "AbstractPotential", x: Real) -> Real:
    """∇²R(x)x, which is 0 at 0 also where the metric is infinite."""
    metric = potential._metric(x)
    singular = (x == 0) & jnp.isinf(metric)
    return jnp.where(singular, 0.0, potential._metric(jnp.where(singular, 1.0, x)) * x)


def as_jax(tree: Any) -> Any:
    """The same tree with JAX arrays for NumPy ones, so that the rules see every number."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf) if isinstance(leaf, np.ndarray | np.generic) else leaf, tree)


def as_real(x: Numeric) -> Real:
    """A floating array."""
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.result_type(float))


def _scaled(slope: Callable[[], Real], tangent: Real | None) -> Real | None:
    return None if tangent is None else slope() * tangent


def _total(first: Real | None, second: Real | None) -> Real | None:
    if first is None or second is None:
        return second if first is None else first
    return first + second


def partial(function: Callable[[Any], Real], potential: Any, tangent: Any) -> Real | None:
    """The derivative in the numbers of the potential alone."""
    if not jax.tree.leaves(tangent):
        return None
    moving = jax.tree.map(lambda t: t is not None, tangent, is_leaf=lambda t: t is None)
    varied, fixed = eqx.partition(potential, moving)
    _, out = jax.jvp(lambda v: function(eqx.combine(v, fixed)), (varied,), (eqx.filter(tangent, moving),))
    return out
