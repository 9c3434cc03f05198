"""SparseOpt: steps of a sparse layer scaled neuron by neuron, as batch normalization has scaled the gradient."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from .. import _checks
from .._types import Parameters, Real
from ._steps import guarded, same_tree

Axis = int | Callable[[Any], int] | Any


class SparseOptState(NamedTuple):
    """`base`: the state of the base step."""

    base: Any


def sparse_opt(
    base: optax.GradientTransformation,
    *,
    neuron_axis: Axis,
    masks: Any = None,
    correct: str = "update",
) -> optax.GradientTransformationExtraArgs:
    """The base step with all weights into neuron i scaled by √((1−s_i)/(1−s_avg)), s_i the neuron's sparsity.

    Behind a neuron with a share 1−s_i of its incoming weights, batch normalization divides by √(1−s_i)·σ in place of σ,
    and the gradient that comes back is (1−s_i)^{−1/2} times as large; s_avg is the layer's mean. Where all neurons of a
    layer have as many weights, this is exactly the base step.

    **Arguments:**

    - `neuron_axis`: the axis of an array along which its neurons lie: −1 for kernels (in, out) and (H, W, in, out), 0
      for (out, in). A number, a pytree of numbers like params, or a function of an array.
    - `masks`: a pytree of booleans like params, True where a weight is; None in place of an array that is dense. Masks
      given to `update(…, masks=…)`, as the methods of `sparsity` that change them do, count in their place.
    - `correct`: "update" scales what the base step gives; "gradient" scales what it gets. For SGD with momentum the two
      are one as long as the masks stay. Adam does not see a constant scale of its gradient: for it only "update" does
      anything. A weight decay inside `base` is scaled along with "update".

    Masks scale here and zero nothing: `sparsity.masked` keeps pruned weights at 0. Arrays of fewer than two axes are
    left as they are; a neuron without any weight gets the scale 0, and so does a layer without any.

    **Raises:** `ValueError` for masks of another tree or shape or that are not booleans, an axis that an array does not
    have, no masks in either place.

    **Source:** arXiv:2605.27541; theory page 06 (SparseOpt).

    >>> masks = jnp.array([[True, True], [True, False], [True, False], [True, False]])
    >>> optimizer = mf.optimizers.sparse_opt(optax.sgd(1.0), masks=masks, neuron_axis=-1)
    >>> theta = 1.0 * masks
    >>> updates, _ = optimizer.update(theta, optimizer.init(theta), theta)
    >>> print(updates[0].round(3))  # −√(1/.625) and −√(.25/.625)
    [-1.265 -0.632]
    """
    _checks.instance("base", base, optax.GradientTransformation, "an optax transformation")
    if correct not in ("update", "gradient"):
        raise ValueError(f'correct must be "update" or "gradient", got {correct!r}.')
    base = optax.with_extra_args_support(base)
    given = masks

    def init(params: Parameters) -> SparseOptState:
        if given is not None:
            _checks.masks(given, params)
        jax.tree.map(_axis, params, _axes(neuron_axis, params))
        return SparseOptState(base.init(params))

    def update(
        gradients: Parameters, state: SparseOptState, params: Parameters, *, masks: Any = None, **extra: Any
    ) -> tuple[Parameters, SparseOptState]:
        masks = given if masks is None else masks
        if masks is None:
            raise ValueError("masks must be given, to sparse_opt or to its update.")
        _checks.masks(masks, params)
        axes = _axes(neuron_axis, params)

        def scaled(tree: Any) -> Any:
            return jax.tree.map(_scaled, params, tree, masks, axes)

        gradients = scaled(gradients) if correct == "gradient" else gradients
        steps, memory = base.update(gradients, state.base, params, masks=masks, **extra)
        return scaled(steps) if correct == "update" else steps, SparseOptState(memory)

    return guarded(init, update)


def neuron_scales(mask: Any, neuron_axis: int) -> jax.Array:
    """√((1−s_i)/(1−s_avg)) for each neuron of a layer, shape (neurons,); exactly 1 where all have as many weights."""
    axes = tuple(axis for axis in range(mask.ndim) if axis != neuron_axis % mask.ndim)
    weights = jnp.sum(mask, axis=axes, dtype=jnp.int32)
    even = jnp.all(weights == weights[0])
    total = jnp.sum(weights, dtype=float)
    ratio = weights * (weights.size / jnp.where(total > 0, total, 1))
    return jnp.sqrt(jnp.where(even & (total > 0), 1, ratio))


def _scaled(theta: Real, step: Real, mask: Any, axis: int) -> Real:
    if mask is None or theta.ndim < 2:
        return step
    scales = neuron_scales(mask, axis).astype(step.dtype)
    return step * jnp.expand_dims(scales, [k for k in range(theta.ndim) if k != axis % theta.ndim])


def _axes(neuron_axis: Axis, params: Parameters) -> Any:
    if isinstance(neuron_axis, int):
        return jax.tree.map(lambda theta: neuron_axis, params)
    if _checks.is_function(neuron_axis):
        return jax.tree.map(neuron_axis, params)
    same_tree("neuron_axis", neuron_axis, params)
    return neuron_axis


def _axis(theta: Real, axis: Any) -> int:
    """`axis` if it is one of the array's, else a `ValueError`."""
    if (
        isinstance(axis, bool)
        or not isinstance(axis, int)
        or (theta.ndim >= 2 and not -theta.ndim <= axis < theta.ndim)
    ):
        raise ValueError(f"neuron_axis must be an axis of an array of shape {theta.shape}, got {axis!r}.")
    return axis
