"""Surfaces across which a flow's equation jumps: what a solver has to land on, and may have to slide along."""

import abc
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .._types import Held, Parameters, Real, Scalar
from ..geometries import AbstractGeometry, Sign
from ..geometries._steepest import FixedSigns

if TYPE_CHECKING:
    from ._dynamics import AbstractDynamics


class AbstractKinks(eqx.Module):
    """Functions z_i(y) with an equation that is smooth where none of them is 0.

    On either side of z_i=0 the equation is that of a *gate* g_i: `low` where z_i<0, `high` where z_i>0. Gates between
    the two make the convex combinations of Filippov's solutions. With all gates fixed the equation is smooth on both
    sides of every surface.

    **Source:** Filippov, Differential Equations with Discontinuous Righthand Sides (1988); theory pages 03 and 04.
    """

    @property
    @abc.abstractmethod
    def count(self) -> int:
        """The number of surfaces."""

    @property
    @abc.abstractmethod
    def one_layer(self) -> bool:
        """Whether velocities are affine in the gates."""

    @property
    @abc.abstractmethod
    def low(self) -> Held:
        """The gate where z_i<0."""

    @property
    @abc.abstractmethod
    def high(self) -> Held:
        """The gate where z_i>0."""

    @abc.abstractmethod
    def values(self, dynamics: Any, state: Parameters, time: Scalar, gates: Real | None) -> Real:
        """All z_i, shape (count,), with the gates given or, without them, those that the z_i themselves ask for."""

    @abc.abstractmethod
    def sizes(self, values: Real, floor: Scalar) -> Real:
        """What each z_i is small against, shape (count,), above 0. `floor`: of the size of the z_i in general."""

    @abc.abstractmethod
    def fixed(self, dynamics: Any, gates: Real) -> "AbstractDynamics":
        """The smooth equation with these gates."""


class NetworkKinks(AbstractKinks):
    """The preactivations of the hidden units at the samples; a gate is the slope of the activation."""

    shapes: tuple[tuple[int, ...], ...] = eqx.field(static=True)
    slopes: tuple[Held, Held]

    @property
    def count(self) -> int:
        """Units times samples."""
        return sum(int(np.prod(shape)) for shape in self.shapes)

    @property
    def one_layer(self) -> bool:
        """Whether one hidden layer alone has kinks."""
        return len(self.shapes) == 1

    @property
    def low(self) -> Held:
        """The slope below 0."""
        return self.slopes[0]

    @property
    def high(self) -> Held:
        """The slope above 0."""
        return self.slopes[1]

    def values(self, dynamics: Any, state: Parameters, time: Scalar, gates: Real | None) -> Real:
        """The preactivations, layer after layer."""
        problem = dynamics.problem
        split = None if gates is None else self._split(gates)
        layers = problem.network.preactivations(dynamics.predictor(state, time), problem.inputs, split)
        return jnp.concatenate([layer.reshape(-1) for layer in layers])

    def sizes(self, values: Real, floor: Scalar) -> Real:
        """The largest |z| of the layer, times 16 for each layer before it: where all units before it slide at a sample,
        its own z there is 0 up to what they are off their surfaces, and no sign can be read from it.
        """
        layers = [
            jnp.broadcast_to(jnp.max(jnp.abs(layer)) * 16.0**depth, layer.shape)
            for depth, layer in enumerate(self._split(values))
        ]
        flat = jnp.concatenate([layer.reshape(-1) for layer in layers])
        return jnp.maximum(flat, jnp.finfo(flat.dtype).tiny)

    def fixed(self, dynamics: Any, gates: Real) -> "AbstractDynamics":
        """The flow of the network with these slopes in place of its activation."""
        return eqx.tree_at(
            lambda d: d.problem, dynamics, dynamics.problem.at(self._split(gates)), is_leaf=lambda leaf: leaf is None
        )

    def _split(self, flat: Real) -> tuple[Real, ...]:
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])[:-1]
        return tuple(part.reshape(shape) for part, shape in zip(jnp.split(flat, ends), self.shapes, strict=True))


class SignKinks(AbstractKinks):
    """The entries of the gradient in x; a gate stands in place of the sign of one."""

    shape: tuple[int, ...] = eqx.field(static=True)

    @property
    def count(self) -> int:
        """The size of x."""
        return int(np.prod(self.shape))

    @property
    def one_layer(self) -> bool:
        """True"""
        return True

    @property
    def low(self) -> Held:
        """−1"""
        return np.asarray(-1.0)

    @property
    def high(self) -> Held:
        """1"""
        return np.asarray(1.0)

    def values(self, dynamics: Any, state: Parameters, time: Scalar, gates: Real | None) -> Real:
        """∇f, in the problem's own scale."""
        return dynamics.problem.scaled_gradient(dynamics.predictor(state, time))[1].reshape(-1)

    def sizes(self, values: Real, floor: Scalar) -> Real:
        """The largest entry; the floor at least, for all entries may come to 0 together."""
        return jnp.broadcast_to(jnp.maximum(jnp.max(jnp.abs(values)), floor), values.shape)

    def fixed(self, dynamics: Any, gates: Real) -> "AbstractDynamics":
        """The flow with these numbers in place of the signs."""
        signs = FixedSigns(gates.reshape(self.shape))
        return eqx.tree_at(lambda d: d.geometry, dynamics, signs, is_leaf=lambda leaf: leaf is dynamics.geometry)


def sign_kinks(geometry: AbstractGeometry, shape: tuple[int, ...]) -> SignKinks | None:
    """The kinks of sign flow without smoothing, None for every other geometry."""
    exact = isinstance(geometry, Sign) and geometry.smoothing is None
    return SignKinks(tuple(shape)) if exact else None
