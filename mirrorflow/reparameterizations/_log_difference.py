"""Differences of logarithms: x = log u − log v."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Parameters, Real
from ._base import AbstractCoordinatewise, check_array


class LogDifference(AbstractCoordinatewise):
    """x = log u − log v with u, v > 0 and θ = (u, v) of shape (2, …).

    The steepest flow with exponent q keeps u^q+v^q, so that only a bounded interval of duals can be reached: where u or
    v comes to 0, x is at infinity in finite time and the flow ends. `mf.decay.LogSum` is the penalty that commutes.

    **Source:** Mirror, Mirror of the Flow (arXiv:2504.12883); theory pages 01 and 02.

    >>> difference = mf.reparameterizations.LogDifference()
    >>> difference(difference.lift(x=jnp.array([0.5, -2.0]), balance=0.3)).round(12).tolist()
    [0.5, -2.0]
    """

    def __call__(self, parameters: Parameters) -> Real:
        """log u − log v"""
        logs = jnp.log(parameters)
        return logs[0] - logs[1]

    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """θ has shape (2, *shape of x) and is positive."""
        check_array(parameters, (2, *shape), "(2, *x.shape)")
        _checks.positive("start", parameters, shape=None)

    def partials(self, parameters: Real) -> Real:
        """(1/u, −1/v)"""
        slopes = 1 / parameters
        return jnp.stack([slopes[0], -slopes[1]])

    def lift(self, x: Numeric, balance: Numeric, q: Numeric = 2.0) -> Parameters:
        """The point with value x on the orbit through u=v=balance: u^q+v^q = 2·balance^q.

        **Arguments:** `x`: any shape; `balance`: > 0, a number or of the shape of x; `q`: in [1, 2].

        **Returns:** θ of shape (2, *x.shape).

        **Raises:** `ValueError` for a balance that is not positive, q outside [1, 2], shapes that differ, or an x so
        large that u or v underflows.
        """
        x = _checks.number("x", x, shape=None)
        balance = _checks.positive("balance", balance, shape=None)
        if balance.shape not in ((), x.shape):
            raise ValueError(f"balance must be a number or have the shape {x.shape} of x, got shape {balance.shape}.")
        q = _checks.in_interval("q", q, 1.0, 2.0)
        theta = _lift(jnp.asarray(x), jnp.asarray(balance), jnp.asarray(q))
        if not _checks.is_traced(theta) and not bool((np.asarray(theta) > 0).all()):
            limit = -float(np.log(np.finfo(theta.dtype).tiny)) + float(np.log(np.min(balance)))
            largest = float(abs(x).max())
            raise ValueError(f"x must be at most about {limit:.0f} in size for this balance, got {largest:g}.")
        return theta

    @property
    def parameter_axes(self) -> tuple[str, ...]:
        """The first axis holds u and v."""
        return ("factor",)


@eqx.filter_jit
def _lift(x: Real, balance: Real, q: Real) -> Real:
    # The larger of the two by the logistic function, the smaller through x itself: log u − log v is x to rounding.
    size = jnp.abs(x)
    large = balance * jnp.exp((jnp.log(2.0) + jax.nn.log_sigmoid(q * size)) / q)
    small = large * jnp.exp(-size)
    return jnp.where(x >= 0, jnp.stack([large, small]), jnp.stack([small, large]))
