"""Activations that are positively homogeneous, σ(cz)=c^k·σ(z) for c>0."""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Held, Numeric, Real


class AbstractActivation(eqx.Module):
    """σ with σ(cz)=c^degree·σ(z) for c>0, elementwise.

    `low` and `high` are σ'(0−) and σ'(0+). Where they differ (`kinked`), σ(z)=slope·z with one of the two.
    `gain` is 1/E σ(z)² for z~N(0,1): weights that are larger by its root keep the size of signals.
    """

    degree: ClassVar[int]
    kinked: ClassVar[bool]

    @property
    @abc.abstractmethod
    def low(self) -> Held:
        """σ'(0−)"""

    @property
    @abc.abstractmethod
    def high(self) -> Held:
        """σ'(0+)"""

    @property
    @abc.abstractmethod
    def gain(self) -> Held:
        """1/E σ(z)² for z~N(0,1)"""

    @abc.abstractmethod
    def __call__(self, z: Real) -> Real:
        """σ(z), of the shape of z."""

    def slope(self, z: Real) -> Real:
        """`high` where z>0, else `low`: at a kink relu'(0)=0, as in frameworks for networks."""
        return jnp.where(z > 0, jnp.asarray(self.high, z.dtype), jnp.asarray(self.low, z.dtype))


class ReLU(AbstractActivation):
    """max(z,0)"""

    degree: ClassVar[int] = 1
    kinked: ClassVar[bool] = True

    @property
    def low(self) -> Held:
        """0"""
        return np.asarray(0.0)

    @property
    def high(self) -> Held:
        """1"""
        return np.asarray(1.0)

    @property
    def gain(self) -> Held:
        """2"""
        return np.asarray(2.0)

    def __call__(self, z: Real) -> Real:
        """max(z,0)"""
        return jnp.where(z > 0, z, 0.0)


class LeakyReLU(AbstractActivation):
    """z for z>0, slope·z for z<0.

    **Arguments:** `negative`: the slope for z<0, in [0,1].

    **Raises:** `ValueError` for a slope outside [0,1].
    """

    negative: Held
    degree: ClassVar[int] = 1
    kinked: ClassVar[bool] = True

    def __init__(self, negative: Numeric = 0.01):
        self.negative = _checks.in_interval("negative", negative, 0.0, 1.0)

    @property
    def low(self) -> Held:
        """The slope for z<0."""
        return self.negative

    @property
    def high(self) -> Held:
        """1"""
        return np.asarray(1.0)

    @property
    def gain(self) -> Held:
        """2/(1+slope²)"""
        return 2 / (1 + self.negative**2)

    def __call__(self, z: Real) -> Real:
        """z for z>0, slope·z for z<0."""
        return jnp.where(z > 0, z, jnp.asarray(self.negative, z.dtype) * z)


class Linear(AbstractActivation):
    """z: a deep linear network."""

    degree: ClassVar[int] = 1
    kinked: ClassVar[bool] = False

    @property
    def low(self) -> Held:
        """1"""
        return np.asarray(1.0)

    @property
    def high(self) -> Held:
        """1"""
        return np.asarray(1.0)

    @property
    def gain(self) -> Held:
        """1"""
        return np.asarray(1.0)

    def __call__(self, z: Real) -> Real:
        """z"""
        return z


class SquaredReLU(AbstractActivation):
    """max(z,0)², of degree 2 and with a continuous derivative."""

    degree: ClassVar[int] = 2
    kinked: ClassVar[bool] = False

    @property
    def low(self) -> Held:
        """0"""
        return np.asarray(0.0)

    @property
    def high(self) -> Held:
        """0"""
        return np.asarray(0.0)

    @property
    def gain(self) -> Held:
        """2/3"""
        return np.asarray(2.0 / 3.0)

    def __call__(self, z: Real) -> Real:
        """max(z,0)²"""
        return jnp.where(z > 0, z, 0.0) ** 2


_NAMED: dict[str, type[AbstractActivation]] = {
    "relu": ReLU,
    "leaky relu": LeakyReLU,
    "linear": Linear,
    "squared relu": SquaredReLU,
}


def activation_of(value: Any) -> AbstractActivation:
    """The activation of that name, or `value` itself if it is one.

    **Raises:** `ValueError` for anything else: what is known of margins and balances needs homogeneity.
    """
    if isinstance(value, AbstractActivation):
        return value
    if isinstance(value, str) and value in _NAMED:
        return _NAMED[value]()
    allowed = ", ".join(map(repr, _NAMED))
    raise ValueError(
        f"activation must be one of {allowed} or an activation of mf.networks, got {value!r}: margins and balances of "
        "networks need an activation that is positively homogeneous, σ(cz)=c^k·σ(z) for c>0."
    )
