"""The interface of a potential, and what follows from it for every one."""

import abc
from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import sympy

from .._checks import is_traced
from .._types import Held, Numeric, Real, Scalar
from . import _derivatives as derivatives
from ._divergence import divergence
from ._horizon import Lp

# An end of a domain: a number, or one for each coordinate where coordinates differ.
Bound: TypeAlias = float | np.ndarray
Interval: TypeAlias = tuple[Bound, Bound]


class AbstractDualPair(eqx.Module):
    """What a mirror flow needs of a potential: the maps between x and its dual z=∇R(x)."""

    @abc.abstractmethod
    def mirror_map(self, x: Numeric) -> Real:
        """z = ∇R(x), of the shape of x."""

    @abc.abstractmethod
    def inverse_mirror_map(self, z: Numeric) -> Real:
        """x = ∇R*(z), of the shape of z."""

    @abc.abstractmethod
    def conjugate_metric(self, z: Numeric) -> Real:
        """The diagonal of ∇²R*(z), of the shape of z."""


class AbstractPotential(AbstractDualPair):
    """A Legendre function R(x) = Σ_i R_i(x_i), the same formula for every coordinate.

    A subclass gives the elementwise formulas, each stable over the whole range of floats, and a *chart*: the
    coordinate c that a flow integrates, chosen for conditioning, with dc/dz for z=∇R(x). Everything else is derived
    here once. Arrays have any shape; numbers of the potential are 0-d or have the shape of x.

    **Source:** theory page 01.
    """

    @property
    @abc.abstractmethod
    def domain(self) -> Interval:
        """The open interval on which R is Legendre."""

    @property
    @abc.abstractmethod
    def dual_domain(self) -> Interval:
        """The open interval of values of ∇R."""

    @property
    @abc.abstractmethod
    def horizon(self) -> Lp | None:
        """The norm of the max-margin problem that the mirror flow of separable data solves; None if there is none."""

    @abc.abstractmethod
    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """R of one coordinate; numbers that are traced or differ between coordinates stay symbols."""

    @abc.abstractmethod
    def _value(self, x: Real) -> Real:
        """R, elementwise."""

    @abc.abstractmethod
    def _mirror_map(self, x: Real) -> Real:
        """R', elementwise."""

    @abc.abstractmethod
    def _inverse_mirror_map(self, z: Real) -> Real:
        """The x with R'(x)=z, elementwise; ±∞ beyond the values of R'."""

    @abc.abstractmethod
    def _metric(self, x: Real) -> Real:
        """R'', elementwise."""

    @abc.abstractmethod
    def _balance(self, x: Real) -> Real:
        """xR'(x)−R(x), elementwise, without the cancellation."""

    @abc.abstractmethod
    def _to_chart(self, x: Real) -> Real:
        """c, elementwise."""

    @abc.abstractmethod
    def _from_chart(self, chart: Real) -> Real:
        """x, elementwise; differentiated as it is written."""

    @abc.abstractmethod
    def _chart_rate(self, chart: Real) -> Real:
        """dc/dz, elementwise; differentiated as it is written."""

    def _log_chart_rate(self, chart: Real) -> Real:
        """log dc/dz, elementwise; written anew where dc/dz itself over- or underflows."""
        return jnp.log(self._chart_rate(chart))

    def value(self, x: Numeric) -> Scalar:
        """R(x)"""
        return jnp.sum(derivatives.value(*self._with(x)))

    def mirror_map(self, x: Numeric) -> Real:
        """z = ∇R(x), of the shape of x."""
        return derivatives.mirror_map(*self._with(x))

    def inverse_mirror_map(self, z: Numeric) -> Real:
        """x = ∇R*(z), of the shape of z."""
        return derivatives.inverse_mirror_map(*self._with(z, name="z"))

    def metric(self, x: Numeric) -> Real:
        """The diagonal of ∇²R(x), of the shape of x."""
        potential, x = self._with(x)
        return potential._metric(x)

    def metric_times_identity(self, x: Numeric) -> Real:
        """∇²R(x)x = ∇Q(x), of the shape of x; 0 at 0 also where the metric is infinite."""
        return derivatives.metric_times_identity(*self._with(x))

    def conjugate(self, z: Numeric) -> Scalar:
        """R*(z) = Q(∇R*(z))"""
        return jnp.sum(derivatives.conjugate(*self._with(z, name="z")))

    def conjugate_metric(self, z: Numeric) -> Real:
        """The diagonal of ∇²R*(z), of the shape of z."""
        potential, z = self._with(z, name="z")
        return 1 / potential._metric(derivatives.inverse_mirror_map(potential, z))

    def divergence(self, x: Numeric, y: Numeric) -> Scalar:
        """D_R(x,y) = R(x)−R(y)−⟨∇R(y),x−y⟩, to relative accuracy also where x is close to y."""
        potential, x = self._with(x)
        _, y = self._with(y, name="y")
        if x.shape != y.shape:
            raise ValueError(f"x and y must have one shape, got {x.shape} and {y.shape}.")
        return jnp.sum(divergence(potential, x, y))

    def balance_function(self, x: Numeric) -> Scalar:
        """Q(x) = ⟨x,∇R(x)⟩−R(x) = R*(∇R(x))"""
        return jnp.sum(derivatives.balance(*self._with(x)))

    def balance_density(self, x: Numeric) -> Real:
        """The summands of Q(x), of the shape of x."""
        return derivatives.balance(*self._with(x))

    def to_chart(self, x: Numeric) -> Real:
        """The integrated coordinate c of x."""
        return derivatives.to_chart(*self._with(x))

    def from_chart(self, chart: Numeric) -> Real:
        """x of the integrated coordinate c."""
        potential, chart = self._with(chart, name="chart")
        return potential._from_chart(chart)

    def chart_rate(self, chart: Numeric) -> Real:
        """dc/dz at c, so that d∇R=v dt is dc = chart_rate(c)·v dt."""
        potential, chart = self._with(chart, name="chart")
        return potential._chart_rate(chart)

    def log_chart_rate(self, chart: Numeric) -> Real:
        """log(dc/dz) at c, finite where dc/dz leaves the range of floats."""
        potential, chart = self._with(chart, name="chart")
        return potential._log_chart_rate(chart)

    def _with(self, x: Numeric, name: str = "x") -> tuple["AbstractPotential", Real]:
        x = derivatives.as_real(x)
        for field, number in vars(self).items():
            shape = getattr(number, "shape", ())
            if shape not in ((), x.shape):
                raise ValueError(f"{name} must have the shape {shape} of {field}, got shape {x.shape}.")
        return derivatives.as_jax(self), x


class AbstractPotentialFamily(eqx.Module):
    """A time-dependent potential R_t; its flow is d∇R_t(x_t) = −∇f(x_t) dt.

    **Source:** theory page 02.
    """

    @property
    @abc.abstractmethod
    def domain(self) -> Interval:
        """The open interval on which every R_t is Legendre."""

    @property
    @abc.abstractmethod
    def jumps(self) -> Held:
        """The times at which the rate of change of R_t jumps, increasing."""

    @abc.abstractmethod
    def at(self, time: Numeric) -> AbstractDualPair:
        """R_t"""

    @abc.abstractmethod
    def limit(self) -> AbstractDualPair:
        """R_∞

        **Raises:** `ValueError` if R_t does not converge to a Legendre function.
        """


def host_number(name: str, number: Held) -> float:
    """A number of the potential where the answer depends on its value.

    **Raises:** `ValueError` if it is traced.
    """
    if is_traced(number):
        raise ValueError(f"This depends on the value of {name}, which is traced; ask before compiling.")
    return float(number)


def symbol(name: str, number: Held) -> sympy.Expr:
    """The exact value of a number of the potential, or a positive symbol if it is traced or has several values."""
    if is_traced(number) or np.ndim(number) > 0:
        return sympy.Symbol(name, positive=True)
    return sympy.Rational(float(number))
