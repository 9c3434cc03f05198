"""Losses whose coordinates do not see each other, so that one run holds many one-dimensional flows side by side."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

COORDINATES = 13
POINTS = 79


class Landscape(eqx.Module):
    """f(x) = Σ_i ½k_i(x_i−b_i)² − p_i·r(x_i), r being x up to `reach` and of slope (reach/x)² beyond it.

    With k=0 and p=1 it is a ramp: f'=−1 exactly wherever x<reach, and nothing grows fast after that.
    """

    push: np.ndarray
    reach: np.ndarray
    stiffness: np.ndarray
    target: np.ndarray

    def __call__(self, x):
        """f(x)"""
        ramp = jnp.minimum(x, self.reach) + self.reach - self.reach**2 / jnp.maximum(x, self.reach)
        return jnp.sum(0.5 * self.stiffness * (x - self.target) ** 2 - self.push * ramp)

    def slope(self, x: np.ndarray) -> np.ndarray:
        """∂_if at many points, coordinates last."""
        ramp = np.where(x < self.reach, 1.0, (self.reach / np.maximum(x, self.reach)) ** 2)
        return self.stiffness * (x - self.target) - self.push * ramp


def landscape(push=0.0, stiffness=0.0, target=0.0, reach=1e6) -> mf.problems.Objective:
    """The landscape with these numbers, each one for all coordinates or one for each."""
    numbers = (np.broadcast_to(np.asarray(n, float), (COORDINATES,)) for n in (push, reach, stiffness, target))
    return mf.problems.Objective(Landscape(*numbers), COORDINATES)


def product(problem, depth: int, q: float, decay=None, smoothing: float = 1e-3) -> mf.Flow:
    """The q-steepest flow on x=∏w_i. A decay of 0 is given as such, so that it shares its compiled program."""
    return mf.Flow(
        problem,
        reparameterization=mf.reparameterizations.Hadamard(depth=depth),
        geometry=mf.geometries.Steepest(q=q, smoothing=smoothing),
        decay=mf.decay.Decoupled(0.0) if decay is None else decay,
    )


def metric_exponent(depth: int, q: float) -> float:
    """m = q(L−1)/L"""
    return q * (depth - 1) / depth


def inverse_metric(factors: np.ndarray, q: float) -> np.ndarray:
    """S = Σ_i ∏_{j≠i}|w_j|^q for factors of shape (points, L, coordinates)."""
    powers = np.abs(np.asarray(factors)) ** q
    others = [np.prod(np.delete(powers, i, axis=1), axis=1) for i in range(powers.shape[1])]
    return np.sum(others, axis=0)


@eqx.filter_jit
def mirror_map(potential, x):
    """∇R(x), compiled as one program instead of one for every operation in it."""
    return potential.mirror_map(x)


@eqx.filter_jit
def metric(potential, x):
    """∇²R(x), compiled as one program."""
    return potential.metric(x)
