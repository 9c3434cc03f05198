"""STR: a threshold for each array that is learned along with the weights."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from .. import _checks
from .._types import Numeric, Parameters, Real
from ._masks import Where, _sparse, wide


class Thresholded(NamedTuple):
    """The weights W before the threshold, and s of the threshold σ(s), of one array."""

    weights: Any
    s: Any


class ThresholdState(NamedTuple):
    """`factors`: `Thresholded` or None for each array of params; `inner`: of the base step."""

    factors: Any
    inner: Any


def learned_threshold(
    transformation: optax.GradientTransformation,
    *,
    initial: Numeric = -10.0,
    decay: Numeric = 1e-4,
    where: Where = None,
) -> optax.GradientTransformationExtraArgs:
    """STR: params are θ=sign(W)·max(|W|−σ(s), 0), with W and one s for each array trained by `transformation`.

    With σ the logistic function: ∂L/∂W=g where θ≠0, and ∂L/∂s=−σ'(s)Σg·sign(θ). The `decay` ½λ(‖W‖²+s²) draws s
    towards 0, where σ is ½, so that thresholds rise until the gradient stops them: how sparse it becomes is an outcome,
    set through λ, and no argument.

    **Arguments:** `transformation`: the step that W and s make; `initial`: s at the start; `decay`: λ ≥ 0; `where`: the
    arrays with a threshold, as in `random_masks`. W starts as θ+σ(s)sign(θ), so that θ is what it was.

    Where something chained after this moves θ, the threshold's W moves along.

    **Raises:** `ValueError` for numbers out of range.

    **Source:** arXiv:2002.03231; theory page 06 (dynamic sparse training).

    >>> optimizer = mf.sparsity.learned_threshold(optax.sgd(0.1), initial=0.0, decay=0.0)
    >>> theta = jnp.array([[0.02, 1.0]])
    >>> updates, _ = optimizer.update(jnp.ones((1, 2)), optimizer.init(theta), theta)
    >>> print((theta + updates).round(3))  # W falls by 0.1, σ(s) rises by 0.0125
    [[0.    0.888]]
    """
    _checks.instance("transformation", transformation, optax.GradientTransformation, "an optax transformation")
    base = optax.with_extra_args_support(transformation)
    initial, decay = _checks.number("initial", initial), _checks.nonnegative("decay", decay)

    def init(params: Parameters) -> ThresholdState:
        leaves, structure = jax.tree.flatten(params)

        def start(theta: Real, on: bool) -> Thresholded | None:
            s = jnp.asarray(initial, wide(theta).dtype)
            return Thresholded(wide(theta) + jax.nn.sigmoid(s) * jnp.sign(wide(theta)), s) if on else None

        held = [start(theta, on) for theta, on in zip(leaves, _sparse(params, where), strict=True)]
        factors = jax.tree.unflatten(structure, held)
        return ThresholdState(factors, base.init(_mixed(params, factors)))

    def update(
        updates: Parameters, state: Any, params: Parameters | None = None, **extra: Any
    ) -> tuple[Parameters, ThresholdState]:
        if params is None:
            raise ValueError("params must be given to update: thresholds are relative to them.")

        def current(theta: Real, pair: Thresholded | None) -> Any:
            """W moved along with what was added to θ since."""
            if pair is None:
                return None
            shown = shrunk(pair)
            moved = wide(theta) - shown
            apart = jnp.abs(moved) > 4 * float(jnp.finfo(theta.dtype).eps) * (jnp.abs(wide(theta)) + jnp.abs(shown))
            fresh = wide(theta) + jax.nn.sigmoid(pair.s) * jnp.sign(wide(theta))
            return Thresholded(jnp.where(apart, fresh, pair.weights), pair.s)

        def pull(theta: Real, gradient: Real, pair: Thresholded | None) -> Any:
            if pair is None:
                return gradient
            sign = jnp.sign(shrunk(pair))
            slope = jax.nn.sigmoid(pair.s) * jax.nn.sigmoid(-pair.s)
            rate = jnp.asarray(decay, pair.s.dtype)
            gradient = gradient.astype(pair.weights.dtype)
            return Thresholded(
                gradient * jnp.abs(sign) + rate * pair.weights, -slope * jnp.sum(gradient * sign) + rate * pair.s
            )

        factors = jax.tree.map(current, params, state.factors)
        pulls = jax.tree.map(pull, params, updates, factors)
        steps, memory = base.update(pulls, state.inner, _mixed(params, factors), **extra)
        factors = jax.tree.map(
            lambda theta, pair, step: None if pair is None else jax.tree.map(jnp.add, pair, step),
            params,
            factors,
            steps,
        )
        moved = jax.tree.map(
            lambda theta, pair, step: step if pair is None else shrunk(pair) - wide(theta), params, factors, steps
        )
        return moved, ThresholdState(factors, memory)

    return optax.GradientTransformationExtraArgs(init, update)


def shrunk(pair: Thresholded) -> Real:
    """sign(W)·max(|W|−σ(s), 0)"""
    return jnp.sign(pair.weights) * jnp.maximum(jnp.abs(pair.weights) - jax.nn.sigmoid(pair.s), 0)


def _mixed(params: Parameters, factors: Any) -> Any:
    return jax.tree.map(lambda theta, pair: theta if pair is None else pair, params, factors)
