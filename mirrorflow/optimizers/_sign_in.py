"""Sign-In: θ=m⊙w whose balance is set anew, so that signs can flip."""

import optax

from ._factors import factored
from ._steps import Schedule, Where


def sign_in(
    base: optax.GradientTransformation,
    *,
    balance: Schedule = 1.0,
    reset_every: int,
    decay: Schedule = 0.0,
    where: Where = None,
) -> optax.GradientTransformationExtraArgs:
    """Training of m⊙w in place of θ; every `reset_every` steps m²−w² is β again, with θ kept.

    As the learning rate goes to 0 the flow is θ̇=−√(4θ²+β²)⊙∇L: also at θ=0 a weight moves, and passes it. Noise,
    decay and finite steps shrink m²−w², which the resets restore: m=√((β+√(β²+4θ²))/2), w=θ/m.

    **Arguments:**

    - `base`: the step that both factors make, any optax transformation; a reset leaves its moments as they are.
    - `balance`: β ≥ 0, a number or a schedule of steps; a reset at step k is to its value there.
    - `reset_every`: steps from one reset to the next, at least 1.
    - `decay`: α of a penalty α(‖m‖²+‖w‖²), by default none; `where`: as in `ham`.

    Something chained after this step may move θ, as in `pilot`; a fixed random mask is `sparsity.masked` around it.

    **Raises:** `ValueError` as `ham`.

    **Source:** arXiv:2504.12801; theory pages 05 and 06 (Sign-In).

    >>> optimizer = mf.optimizers.sign_in(optax.sgd(0.1), balance=1.0, reset_every=10)
    >>> theta = jnp.full((1, 1), 0.01)
    >>> updates, state = optimizer.update(jnp.ones((1, 1)), optimizer.init(theta), theta)
    >>> print(optax.apply_updates(theta, updates)[0, 0].round(3))  # 0.01 − 0.1·√(4θ²+1), to first order
    -0.09
    """
    return factored(base, balance, decay, reset_every, where)
