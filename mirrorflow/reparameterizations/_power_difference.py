"""Differences of powers: x = u^D − v^D."""

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Numeric, Parameters, Real
from ._base import AbstractCoordinatewise, check_array


class PowerDifference(AbstractCoordinatewise):
    """x = u^D − v^D with u, v > 0 and θ = (u, v) of shape (2, …).

    **Arguments:** `power`: D ≥ 2, an integer.

    **Raises:** `ValueError` for a power that is not an integer of at least 2.

    **Source:** Woodworth et al. 2020; theory pages 01 and 02.

    >>> difference = mf.reparameterizations.PowerDifference(power=4)
    >>> difference(difference.lift(x=jnp.array([0.5, -2.0]), balance=0.3)).round(12).tolist()
    [0.5, -2.0]
    """

    power: int = eqx.field(static=True)

    def __init__(self, power: int = 2):
        self.power = _checks.integer("power", power, at_least=2)

    def __call__(self, parameters: Parameters) -> Real:
        """u^D − v^D"""
        return parameters[0] ** self.power - parameters[1] ** self.power

    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """θ has shape (2, *shape of x)."""
        check_array(parameters, (2, *shape), "(2, *x.shape)")

    def partials(self, parameters: Real) -> Real:
        """(D·u^{D−1}, −D·v^{D−1})"""
        slopes = self.power * parameters ** (self.power - 1)
        return jnp.stack([slopes[0], -slopes[1]])

    def lift(self, x: Numeric, balance: Numeric, q: Numeric = 2.0) -> Parameters:
        """The point with value x on the gradient-flow orbit through u=v=balance.

        D=2: u·v = balance². D≥3: u^{2−D}+v^{2−D} = 2·balance^{2−D}.

        **Raises:** `ValueError` for a balance that is not positive, for q≠2, or for shapes that differ.
        """
        x = _checks.number("x", x, shape=None)
        balance = _checks.positive("balance", balance, shape=None)
        if balance.shape not in ((), x.shape):
            raise ValueError(f"balance must be a number or have the shape {x.shape} of x, got shape {balance.shape}.")
        if not _checks.is_traced(q) and float(q) != 2.0:
            raise ValueError(f"A power difference can be lifted along its orbit for q=2 only, got q={float(q):g}.")
        return _lift(jnp.asarray(x), jnp.asarray(balance), self.power)

    @property
    def parameter_axes(self) -> tuple[str, ...]:
        """The first axis holds u and v."""
        return ("factor",)


@eqx.filter_jit
def _lift(x: Real, balance: Real, power: int) -> Real:
    size, scale = jnp.abs(x), balance * jnp.ones_like(x)
    if power == 2:
        large = jnp.sqrt((size + jnp.hypot(size, 2 * scale**2)) / 2)
        small = scale * (scale / large)
    else:
        log_large, log_small = _on_orbit(jnp.log(size) - power * jnp.log(scale), power)
        large, small = scale * jnp.exp(log_large), scale * jnp.exp(log_small)
    return jnp.where(x >= 0, jnp.stack([large, small]), jnp.stack([small, large]))


def _on_orbit(log_size: Real, power: int) -> tuple[Real, Real]:
    """log u ≥ log v with u^D−v^D = e^{log_size} and u^{2−D}+v^{2−D} = 2, by bisection in log u^{2−D} ≤ 0."""
    exponent = -1.0 / (power - 2)

    def ends(log_rest):
        return exponent * log_rest, exponent * jnp.log1p(-jnp.expm1(log_rest))

    def halve(_, bracket):
        low, high = bracket  # the size decreases in log_rest
        middle = 0.5 * (low + high)
        u, v = ends(middle)
        above = power * u + jnp.log(-jnp.expm1(power * (v - u))) > log_size
        return jnp.where(above, middle, low), jnp.where(above, high, middle)

    # u^D ≤ size+1 bounds log u^{2−D} from below.
    low = -(power - 2) / power * jnp.logaddexp(log_size, 0.0) - 1e-3
    low, high = jax.lax.fori_loop(0, 200, halve, (low, jnp.zeros_like(low)))
    return ends(0.5 * (low + high))
