"""A user's own potential, given as one function; everything else follows numerically."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import sympy

from .._checks import is_traced
from .._types import Anything, Real
from . import _derivatives as derivatives
from ._base import AbstractPotential, Interval
from ._limits import limits_of_mirror_map
from ._numeric_horizon import numeric_horizon
from ._quadrature import integral
from ._roots import bracketed_root

_LOWEST, _HIGHEST = -700.0, 700.0  # logarithms of distances that floats hold
_FAR = 100.0  # logarithms of distances at which formulas may fail by overflow
_NUDGES = 1024.0  # smallest floats away from 0, where automatic differentiation has 0·∞ at 0
# Where a function is looked at when it is given: irregular, so that no kink is hit but one at 0.
_PROBES = 1.0173 * 10 ** np.linspace(-3, 1, 9)


class Custom(AbstractPotential):
    """R given by an elementwise function: R itself, its mirror map R', or its metric R''.

    What is not given comes from automatic differentiation (towards the metric) and adaptive quadrature of the metric
    (back to R), the inverse mirror map from a bracketed Newton search; derivatives of all maps, those of the conjugate
    included, are by their definitions, as for every potential. R is fixed up to what is given: with `mirror_map`,
    R(r)=0, and with `metric` also R'(r)=0, at the reference point r, which is 0 if the domain holds it, else 1, else a
    point within.

    The chart is x (its logarithmic distance from a finite end of the domain), in which a flow needs the metric alone:
    neither quadrature nor search. Where the metric is 0 or infinite at 0, as for |x|^p, it is the dual, in which 0 is
    left at finite speed.

    **Arguments:** exactly one of `value`, `mirror_map`, `metric`: a function x ↦ array of the shape of x, elementwise,
    written with `jax.numpy`; arrays it closes over are constants, the array fields of an `equinox.Module` are traced.
    `domain`: (low, high), ℝ unless given; at finite ends the mirror map must diverge. `dual_chart`: whether the chart
    is the dual, found out unless given.

    **Raises:** `ValueError` unless exactly one function is given, if it is not callable or elementwise, if the domain
    is empty, or if R is not finite and strictly convex at sample points or too irregular for quadrature. Values that
    quadrature does not find to 1e-10 are NaN.

    **Source:** theory page 01 (a potential given as a callable).

    >>> potential = mf.potentials.Custom(metric=lambda x: 1 / jnp.sqrt(x**2 + 0.25))
    >>> bool(jnp.allclose(potential.inverse_mirror_map([-2.0, 1.0]), 0.5 * jnp.sinh(jnp.array([-2.0, 1.0]))))
    True
    """

    function: Any  # a module that is callable
    given: str = eqx.field(static=True)
    low: float = eqx.field(static=True)
    high: float = eqx.field(static=True)
    dual_chart: bool = eqx.field(static=True)

    def __init__(
        self,
        *,
        value: Any = None,  # callables; what else is given is refused in words
        mirror_map: Any = None,
        metric: Any = None,
        domain: Any = (-float("inf"), float("inf")),
        dual_chart: bool | None = None,
    ):
        functions = {"value": value, "mirror_map": mirror_map, "metric": metric}
        given = [name for name, function in functions.items() if function is not None]
        if len(given) != 1:
            raise ValueError(f"Give exactly one of value, mirror_map and metric, got {' and '.join(given) or 'none'}.")
        function: Any = functions[given[0]]
        if not callable(function):
            raise ValueError(f"{given[0]} must be callable, got {type(function).__name__}: {function!r}.")
        self.given = given[0]
        self.function = _Constant(function) if not isinstance(function, eqx.Module) else function
        self.low, self.high = _interval(domain)
        self.dual_chart = bool(dual_chart)
        _check_shape(self)
        if not any(is_traced(leaf) for leaf in jax.tree.leaves(function)):
            with jax.ensure_compile_time_eval():
                singular = _check_values(self)
            if dual_chart is None:
                self.dual_chart = singular

    @property
    def reference(self) -> float:
        """r: 0, 1, or a point within the domain."""
        for point in (0.0, 1.0):
            if self.low < point < self.high:
                return point
        if np.isinf(self.high):
            return self.low + max(1.0, abs(self.low))
        return self.high - max(1.0, abs(self.high)) if np.isinf(self.low) else (self.low + self.high) / 2

    @property
    def domain(self) -> Interval:
        """As given."""
        return (self.low, self.high)

    @property
    def dual_domain(self) -> Interval:
        """The limits of the mirror map at the ends of the domain, extrapolated where they are finite."""
        low, high = limits_of_mirror_map(self)
        return (float(low), float(high))

    @property
    def horizon(self) -> Any:
        """An `Lp` or a `NumericHorizon`; None if there is none (see `numeric_horizon`)."""
        return numeric_horizon(self)

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """Refused: a function written for numbers has no symbols."""
        raise ValueError("A custom potential is known by its numbers only, it has no symbolic expression.")

    def _value(self, x: Real) -> Real:
        inside = self._inside(x)
        safe = jnp.where(inside, x, self.reference)
        if self.given == "value":
            value = self.function(safe)
        else:
            slope = self._mirror_map(jnp.full_like(x, self.reference))
            value = slope * (safe - self.reference) + _moment(self, safe, "ahead")
        return jnp.where(inside, value, jnp.where(jnp.isnan(x), jnp.nan, jnp.inf))

    def _mirror_map(self, x: Real) -> Real:
        inside = self._inside(x)
        safe = jnp.where(inside, x, self.reference)
        if self.given == "metric":
            slope = _moment(self, safe, "one")
        else:
            slope = self.function(safe) if self.given == "mirror_map" else _past_zero(_derivative(self.function), safe)
        return jnp.where(inside, slope, jnp.nan)

    def _inverse_mirror_map(self, z: Real) -> Real:
        return _point_of_dual(self, z)

    def _metric(self, x: Real) -> Real:
        inside = self._inside(x)
        return jnp.where(inside, self._curvature(jnp.where(inside, x, self.reference)), jnp.nan)

    def _balance(self, x: Real) -> Real:
        inside = self._inside(x)
        point = jnp.full_like(x, self.reference)
        at_reference = self.reference * self._mirror_map(point) - self._value(point)
        grown = _moment(self, jnp.where(inside, x, self.reference), "point")
        return jnp.where(inside, at_reference + grown, jnp.nan)

    def _to_chart(self, x: Real) -> Real:
        return self._mirror_map(x) if self.dual_chart else self._to_coordinate(x)

    def _from_chart(self, chart: Real) -> Real:
        return self.inverse_mirror_map(chart) if self.dual_chart else self._from_coordinate(chart)

    def _chart_rate(self, chart: Real) -> Real:
        if self.dual_chart:
            return jnp.ones_like(chart)
        x = self._from_coordinate(chart)
        return 1 / (self._metric(x) * self._stretch(x))

    def _log_chart_rate(self, chart: Real) -> Real:
        if self.dual_chart:
            return jnp.zeros_like(chart)
        x = self._from_coordinate(chart)
        return -jnp.log(self._metric(x)) - jnp.log(self._stretch(x))

    def _inside(self, x: Real) -> Anything:
        return (x > self.low) & (x < self.high)

    def _curvature(self, x: Real) -> Real:
        """R'' inside the domain."""
        orders = {"value": 2, "mirror_map": 1, "metric": 0}
        function = self.function
        for _ in range(orders[self.given]):
            function = _derivative(function)
        return _past_zero(function, x)

    def _to_coordinate(self, x: Real) -> Real:
        """x, or the logarithm of its distance from a finite end, or of the ratio of its distances from two."""
        bounded = np.isfinite(self.low), np.isfinite(self.high)
        from_low = jnp.log(x - self.low) if bounded[0] else 0.0
        from_high = jnp.log(self.high - x) if bounded[1] else 0.0
        if all(bounded):
            share = (x - self._middle) / (self.high - self._middle)
            central = jnp.abs(share) < 0.5
            return jnp.where(central, 2 * jnp.arctanh(jnp.where(central, share, 0.0)), from_low - from_high)
        return jnp.asarray(from_low - from_high) if any(bounded) else x

    def _from_coordinate(self, c: Real) -> Real:
        bounded = np.isfinite(self.low), np.isfinite(self.high)
        if all(bounded):
            width = self.high - self.low
            above, below = self.low + width * jax.nn.sigmoid(c), self.high - width * jax.nn.sigmoid(-c)
            central = self._middle + width / 2 * jnp.tanh(c / 2)
            return jnp.where(jnp.abs(c) < 1, central, jnp.where(c < 0, above, below))
        if bounded[0]:
            return self.low + jnp.exp(c)
        return self.high - jnp.exp(-c) if bounded[1] else c

    @property
    def _middle(self) -> float:
        return (self.low + self.high) / 2

    def _stretch(self, x: Real) -> Real:
        """dx/dc"""
        bounded = np.isfinite(self.low), np.isfinite(self.high)
        if all(bounded):
            return (x - self.low) * ((self.high - x) / (self.high - self.low))
        if bounded[0]:
            return x - self.low
        return self.high - x if bounded[1] else jnp.ones_like(x)


class _Constant(eqx.Module):
    """A plain function: part of the program, not of its data."""

    function: Callable[..., Any] = eqx.field(static=True)

    def __call__(self, x: Real) -> Any:
        return self.function(x)


def _derivative(function: Callable[[Real], Real]) -> Callable[[Real], Real]:
    """f' of an elementwise function."""
    return lambda x: jax.jvp(function, (x,), (jnp.ones_like(x),))[1]


def _past_zero(function: Callable[[Real], Real], x: Real) -> Real:
    """f(x), right beside 0 where f(0) is no number because 0·∞ was formed on the way."""
    found = function(x)
    lost = (x == 0) & jnp.isnan(found)
    return jnp.where(lost, function(jnp.where(lost, _NUDGES * float(jnp.finfo(x.dtype).tiny), x)), found)


@eqx.filter_jit
def _moment(potential: Custom, x: Real, weight: str) -> Real:
    """∫ w(s)R''(s) ds from the reference point to x, with w=1, x−s or s for "one", "ahead" or "point"."""

    def density(c: Real) -> Real:
        s = potential._from_coordinate(c)
        weights = {"one": lambda: 1.0, "ahead": lambda: x - s, "point": lambda: s}
        return weights[weight]() * potential._curvature(s) * potential._stretch(s)

    reference = potential._to_coordinate(jnp.full_like(x, potential.reference))
    return integral(density, reference, potential._to_coordinate(x))


@eqx.filter_jit
def _point_of_dual(potential: Custom, z: Real) -> Real:
    """The x with R'(x)=z, searched in logarithms of distances and polished by a step in x itself."""
    reference, low, high = potential.reference, potential.low, potential.high
    origin = potential._mirror_map(jnp.full_like(z, reference))
    side = jnp.sign(z - origin)
    edges = jnp.full_like(z, _LOWEST), jnp.full_like(z, _HIGHEST)
    whole = np.isinf(low) and np.isinf(high)

    def locate(c: Real) -> Real:
        return reference + side * jnp.exp(c) if whole else potential._from_coordinate(c)

    def residual(c: Real) -> tuple[Real, Real]:
        x = locate(c)
        dual, metric = potential._mirror_map(x), potential._metric(x)
        if not whole:
            value = dual - z
            return jnp.where(jnp.isnan(value), jnp.where(x <= low, -jnp.inf, jnp.inf), value), metric * (
                potential._stretch(x)
            )
        # in logarithms of both, powers are straight lines
        gap = side * (dual - origin)
        return jnp.log(gap) - jnp.log(side * (z - origin)), metric * jnp.exp(c) / gap

    start = jnp.zeros_like(z) if whole else potential._to_coordinate(jnp.full_like(z, reference))
    c = bracketed_root(residual, *edges, start)
    x = jnp.where((side == 0) if whole else False, reference, locate(c))
    change = (potential._mirror_map(x) - z) / potential._metric(x)
    near = jnp.abs(change) <= 1e-6 * (jnp.abs(x - reference) if whole else potential._stretch(x))
    x = jnp.where(near & potential._inside(x - change), x - change, x)
    # beyond the values of R' the search ends far out, at the end of what floats or the user's formula can do
    dual, slack = potential._mirror_map(x), 1e-12 * jnp.abs(x) * potential._metric(x)
    missed = ~(jnp.abs(dual - z) <= 1e-6 * jnp.abs(z - origin) + jnp.where(jnp.isfinite(slack), slack, jnp.inf))
    beyond = jnp.where(z > origin, high, low)
    x = jnp.where((jnp.abs(c) >= _HIGHEST - 1e-6) & (side != 0), beyond, x)
    x = jnp.where(missed & jnp.isfinite(x), jnp.where(jnp.abs(c) > _FAR, beyond, jnp.nan), x)
    return jnp.where(jnp.isnan(z), jnp.nan, x)


def _interval(domain: Any) -> tuple[float, float]:
    try:
        low, high = (float(end) for end in domain)
    except (TypeError, ValueError):
        raise ValueError(f"domain must be two numbers (low, high), got {domain!r}.") from None
    if not low < high:
        raise ValueError(f"domain must be an open interval (low, high) with low < high, got {(low, high)}.")
    return low, high


def _check_shape(potential: Custom) -> None:
    name = potential.given
    x = jax.ShapeDtypeStruct((3,), jnp.result_type(float))
    try:
        made = jax.eval_shape(potential.function, x)
    except Exception as error:  # whatever a user's function may raise
        raise ValueError(f"{name} does not accept an x of shape (3,): {error}") from error
    if getattr(made, "shape", None) != (3,) or not jnp.issubdtype(made.dtype, jnp.floating):
        raise ValueError(f"{name} must be elementwise: for an x of shape (3,) it returns {made}.")


@eqx.filter_jit
def _probe(potential: Custom, points: Real) -> dict[str, Real]:
    names = ("value", "mirror_map", "metric", "balance")
    found = {name: getattr(potential, f"_{name}")(points) for name in names}
    return found | {
        "alone": jax.lax.map(potential.function, points[:, None])[:, 0],
        "given": potential.function(points),
    }


def _check_values(potential: Custom) -> bool:
    """Whether the metric is 0 or infinite at 0; a ValueError if the function is no potential at sample points."""
    name, (low, high) = potential.given, potential.domain
    whole = np.isinf(low) and np.isinf(high)
    sides = np.concatenate([-_PROBES[::-1], [0.0] if whole else [], _PROBES])
    points = np.asarray(sides if whole else potential._from_coordinate(jnp.asarray(sides)))
    found = {key: np.asarray(values) for key, values in _probe(derivatives.as_jax(potential), points).items()}
    if not np.allclose(found["alone"], found["given"], rtol=1e-6, atol=0, equal_nan=True):
        raise ValueError(f"{name} must be elementwise: its values at several points are not those at each point alone.")
    words = {
        "value": "finite",
        "mirror_map": "finite",
        "metric": "a number",
        "balance": "finite",
    }
    quadrature = {"value": ("value", "mirror_map"), "mirror_map": ("mirror_map",), "metric": ()}[name]
    for key, adjective in words.items():
        bad = np.isnan(found[key]) if key == "metric" else ~np.isfinite(found[key])
        if bad.any():
            reason = "" if key in (*quadrature, "metric") else "; quadrature of the metric does not converge there"
            raise ValueError(
                f"{name} gives a potential whose {key} must be {adjective} inside the domain ({low}, {high}), got "
                f"{found[key][bad][0]} at x={points[bad][0]:.4g}{reason}."
            )
    rising = np.diff(found["mirror_map"]) > 0
    convex = found["metric"] > 0
    convex |= points == 0
    if not (rising.all() and convex.all()):
        where = points[1:][~rising][0] if not rising.all() else points[~convex][0]
        raise ValueError(f"{name} must give a strictly convex R, it does not near x={where:.4g}.")
    at_zero = found["metric"][points == 0]
    huge = float(np.finfo(at_zero.dtype).max) ** 0.05  # of |x|^{−0.05} and steeper beside 0
    return bool(((at_zero == 0) | (at_zero > huge)).any())
