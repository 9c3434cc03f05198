"""Optimizer steps as operators on the weights, which can be composed, and of which two need not commute.

An operator takes params and a gradient to params. `compose(a, b)` makes b's step first, then a's; the gradient is the
one at the point where the whole step started, as in one step of an optimizer that does both.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from .. import _checks
from .._types import Parameters, Real
from ._steps import Schedule, Where, at, chosen, guarded, nonnegative, wide

# From here on cosh and sinh cancel in single precision: relative error 2⁻²⁴·e^{2·1}.
_NEAR = 1.0
LARGEST_EXPONENT = 5.0


class Operator(NamedTuple):
    """`init(params)` gives the state; `apply(gradient, state, params)` gives (params, state)."""

    init: Callable[[Parameters], Any]
    apply: Callable[..., tuple[Parameters, Any]]

    def __call__(self, params: Parameters, gradient: Parameters) -> Parameters:
        """The params after one step from a fresh state."""
        return self.apply(gradient, self.init(params), params)[0]


class StepState(NamedTuple):
    """`step`: steps made; `clamped`: entries whose exponent was cut off in the last; `direction`: of the direction."""

    step: jax.Array
    clamped: jax.Array
    direction: Any


def step(transformation: optax.GradientTransformation) -> Operator:
    """θ ↦ θ + what an optax transformation makes of the gradient."""
    _checks.instance("transformation", transformation, optax.GradientTransformation, "an optax transformation")
    transformation = optax.with_extra_args_support(transformation)

    def apply(gradient: Parameters, state: Any, params: Parameters, **extra: Any) -> tuple[Parameters, Any]:
        updates, state = transformation.update(gradient, state, params, **extra)
        return jax.tree.map(lambda theta, u: theta + u.astype(theta.dtype), params, updates), state

    return Operator(transformation.init, apply)


def descent(learning_rate: Schedule, direction: optax.GradientTransformation | None = None) -> Operator:
    """S: θ ↦ θ−ηs, s the gradient or what `direction`, an optax transformation, makes of it.

    `descent(η, optax.scale_by_adam())` is Adam, `descent(η, optax.scale_by_sign())` sign descent.
    """
    return _driven(learning_rate, direction, lambda theta, exponent, count: theta - exponent)


def hyperbolic(
    learning_rate: Schedule, scale: Schedule, direction: optax.GradientTransformation | None = None
) -> Operator:
    """H: θ ↦ γ sinh(asinh(θ/γ)−ηu), a step of mirror descent with Σθ asinh(θ/γ)−√(θ²+γ²); u as s in `descent`.

    ηu is cut off at ±5.

    **Source:** theory page 06 (HORST); `potentials.HyperbolicEntropy(scale)`.
    """
    scale = scale if callable(scale) else _checks.positive("scale", scale)

    def move(theta: Real, exponent: Real, count: jax.Array) -> Real:
        return hyperbolic_step(theta, exponent, at(scale, count, theta))

    return _driven(learning_rate, direction, move, limit=LARGEST_EXPONENT)


def exponential(learning_rate: Schedule, alpha: Schedule, beta: Schedule = 0.0, where: Where = "all") -> Operator:
    """E: θ ↦ θ ⊙ exp(−η(α sign(θ)⊙g + β)), g the gradient: the second half of a step of HAM, exponent within ±5.

    `where`: the arrays it acts on, as in `ham`; all of them by default.
    """
    alpha, beta = nonnegative("alpha", alpha), nonnegative("beta", beta)

    def exponent(theta: Real, rate: Any, g: Real, count: jax.Array) -> Real:
        return rate * (at(alpha, count, theta) * jnp.sign(theta) * g + at(beta, count, theta))

    return _driven(
        learning_rate, None, lambda theta, power, count: theta * jnp.exp(-power), exponent, LARGEST_EXPONENT, where
    )


def shrink(learning_rate: Schedule, decay: Schedule) -> Operator:
    """W: θ ↦ (1−ηλ)θ, decoupled weight decay."""
    decay = nonnegative("decay", decay)

    def exponent(theta: Real, rate: Any, g: Real, count: jax.Array) -> Real:
        return rate * at(decay, count, theta) * jnp.ones_like(theta)

    return _driven(learning_rate, None, lambda theta, share, count: (1 - share) * theta, exponent)


def compose(*operators: Operator) -> Operator:
    """The operators one after another, the last one first: compose(a, b)(θ) = a(b(θ)).

    **Raises:** `ValueError` for none, or what is no `Operator`.

    >>> s, h = mf.optimizers.descent(0.1), mf.optimizers.hyperbolic(0.1, scale=1.0)
    >>> theta, gradient = jnp.ones(1), jnp.ones(1)
    >>> bool(mf.optimizers.compose(h, s)(theta, gradient) == h(s(theta, gradient), gradient))
    True
    """
    if not operators:
        raise ValueError("compose needs at least one operator.")
    for operator in operators:
        _checks.instance("operators", operator, Operator, "operators")

    def init(params: Parameters) -> tuple[Any, ...]:
        return tuple(operator.init(params) for operator in operators)

    def apply(
        gradient: Parameters, state: tuple[Any, ...], params: Parameters, **extra: Any
    ) -> tuple[Parameters, tuple[Any, ...]]:
        after = []
        for operator, own in zip(reversed(operators), reversed(state), strict=True):
            params, own = operator.apply(gradient, own, params, **extra)
            after.append(own)
        return params, tuple(reversed(after))

    return Operator(init, apply)


def commutator(a: Operator, b: Operator, params: Parameters, gradient: Parameters) -> Parameters:
    """a∘b − b∘a at params: 0 where the order of the two steps does not matter.

    For H of direction u and S of direction s, both of learning rate η: η²·u·s·θ/√(θ²+γ²) + O(η³).

    **Source:** arXiv:2605.21104; theory page 06 (operator algebra).

    >>> s, h = mf.optimizers.descent(1e-3), mf.optimizers.hyperbolic(1e-3, scale=1.0)
    >>> float(mf.optimizers.commutator(h, s, jnp.ones(1), jnp.ones(1))[0] / 1e-6)  # 1/√2 + O(η)
    0.706...
    """
    ab, ba = compose(a, b)(params, gradient), compose(b, a)(params, gradient)
    return jax.tree.map(jnp.subtract, ab, ba)


def as_transformation(operator: Operator) -> optax.GradientTransformationExtraArgs:
    """An operator as an optax transformation: updates a(θ)−θ, computed in at least single precision.

    Bad gradients are skipped and counted, as by all optimizers here.
    """
    _checks.instance("operator", operator, Operator, "an operator")

    def update(gradients: Parameters, state: Any, params: Parameters, **extra: Any) -> tuple[Parameters, Any]:
        precise, gradients = jax.tree.map(wide, params), jax.tree.map(wide, gradients)
        moved, state = operator.apply(gradients, state, precise, **extra)
        return jax.tree.map(jnp.subtract, moved, precise), state

    return guarded(lambda params: operator.init(jax.tree.map(wide, params)), update)


def hyperbolic_step(theta: Real, step: Real, scale: Any) -> Real:
    """γ sinh(asinh(θ/γ)−ηu), of one exponential and one root.

    For |ηu| ≤ 1 as θ cosh(ηu) − √(θ²+γ²) sinh(ηu), exact to roundings of θ where the step is small. Beyond, the
    relative error of that grows as e^{2|ηu|}; there it is ½(y/E − γ²E/y) with y=|θ|+√(θ²+γ²)=γe^{asinh|θ/γ|},
    E=e^{ηu sign θ}, and the sign of θ.
    """
    root, size = jnp.sqrt(theta**2 + scale**2), jnp.abs(theta)
    # e^{|ηu|}−1, in whose terms cosh(ηu)−1 and sinh|ηu| are sums of positive numbers
    less = jnp.expm1(jnp.abs(step))
    more = 1 + less
    close = theta + (theta * less**2 - jnp.sign(step) * root * less * (more + 1)) / (2 * more)
    grown = jnp.where((theta < 0) == (step < 0), more, 1 / more)
    far = ((root + size) / grown - scale**2 * grown / (root + size)) / 2
    return jnp.where(jnp.abs(step) <= _NEAR, close, jnp.where(theta < 0, -far, far))


def _driven(
    learning_rate: Schedule,
    direction: optax.GradientTransformation | None,
    move: Callable[[Real, Real, jax.Array], Real],
    exponent: Callable[[Real, Any, Real, jax.Array], Real] = lambda theta, rate, u, count: rate * u,
    limit: float | None = None,
    where: Where = "all",
) -> Operator:
    """θ ↦ move(θ, e), e=exponent(θ, η, u) cut off at ±limit, on the arrays `where`."""
    learning_rate = nonnegative("learning_rate", learning_rate)
    direction = optax.identity() if direction is None else direction
    _checks.instance("direction", direction, optax.GradientTransformation, "an optax transformation")

    def init(params: Parameters) -> StepState:
        zero = jnp.zeros((), jnp.int32)
        chosen(where, params)
        return StepState(zero, zero, direction.init(params))

    def apply(gradient: Parameters, state: StepState, params: Parameters, **extra: Any) -> tuple[Parameters, StepState]:
        del extra
        directions, memory = direction.update(gradient, state.direction, params)
        clamped = [jnp.zeros((), jnp.int32)]

        def leaf(theta: Real, u: Real, on: bool) -> Real:
            if not on:
                return theta
            theta = wide(theta)
            power = exponent(theta, at(learning_rate, state.step, theta), u.astype(theta.dtype), state.step)
            if limit is not None:
                clamped.append(jnp.sum(jnp.abs(power) > limit, dtype=jnp.int32))
                power = jnp.clip(power, -limit, limit)
            return move(theta, power, state.step)

        moved = jax.tree.map(leaf, params, directions, chosen(where, params))
        return moved, StepState(state.step + 1, sum(clamped[1:], start=clamped[0]), memory)

    return Operator(init, apply)
