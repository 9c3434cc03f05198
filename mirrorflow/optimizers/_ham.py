"""HAM: a base step, then a hyperbolic one."""

import optax

from ._steps import Schedule, Where
from .operators import as_transformation, compose, exponential, step


def ham(
    base: optax.GradientTransformation,
    *,
    learning_rate: Schedule,
    alpha: Schedule = 200.0,
    beta: Schedule = 1e-3,
    where: Where = None,
) -> optax.GradientTransformationExtraArgs:
    """Hyperbolic aware minimization: θ_½ = base step, θ' = θ_½ ⊙ exp(−η(α sign(θ_½)⊙∇f(θ) + β)).

    As η→0 the flow θ̇=−(1+α|θ|)⊙∇f−βθ, mirror flow of `potentials.HyperbolicAware(alpha)` with its balance function
    as penalty: of ℓ2 shape for small α, of ℓ1 shape for large. The base step can take a weight through 0; the second
    alone keeps every sign, and every weight that is 0.

    **Arguments:**

    - `base`: any optax transformation with its own learning rate. A weight decay of its own adds to β.
    - `learning_rate`: η of the exponential, a number or an optax schedule; by the paper that of the base.
    - `alpha`, `beta`: α, β ≥ 0, numbers or schedules; the defaults are the authors'.
    - `where`: the arrays that get the exponential: booleans in a pytree like params, or a function of params that gives
      them; by default those of two or more axes, as published.

    The exponent is cut off at ±5, as published; `state.inner[0].clamped` says for how many entries in the last step.

    **Raises:** `ValueError` for numbers out of range, params that are no floats or not given, `where` of another tree.

    **Source:** arXiv:2506.02630; theory page 06 (HAM).

    >>> optimizer = mf.optimizers.ham(optax.sgd(0.1), learning_rate=0.1, alpha=1.0)
    >>> theta = jnp.ones((2, 2))
    >>> updates, state = optimizer.update(theta, optimizer.init(theta), theta)
    >>> float(updates[0, 0].round(4))  # 0.9·exp(−0.1(1+1e-3)) − 1
    -0.1857
    """
    second = exponential(learning_rate, alpha, beta, where)
    return as_transformation(compose(second, step(base)))
