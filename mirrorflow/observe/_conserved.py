"""How well a path keeps a law, whoever derived the law."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numeric, Parameters, Real
from ..flows import Trajectory

Law = Callable[[Parameters], Any]


class Conserved(NamedTuple):
    """`values`: h along the path, shape (points, …); `expected`: h(θ_0)·e^{−∫rate}, of the same shape; `max_drift`: the
    largest difference of the two, relative to the size of the law (see `conserved`).
    """

    values: Real
    expected: Real
    max_drift: Real


def conserved(path: Trajectory, law: Law, rate: Numeric | Callable[[Any], Any] | None = None) -> Conserved:
    """A law h along a path, and how far it is from what it should be, h(θ_t) = h(θ_0)·e^{−rate·t}.

    A law is a difference that may well be 0, so its own value is no measure of its drift. The measure is the size of
    its parts, Σ_i|∂h/∂θ_i||θ_i| (2(u²+v²) for u²−v²): the drift is ε if relative changes of ε in each parameter could
    have made it, whatever h(θ_0) is. A law that knows the size of its parts better has an attribute `scale`, θ ↦ an
    array of the law's shape. `max_drift` is the largest |h(θ_t)−expected| of any entry and point over the largest size
    or |h| of any entry and point; 0 if h and all its parts are 0.

    **Arguments:**

    - `law`: h, θ ↦ a number or an array; θ is one point of `path.parameters` (of a potential: x itself).
    - `rate`: a number, or t ↦ ∫₀ᵗ rate for a rate that changes; nothing for the law's own attribute `rate`, if it has
      one that is a number, and else for 0.

    **Raises:** `ValueError` for what is no function, a rate that is no number, or a law that is not finite on the path.

    **Source:** theory pages 03 and 07.

    >>> problem = mf.problems.LinearRegression(jnp.ones((1, 2)), jnp.ones(1))
    >>> flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
    >>> path = mf.integrate(flow, flow.lift(x=jnp.zeros(2), balance=0.25), until=mf.until.time(1.0), save=5)
    >>> bool(mf.observe.conserved(path, lambda theta: theta[0] ** 2 - theta[1] ** 2).max_drift < 1e-6)
    True
    """
    if not callable(law):
        raise ValueError(f"law must be callable, a function of the parameters, got {type(law).__name__}: {law!r}.")
    parameters = jax.tree.map(jnp.asarray, path.parameters)
    values, sizes = _along(law, parameters)
    exponents = _exponents(law, rate, path.time)
    left = jnp.exp(exponents[0] - exponents)
    expected = left.reshape(-1, *[1] * (values.ndim - 1)) * values[:1]
    _require_finite(values, path)
    size = jnp.maximum(jnp.max(jnp.abs(values)), jnp.max(jnp.where(jnp.isfinite(sizes), sizes, 0.0)))
    change = jnp.max(jnp.abs(values - expected))
    return Conserved(values, expected, jnp.where(size > 0, change / jnp.where(size > 0, size, 1.0), 0.0))


def _along(law: Law, parameters: Parameters) -> tuple[Real, Real]:
    """The law and the size of its parts at each point."""
    own_scale = getattr(law, "scale", None)

    def parts(theta: Parameters) -> Real:
        if own_scale is not None:
            return jnp.abs(jnp.asarray(own_scale(theta)))
        # The absolute values of the products are summed, so the derivatives are needed one by one.
        slopes = jax.jacrev(lambda theta: jnp.asarray(law(theta)))(theta)
        return sum(
            (_contracted(jnp.abs(slope), jnp.abs(leaf)) for slope, leaf in _pairs(slopes, theta)), start=jnp.zeros(())
        )

    values = jax.jit(jax.vmap(lambda theta: jnp.asarray(law(theta))))(parameters)
    return values, jax.jit(jax.vmap(parts))(parameters)


def _pairs(slopes: Parameters, theta: Parameters) -> Any:
    return zip(jax.tree.leaves(slopes), jax.tree.leaves(theta), strict=True)


def _contracted(slope: Real, leaf: Real) -> Real:
    return jnp.tensordot(slope, leaf, axes=jnp.ndim(leaf))


def _exponents(law: Law, rate: Any, times: Any) -> Real:
    """∫₀ᵗ rate at each time."""
    rate = getattr(law, "rate", 0.0) if rate is None else rate
    times = jnp.asarray(times)
    if callable(rate):
        found = jnp.asarray(rate(times))
        if found.shape != times.shape:
            raise ValueError(f"rate must map times of shape {times.shape} to that shape, got {found.shape}.")
        return found
    try:
        number = float(rate)
    except (TypeError, ValueError):
        raise ValueError(
            f"rate must be a number or a function of time, got {type(rate).__name__}: {rate}. Put numbers for its "
            "symbols, or pass rate."
        ) from None
    _checks.number("rate", number)
    # A time beyond the range of floats times a rate of 0 is 0.
    return number * times if number != 0 else jnp.zeros_like(times)


def _require_finite(values: Real, path: Trajectory) -> None:
    good = np.isfinite(np.asarray(values).reshape(len(values), -1)).all(axis=1)
    if not good.all():
        index = int(np.argmin(good))
        raise ValueError(f"law must be finite along the path, and is not at point {index}, t={path.time[index]}.")
