"""The interface of a geometry."""

import abc
from typing import Any

import equinox as eqx
import jax.numpy as jnp

from .._types import Held, Real, Scalar


class AbstractGeometry(eqx.Module):
    """How a gradient becomes a velocity: θ̇ = −direction(∇𝓛)."""

    @property
    @abc.abstractmethod
    def smooth(self) -> bool:
        """Whether the direction is a smooth function of the gradient, so that explicit solvers suffice."""

    @abc.abstractmethod
    def direction(self, gradient: Real, log_scale: Scalar) -> tuple[Scalar, Real]:
        """The direction of steepest descent, with its sign turned, for the gradient e^{log_scale}·`gradient`.

        **Returns:** (s, d), the direction being eˢ·d.
        """


def carried(smoothing: Held, log_scale: Scalar, dtype: Any) -> tuple[Scalar, Scalar]:
    """(log m, w/m) for the width w = ε/e^{log_scale} in the units of a scaled gradient, with m = max(w, 1).

    A gradient far below ε has a direction far below 1; m carries that as a logarithm.
    """
    log_width = jnp.log(jnp.asarray(smoothing, dtype)) - jnp.asarray(log_scale, dtype)
    unit = jnp.maximum(log_width, 0.0)
    return unit, jnp.exp(log_width - unit)


def least_square(dtype: Any) -> float:
    """What a square (g²+w²) is raised to where it underflows: its power −3/2, in a derivative, is still finite."""
    return float(jnp.finfo(dtype).tiny) ** 0.6
