"""PILoT: θ=m⊙w under a scheduled decay of both factors."""

import optax

from ._factors import factored
from ._steps import Schedule, Where


def pilot(
    base: optax.GradientTransformation, *, balance: Schedule = 1.0, decay: Schedule = 1e-4, where: Where = None
) -> optax.GradientTransformationExtraArgs:
    """Training of m⊙w in place of θ, under f(m⊙w)+α_k(‖m‖²+‖w‖²); the factors live in the state.

    The model and its parameters stay as they are. From θ₀ the factors are m=√((β+√(β²+4θ²))/2), w=θ/m, so that
    m²−w²=β. As the learning rate goes to 0 the flow is ẋ=−2√(x²+ρ_t²)⊙∂f−4α_t x with ρ_t=½βe^{−4∫α}: decay turns the
    shape from ℓ2 to ℓ1, and what it has done stays after it is switched off.

    **Arguments:**

    - `base`: the step that both factors make, any optax transformation; its moments are those of m and of w.
    - `balance`: β ≥ 0 at the start. Balance 0 keeps zeros, and signs, for ever.
    - `decay`: α ≥ 0, a number or an optax schedule of steps; `sparsity_controlled_decay` gives the published one.
    - `where`: the arrays trained so, as in `ham`; by default those of two or more axes.

    Something chained after this step may move θ; m and w are then lifted to the new θ with the balance they have. To
    prune, wrap the whole in `sparsity.masked`: what is masked is 0 after each step, whatever the factors' moments hold.

    **Raises:** `ValueError` as `ham`.

    **Source:** arXiv:2408.09966; theory pages 02 and 06 (PILoT).

    >>> optimizer = mf.optimizers.pilot(optax.sgd(0.1), balance=1.0, decay=0.0)
    >>> state = optimizer.init(jnp.full((1, 1), 0.5))
    >>> m, w = state.inner.factors
    >>> float((m * w)[0, 0].round(6)), float((m**2 - w**2)[0, 0].round(6))
    (0.5, 1.0)
    """
    return factored(base, balance, decay, None, where)
