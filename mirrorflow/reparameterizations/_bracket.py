"""Lie brackets of the gradient fields of a reparameterization, by automatic differentiation."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Parameters, Scalar
from ._base import AbstractReparameterization, norm

# More coordinates than this are paired at random instead of all with all.
ALL_PAIRS = 24
RANDOM_PAIRS = 128


class Bracket(NamedTuple):
    """The largest bracket found: `relative` to the sizes of the two fields' derivatives, and `between` which fields."""

    relative: float
    size: float
    between: str


def bracket(reparameterization: AbstractReparameterization, parameters: Parameters) -> Bracket:
    """The largest [∇g_i, ∇g_j] = ∇²g_j∇g_i − ∇²g_i∇g_j over pairs of coordinates of x, at the point θ.

    All pairs up to 24 coordinates; above, 128 random pairs and two random combinations of all coordinates, which
    are zero for every point only if all brackets are.

    **Source:** Li, Wang, Lee, Arora (arXiv:2207.04036), theory page 01.
    """
    return _largest(reparameterization, jax.tree.map(jnp.asarray, parameters), None)


def decay_bracket(
    reparameterization: AbstractReparameterization, parameters: Parameters, penalty: Callable[[Parameters], Scalar]
) -> Bracket:
    """The largest [∇h, ∇g_i] over the coordinates of x, at the point θ, for the penalty h of a decay.

    **Source:** Mirror, Mirror of the Flow (arXiv:2504.12883), theory page 02 (general theorem).
    """
    return _largest(reparameterization, jax.tree.map(jnp.asarray, parameters), penalty)


def _largest(reparameterization, parameters: Parameters, penalty) -> Bracket:
    shape = jax.eval_shape(reparameterization, parameters).shape
    size = int(np.prod(shape))
    first, second, names = _combinations(size, with_penalty=penalty is not None)
    sizes, scales = _brackets(reparameterization, penalty, parameters, first, second, shape)
    relative = np.asarray(sizes) / np.maximum(np.asarray(scales), 1e-300)
    best = int(np.argmax(relative))
    return Bracket(float(relative[best]), float(sizes[best]), names[best])


def _combinations(size: int, with_penalty: bool) -> tuple[np.ndarray, np.ndarray, list[str]]:
    unit = np.eye(size)
    random = np.random.default_rng(0)
    if with_penalty:
        chosen = range(size) if size <= ALL_PAIRS else random.choice(size, ALL_PAIRS, replace=False)
        second = [unit[i] for i in chosen] + [random.standard_normal(size)]
        names = [f"h and g_{i}" for i in chosen] + ["h and a random combination of the g_i"]
        return np.zeros((len(second), size)), np.stack(second), names
    if size <= ALL_PAIRS:
        pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
    else:
        pairs = [tuple(random.choice(size, 2, replace=False)) for _ in range(RANDOM_PAIRS)]
    first = [unit[i] for i, _ in pairs] + [random.standard_normal(size)]
    second = [unit[j] for _, j in pairs] + [random.standard_normal(size)]
    names = [f"g_{i} and g_{j}" for i, j in pairs] + ["two random combinations of the g_i"]
    return np.stack(first), np.stack(second), names


@eqx.filter_jit
def _brackets(reparameterization, penalty, parameters, first, second, shape):
    def field(weights):
        return lambda theta: reparameterization.pull_back(theta, weights.reshape(shape))

    def one(a, b):
        left = jax.grad(penalty) if penalty is not None else field(a)
        right = field(b)
        x, y = left(parameters), right(parameters)
        along_x = jax.jvp(right, (parameters,), (x,))[1]
        along_y = jax.jvp(left, (parameters,), (y,))[1]
        difference = jax.tree.map(lambda p, r: p - r, along_x, along_y)
        return norm(difference), norm(along_x) + norm(along_y)

    dtype = jax.tree.leaves(parameters)[0].dtype
    return jax.lax.map(lambda pair: one(*pair), (jnp.asarray(first, dtype), jnp.asarray(second, dtype)))
