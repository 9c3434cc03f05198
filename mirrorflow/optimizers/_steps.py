"""What all transformations of this folder share: which arrays they act on, what they refuse, what they skip."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .. import _checks
from .._types import Parameters, Real

Where = Any
Schedule = Any


class Guarded(NamedTuple):
    """The state of every transformation here: `skipped` counts the steps left out because of their gradients."""

    skipped: jax.Array
    inner: Any


def guarded(
    init: Callable[[Parameters], Any], update: Callable[..., tuple[Any, Any]]
) -> optax.GradientTransformationExtraArgs:
    """(init, update) as a transformation that refuses what is no floating-point array and skips bad gradients.

    A gradient with a NaN or an infinity anywhere makes no step at all: updates of 0, the inner state as it was, and
    `skipped` one larger.
    """

    def first(params: Parameters) -> Guarded:
        check_parameters(params)
        return Guarded(jnp.zeros((), jnp.int32), init(params))

    def step(
        updates: Parameters, state: Any, params: Parameters | None = None, **extra: Any
    ) -> tuple[Parameters, Guarded]:
        if params is None:
            raise ValueError("params must be given to update: these steps depend on where the weights are.")
        ok = all_finite(updates)
        moved, inner = update(updates, state.inner, params, **extra)
        moved = jax.tree.map(lambda u: jnp.where(ok, u, jnp.zeros((), u.dtype)), moved)
        return moved, settled(ok, inner, state)

    return optax.GradientTransformationExtraArgs(first, step)


def all_finite(gradients: Parameters) -> jax.Array:
    """Whether no gradient holds a NaN or an infinity."""
    finite = [jnp.all(jnp.isfinite(gradient)) for gradient in jax.tree.leaves(gradients)]
    return jnp.all(jnp.stack(finite)) if finite else jnp.asarray(True)


def settled(ok: jax.Array, inner: Any, state: Guarded) -> Guarded:
    """The new inner state if the step counts, else the old one and one skipped step more."""
    kept = jax.tree.map(lambda new, old: jnp.where(ok, new, old), inner, state.inner)
    return Guarded(state.skipped + ~ok, kept)


def check_parameters(params: Parameters) -> None:
    """`ValueError` unless every leaf is an array of floating-point numbers."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        dtype = getattr(leaf, "dtype", None)
        if dtype is None or not jnp.issubdtype(dtype, jnp.floating):
            given = type(leaf).__name__ if dtype is None else dtype
            raise ValueError(
                f"params must be arrays of floating-point numbers, got {given} at params{jax.tree_util.keystr(path)}; "
                "optax.masked leaves others out."
            )


def chosen(where: Where, params: Parameters) -> Any:
    """A pytree of booleans like `params`: `where`, what it says of params, or those of two axes or more."""
    if isinstance(where, str) and where == "all":
        return jax.tree.map(lambda leaf: True, params)
    if where is None:
        return jax.tree.map(lambda leaf: leaf.ndim >= 2, params)
    found = where(params) if _checks.is_function(where) else where
    same_tree("where", found, params)
    for leaf in jax.tree.leaves(found):
        if not isinstance(leaf, bool | np.bool_):
            raise ValueError(f"where must hold True or False for each array of params, got {leaf!r}.")
    return found


def same_tree(name: str, tree: Any, params: Parameters) -> None:
    """`ValueError` if `tree` has another structure than `params`."""
    given, wanted = jax.tree.structure(tree), jax.tree.structure(params)
    if given != wanted:
        raise ValueError(f"{name} must be a pytree of the structure of params, {wanted}, got {given}.")


def nonnegative(name: str, value: Schedule) -> Schedule:
    """A number ≥ 0, or a schedule as it is."""
    return value if callable(value) else _checks.nonnegative(name, value)


def at(schedule: Schedule, count: jax.Array, like: Real) -> Any:
    """The number that a schedule gives at step `count`, a number itself, in the precision of `like`."""
    return jnp.asarray(schedule(count) if callable(schedule) else schedule, like.dtype)


def wide(leaf: Real) -> Real:
    """The leaf in at least single precision, in which steps are computed."""
    return leaf.astype(jnp.promote_types(leaf.dtype, jnp.float32))
