"""The three compiled programs of a training: the state before the first step, further steps, an evaluation."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax import lax

from .._types import Parameters, Real
from ..sparsity import apply_masks
from ._loss import hits
from ._status import Code

# Batches in a row without a step, after which a training ends.
PATIENCE = 20


class Task(eqx.Module):
    """What is to be done: numbers, data and key traced; the functions and the batch decide the program."""

    make_optimizer: Callable[..., optax.GradientTransformation] = eqx.field(static=True)
    loss: Callable[..., Any] = eqx.field(static=True)
    batch: int = eqx.field(static=True)
    numbers: dict[str, Any]
    clip: Any
    data: Any
    key: Any
    # The network but for its weights.
    frame: Any

    def optimizer(self) -> optax.GradientTransformationExtraArgs:
        """The transformation of these numbers."""
        return optax.with_extra_args_support(self.make_optimizer(**self.numbers))

    def network(self, params: Parameters) -> Any:
        """The network with these weights."""
        return eqx.combine(params, self.frame)


class State(eqx.Module):
    """Where it is: all that the steps to come depend on.

    `loss` and `accuracy` are means over the `counted` steps since the last evaluation; `skipped` counts batches that
    made no step, `in_a_row` those since the last step.
    """

    step: jax.Array
    params: Parameters
    statistics: Any
    optimizer: Any
    loss: jax.Array
    accuracy: jax.Array
    counted: jax.Array
    skipped: jax.Array
    in_a_row: jax.Array
    code: jax.Array


class Seen(NamedTuple):
    """What an `observe` function is given; `start` is the network before the first step, masks applied."""

    step: jax.Array
    network: Any
    start: Any
    statistics: Any
    optimizer_state: Any
    data: Any


@eqx.filter_jit
def initialize(task: Task, params: Parameters, statistics: Any) -> State:
    """The state before the first step; what the optimizer's masks prune is 0 already."""
    memory = task.optimizer().init(params)
    for masks in masks_of(memory, params):
        params = apply_masks(params, masks)
    zero = jnp.zeros((), jnp.int32)
    mean = jnp.zeros((), _precision(params))
    good = _finite(params) & _finite(statistics)
    state = State(
        step=zero,
        params=params,
        statistics=statistics,
        optimizer=memory,
        loss=mean,
        accuracy=mean,
        counted=zero,
        skipped=zero,
        in_a_row=zero,
        code=jnp.where(good, Code.RUNNING, Code.BAD_START).astype(jnp.int32),
    )
    # A Python number in the state would be of a type that a state read from a file is not.
    return jax.tree.map(lambda leaf: lax.convert_element_type(leaf, leaf.dtype) if _is_number(leaf) else leaf, state)


@eqx.filter_jit(donate="all-except-first")
def advance(task: Task, state: State, n_steps: Any) -> State:
    """At most `n_steps` further batches, fewer if the training ends."""
    last = state.step + n_steps

    def going(state: State) -> jax.Array:
        return (state.code == Code.RUNNING) & (state.step < last)

    return lax.while_loop(going, lambda state: _step(task, state), state)


def _step(task: Task, state: State) -> State:
    inputs, targets = task.data.batch(task.key, state.step, task.batch)

    def objective(params: Parameters) -> tuple[Real, Any]:
        outputs, statistics = task.network(params)(inputs, state.statistics, training=True)
        right = hits(outputs, targets)
        return jnp.mean(task.loss(outputs, targets)), (statistics, jnp.nan if right is None else jnp.mean(right))

    (loss, (statistics, accuracy)), gradients = jax.value_and_grad(objective, has_aux=True)(state.params)
    sound = jnp.isfinite(loss) & _finite(gradients)
    if task.clip is not None:
        gradients = clipped(gradients, task.clip, masks_of(state.optimizer, state.params))
    updates, memory = task.optimizer().update(gradients, state.optimizer, state.params, value=loss)
    params = optax.apply_updates(state.params, updates)
    ok = sound & _finite(params) & _finite(statistics)

    old = (state.params, state.statistics, state.optimizer)
    new = _as_before((params, statistics, memory), old)
    # A conditional, not a selection: that would hold old and new apart and read both.
    params, statistics, memory = lax.cond(ok, lambda new, old: new, lambda new, old: old, new, old)
    counted = state.counted + ok
    in_a_row = jnp.where(ok, 0, state.in_a_row + 1)
    return State(
        step=state.step + 1,
        params=params,
        statistics=statistics,
        optimizer=memory,
        loss=_mean(state.loss, loss, ok, counted),
        accuracy=_mean(state.accuracy, accuracy, ok, counted),
        counted=counted,
        skipped=state.skipped + ~ok,
        in_a_row=in_a_row,
        code=jnp.where(in_a_row >= PATIENCE, Code.NOT_FINITE, Code.RUNNING).astype(jnp.int32),
    )


def _as_before(new: Any, old: Any) -> Any:
    """`new` in the types of `old`.

    **Raises:** `ValueError` for another structure.
    """
    if jax.tree.structure(new) != jax.tree.structure(old):
        raise ValueError(
            "The states of optimizer and network must keep their structure from step to step, got "
            f"{jax.tree.structure(new)} after {jax.tree.structure(old)}."
        )
    return jax.tree.map(lambda a, b: a.astype(b.dtype) if _is_number(b) else a, new, old)


@eqx.filter_jit
def evaluate(
    task: Task,
    state: State,
    start: Parameters,
    tests: dict[str, Any],
    observe: tuple[Any, ...],
    sparse: tuple[bool, ...],
) -> dict[str, Any]:
    """The metrics of a state, by name; `broken` counts weights that are not 0 though a mask prunes them."""
    network = task.network(state.params)
    begun = state.counted > 0
    row: dict[str, Any] = {"train_loss": jnp.where(begun, state.loss, jnp.nan)}
    targets = jax.eval_shape(lambda: task.data.batch(task.key, state.step, task.batch))[1]
    if jnp.issubdtype(targets.dtype, jnp.integer):
        row["train_accuracy"] = jnp.where(begun, state.accuracy, jnp.nan)
    for name, blocks in tests.items():
        row |= {f"{name}_{what}": mean for what, mean in _test(task.loss, network, state, blocks).items()}
    arrays = [leaf for leaf, on in zip(jax.tree.leaves(state.params), sparse, strict=True) if on]
    nonzeros = sum((jnp.sum(leaf != 0, dtype=jnp.int32) for leaf in arrays), start=jnp.zeros((), jnp.int32))
    row |= {"density": nonzeros / max(1, sum(leaf.size for leaf in arrays)), "nonzeros": nonzeros}
    seen = Seen(state.step, network, task.network(start), state.statistics, state.optimizer, task.data)
    for function in observe:
        row |= function(seen)
    return row | {"broken": _broken(state)}


def _test(loss: Any, network: Any, state: State, blocks: Any) -> dict[str, jax.Array]:
    """Means over a test set, block by block."""

    def block(part: Any) -> dict[str, jax.Array]:
        inputs, targets, weights = part
        outputs, _ = network(inputs, state.statistics, training=False)
        found, right = {"loss": loss(outputs, targets)}, hits(outputs, targets)
        found |= {} if right is None else {"accuracy": right}
        return {name: jnp.sum(jnp.where(weights > 0, values, 0)) for name, values in found.items()}

    sums = lax.map(block, tuple(blocks))
    return {name: jnp.sum(values) / jnp.sum(blocks.weights) for name, values in sums.items()}


def _broken(state: State) -> jax.Array:
    wrong = jnp.zeros((), jnp.int32)
    for masks in masks_of(state.optimizer, state.params):
        for theta, mask in zip(jax.tree.leaves(state.params), jax.tree.leaves(masks), strict=True):
            wrong = wrong + jnp.sum(~mask & (theta != 0), dtype=jnp.int32)
    return wrong


def masks_of(optimizer_state: Any, params: Parameters) -> list[Any]:
    """All masks in force in an optimizer's state: what it holds under the name `masks` that is a tree like params."""
    structure = jax.tree.structure(params)
    found = (value for _, value in optax.tree.get_all_with_path(optimizer_state, "masks"))
    return [masks for masks in found if jax.tree.structure(masks) == structure]


def clipped(gradients: Parameters, bound: Any, masks: list[Any]) -> Parameters:
    """The gradients, shorter where their norm, over weights that are not pruned, is above the bound."""
    present = gradients
    for one in masks:
        present = apply_masks(present, one)
    norm = optax.tree.norm(present)
    scale = jnp.minimum(1, bound / jnp.where(norm > 0, norm, 1))
    return jax.tree.map(lambda gradient: gradient * scale.astype(gradient.dtype), gradients)


def _mean(mean: jax.Array, value: Any, ok: jax.Array, counted: jax.Array) -> jax.Array:
    return jnp.where(ok, mean + (value - mean) / jnp.maximum(counted, 1), mean).astype(mean.dtype)


def _precision(params: Parameters) -> Any:
    return jnp.result_type(jnp.float32, *(leaf.dtype for leaf in jax.tree.leaves(params)))


def _is_number(leaf: Any) -> bool:
    return not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _finite(tree: Any) -> jax.Array:
    parts = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    return jnp.all(jnp.stack(parts)) if parts else jnp.asarray(True)
