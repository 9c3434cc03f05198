"""PILoT: θ=m⊙w under a scheduled decay of both factors."""

from typing import NamedTuple

import optax

from .. import _checks
from .._types import Numeric
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
    - `decay`: α ≥ 0, a number or an optax schedule of steps; `SparsityControl` is the published rule for it.
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


class SparsityControl(NamedTuple):
    """The decay α of PILoT, chosen anew after every epoch from how training goes.

    It grows by the factor δ while training accuracy does not fall, ‖θ‖₁ is at least K, and not more than half of the
    epochs are over; otherwise it shrinks by δ.

    **Fields:** `decay`: α now; `factor`: δ ≥ 1; `least_norm`: K; `epochs`: of the whole training; `epoch`: over so far;
    `accuracy`: training accuracy after the last.

    With `optax.inject_hyperparams(mf.optimizers.pilot)(…)`, put `decay` into `state.hyperparams["decay"]`.

    **Source:** arXiv:2408.09966; theory page 02 (PILoT, the method).

    >>> control = mf.optimizers.SparsityControl(decay=1e-4, factor=2.0, least_norm=10.0, epochs=4)
    >>> for accuracy, norm in ((0.5, 90.0), (0.8, 60.0), (0.9, 50.0), (0.9, 9.0)):
    ...     control = control.after(accuracy, norm)
    ...     print(f"{control.decay:.0e}")
    2e-04
    4e-04
    2e-04
    1e-04
    """

    decay: float
    factor: float
    least_norm: float
    epochs: int
    epoch: int = 0
    accuracy: float = 0.0

    def after(self, accuracy: Numeric, norm: Numeric) -> "SparsityControl":
        """The control after one more epoch, with the training accuracy and ‖θ‖₁ that it ended with.

        **Raises:** `ValueError` for a factor below 1, a negative decay, or numbers that are not finite.
        """
        decay = float(_checks.nonnegative("decay", self.decay))
        factor = float(_checks.in_interval("factor", self.factor, 1.0, float("inf")))
        accuracy, norm = float(_checks.number("accuracy", accuracy)), float(_checks.nonnegative("norm", norm))
        epoch = self.epoch + 1
        grows = accuracy >= self.accuracy and norm >= self.least_norm and epoch <= self.epochs / 2
        return self._replace(decay=decay * factor if grows else decay / factor, epoch=epoch, accuracy=accuracy)
