"""The interface of a reparameterization."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Numeric, Parameters, Real, Scalar

PROBES = 8


class AbstractReparameterization(eqx.Module):
    """A smooth map g: θ ↦ x."""

    @abc.abstractmethod
    def __call__(self, parameters: Parameters) -> Real:
        """x = g(θ)"""

    @abc.abstractmethod
    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """Raise `ValueError` unless θ has the structure that makes an x of `shape`."""

    @abc.abstractmethod
    def lift(self, x: Numeric, balance: Numeric, q: Numeric = 2.0) -> Parameters:
        """θ with g(θ)=x and the given balance; `ValueError` where there is none, or none that is canonical."""

    @abc.abstractmethod
    def pull_back(self, parameters: Parameters, covector: Real) -> Parameters:
        """Dg(θ)ᵀv, of the structure of θ."""

    @abc.abstractmethod
    def unfinished(self, parameters: Parameters, velocity: Parameters, gradient: Real, decay_rate: Scalar) -> Scalar:
        """How far a gradient flow that decays at `decay_rate` is from rest, in units of ∇f (see `until.stationary`)."""

    @property
    def parameter_axes(self) -> tuple[str, ...] | None:
        """Names for the axes of θ in labelled results, if θ is a single array."""
        return None


class AbstractCoordinatewise(AbstractReparameterization):
    """x_i = g(θ_{1i}, …, θ_{ki}): each coordinate of x has factors of its own, stacked on the first axis of θ."""

    @abc.abstractmethod
    def partials(self, parameters: Real) -> Real:
        """∂x_i/∂θ_{ji}, of the shape (k, …) of θ."""

    def pull_back(self, parameters: Parameters, covector: Real) -> Parameters:
        """partials(θ)·v"""
        return self.partials(parameters) * covector[None]

    def unfinished(self, parameters: Parameters, velocity: Parameters, gradient: Real, decay_rate: Scalar) -> Scalar:
        """Not used: coordinatewise flows measure their rest coordinate by coordinate (`flows.until`)."""
        raise NotImplementedError("Coordinatewise flows measure rest through their metric.")


def generic_unfinished(reparameterization, parameters: Parameters, velocity: Parameters) -> Scalar:
    """The larger of ‖θ̇‖/‖Dg(θ)‖_F and max_i |ẋ_i|/‖Dg_i(θ)‖², the smaller of these and the speed while it shrinks.

    Dividing by the size of the Jacobian takes out the slowness of a saddle, where ∇f is of ordinary size but Dg is
    not; dividing by that of each row does so where one coordinate of x lingers at a saddle and others do not. The
    rows' sizes are estimated with a few fixed random directions r through E(Dg·r)²_i = ‖Dg_i‖².
    """
    x, x_velocity = jax.jvp(reparameterization, (parameters,), (velocity,))
    rows = _squared_rows(reparameterization, parameters)
    lingering = _ratio(jnp.abs(x_velocity), rows)
    lingering = jnp.max(jnp.where(x * x_velocity < 0, jnp.minimum(lingering, jnp.abs(x_velocity)), lingering))
    speed = norm(velocity)
    outward = sum(
        (jnp.sum(a * b) for a, b in zip(jax.tree.leaves(parameters), jax.tree.leaves(velocity), strict=True)),
        start=jnp.zeros(()),
    )
    scaled = _ratio(speed, jnp.sqrt(jnp.sum(rows)))
    return jnp.maximum(lingering, jnp.where(outward > 0, scaled, jnp.minimum(scaled, speed)))


def _squared_rows(reparameterization, parameters: Parameters) -> Real:
    """An estimate of ‖Dg_i(θ)‖², of the shape of x."""
    leaves, structure = jax.tree.flatten(parameters)
    random = np.random.default_rng(0)
    probes = [jnp.asarray(random.standard_normal((PROBES, *leaf.shape)), leaf.dtype) for leaf in leaves]
    forward = jax.linearize(reparameterization, parameters)[1]
    return jnp.mean(jax.vmap(forward)(jax.tree.unflatten(structure, probes)) ** 2, axis=0)


def _ratio(top: Real, bottom: Real) -> Real:
    return jnp.where(top > 0, top / jnp.where(bottom > 0, bottom, 1.0), 0.0)


def norm(tree: Parameters) -> Scalar:
    """The Euclidean norm of all entries together."""
    return jnp.sqrt(sum((jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree)), start=jnp.zeros(())))


def check_array(parameters: Parameters, shape: tuple[int, ...], words: str) -> None:
    """θ is one array of `shape`, else a ValueError that says what its axes mean."""
    given = getattr(parameters, "shape", None)
    if given is None:
        raise ValueError(f"start must be one array of shape {words} = {shape}, got {type(parameters).__name__}.")
    if tuple(given) != shape:
        raise ValueError(f"start must have shape {words} = {shape}, got shape {tuple(given)}.")
