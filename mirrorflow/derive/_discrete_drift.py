"""How far steps of a finite size carry a law of the flow, and how that shrinks with the step size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Parameters

# Drifts below this many roundings of the law are not those of the steps, and no slope is fitted through them.
ROUNDINGS = 1e3


@dataclass(frozen=True)
class DiscreteDrift:
    """Drifts of a law under steps of several sizes, all over the same time.

    `step_sizes`: total_time/steps; `steps`: how many; `drifts`: max|h(θ_T)−h(θ_0)| over the law's entries; `slope` of
    log drift against log step size, and its `standard_error`; both None where the steps keep the law up to rounding.
    """

    step_sizes: np.ndarray
    steps: np.ndarray
    drifts: np.ndarray
    slope: float | None
    standard_error: float | None


def discrete_drift(
    law: Callable[[Parameters], Any],
    gradient: Callable[..., Parameters],
    start: Parameters,
    step_sizes: Sequence[float],
    total_time: Numeric,
    key: jax.Array | None = None,
) -> DiscreteDrift:
    """The slope at which the drift of a law under θ ← θ − τ·∇𝓛(θ) goes to 0 with the step size τ.

    A law of the flow has ⟨∇h, ∇𝓛⟩=0 for each batch, so that a step changes it by O(τ²) and steps τ_i by at most
    C·Στ_i²: C·T·τ at a fixed time T=Στ_i, slope 1.

    **Arguments:**

    - `law`: h, θ ↦ a number or an array.
    - `gradient`: θ ↦ ∇𝓛(θ), of the structure of θ; with a key (θ, key) ↦ the gradient of a random batch.
    - `start`: θ_0, any pytree of arrays.
    - `step_sizes`: τ, at least three different ones, each at most `total_time`, which is cut into whole steps.
    - `total_time`: T > 0; `key`: of `jax.random`, for batches; each step and step size has its own.

    **Raises:** `ValueError` for numbers out of range, a gradient of another structure, or a run that left the range of
    floats.

    **Source:** theory page 07 (discretization).

    >>> from mirrorflow.derive._discrete_drift import discrete_drift
    >>> law, gradient = (lambda p: p[0] ** 2 - p[1] ** 2), jax.grad(lambda p: (p[0] * p[1] - 1.0) ** 2)
    >>> found = discrete_drift(law, gradient, jnp.array([2.0, 0.3]), [0.001, 0.002, 0.004], 1.0)
    >>> round(found.slope, 1)
    1.0
    """
    for name, function in (("law", law), ("gradient", gradient)):
        if not callable(function):
            raise ValueError(f"{name} must be callable, got {type(function).__name__}: {function!r}.")
    time = float(_checks.positive("total_time", total_time))
    steps = _steps(step_sizes, time)
    start = jax.tree.map(lambda leaf: jnp.asarray(_checks.number("start", leaf, shape=None)), start)
    keys = jax.random.split(jax.random.key(0) if key is None else _checks.key("key", key), len(steps))
    step_gradient = gradient if key is not None else lambda theta, _: gradient(theta)
    _check_structure(step_gradient, start, keys[0])
    sizes = time / steps
    before, after = _run(law, step_gradient, start, steps, sizes, keys)
    for size, value in zip(sizes, after, strict=True):
        if not (np.isfinite(value).all() and np.isfinite(before).all()):
            raise ValueError(f"step_sizes must be small enough: the law is not finite after steps of {size:g}.")
    drifts = np.max(np.abs(after - before).reshape(len(steps), -1), axis=1)
    rounding = ROUNDINGS * np.finfo(before.dtype).eps * max(np.max(np.abs(before)), np.max(np.abs(after)))
    slope, error = _fitted(sizes, drifts) if np.all(drifts > rounding) else (None, None)
    return DiscreteDrift(sizes, steps, drifts, slope, error)


def _steps(step_sizes: Sequence[float], time: float) -> np.ndarray:
    sizes = np.asarray(_checks.positive("step_sizes", np.asarray(step_sizes, float), shape=None))
    if sizes.ndim != 1 or sizes.size < 3 or np.max(sizes) > time:
        raise ValueError(f"step_sizes must be at least three sizes of at most total_time={time:g}, got {sizes}.")
    steps = np.round(time / sizes).astype(int)
    if len(set(steps.tolist())) < 3:
        raise ValueError(f"step_sizes must make three different numbers of steps in total_time, got {steps}.")
    return steps


def _check_structure(gradient: Callable, start: Parameters, key: jax.Array) -> None:
    made = jax.eval_shape(gradient, start, key)
    given, own = (jax.tree.map(jnp.shape, tree) for tree in (made, start))
    if given != own:
        raise ValueError(f"gradient must have the structure and shapes of start, {own}, got {given}.")


def _run(law, gradient, start: Parameters, steps: np.ndarray, sizes: np.ndarray, keys: jax.Array):
    """h at the start, and after all steps for each step size."""

    def one(arguments):
        count, size, key = arguments

        def step(index, theta):
            slope = gradient(theta, jax.random.fold_in(key, index))
            return jax.tree.map(lambda leaf, change: leaf - jnp.asarray(size, leaf.dtype) * change, theta, slope)

        return jnp.asarray(law(jax.lax.fori_loop(0, count, step, start)))

    # One program for all step sizes: their numbers of steps are arguments of the loop.
    after = jax.jit(lambda *arguments: jax.lax.map(one, arguments))(jnp.asarray(steps), jnp.asarray(sizes), keys)
    return np.asarray(law(start)), np.asarray(after)


def _fitted(sizes: np.ndarray, drifts: np.ndarray) -> tuple[float, float]:
    """The slope of least squares through the logarithms, and its standard error."""
    x, y = np.log(sizes) - np.mean(np.log(sizes)), np.log(drifts) - np.mean(np.log(drifts))
    slope = float(x @ y / (x @ x))
    return slope, float(np.sqrt(np.sum((y - slope * x) ** 2) / (len(x) - 2) / (x @ x)))
