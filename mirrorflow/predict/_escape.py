"""How long a balanced deep diagonal network stays near the saddle at the origin."""

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Held, Numeric, Real
from ..potentials._power_log import power_log


def escape_time(depth: int, q: Numeric, x0: Numeric, to: Numeric) -> Real:
    """The time in which x=∏w_i, balanced, goes from x₀ to `to` under q-steepest flow with |f'|=1.

    ∫dx/(L·x^m) = (to^{1−m}−x₀^{1−m})/(L(1−m)), log(to/x₀)/L for m=1, with m=q(L−1)/L: O(1) for sign flow whatever
    x₀ is, x₀^{2/L−1}/(L−2) for gradient flow with L≥3.

    **Arguments:** `depth`: L≥2; `q`: the exponent of the steepest flow, in [1,2]; `x0`, `to`: 0<x₀≤to, numbers or
    arrays of one shape.

    **Returns:** times, of the shape of `x0` and `to`, exact to rounding for every m, 1 and its neighbourhood included.

    **Raises:** `ValueError` for a depth below 2, q outside [1,2], x₀ or `to` not positive, or `to` below x₀.

    **Source:** arXiv:2603.02064; theory page 03 (saddle escape).

    >>> bool(jnp.isclose(mf.predict.escape_time(depth=2, q=2.0, x0=1e-6, to=1.0), jnp.log(1e6) / 2))
    True
    """
    depth = _checks.integer("depth", depth, at_least=2)
    q = _checks.in_interval("q", q, 1.0, 2.0, shape=None)
    x0 = _checks.positive("x0", x0, shape=None)
    to = _checks.positive("to", to, shape=None)
    shapes = {np.shape(number) for number in (q, x0, to)} - {()}
    if len(shapes) > 1:
        raise ValueError(f"q, x0 and to must be numbers or arrays of one shape, got shapes {sorted(shapes)}.")
    if not (_checks.is_traced(x0) or _checks.is_traced(to)) and not np.all(to >= x0):
        raise ValueError(f"to must be at least x0, got x0={np.asarray(x0).tolist()} and to={np.asarray(to).tolist()}.")
    gap = (depth - q * (depth - 1)) / depth  # 1−m
    return _unit_time(x0, to, gap) / depth


@jax.jit
def _unit_time(x0: Held, to: Held, gap: Held) -> Real:
    """∫x^{gap−1} dx"""
    log = jnp.where(to < 2 * x0, jnp.log1p((to - x0) / x0), jnp.log(to) - jnp.log(x0))
    return x0**gap * power_log(log, gap)
