"""Dense-to-sparse training: gradually, in phases, or in rounds."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from .. import _checks
from .._types import Numeric, Parameters
from ._changing import Moment, at_multiples, changing
from ._masks import Where, apply_masks, kept, magnitude_masks, masks_of_largest, sparse_size


def gradual(
    transformation: optax.GradientTransformation,
    *,
    density: Numeric,
    begin: int,
    end: int,
    interval: int = 100,
    where: Where = None,
) -> optax.GradientTransformationExtraArgs:
    """Gradual magnitude pruning: from step `begin` to `end` the density falls as d+(1−d)(1−(k−begin)/(end−begin))³.

    Every `interval` steps, and at `end`, the weights of least magnitude of all arrays `where` together are pruned; what
    is pruned stays so. From `end` on the density is exactly `density`.

    **Raises:** `ValueError` for a density outside (0, 1] or an end before the begin.

    **Source:** arXiv:1710.01878; theory page 06 (dynamic sparse training).
    """
    kept(density, 1)
    begin, end = _checks.integer("begin", begin, at_least=0), _checks.integer("end", end, at_least=1)
    if end <= begin:
        raise ValueError(f"end must come after begin = {begin}, got {end}.")
    every = at_multiples(interval, begin, end)

    def change(now: Moment) -> Any:
        size = sparse_size(now.params, where)
        left = jnp.clip(1 - (now.step - begin) / (end - begin), 0, 1)
        last = kept(density, size)
        count = jnp.round(last + (size - last) * left**3).astype(jnp.int32)
        return masks_of_largest(now.params, jnp.where(now.step >= end, last, count), where)

    def due(step: jax.Array) -> jax.Array:
        return every(step) | (step == end)

    return changing(transformation, _dense, due, change, jax.random.key(0))


def ac_dc(
    transformation: optax.GradientTransformation,
    *,
    density: Numeric,
    warmup: int,
    compressed: int,
    dense: int,
    end: int,
    where: Where = None,
) -> optax.GradientTransformationExtraArgs:
    """AC/DC: after `warmup` dense steps, phases on the largest weights alone take turns with dense ones.

    A phase of `compressed` steps begins with the masks of the largest weights of all arrays `where`; in the `dense`
    steps after it everything may move again. From step `end` on it is compressed for good.

    **Raises:** `ValueError` for a density outside (0, 1], phases below 1 step, an end before the warmup is over.

    **Source:** arXiv:2106.12379; theory page 06 (dynamic sparse training).
    """
    kept(density, 1)
    warmup = _checks.integer("warmup", warmup, at_least=0)
    compressed = _checks.integer("compressed", compressed, at_least=1)
    dense = _checks.integer("dense", dense, at_least=1)
    end = _checks.integer("end", end, at_least=warmup)

    def phase(step: jax.Array) -> jax.Array:
        return (step - warmup) % (compressed + dense)

    def due(step: jax.Array) -> jax.Array:
        starts = (phase(step) == 0) | (phase(step) == compressed)
        return ((step >= warmup) & (step < end) & starts) | (step == end)

    def change(now: Moment) -> Any:
        opens = (now.step < end) & (phase(now.step) == compressed)
        sparse = masks_of_largest(now.params, kept(density, sparse_size(now.params, where)), where)
        return jax.tree.map(lambda mask: mask | opens, sparse)

    return changing(transformation, _dense, due, change, jax.random.key(0))


class Round(NamedTuple):
    """One round of `imp`: the `masks` it trained on, and the `params` it ended with."""

    masks: Any
    params: Parameters


def imp(
    train: Callable[[Parameters, Any], Parameters],
    start: Parameters,
    *,
    density: Numeric,
    rounds: int,
    rewind: Parameters | None = None,
    where: Where = None,
) -> list[Round]:
    """Iterative magnitude pruning with rewinding: train, prune, put the rest back, and again.

    The first round trains `start` dense; each later one trains on the largest weights of the last, as many that the
    densities fall geometrically to `density` in the last, put back to their values in `rewind`.

    **Arguments:** `train`: (params, masks) ↦ trained params, zero where the masks are False; `rounds`: prunings,
    one fewer than trainings; `rewind`: params of an early step, by default `start`.

    **Raises:** `ValueError` for a density outside (0, 1], rounds below 1.

    **Source:** arXiv:1912.05671; theory page 06 (dynamic sparse training).
    """
    kept(density, 1)
    rounds = _checks.integer("rounds", rounds, at_least=1)
    rewind = start if rewind is None else rewind
    masks = _dense(start)
    made = [Round(masks, train(start, masks))]
    for number in range(1, rounds + 1):
        masks = magnitude_masks(made[-1].params, float(density) ** (number / rounds), where=where)
        made.append(Round(masks, train(apply_masks(rewind, masks), masks)))
    return made


def _dense(params: Parameters) -> Any:
    return jax.tree.map(lambda theta: jnp.ones(theta.shape, bool), params)
