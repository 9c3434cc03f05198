"""Noise that drives a flow: the stochastic differential equations of `mf.simulate`, in which W is a Brownian motion.

A term σ_t·B(θ) dW is meant as it is written there: in Itô's sense, unless Stratonovich's is asked for.
"""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from ._types import Numeric, Parameters, Real
from .schedules import AbstractSchedule, as_schedule


class AbstractNoise(eqx.Module):
    """A strength σ_t that follows a schedule, and where the noise enters; see `Label`, `Minibatch`, `Isotropic`."""

    strength: eqx.AbstractVar[AbstractSchedule]
    # Whether it enters through the residuals of a least-squares problem.
    needs_targets: eqx.AbstractClassVar[bool]
    # Whether the noise in ∇f is the same at every x.
    independent: eqx.AbstractClassVar[bool]

    @abc.abstractmethod
    def driver(self, problem: Any, state: Parameters) -> Parameters:
        """The structure and shape of W, as `jax.ShapeDtypeStruct`s."""

    @abc.abstractmethod
    def covector(self, problem: Any, x: Real | None, increment: Parameters) -> Real | None:
        """What dW adds to −∇f(x) dt, without the strength; None if it is added to the state itself.

        `x` is None where the noise is independent of it.
        """


class Label(AbstractNoise):
    """Fresh noise on the targets: ½‖Ax−b‖² with b+σẆ in place of b.

    For parameters dθ = −∇_θf dt + σ·Dg(θ)ᵀAᵀ dW, for a potential d∇R(x) = −∇f dt + σAᵀ dW; W has the shape of the
    targets. Gradient descent with a step η and fresh normal noise of standard deviation s on the targets is the
    Euler–Maruyama method with the step η for σ = s√η, which is why Itô's sense is the default.

    On x=m⊙w, per coordinate with the column a_i of A: m²−w² decays *on every path* as e^{−∫σ²‖a_i‖²}, as under a
    coupled decay of σ²‖a_i‖²/4; in Stratonovich's sense it is conserved. So the flow is d∇R_{ρ_t}(x) = −∇f dt + σAᵀdW
    with ρ_t=½(m₀²−w₀²)e^{−∫σ²‖a_i‖²}: noise draws the potential to ℓ1 where noise lasts.

    **Arguments:** `strength`: σ, a number or a schedule, non-negative.

    **Raises:** `ValueError` for a negative strength.

    **Source:** Blanc et al. 2020; HaoChen et al. 2021; Pillaud-Vivien et al. 2022 (label noise); theory page 02 (the
    formulas with decay in place of noise).
    """

    strength: AbstractSchedule
    needs_targets = True
    independent = True

    def __init__(self, strength: Numeric | AbstractSchedule):
        self.strength = as_schedule("strength", strength)

    def driver(self, problem: Any, state: Parameters) -> Parameters:
        """The shape of the targets."""
        return jax.eval_shape(problem.residual, _like(problem.shape, state))

    def covector(self, problem: Any, x: Real | None, increment: Parameters) -> Real:
        """AᵀdW"""
        return problem.adjoint(increment)


class Minibatch(AbstractNoise):
    """The noise of stochastic gradients: N samples drawn with replacement, one at a time, in batches.

    The gradient of a batch of size B has the covariance (N²/B)·Cov_i(r_i∇r_i) over the N samples, r=Ax−b, and a step η
    of stochastic descent is one of the Euler–Maruyama method for

    dθ = −∇_θf dt + σ√N·Dg(θ)ᵀAᵀ[r⊙(dW−mean dW)] with σ = √(η/B),

    in Itô's sense; for a potential the same without Dg, in the dual. It vanishes where every sample is fitted.

    **Arguments:** `strength`: σ, a number or a schedule, non-negative.

    **Raises:** `ValueError` for a negative strength.

    **Source:** Pesme, Pillaud-Vivien, Flammarion 2021 (stochastic gradient flow of diagonal networks).
    """

    strength: AbstractSchedule
    needs_targets = True
    independent = False

    def __init__(self, strength: Numeric | AbstractSchedule):
        self.strength = as_schedule("strength", strength)

    def driver(self, problem: Any, state: Parameters) -> Parameters:
        """The shape of the targets."""
        return jax.eval_shape(problem.residual, _like(problem.shape, state))

    def covector(self, problem: Any, x: Real | None, increment: Parameters) -> Real:
        """√N·Aᵀ[r⊙(dW−mean dW)]"""
        weights = jnp.sqrt(float(increment.size)) * (increment - jnp.mean(increment))
        return problem.adjoint(problem.residual(x) * weights)


class Isotropic(AbstractNoise):
    """The same noise in every direction: dθ = −∇_θf dt + σ dW for parameters, d∇R(x) = −∇f dt + σ dW for a potential.

    It does not depend on the state, so that Itô's and Stratonovich's senses agree.

    **Arguments:** `strength`: σ, a number or a schedule, non-negative.

    **Raises:** `ValueError` for a negative strength.

    **Source:** Langevin dynamics; theory page 00 (conventions).
    """

    strength: AbstractSchedule
    needs_targets = False
    independent = True

    def __init__(self, strength: Numeric | AbstractSchedule):
        self.strength = as_schedule("strength", strength)

    def driver(self, problem: Any, state: Parameters) -> Parameters:
        """The structure of the state."""
        return jax.eval_shape(lambda tree: tree, state)

    def covector(self, problem: Any, x: Real | None, increment: Parameters) -> None:
        """Added to the state."""
        return None


def _like(shape: tuple[int, ...], state: Parameters) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, jax.tree.leaves(state)[0].dtype)
