"""Products of factors, coordinate by coordinate: deep diagonal linear networks."""

import itertools
import operator

import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from .._types import Numeric, Parameters, Real
from ._base import AbstractCoordinatewise, check_array


class AbstractProduct(AbstractCoordinatewise):
    """x = w₁⊙w₂⊙…⊙w_L for whatever knows its `depth` L, with θ of shape (L, …)."""

    depth: eqx.AbstractVar[int]

    def __call__(self, parameters: Parameters) -> Real:
        """∏_i w_i"""
        product = parameters[0]
        for i in range(1, self.depth):
            product = product * parameters[i]
        return product

    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """θ has shape (depth, *shape of x)."""
        check_array(parameters, (self.depth, *shape), "(depth, *x.shape)")

    def partials(self, parameters: Real) -> Real:
        """∏_{j≠i} w_j, by products from both ends, without a division."""
        factors = [parameters[i] for i in range(self.depth)]
        before = list(itertools.accumulate(factors[:-1], operator.mul))
        after = list(itertools.accumulate(factors[:0:-1], operator.mul))[::-1]
        between = [a * b for a, b in zip(before[:-1], after[1:], strict=True)]
        return jnp.stack([after[0], *between, before[-1]])

    def lift(self, x: Numeric, balance: Numeric, q: Numeric = 2.0) -> Parameters:
        """The factors of x whose last one is small and carries the sign: |w_i|^q−|w_L|^q = balance for i<L, w_i>0.

        **Arguments:** `x`: any shape; `balance`: ≥ 0, a number or of the shape of x; `q`: in [1, 2].

        **Returns:** θ of shape (depth, *x.shape).

        **Raises:** `ValueError` for a negative balance, q outside [1, 2] or shapes that differ.
        """
        x = _checks.number("x", x, shape=None)
        balance = _checks.nonnegative("balance", balance, shape=None)
        if balance.shape not in ((), x.shape):
            raise ValueError(f"balance must be a number or have the shape {x.shape} of x, got shape {balance.shape}.")
        q = _checks.in_interval("q", q, 1.0, 2.0)
        return _lift(jnp.asarray(x), jnp.asarray(balance), jnp.asarray(q), self.depth)

    @property
    def parameter_axes(self) -> tuple[str, ...]:
        """The first axis counts the factors."""
        return ("factor",)


class Hadamard(AbstractProduct):
    """x = w₁⊙w₂⊙…⊙w_L, with θ of shape (L, …).

    **Arguments:** `depth`: L ≥ 2.

    **Raises:** `ValueError` for a depth that is not an integer of at least 2.

    **Source:** theory pages 02 (m⊙w) and 03 (any depth).

    >>> deep = mf.reparameterizations.Hadamard(depth=3)
    >>> theta = deep.lift(x=jnp.array([0.5, -2.0]), balance=0.3)
    >>> deep(theta).round(12).tolist()
    [0.5, -2.0]
    """

    depth: int = eqx.field(static=True)

    def __init__(self, depth: int = 2):
        self.depth = _checks.integer("depth", depth, at_least=2)


@eqx.filter_jit
def _lift(x: Real, balance: Real, q: Real, depth: int) -> Real:
    size, balance = jnp.abs(x), balance * jnp.ones_like(x)
    if depth == 2:
        # s=|w_L|^q solves s² + balance·s = |x|^q; the root is written without cancellation and without squares.
        half = size ** (q / 2)
        bottom = balance + jnp.hypot(balance, 2 * half)
        small = (half * (2 * half / jnp.where(bottom > 0, bottom, 1.0))) ** (1 / q)
    else:
        small = _smallest_factor(size, balance, q, depth)
    # Equal factors are equal to the last digit: what a balanced flow does near x=0 hangs on it.
    small = jnp.where(balance > 0, small, _root(size, depth))
    large = jnp.where(balance > 0, (small**q + balance) ** (1 / q), small)
    last = x
    for _ in range(depth - 1):  # one by one: their product may leave the range of floats
        last = last / jnp.where(large > 0, large, 1.0)
    last = jnp.where(balance > 0, last, jnp.sign(x) * small)
    return jnp.stack([large] * (depth - 1) + [last])


def _root(size: Real, depth: int) -> Real:
    """size^{1/L}, with one Newton step for the rounding of 1/L."""
    safe = jnp.where(size > 0, size, 1.0)
    root = safe ** (1 / depth)
    return jnp.where(size > 0, root - root * (root**depth / safe - 1) / depth, 0.0)


def _smallest_factor(size: Real, balance: Real, q: Real, depth: int) -> Real:
    """a with a·(a^q+balance)^{(L−1)/q} = size, by Newton in u=log a on an increasing convex function."""
    positive = size > 0
    target = jnp.log(jnp.where(positive, size, 1.0))
    log_balance = jnp.log(jnp.where(balance > 0, balance, 1.0))
    power = (depth - 1) / q

    def residual(u):
        grown = jnp.where(balance > 0, jnp.logaddexp(q * u, log_balance), q * u)
        slope = 1 + (depth - 1) * jnp.where(balance > 0, jax.nn.sigmoid(q * u - log_balance), 1.0)
        return u + power * grown - target, slope

    def newton(_, u):
        value, slope = residual(u)
        return u - value / slope

    # The balanced root lies to the right of the solution, where Newton on a convex function converges monotonically.
    return jnp.where(positive, jnp.exp(jax.lax.fori_loop(0, 60, newton, target / depth)), 0.0)
