"""Steepest descent in L_p: the direction sign(g)|g|^{q−1} with 1/p + 1/q = 1."""

import abc

import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._accuracy import current
from .._types import Held, Numeric, Real, Scalar
from ._base import AbstractGeometry, carried, least_square

# Small against the gradients of a problem of ordinary size (1 to 100); explicit solvers need about 1/ε steps to slide.
SMOOTHING = 1e-3


class AbstractSteepest(AbstractGeometry):
    """Coordinatewise directions with an exponent `q`."""

    @property
    @abc.abstractmethod
    def q(self) -> Held:
        """The exponent: 2 is gradient flow, 1 sign flow."""

    @abc.abstractmethod
    def slope(self, gradient: Real) -> Real:
        """The derivative of the (smoothed) direction in each coordinate."""

    @abc.abstractmethod
    def weight(self, partial: Real) -> Real:
        """sign(a)|a|^{q−1}, without smoothing: what the map makes of a factor that multiplies the gradient."""


class Euclidean(AbstractSteepest):
    """Gradient flow: the direction is the gradient (q = 2).

    **Source:** theory page 00.
    """

    @property
    def q(self) -> Held:
        """2"""
        return np.asarray(2.0)

    @property
    def smooth(self) -> bool:
        """True"""
        return True

    def direction(self, gradient: Real, log_scale: Scalar) -> tuple[Scalar, Real]:
        """(log_scale, g)"""
        return log_scale, gradient

    def slope(self, gradient: Real) -> Real:
        """1"""
        return jnp.ones_like(gradient)

    def weight(self, partial: Real) -> Real:
        """a"""
        return partial


class Steepest(AbstractSteepest):
    """Steepest descent in L_p, 1/p+1/q=1: the direction is sign(g)|g|^{q−1}, computed as g/(g²+ε²)^{(2−q)/2}.

    The smoothing acts on the gradient in x alone and never on a product's own partial derivatives, so that balance
    laws hold exactly at every ε (theory page 03, numerics that matter).

    **Arguments:**

    - `q`: exponent in [1, 2]; 2 is gradient flow, 1 sign flow.
    - `smoothing`: ε > 0 in the units of the gradient, multiplied by the ambient `mf.accuracy`.

    **Raises:** `ValueError` for q outside [1, 2] or ε ≤ 0.

    **Source:** Never Saddle (arXiv:2603.02064), theory pages 00 and 03.

    >>> _, direction = mf.geometries.Steepest(q=1.5).direction(jnp.array([4.0, -9.0]), jnp.array(0.0))
    >>> direction.round(6).tolist()
    [2.0, -3.0]
    """

    exponent: Held
    smoothing: Held

    def __init__(self, q: Numeric, smoothing: Numeric = SMOOTHING):
        self.exponent = _checks.in_interval("q", q, 1.0, 2.0)
        self.smoothing = _checks.positive("smoothing", smoothing) * current()

    @property
    def q(self) -> Held:
        """The exponent."""
        return self.exponent

    @property
    def smooth(self) -> bool:
        """Only where q is known to be 2."""
        return not _checks.is_traced(self.exponent) and float(self.exponent) == 2.0

    def direction(self, gradient: Real, log_scale: Scalar) -> tuple[Scalar, Real]:
        """e^{(q−1)·log_scale}·g/(g²+ε²)^{(2−q)/2}, ε divided by the same scale."""
        return _smoothed(gradient, log_scale, jnp.asarray(self.exponent, gradient.dtype), self.smoothing)

    def slope(self, gradient: Real) -> Real:
        """The derivative of the direction: (g²+ε²)^{q/2−2}·((q−1)g²+ε²)."""
        square, small = gradient**2, self.smoothing**2
        return (square + small) ** (self.exponent / 2 - 2) * ((self.exponent - 1) * square + small)

    def weight(self, partial: Real) -> Real:
        """sign(a)|a|^{q−1}"""
        return signed_power(partial, self.exponent - 1)


class Sign(AbstractSteepest):
    """Sign flow (q = 1): the direction is sign(g), computed as g/√(g²+ε²).

    With `smoothing=None` it is sign(g) itself. A flow then slides along the surfaces on which an entry of the gradient
    is 0, and is followed there as a differential inclusion, with an element of [−1,1] in place of the sign. Where
    f=0 is reached with more coordinates than samples, the inclusion has more than one solution, and which one is
    followed is not said: end the run before.

    **Arguments:** `smoothing`: ε > 0 in the units of the gradient, multiplied by the ambient `mf.accuracy`; or None.

    **Raises:** `ValueError` for ε ≤ 0.

    **Source:** Never Saddle (arXiv:2603.02064), theory page 03.

    >>> problem = mf.problems.LinearRegression(jnp.array([[2.0, 1.0], [0.0, 1.0]]), jnp.array([2.0, 1.5]))
    >>> flow = mf.Flow(problem, potential=mf.potentials.Quadratic(), geometry=mf.geometries.Sign(smoothing=None))
    >>> path = mf.integrate(flow, jnp.zeros(2), until=mf.until.time(5.0))
    >>> path.x[-1].round(6).tolist()
    [0.25, 1.5]
    """

    smoothing: Held | None

    def __init__(self, smoothing: Numeric | None = SMOOTHING):
        self.smoothing = None if smoothing is None else _checks.positive("smoothing", smoothing) * current()

    @property
    def q(self) -> Held:
        """1"""
        return np.asarray(1.0)

    @property
    def smooth(self) -> bool:
        """False"""
        return False

    def direction(self, gradient: Real, log_scale: Scalar) -> tuple[Scalar, Real]:
        """g/√(g²+ε²), ε divided by the same scale."""
        if self.smoothing is None:
            return jnp.zeros_like(log_scale), jnp.sign(gradient)
        unit, width = carried(self.smoothing, log_scale, gradient.dtype)
        return -unit, gradient / jnp.sqrt(_square(gradient, unit, width))

    def slope(self, gradient: Real) -> Real:
        """ε²/(g²+ε²)^{3/2}; without smoothing 1/|g|, the slope from 0 to g."""
        if self.smoothing is None:
            return 1 / jnp.abs(gradient)
        return self.smoothing**2 / (gradient**2 + self.smoothing**2) ** 1.5

    def weight(self, partial: Real) -> Real:
        """sign(a)"""
        return jnp.sign(partial)


class FixedSigns(AbstractSteepest):
    """Sign flow with given numbers, of the shape of x, in place of the signs of the gradient."""

    signs: Real

    @property
    def q(self) -> Held:
        """1"""
        return np.asarray(1.0)

    @property
    def smooth(self) -> bool:
        """True"""
        return True

    def direction(self, gradient: Real, log_scale: Scalar) -> tuple[Scalar, Real]:
        """The given numbers."""
        return jnp.zeros_like(log_scale), self.signs

    def slope(self, gradient: Real) -> Real:
        """1/|g|, the slope from 0 to g."""
        return 1 / jnp.abs(gradient)

    def weight(self, partial: Real) -> Real:
        """sign(a)"""
        return jnp.sign(partial)


def _smoothed(gradient: Real, log_scale: Scalar, q: Scalar, smoothing: Held) -> tuple[Scalar, Real]:
    unit, width = carried(smoothing, log_scale, gradient.dtype)
    direction = gradient * _square(gradient, unit, width) ** (q / 2 - 1)
    return (q - 1) * log_scale + (q - 2) * unit, direction


def _square(gradient: Real, unit: Scalar, width: Scalar) -> Real:
    """(g²+w²)/m², above 0 also where both squares underflow."""
    return jnp.maximum((gradient * jnp.exp(-unit)) ** 2 + width**2, least_square(gradient.dtype))


def signed_power(a: Real, exponent: Numeric) -> Real:
    """sign(a)|a|^exponent for an exponent in [0, 1], with derivative 0 (not NaN) at a = 0."""
    zero = a == 0
    return jnp.where(zero, 0.0, jnp.sign(a) * jnp.abs(jnp.where(zero, 1.0, a)) ** exponent)
