"""Training θ=m⊙w in place of θ: the factors live in the optimizer's state, and the model sees θ alone."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from .. import _checks
from .._types import Parameters, Real
from ._steps import Schedule, Where, at, chosen, guarded, nonnegative, wide

_ULPS = 4.0


class Factors(NamedTuple):
    """m and w of one array θ=m⊙w, in at least single precision."""

    m: jax.Array
    w: jax.Array


class FactorsState(NamedTuple):
    """`step`: steps made; `factors`: `Factors` or None for each array of params; `base`: of the base step."""

    step: jax.Array
    factors: Any
    base: Any


def lifted(theta: Real, balance: Any) -> Factors:
    """m>0 and w with m⊙w=θ and m²−w²=β: m=√((β+√(β²+4θ²))/2), w=θ/m; 0 and 0 where θ and β are 0."""
    # hypot would take a branch an entry; scaled by the larger of the two, the root neither over- nor underflows.
    size = jnp.abs(theta)
    larger = jnp.maximum(2 * size, balance)
    share = jnp.where(larger > 0, jnp.minimum(2 * size, balance) / jnp.where(larger > 0, larger, 1), 0)
    m = jnp.sqrt((balance + larger * jnp.sqrt(1 + share**2)) / 2)
    return Factors(m, jnp.where(m > 0, theta / jnp.where(m > 0, m, 1), 0))


def factored(
    base: optax.GradientTransformation, balance: Schedule, decay: Schedule, reset_every: int | None, where: Where
) -> optax.GradientTransformationExtraArgs:
    """Steps of `base` on (m,w) under f(m⊙w)+α(‖m‖²+‖w‖²), lifted anew to m²−w²=β every `reset_every` steps.

    Where θ is not the m⊙w of the state, because something after this step moved it, θ counts: (m,w) is lifted to it
    with the balance it has.
    """
    _checks.instance("base", base, optax.GradientTransformation, "an optax transformation")
    base = optax.with_extra_args_support(base)
    balance, decay = nonnegative("balance", balance), nonnegative("decay", decay)
    if reset_every is not None:
        reset_every = _checks.integer("reset_every", reset_every, at_least=1)

    def init(params: Parameters) -> FactorsState:
        count = jnp.zeros((), jnp.int32)

        def lift(theta: Real, on: bool) -> Factors | None:
            return lifted(wide(theta), at(balance, count, wide(theta))) if on else None

        factors = jax.tree.map(lift, params, chosen(where, params))
        return FactorsState(count, factors, base.init(_mixed(params, factors)))

    def current(count: jax.Array, theta: Real, pair: Factors) -> Factors:
        """The factors to step from: those of the state, or lifted anew where θ was moved or a reset is due."""
        precision = _ULPS * float(jnp.finfo(theta.dtype).eps)
        theta, product = wide(theta), pair.m * pair.w
        anew = jnp.abs(theta - product) > precision * (jnp.abs(theta) + jnp.abs(product))
        kept = jnp.maximum((pair.m - pair.w) * (pair.m + pair.w), 0)
        if reset_every is not None:
            due = (count > 0) & (count % reset_every == 0)
            anew, kept = anew | due, jnp.where(due, at(balance, count, theta), kept)
        fresh = lifted(theta, kept)
        return Factors(jnp.where(anew, fresh.m, pair.m), jnp.where(anew, fresh.w, pair.w))

    def update(
        gradients: Parameters, state: FactorsState, params: Parameters, **extra: Any
    ) -> tuple[Parameters, FactorsState]:
        def pull(theta: Real, gradient: Real, pair: Factors | None) -> Any:
            if pair is None:
                return gradient
            gradient = gradient.astype(pair.m.dtype)
            pressure = 2 * at(decay, state.step, pair.m)
            return Factors(gradient * pair.w + pressure * pair.m, gradient * pair.m + pressure * pair.w)

        def move(theta: Real, step: Any) -> Real:
            return step.m * step.w - wide(theta) if isinstance(step, Factors) else step

        factors = jax.tree.map(
            lambda theta, pair: None if pair is None else current(state.step, theta, pair), params, state.factors
        )
        mixed = _mixed(params, factors)
        steps, memory = base.update(jax.tree.map(pull, params, gradients, factors), state.base, mixed, **extra)
        moved = jax.tree.map(
            lambda theta, pair, step: step if pair is None else Factors(pair.m + step.m, pair.w + step.w),
            params,
            factors,
            steps,
        )
        factors = jax.tree.map(lambda theta, pair, new: None if pair is None else new, params, factors, moved)
        return jax.tree.map(move, params, moved), FactorsState(state.step + 1, factors, memory)

    return guarded(init, update)


def _mixed(params: Parameters, factors: Any) -> Any:
    """(m,w) where an array is factored, the array itself where it is not."""
    return jax.tree.map(lambda theta, pair: theta if pair is None else pair, params, factors)
