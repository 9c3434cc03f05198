"""HORST, reconstructed: an adaptive direction first, the hyperbolic map after it."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from .._types import Numeric, Parameters, Real
from ._steps import Schedule, at
from .operators import as_transformation, compose, descent, exponential, hyperbolic, shrink


class MetricState(NamedTuple):
    """`step`: steps made; `direction`: of what gets the gradients times the metric."""

    step: jax.Array
    direction: Any


def horst(
    learning_rate: Schedule,
    *,
    scale: Schedule = 1e-2,
    weight_decay: Schedule = 0.0,
    driver: str = "adaptive",
    order: str = "hyperbolic last",
    b1: Numeric = 0.9,
    b2: Numeric = 0.999,
    eps: Numeric = 1e-8,
    alpha: Schedule = 200.0,
    beta: Schedule = 0.0,
) -> optax.GradientTransformationExtraArgs:
    """A hyperbolic mirror step composed with AdamW: a **reconstruction**, as the paper's exact update is not public.

    With Adam's direction u=m̂/(√v̂+ε) and H_η(θ;u)=γ sinh(asinh(θ/γ)−ηu):

    - `driver="adaptive"`: θ ← (1−ηλ)·H_η(θ;u). It rests where u=−λ∇Σ√(θ²+γ²), a smoothed ℓ1; what AdamW rests in has
      ‖θ‖_∞≤1/λ instead.
    - `driver="gradient"`: Adam's step θ−ηu, then H driven by the raw gradient, then the decay.
    - `driver="ham"`: Adam's step, then the exponential of HAM with `alpha` and `beta`, then the decay.

    **Arguments:**

    - `learning_rate`: η, a number or an optax schedule; `weight_decay`: λ ≥ 0, decoupled.
    - `scale`: γ > 0, below which a weight moves as under Adam, and above which in proportion to its size.
    - `order`: "hyperbolic first" puts the hyperbolic map before Adam's step where there are two of them, and before
      its normalization where there is one: Adam is then given metric times gradient, √(θ²+γ²)·∇f.
    - `b1`, `b2`, `eps`: Adam's.

    **Raises:** `ValueError` for numbers out of range, an unknown driver or order.

    **Source:** arXiv:2605.21104; theory page 06 (HORST, candidates A, B, C).

    >>> optimizer = mf.optimizers.horst(0.1, scale=1.0)
    >>> theta = jnp.zeros((1, 1))
    >>> updates, state = optimizer.update(jnp.ones((1, 1)), optimizer.init(theta), theta)
    >>> print(f"{updates[0, 0]:.4f}")  # −sinh(0.1)
    -0.1002
    """
    adam = optax.scale_by_adam(b1=b1, b2=b2, eps=eps)
    decay = shrink(learning_rate, weight_decay)
    if order not in ("hyperbolic last", "hyperbolic first"):
        raise ValueError(f'order must be "hyperbolic last" or "hyperbolic first", got {order!r}.')
    last = order == "hyperbolic last"
    if driver not in ("adaptive", "gradient", "ham"):
        raise ValueError(f'driver must be "adaptive", "gradient" or "ham", got {driver!r}.')
    if driver == "adaptive":
        moved = (
            (hyperbolic(learning_rate, scale, adam),) if last else (descent(learning_rate, _after_metric(scale, adam)),)
        )
    else:
        second = hyperbolic(learning_rate, scale) if driver == "gradient" else exponential(learning_rate, alpha, beta)
        moved = (second, descent(learning_rate, adam)) if last else (descent(learning_rate, adam), second)
    return as_transformation(compose(decay, *moved))


def _after_metric(scale: Schedule, direction: optax.GradientTransformation) -> optax.GradientTransformation:
    """`direction` of √(θ²+γ²)⊙∇f in place of ∇f."""

    def update(updates: Parameters, state: Any, params: Parameters | None = None) -> tuple[Parameters, MetricState]:
        def leaf(theta: Real, gradient: Real) -> Real:
            return jnp.sqrt(theta**2 + at(scale, state.step, theta) ** 2) * gradient

        updates, memory = direction.update(jax.tree.map(leaf, params, updates), state.direction, params)
        return updates, MetricState(state.step + 1, memory)

    return optax.GradientTransformation(
        lambda params: MetricState(jnp.zeros((), jnp.int32), direction.init(params)), update
    )
