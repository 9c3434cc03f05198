"""A user's own function θ ↦ x, its parameters as symbols and its gradients as fields."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy
from jax.flatten_util import ravel_pytree

from ... import _checks
from ..._types import Parameters, Real
from ._names import name_of, symbols_of
from ._rank import double_precision

# Laws of degree 2 are sought among D(D+3)/2 functions: at 80 parameters that took a minute and 1.4 GB, of which the
# time grows as D⁶ and the memory as D⁴.
LIMIT = 80
POINTS = 4


class GradientFields:
    """θ ↦ the rows ∂x_i/∂θ, and any combination of them at the price of one gradient."""

    def __init__(self, function: Callable[[Real], Real], outputs: int, size: int):
        self._function = function
        self._jacobian = jax.jacrev(function) if outputs <= size else jax.jacfwd(function)

    def __call__(self, theta: Real) -> Real:
        """J(θ), shape (outputs, D)."""
        return self._jacobian(theta)

    def combine(self, weights: Real, theta: Real) -> Real:
        """J(θ)ᵀ·weights, shape (D,)."""
        return jax.vjp(self._function, theta)[1](weights)[0]


@dataclass(frozen=True)
class FunctionModel:
    """A function θ ↦ x in flat form.

    `fields`: the gradients of its outputs; `variables`: the symbols of θ, a D×1 matrix; `arrays`: name ↦ the symbols of
    each array of θ; `example`: θ, shape (D,); `unravel` maps an array (D,) back to the pytree, `ravel` the other way.
    """

    fields: GradientFields
    variables: sympy.Matrix
    arrays: dict[str, np.ndarray]
    example: np.ndarray
    unravel: Callable[[Real], Parameters]

    def ravel(self, parameters: Parameters) -> Real:
        """θ as one array, in the order of `variables`."""
        return ravel_pytree(parameters)[0]

    def sample(self, count: int, seed: int = 0) -> np.ndarray:
        """Generic points around the example: each entry moved by a random part of its size, or of 1."""
        scale = np.maximum(np.abs(self.example), 1.0)
        return self.example + 0.5 * scale * np.random.default_rng(seed).standard_normal((count, self.example.size))


def from_function(function: Callable[[Parameters], Any], example: Parameters, *, limit: int = LIMIT) -> FunctionModel:
    """The gradients of a JAX function θ ↦ x, with a symbol for every parameter.

    **Arguments:**

    - `function`: written with `jax.numpy`; its outputs are what a loss sees of θ.
    - `example`: a θ, any pytree of real arrays in double precision.
    - `limit`: the most parameters, unless more are asked for.

    **Raises:** `ValueError` for what is no function or has no real output, for parameters that are not floats in double
    precision or are too many, and for a function whose gradient is nowhere finite, or 0 wherever it was tried.

    >>> from mirrorflow.derive._numeric import from_function
    >>> model = from_function(lambda p: p["W"] @ p["b"], {"W": jnp.ones((1, 2)), "b": jnp.ones(2)})
    >>> model.variables.T
    Matrix([[W11, W12, b1, b2]])
    """
    if not callable(function):
        raise ValueError(f"function must be callable, got {type(function).__name__}: {function!r}.")
    leaves = _leaves(example)
    flat, unravel = ravel_pytree(jax.tree.map(jnp.asarray, example))
    at = double_precision("example", flat, axes=(1,))
    _require_size(at.size, limit)

    def flattened(theta: Real) -> Real:
        return ravel_pytree(function(unravel(jnp.asarray(theta))))[0]

    outputs = _outputs(function, flattened, example, at)
    arrays = symbols_of(leaves)
    variables = sympy.Matrix([entry for array in arrays.values() for entry in array.ravel().tolist()])
    model = FunctionModel(
        GradientFields(flattened, outputs, at.size), variables, arrays, at, lambda theta: unravel(jnp.asarray(theta))
    )
    _require_gradients(model, outputs)
    return model


def _leaves(example: Parameters) -> list[tuple[str, tuple[int, ...]]]:
    found = jax.tree_util.tree_leaves_with_path(example)
    if not found:
        raise ValueError("example must have at least one parameter, got an empty pytree.")
    for path, leaf in found:
        name = jax.tree_util.keystr(path)
        kind = getattr(leaf, "dtype", np.asarray(leaf).dtype)
        if not jnp.issubdtype(kind, jnp.floating):
            raise ValueError(f"example{name} must hold real numbers (floats) to be differentiated, got {kind}.")
    return [(name_of(path), tuple(np.shape(leaf))) for path, leaf in found]


def _outputs(function: Callable[[Parameters], Any], flattened: Callable, example: Parameters, at: np.ndarray) -> int:
    try:
        made = jax.eval_shape(function, example)
    except Exception as error:  # whatever a user's function may raise
        shapes = jax.tree.map(jnp.shape, example)
        raise ValueError(f"function does not accept an example of shapes {shapes}: {error}") from error
    kinds = [getattr(leaf, "dtype", None) for leaf in jax.tree.leaves(made)]
    if not kinds or not all(kind is not None and jnp.issubdtype(kind, jnp.floating) for kind in kinds):
        raise ValueError(f"function must return real arrays (floats), got {made}.")
    return int(jax.eval_shape(flattened, jnp.asarray(at)).shape[0])


def _require_size(size: int, limit: int) -> None:
    if size > _checks.integer("limit", limit, at_least=1):
        unknowns = size * (size + 3) // 2
        # The matrix has two rows for each unknown and exists about four times; its triangle and factors, three times.
        gigabytes = 8 * (4 * 2 + 3) * unknowns**2 / 2**30
        raise ValueError(
            f"example has {size} parameters, more than limit={limit}: laws of degree 2 alone would be sought among "
            f"{unknowns} functions, in about {gigabytes:.3g} GB, and each level of brackets differentiates the "
            f"function about {size} times. Pass limit={size} to do it all the same."
        )


def _require_gradients(model: FunctionModel, outputs: int) -> None:
    points = np.concatenate([model.example[None], model.sample(POINTS)])
    try:
        values = np.asarray(jax.jit(jax.vmap(model.fields))(jnp.asarray(points)))
        jax.eval_shape(lambda t: jax.jvp(partial(model.fields.combine, jnp.ones(outputs)), (t,), (t,)), points[0])
    except (TypeError, ValueError) as error:
        raise ValueError(f"function must be differentiable twice, in forward and reverse mode: {error}") from error
    if not np.isfinite(values[0]).all():
        raise ValueError("function must be differentiable at the example: its gradient there is not finite.")
    if not np.any(np.where(np.isfinite(values), values, 0.0)):
        raise ValueError("function must depend on its parameters: its gradient is 0 wherever it was tried.")
