"""Strengths that change with time and say where they jump.

A schedule is a function of time with its integral in closed form and the times of its jumps, on which the integrator
lands. Everything is traced: other numbers compile nothing.
"""

import abc
import itertools
from collections.abc import Callable, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from . import _checks
from ._types import Held, Numeric


class AbstractSchedule(eqx.Module):
    """α: [0,∞) → [0,∞)."""

    @abc.abstractmethod
    def __call__(self, time: Numeric) -> Numeric:
        """α(t), continuous from the right."""

    @abc.abstractmethod
    def integral(self, time: Numeric) -> Numeric:
        """A_t = ∫₀ᵗ α(s) ds."""

    @abc.abstractmethod
    def total(self) -> float:
        """A_∞, `inf` where it diverges, on the host."""

    @property
    @abc.abstractmethod
    def jumps(self) -> Held:
        """The times at which α jumps, increasing, shape (jumps,)."""

    @property
    @abc.abstractmethod
    def steady_value(self) -> float | None:
        """The value that α has from its last jump on, or None if it goes on changing."""


class Piecewise(AbstractSchedule):
    """α = values[k] for times[k−1] ≤ t < times[k].

    **Arguments:** `values`: non-negative, shape (pieces,); `times`: positive, strictly increasing, shape (pieces−1,).

    **Raises:** `ValueError` on negative values, unordered times or lengths that do not fit.

    >>> schedule = mf.schedules.Piecewise([2.0, 0.5, 0.0], times=[1.0, 3.0])
    >>> float(schedule(1.0)), float(schedule.integral(2.0)), schedule.total()
    (0.5, 2.5, 3.0)
    """

    values: Held
    times: Held

    def __init__(self, values: Sequence[Numeric] | Held, times: Sequence[Numeric] | Held = ()):
        self.values = _checks.nonnegative("values", _axis("values", values), shape=None)
        self.times = _increasing("times", times)
        if self.values.shape[0] != self.times.shape[0] + 1:
            raise ValueError(
                f"values must be one longer than times, got shapes {self.values.shape} and {self.times.shape}."
            )

    def __call__(self, time: Numeric) -> Numeric:
        """values[k]"""
        time = jnp.asarray(time)
        piece = jnp.sum(time[..., None] >= _last_axis(self.times, time), axis=-1)
        return jnp.asarray(self.values)[piece]

    def integral(self, time: Numeric) -> Numeric:
        """The area under the steps up to t."""
        time = jnp.asarray(time)
        edges = jnp.concatenate([jnp.zeros(1), jnp.asarray(self.times), jnp.full(1, jnp.inf)])
        values, low, high = (_last_axis(a, time) for a in (self.values, edges[:-1], edges[1:]))
        spans = jnp.clip(jnp.minimum(time[..., None], high) - low, 0, None)
        # At t=∞ a last piece of height 0 has no area.
        return jnp.sum(jnp.where(values > 0, values * jnp.where(values > 0, spans, 0), 0), axis=-1)

    def total(self) -> float:
        """`inf` unless the last value is 0."""
        if float(self.values[-1]) > 0:
            return float("inf")
        return float(np.sum(np.asarray(self.values)[:-1] * np.diff(np.asarray(self.times), prepend=0.0)))

    @property
    def jumps(self) -> Held:
        """The `times`."""
        return self.times

    @property
    def steady_value(self) -> float | None:
        """The last value."""
        return float(self.values[-1])


class Power(AbstractSchedule):
    """α = initial/(1+t/timescale)^exponent: the schedules 1/k and 1/k² of theory page 02.

    **Raises:** `ValueError` for a negative initial value or exponent, or a timescale that is not positive.
    """

    initial: Held
    exponent: Held
    timescale: Held

    def __init__(self, initial: Numeric, exponent: Numeric = 1.0, timescale: Numeric = 1.0):
        self.initial = _checks.nonnegative("initial", initial)
        self.exponent = _checks.nonnegative("exponent", exponent)
        self.timescale = _checks.positive("timescale", timescale)

    def __call__(self, time: Numeric) -> Numeric:
        """initial/(1+t/timescale)^exponent"""
        return self.initial * (1 + jnp.asarray(time) / self.timescale) ** (-self.exponent)

    def integral(self, time: Numeric) -> Numeric:
        """initial·timescale·((1+t/timescale)^{1−exponent}−1)/(1−exponent), a logarithm for exponent 1."""
        log = jnp.log1p(jnp.asarray(time) / self.timescale)
        rate = 1 - jnp.asarray(self.exponent)
        safe = jnp.where(rate == 0, 1.0, rate)
        area = jnp.where(rate == 0, log, jnp.expm1(safe * log) / safe)
        nothing = jnp.asarray(self.initial) == 0  # also up to t=∞
        return self.initial * self.timescale * jnp.where(nothing, 0.0, area)

    def total(self) -> float:
        """Finite for exponents above 1."""
        if float(self.initial) == 0:
            return 0.0
        rate = float(self.exponent) - 1
        return float(self.initial) * float(self.timescale) / rate if rate > 0 else float("inf")

    @property
    def jumps(self) -> Held:
        """None."""
        return np.zeros(0)

    @property
    def steady_value(self) -> float | None:
        """None: it goes on falling."""
        return None


class Exponential(AbstractSchedule):
    """α = initial·e^{−rate·t}: the schedule 0.95^k of theory page 02 for rate = −log 0.95 per unit of k.

    **Raises:** `ValueError` for a negative initial value or a rate that is not positive.
    """

    initial: Held
    rate: Held

    def __init__(self, initial: Numeric, rate: Numeric):
        self.initial = _checks.nonnegative("initial", initial)
        self.rate = _checks.positive("rate", rate)

    def __call__(self, time: Numeric) -> Numeric:
        """initial·e^{−rate·t}"""
        return self.initial * jnp.exp(-self.rate * jnp.asarray(time))

    def integral(self, time: Numeric) -> Numeric:
        """initial·(1−e^{−rate·t})/rate"""
        return -self.initial * jnp.expm1(-self.rate * jnp.asarray(time)) / self.rate

    def total(self) -> float:
        """initial/rate"""
        return float(self.initial) / float(self.rate)

    @property
    def jumps(self) -> Held:
        """None."""
        return np.zeros(0)

    @property
    def steady_value(self) -> float | None:
        """None: it goes on falling."""
        return None


class Custom(AbstractSchedule):
    """A schedule of one's own: a function of time, its integral, and the times at which it jumps.

    **Arguments:** `function`: t ↦ α(t) ≥ 0, for `jax.numpy`; `integral`: t ↦ ∫₀ᵗα; `integral_to_infinity`: ∫₀^∞α
    (`inf` if it diverges); `jumps`: the times of its jumps.

    **Raises:** `ValueError` if `function` or `integral` is not callable, `jumps` are not positive and increasing,
    `integral_to_infinity` is less than the integral to 1, or `integral` is not the integral of `function` (compared by
    a quadrature between jumps on [0, 1]).
    """

    function: Callable[[Numeric], Numeric]
    antiderivative: Callable[[Numeric], Numeric]
    integral_to_infinity: float = eqx.field(static=True)
    times: Held

    def __init__(
        self,
        function: Callable[[Numeric], Numeric],
        integral: Callable[[Numeric], Numeric],
        integral_to_infinity: float,
        jumps: Sequence[Numeric] | Held = (),
    ):
        for name, value in (("function", function), ("integral", integral)):
            if not callable(value):
                raise ValueError(f"{name} must be callable, got {type(value).__name__}: {value!r}.")
        self.function = function
        self.antiderivative = integral
        finite = integral_to_infinity != np.inf
        total = _checks.nonnegative("integral_to_infinity", integral_to_infinity) if finite else np.inf
        self.integral_to_infinity = float(total)
        self.times = _increasing("jumps", jumps)
        _check_integral(self)

    def __call__(self, time: Numeric) -> Numeric:
        """function(t)"""
        return self.function(time)

    def integral(self, time: Numeric) -> Numeric:
        """integral(t)"""
        return self.antiderivative(time)

    def total(self) -> float:
        """As given."""
        return self.integral_to_infinity

    @property
    def jumps(self) -> Held:
        """As given."""
        return self.times

    @property
    def steady_value(self) -> float | None:
        """None: nothing is known of it."""
        return None


def constant(value: Numeric) -> Piecewise:
    """α = value for ever."""
    return Piecewise([_checks.nonnegative("value", value)])


def switch_off(value: Numeric, at: Numeric) -> Piecewise:
    """α = value for t < at, 0 afterwards.

    >>> float(mf.schedules.switch_off(0.4, at=0.5).total())
    0.2
    """
    return Piecewise([_checks.nonnegative("value", value), 0.0], [_checks.positive("at", at)])


def as_schedule(name: str, value: Numeric | AbstractSchedule) -> AbstractSchedule:
    """A schedule as it is; a number as a constant one."""
    if isinstance(value, AbstractSchedule):
        return value
    return Piecewise([_checks.nonnegative(name, value)])


def _axis(name: str, values: Sequence[Numeric] | Held) -> Held:
    """A sequence as one axis of numbers: NumPy where every entry is known, JAX where one is traced."""
    if isinstance(values, list | tuple) and any(_checks.is_traced(value) for value in values):
        return jnp.stack([jnp.asarray(value) for value in values])
    held = _checks.number(name, values, shape=None)
    if held.ndim != 1:
        raise ValueError(f"{name} must be a sequence of numbers, got shape {held.shape}.")
    return held


def _increasing(name: str, values: Sequence[Numeric] | Held) -> Held:
    """Positive times in strictly increasing order."""
    times = _checks.positive(name, _axis(name, values), shape=None)
    if not _checks.is_traced(times) and (np.diff(times) <= 0).any():
        raise ValueError(f"{name} must be strictly increasing, got {np.asarray(times).tolist()}.")
    return times


def _last_axis(values: Numeric, time: Numeric) -> Numeric:
    """`values` along a new last axis behind those of `time`."""
    return jnp.reshape(jnp.asarray(values), (1,) * time.ndim + (-1,))


def _check_integral(schedule: Custom) -> None:
    edges = [0.0, *[float(t) for t in np.asarray(schedule.times) if t < 1.0], 1.0]
    nodes, weights = np.polynomial.legendre.leggauss(40)
    area = 0.0
    for low, high in itertools.pairwise(edges):
        times = low + (high - low) * (nodes + 1) / 2
        values = np.asarray([_number_at("function", schedule.function, time) for time in times])
        if (values < 0).any():
            raise ValueError(f"function must be non-negative, got {values.min():g} for a time in [0, 1].")
        area += (high - low) / 2 * float(weights @ values)
    first, last = (_number_at("integral", schedule.antiderivative, time) for time in (0.0, 1.0))
    if not abs(last - first - area) <= 1e-3 * max(abs(area), 1e-12):
        raise ValueError(
            f"integral must be ∫function: from 0 to 1 it gives {last - first:g}, a quadrature gives {area:g}."
        )
    if schedule.integral_to_infinity < (1 - 1e-3) * area:
        raise ValueError(
            f"integral_to_infinity must be ∫function from 0 to ∞, got {schedule.integral_to_infinity:g}, which is less "
            f"than the integral to 1, {area:g}."
        )


def _number_at(name: str, function: Callable[[Numeric], Numeric], time: float) -> float:
    return float(_checks.number(f"{name}({time:.3g})", function(time)))
