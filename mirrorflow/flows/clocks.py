"""Which variable the integrator steps in.

A clock s maps to the physical time t of the loss. Steps, tolerances and evenly spaced saves are even in s.
"""

import abc

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._checks import array_module, is_traced
from .._types import Held, Numeric, Real, Scalar


class AbstractClock(eqx.Module):
    """s ↦ t."""

    @property
    @abc.abstractmethod
    def counts_loss(self) -> bool:
        """Whether s is the decrease of log f; log(1+t) is then part of the state."""

    @abc.abstractmethod
    def from_time(self, time: Numeric) -> Numeric:
        """s at the time t; refused for the loss clock."""

    @abc.abstractmethod
    def from_log_time(self, log_time: Numeric) -> Numeric:
        """s at log t; refused for the loss clock."""

    @abc.abstractmethod
    def log1p_time(self, s: Scalar, carried: Scalar | None) -> Scalar:
        """log(1+t) at s; `carried` is the state's own log(1+t) under the loss clock."""

    @abc.abstractmethod
    def time(self, s: Scalar, log1p_time: Scalar) -> Scalar:
        """t at s, infinite beyond the range of floats."""

    @abc.abstractmethod
    def log_rate(self, s: Scalar, log_loss_speed: Scalar | None) -> Scalar:
        """log dt/ds; `log_loss_speed` is log(−d log f/dt) under the loss clock."""


class Physical(AbstractClock):
    """s = t, the loss's own time."""

    @property
    def counts_loss(self) -> bool:
        """False"""
        return False

    def from_time(self, time: Numeric) -> Numeric:
        """t"""
        return time

    def from_log_time(self, log_time: Numeric) -> Numeric:
        """exp(log t), refused where it is no float."""
        most = float(np.log(jnp.finfo(jnp.result_type(float)).max))
        if not is_traced(log_time) and float(np.max(log_time)) > most:
            raise ValueError(
                f"log t = {float(np.max(log_time)):g} is beyond the physical clock (at most {most:.4g}): use Log()."
            )
        return array_module(log_time).exp(log_time)

    def log1p_time(self, s: Scalar, carried: Scalar | None) -> Scalar:
        """log(1+s)"""
        return jnp.log1p(s)

    def time(self, s: Scalar, log1p_time: Scalar) -> Scalar:
        """s"""
        return s

    def log_rate(self, s: Scalar, log_loss_speed: Scalar | None) -> Scalar:
        """0"""
        return jnp.zeros_like(s)


class Log(AbstractClock):
    """s = log(1+t): for flows that are followed to times beyond the range of floats.

    >>> path = mf.integrate(
    ...     mf.Flow(mf.problems.LinearRegression(jnp.eye(1), jnp.ones(1)), potential=mf.potentials.Quadratic()),
    ...     jnp.zeros(1), clock=mf.clocks.Log(), until=mf.until.log_time(3.0), save=3)
    >>> path.log_time.shape, path.status.ok
    ((3,), True)
    """

    @property
    def counts_loss(self) -> bool:
        """False"""
        return False

    def from_time(self, time: Numeric) -> Numeric:
        """log(1+t)"""
        return array_module(time).log1p(time)

    def from_log_time(self, log_time: Numeric) -> Numeric:
        """log(1+t)"""
        return array_module(log_time).logaddexp(0.0, log_time)

    def log1p_time(self, s: Scalar, carried: Scalar | None) -> Scalar:
        """s"""
        return s

    def time(self, s: Scalar, log1p_time: Scalar) -> Scalar:
        """expm1(s)"""
        return jnp.expm1(log1p_time)

    def log_rate(self, s: Scalar, log_loss_speed: Scalar | None) -> Scalar:
        """s"""
        return s


class Loss(AbstractClock):
    """s = log f(x₀) − log f(x): even progress in the logarithm of the loss, log(1+t) being integrated beside the state.

    It ends with the status "the clock stopped" where the loss stops falling. Schedules that jump are refused, because
    the time of a jump is not known in this clock.
    """

    @property
    def counts_loss(self) -> bool:
        """True"""
        return True

    def from_time(self, time: Numeric) -> Numeric:
        """Refused: which loss is reached at a time is what the flow finds out."""
        raise ValueError("A time has no place in the loss clock before the flow has run: use save=n or until.log_loss.")

    def from_log_time(self, log_time: Numeric) -> Numeric:
        """Refused, like `from_time`."""
        raise ValueError("A time has no place in the loss clock before the flow has run: use save=n or until.log_loss.")

    def log1p_time(self, s: Scalar, carried: Scalar | None) -> Scalar:
        """The carried one."""
        assert carried is not None
        return carried

    def time(self, s: Scalar, log1p_time: Scalar) -> Scalar:
        """expm1 of the carried one."""
        return jnp.expm1(log1p_time)

    def log_rate(self, s: Scalar, log_loss_speed: Scalar | None) -> Scalar:
        """−log(−d log f/dt)"""
        assert log_loss_speed is not None
        return -log_loss_speed


class LogTimes(eqx.Module):
    """Points to save given by log t, for times beyond the range of floats: `integrate(…, save=mf.clocks.LogTimes(…))`.

    **Arguments:** `values`: log t, increasing, shape (points,), −∞ for t=0 allowed at the front.

    **Raises:** `ValueError` unless they are strictly increasing along one axis.

    >>> problem = mf.problems.Classification(jnp.eye(1), jnp.ones(1))
    >>> path = mf.integrate(mf.Flow(problem, potential=mf.potentials.Quadratic()), jnp.zeros(1),
    ...     clock=mf.clocks.Log(), until=mf.until.log_time(1000.0), save=mf.clocks.LogTimes([10.0, 100.0, 1000.0]))
    >>> path.log_time.round(6).tolist(), path.x[-1].round(3).tolist()
    ([10.0, 100.0, 1000.0], [1000.0])
    """

    values: Held

    def __init__(self, values: Numeric):
        self.values = _checks.increasing("LogTimes", values, from_minus_infinity=True)


def log_time(log1p_time: Numeric) -> Real:
    """log t from log(1+t), −∞ at t=0."""
    value = jnp.asarray(log1p_time)
    safe = jnp.where(value > 0, value, 1.0)
    return jnp.where(value > 0, value + jnp.log(-jnp.expm1(-safe)), -jnp.inf)
