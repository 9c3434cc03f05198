"""The potential of a commuting reparameterization that is known only as a function."""

from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import optimistix

from .._types import Held, Numeric, Parameters, Real
from ..decay import AbstractDecay, Coupled, SquaredNorm
from ..potentials import AbstractDualPair, AbstractPotentialFamily
from ..reparameterizations import AbstractReparameterization

# The orbit is an ordinary differential equation of its own; these are its tolerances.
RTOL, ATOL = 1e-11, 1e-13


class Orbit(AbstractPotentialFamily):
    """R_t of a commuting reparameterization, given through ∇R_t*(z) = g(exp(Σ_i z_i∇g_i − A_t∇h)θ₀).

    The fields ∇g_i and ∇h commute, so their flows from θ₀ compose in any order, and the point reached after z=−∫∇f and
    A_t=∫α is found by integrating θ' = Dg(θ)ᵀz − A_t∇h(θ) over a unit interval.

    **Source:** Li, Wang, Lee, Arora (arXiv:2207.04036); arXiv:2504.12883; theory pages 01 and 02.
    """

    reparameterization: AbstractReparameterization
    start: Parameters
    decay: AbstractDecay | None

    @property
    def domain(self) -> tuple[float, float]:
        """ℝ: bounds only, since the values that an unknown map reaches need not be an interval per coordinate."""
        return (-float("inf"), float("inf"))

    @property
    def jumps(self) -> Held:
        """The jumps of α."""
        return np.zeros(0) if self.decay is None else self.decay.jumps

    def at(self, time: Numeric) -> "OrbitPotential":
        """R_t"""
        spent = 0.0 if self.decay is None else self.decay.strength.integral(time)
        return self._spent(spent)

    def limit(self) -> "OrbitPotential":
        """R_∞

        **Raises:** `ValueError` if ∫α diverges.
        """
        total = 0.0 if self.decay is None else self.decay.strength.total()
        if not np.isfinite(total):
            raise ValueError("The potential has no limit: the integral of the decay strength over all times diverges.")
        return self._spent(total)

    def _spent(self, amount: Numeric) -> "OrbitPotential":
        penalty: Any = SquaredNorm()
        factor = 0.5  # −αθ is the gradient of α‖θ‖²/2
        if isinstance(self.decay, Coupled):
            penalty, factor = self.decay.penalty, 1.0
        return OrbitPotential(self.reparameterization, self.start, penalty, factor * jnp.asarray(amount))


class OrbitPotential(AbstractDualPair):
    """One member of an `Orbit`: the maps between x and its dual z, both of the shape of x."""

    reparameterization: AbstractReparameterization
    start: Parameters
    penalty: Any
    spent: Real

    def inverse_mirror_map(self, z: Numeric) -> Real:
        """∇R*(z) = g(θ(1))"""
        return self.reparameterization(self._point(jnp.asarray(z)))

    def conjugate_metric(self, z: Numeric) -> Real:
        """The diagonal of ∇²R*(z) = Dg(θ)Dg(θ)ᵀ."""
        theta = self._point(jnp.asarray(z))
        shape = jax.eval_shape(self.reparameterization, theta).shape
        basis = jnp.eye(int(np.prod(shape))).reshape(-1, *shape)

        def square(v):
            return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(self.reparameterization.pull_back(theta, v)))

        return jax.lax.map(square, basis).reshape(shape)

    def mirror_map(self, x: Numeric) -> Real:
        """The z with ∇R*(z)=x, by Newton from the start's dual 0."""
        x = jnp.asarray(x)
        answer = optimistix.root_find(
            lambda z, _: self.inverse_mirror_map(z) - x,
            optimistix.Newton(rtol=1e-10, atol=1e-12),
            jnp.zeros_like(x),
            throw=False,
        )
        return jnp.where(answer.result == optimistix.RESULTS.successful, answer.value, jnp.nan)

    def _point(self, z: Real) -> Parameters:
        def field(_, theta, __):
            moved = self.reparameterization.pull_back(theta, z)
            pulled = jax.grad(self.penalty)(theta)
            return jax.tree.map(lambda a, b: a - self.spent * b, moved, pulled)

        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            diffrax.Dopri8(),
            0.0,
            1.0,
            0.1,
            jax.tree.map(jnp.asarray, self.start),
            stepsize_controller=diffrax.PIDController(rtol=RTOL, atol=ATOL),
            adjoint=diffrax.ForwardMode(),
            throw=False,
        )
        return jax.tree.map(lambda leaf: leaf[-1], solution.ys)
