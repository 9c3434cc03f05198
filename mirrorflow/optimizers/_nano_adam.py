"""NanoAdam: Adam on the smallest weights alone, with moments for these alone."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax

from .. import _checks
from .._types import Numeric, Parameters, Real
from ._smallest import smallest
from ._steps import Guarded, Schedule, all_finite, at, check_parameters, nonnegative, settled, wide

_FULL = 1.0


class Moments(NamedTuple):
    """Adam's moments of one array: of all of it, `entries` None, or of these flat entries, shape (k,)."""

    entries: jax.Array | None
    first: Real
    second: Real


class NanoAdamState(NamedTuple):
    """`step`: steps made; `since`: steps that the bias correction counts; `moments`: `Moments` for each array."""

    step: jax.Array
    since: jax.Array
    moments: Any


class NanoAdam(optax.GradientTransformationExtraArgs):
    """A transformation that can also change params itself: `apply(gradients, state, params)` gives (params, state).

    Under `jit` with donated params this writes the k entries in place and touches no other; `update` has to make a
    dense array of mostly zeros for `optax.apply_updates` to add.
    """

    apply: Callable[..., tuple[Parameters, Guarded]]

    def __new__(cls, init: Any, update: Any, apply: Any) -> "NanoAdam":
        """Both ways to step from one state."""
        self = super().__new__(cls, init, update)
        self.apply = apply
        return self


def nano_adam(
    learning_rate: Schedule,
    *,
    density: float = 0.1,
    final_density: float | None = None,
    decay_steps: int | None = None,
    interval: int = 100,
    b1: Numeric = 0.9,
    b2: Numeric = 0.999,
    eps: Numeric = 1e-8,
    weight_decay: Schedule = 0.0,
    exclude: Sequence[str] = ("norm", "head"),
    reset: bool = False,
    moment_dtype: Any = None,
) -> NanoAdam:
    """Adam that moves, in each array, only the share `density` of entries of least |θ|, and keeps moments of no other.

    Every `interval` steps the set I of the k smallest entries is found anew, without a gradient. Moments of entries
    that stay in I are carried on, those that enter start from 0. θ_I ← θ_I − η(m̂/(√v̂+ε) + λθ_I), the rest stands.

    Memory: k(2·b+4) bytes of moments of b bytes each and of indices in place of Adam's 2·b for every weight; at
    density 0.1 in single precision 15 % of Adam's.

    **Arguments:**

    - `learning_rate`: η, a number or an optax schedule; `weight_decay`: λ ≥ 0, decoupled, of the entries in I alone.
    - `density`: in (0, 1]; with `final_density` it falls linearly to that over the first `decay_steps` steps. The
      arrays of the state keep the length they start with.
    - `interval`: steps from one choice of I to the next; `reset`: start all moments from 0 at each.
    - `exclude`: arrays whose path in params contains one of these words are updated in full, as are all of fewer than
      two axes: biases and norms, and by name the classifier.
    - `moment_dtype`: of the moments; by default that of the array, at least single precision.

    With masks given to `update(…, masks=…)` no pruned entry is chosen before all others are.

    **Raises:** `ValueError` for a density outside (0, 1], a final density above the first or without `decay_steps`,
    params that are no floats or not given.

    **Source:** arXiv:2506.21374; theory page 06 (NanoAdam).

    >>> optimizer = mf.optimizers.nano_adam(0.1, density=0.25)
    >>> theta = jnp.array([[1.0, -2.0], [3.0, 0.5]])
    >>> updates, state = optimizer.update(jnp.ones((2, 2)), optimizer.init(theta), theta)
    >>> updates.round(3).tolist()
    [[0.0, 0.0], [0.0, -0.1]]
    """
    learning_rate, weight_decay = nonnegative("learning_rate", learning_rate), nonnegative("weight_decay", weight_decay)
    density = _density("density", density)
    final_density = density if final_density is None else _density("final_density", final_density)
    if final_density > density or (final_density < density and decay_steps is None):
        raise ValueError(
            f"final_density must be at most density = {density:g} and come with decay_steps, got {final_density:g} and "
            f"decay_steps {decay_steps}."
        )
    decay_steps = _checks.integer("decay_steps", 1 if decay_steps is None else decay_steps, at_least=1)
    interval = _checks.integer("interval", interval, at_least=1)
    b1, b2 = _checks.in_interval("b1", b1, 0.0, 1.0), _checks.in_interval("b2", b2, 0.0, 1.0)
    eps = _checks.nonnegative("eps", eps)

    def capacity(path: Any, theta: Real) -> int | None:
        """k at the start; None for an array that is updated in full."""
        name = jax.tree_util.keystr(path).lower()
        if theta.ndim < 2 or density == _FULL or any(word.lower() in name for word in exclude):
            return None
        return max(1, round(density * theta.size))

    def held(count: jax.Array, theta: Real, most: int) -> jax.Array:
        """How many entries are in I at step `count`."""
        share = density + (final_density - density) * jnp.minimum(count / decay_steps, 1)
        return jnp.clip(jnp.round(share * theta.size).astype(jnp.int32), 1, most)

    def init(params: Parameters) -> Guarded:
        check_parameters(params)

        def leaf(path: Any, theta: Real) -> Moments:
            most = capacity(path, theta)
            shape, dtype = theta.shape if most is None else (most,), moment_dtype or wide(theta).dtype
            index = None if most is None else jnp.full((most,), theta.size, jnp.int32)
            return Moments(index, jnp.zeros(shape, dtype), jnp.zeros(shape, dtype))

        zero = jnp.zeros((), jnp.int32)
        return Guarded(zero, NanoAdamState(zero, zero, jax.tree_util.tree_map_with_path(leaf, params)))

    def chosen(count: jax.Array, theta: Real, moments: Moments, mask: Any) -> Moments:
        """The moments on the set chosen anew at every `interval`-th step."""

        def anew(old: Moments) -> Moments:
            most = old.first.size
            index = smallest(theta, held(count, theta, most), most, mask)
            if reset:
                return Moments(index, jnp.zeros_like(old.first), jnp.zeros_like(old.second))
            first, second = (_carried(old.entries, values, index, theta.size) for values in old[1:])
            return Moments(index, first, second)

        if moments.entries is None:
            return moments
        return lax.cond(count % interval == 0, anew, lambda old: old, moments)

    def steps(gradients: Parameters, state: NanoAdamState, params: Parameters, masks: Any) -> tuple[Any, NanoAdamState]:
        """For each array the steps of its entries in I, and the new state."""
        count = state.step
        since = jnp.where(reset & (count % interval == 0), 0, state.since) + 1
        masks = jax.tree.map(lambda theta: None, params) if masks is None else masks

        def leaf(theta: Real, gradient: Real, moments: Moments, mask: Any) -> tuple[Moments, Real]:
            moments = chosen(count, theta, moments, mask)
            gradient, theta = _entries(gradient, moments.entries), wide(_entries(theta, moments.entries))
            dtype, kind = theta.dtype, moments.first.dtype
            gradient = gradient.astype(dtype)
            keep, keep_squares = at(b1, count, theta), at(b2, count, theta)
            first = keep * moments.first.astype(dtype) + (1 - keep) * gradient
            second = keep_squares * moments.second.astype(dtype) + (1 - keep_squares) * gradient**2
            unbiased = first / (1 - keep**since)
            spread = jnp.sqrt(second / (1 - keep_squares**since))
            step = unbiased / (spread + at(eps, count, theta)) + at(weight_decay, count, theta) * theta
            return Moments(moments.entries, first.astype(kind), second.astype(kind)), -at(
                learning_rate, count, theta
            ) * step

        both = jax.tree.map(leaf, params, gradients, state.moments, masks)
        moments, taken = (jax.tree.map(lambda theta, pair, k=k: pair[k], params, both) for k in (0, 1))
        return taken, NanoAdamState(count + 1, since, moments)

    def stepped(gradients: Parameters, state: Guarded, params: Parameters | None, masks: Any) -> tuple[Any, Guarded]:
        if params is None:
            raise ValueError("params must be given to update: these steps depend on where the weights are.")
        ok = all_finite(gradients)
        taken, inner = steps(gradients, state.inner, params, masks)
        taken = jax.tree.map(lambda step: jnp.where(ok, step, 0), taken)
        return taken, settled(ok, inner, state)

    def update(
        updates: Parameters, state: Guarded, params: Parameters | None = None, *, masks: Any = None, **extra: Any
    ) -> tuple[Parameters, Guarded]:
        del extra
        taken, state = stepped(updates, state, params, masks)

        def leaf(theta: Real, moments: Moments, step: Real) -> Real:
            empty = jnp.zeros(theta.shape, step.dtype)
            return step if moments.entries is None else _added(empty, moments.entries, step)

        return jax.tree.map(leaf, params, state.inner.moments, taken), state

    def apply(
        gradients: Parameters, state: Guarded, params: Parameters, *, masks: Any = None
    ) -> tuple[Parameters, Guarded]:
        taken, state = stepped(gradients, state, params, masks)

        def leaf(theta: Real, moments: Moments, step: Real) -> Real:
            if moments.entries is None:
                return (theta + step).astype(theta.dtype)
            return _added(theta, moments.entries, step)

        return jax.tree.map(leaf, params, state.inner.moments, taken), state

    return NanoAdam(init, update, apply)


def _density(name: str, value: Any) -> float:
    held = _checks.number(name, value)
    if _checks.is_traced(held) or not 0 < held <= 1:
        raise ValueError(f"{name} must be a number in (0, 1], got {value}.")
    return float(held)


def _entries(values: Real, index: jax.Array | None) -> Real:
    if index is None:
        return values
    return jnp.ravel(values).at[index].get(mode="fill", fill_value=0, indices_are_sorted=True, unique_indices=True)


def _added(values: Real, index: jax.Array, steps: Real) -> Real:
    """`values` with `steps` added at the flat entries `index`, an index past the end left out."""
    flat = jnp.ravel(values)
    moved = flat.at[index].get(mode="fill", fill_value=0, indices_are_sorted=True) + steps
    flat = flat.at[index].set(moved.astype(values.dtype), mode="drop", indices_are_sorted=True)
    return flat.reshape(values.shape)


def _carried(old: Any, values: Real, new: jax.Array, size: int) -> Real:
    """The values at the indices `old`, at the indices `new`; 0 where `new` was not among them."""
    place = jnp.clip(jnp.searchsorted(old, new), 0, old.size - 1)
    return jnp.where((old[place] == new) & (new < size), values[place], 0)
