"""Weight decay: what pulls the parameters towards a penalty's minimum while the loss is minimized."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from . import _checks
from ._types import Held, Numeric, Parameters, Scalar
from .schedules import AbstractSchedule, as_schedule


class AbstractDecay(eqx.Module):
    """A strength that follows a schedule; see `Coupled` and `Decoupled`."""

    strength: eqx.AbstractVar[AbstractSchedule]

    @property
    def jumps(self) -> Held:
        """The times at which the strength jumps."""
        return self.strength.jumps


class Coupled(AbstractDecay):
    """The flow of f(g(θ)) + α_t·h(θ), h=‖θ‖² unless given: its gradient 2αθ is added *before* the direction map.

    **Arguments:**

    - `strength`: α, a number or a schedule, non-negative.
    - `penalty`: h, a function of the parameters (default: the sum of their squares).

    **Raises:** `ValueError` for a negative strength or a penalty that is not callable.

    **Source:** theory pages 00 (decay conventions) and 02.
    """

    strength: AbstractSchedule
    penalty: Callable[[Parameters], Scalar]

    def __init__(self, strength: Numeric | AbstractSchedule, penalty: Callable[[Parameters], Scalar] | None = None):
        self.strength = as_schedule("strength", strength)
        self.penalty = SquaredNorm() if penalty is None else penalty
        if not callable(self.penalty):
            raise ValueError(f"penalty must be callable, got {type(penalty).__name__}: {penalty!r}.")

    def gradient(self, parameters: Parameters, time: Numeric) -> Parameters:
        """α_t·∇h(θ)"""
        alpha = self.strength(time)
        if isinstance(self.penalty, SquaredNorm):
            return jax.tree.map(lambda leaf: 2 * alpha * leaf, parameters)
        return jax.tree.map(lambda leaf: alpha * leaf, jax.grad(self.penalty)(parameters))


class Decoupled(AbstractDecay):
    """−α_t·θ added to the velocity *after* the direction map, as in AdamW.

    For gradient flow `Decoupled(2α)` and `Coupled(α)` are the same flow; for q<2 they are not.

    **Arguments:** `strength`: α, a number or a schedule, non-negative.

    **Raises:** `ValueError` for a negative strength.

    **Source:** theory pages 00 (decay conventions) and 03.
    """

    strength: AbstractSchedule

    def __init__(self, strength: Numeric | AbstractSchedule):
        self.strength = as_schedule("strength", strength)


class SquaredNorm(eqx.Module):
    """h(θ) = ‖θ‖², the usual penalty."""

    def __call__(self, parameters: Parameters) -> Scalar:
        """The sum of all squares."""
        return sum((jnp.sum(leaf**2) for leaf in jax.tree.leaves(parameters)), start=jnp.zeros(()))


class PowerSum(eqx.Module):
    """h(θ) = Σ|θ_i|^power: the penalty that commutes with u^power − v^power (theory page 02); power 1 is the ℓ1 norm.

    **Raises:** `ValueError` for a power below 1.
    """

    power: Held

    def __init__(self, power: Numeric):
        self.power = _checks.in_interval("power", power, 1.0, np.inf)

    def __call__(self, parameters: Parameters) -> Scalar:
        """The sum of all |θ_i|^power."""
        return sum((jnp.sum(_power(leaf, self.power)) for leaf in jax.tree.leaves(parameters)), start=jnp.zeros(()))


class LogSum(eqx.Module):
    """h(θ) = Σ log θ_i: the penalty that commutes with log u − log v (theory page 02), for θ>0 only.

    It has no minimum: with strength α it draws each θ_i to 0 at the time at which ∫α is ½θ_i², where a flow ends.
    """

    def __call__(self, parameters: Parameters) -> Scalar:
        """The sum of all logarithms."""
        return sum((jnp.sum(jnp.log(leaf)) for leaf in jax.tree.leaves(parameters)), start=jnp.zeros(()))


class BalancedSquares(eqx.Module):
    """h(x) = L·Σ|x|^{2/L}: ‖θ‖² of the L equal factors of x, by which coupled decay of a balanced product acts on x.

    Its derivative is taken to be 0 where x is 0.

    **Raises:** `ValueError` for a depth below 2.

    **Source:** Never Saddle (arXiv:2603.02064); theory page 03 (what weight decay regularizes towards).

    >>> float(mf.decay.BalancedSquares(depth=2)(jnp.array([3.0, -1.0])))
    8.0
    """

    depth: int = eqx.field(static=True)

    def __init__(self, depth: Numeric):
        self.depth = _checks.integer("depth", depth, at_least=2)

    def __call__(self, parameters: Parameters) -> Scalar:
        """L times the sum of all |x|^{2/L}."""
        power = 2 / self.depth
        return sum((self.depth * jnp.sum(_power(leaf, power)) for leaf in jax.tree.leaves(parameters)), jnp.zeros(()))


def _power(leaf: Numeric, power: Numeric) -> Numeric:
    zero = leaf == 0
    return jnp.where(zero, 0.0, jnp.abs(jnp.where(zero, 1.0, leaf)) ** power)
