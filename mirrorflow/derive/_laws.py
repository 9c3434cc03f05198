"""Conservation laws as a user holds them."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import jax.numpy as jnp
import sympy

from .._types import Numeric, Parameters, Real
from ._latex import law_latex, laws_latex
from ._model import Form, Integral, Model


@dataclass(frozen=True)
class Law:
    """A function h of the parameters that a flow keeps for every loss and every data set.

    **Fields:**

    - `expression`: h.
    - `rate`: c; h(θ_t) = h(θ_0)·exp(−∫₀ᵗc ds), 0 for a conserved h. It is the decay's or the damping's rate times the
      degree with which h answers to it.
    - `variables`: the symbols of h, in the order in which `residual` takes flat arrays.
    - `integral`: None for a law that is a function of θ by formula; otherwise how it is evaluated, with `where` to say
      what its symbols are.
    """

    expression: sympy.Expr
    rate: sympy.Expr
    model: Model
    variables: tuple[sympy.Symbol, ...]
    integral: Integral | None = None

    @property
    def where(self) -> str:
        """What the symbols of `expression` stand for, if they are not those of θ."""
        return "" if self.integral is None else self.integral.where

    def residual(self, parameters: Parameters, velocity: Parameters | None = None, time: Numeric | None = None) -> Real:
        """h(θ), a JAX function of θ: 0 for balanced parameters.

        **Arguments:** `parameters`: θ as the model has it, or one flat array in the order of `variables` (first axis;
        further axes are copies for models that act coordinate by coordinate); `velocity`: θ̇ of the same structure, for
        the laws of a flow with momentum; `time`: t, for the few of them that contain it.

        **Raises:** `ValueError` for another structure, or where a velocity or the time is missing.
        """
        return self._evaluate(*_values(self.model, self.variables, parameters, velocity, time))

    @functools.cached_property
    def _evaluate(self):
        integral = self.integral
        if integral is not None:
            return lambda *values: integral.function(values)
        return _compiled(self.variables, self.expression)

    def to_latex(self) -> str:
        """h as LaTeX, with its rate."""
        return law_latex(self.expression, self.rate)

    def __str__(self) -> str:
        if self.where:
            return f"{self.expression}, where {self.where}"
        if self.rate == 0:
            return str(self.expression)
        weight = self.rate * sympy.Symbol("t") if self.rate.is_number else f"∫{self.rate}"
        return f"{self.expression}  ·  exp({weight})"


@dataclass(frozen=True)
class ConservationLaws:
    """The laws of a flow, and what is known about their number.

    **Fields:**

    - `laws`: independent of each other; iterating, indexing and `len` go over them.
    - `count`: how many there are at a generic point: D − dim Lie(W), from the velocities' Lie algebra; None where it
      was not obtained.
    - `complete`: True where as many were found as counted, False where some are missing, None where nothing can be
      concluded.
    - `dimension`: D, the number of parameters (with velocities and time where these belong to the state).
    - `rank`: dim W, of the velocities themselves; `closure`: dim Lie(W), None where the laws fill D−dim W already and
      no bracket was needed.
    - `counts`: the count at each random point where it was taken; where these differ, it depends on the point.
    - `forms`: matrices of laws as people write them, all of whose entries are conserved.
    - `certificate`: in words, what the count rests on.
    """

    laws: tuple[Law, ...]
    count: int | None
    complete: bool | None
    dimension: int
    rank: int
    closure: int | None
    counts: tuple[int, ...]
    forms: tuple[Form, ...]
    certificate: str
    model: Model
    flow: str

    def __iter__(self) -> Iterator[Law]:
        return iter(self.laws)

    def __len__(self) -> int:
        return len(self.laws)

    def __getitem__(self, index: int) -> Law:
        return self.laws[index]

    @property
    def proved(self) -> bool:
        """Whether it is proved that there are no more laws; False for counts in double precision."""
        return self.complete is True and self.certificate.startswith("proved")

    @property
    def missing(self) -> int | None:
        """How many laws were counted but not found."""
        return None if self.count is None else self.count - len(self.laws)

    def residual(self, parameters: Parameters, velocity: Parameters | None = None, time: Numeric | None = None) -> Real:
        """All h(θ), stacked on the first axis."""
        if not self.laws:
            return jnp.zeros((0,))
        variables = max((law.variables for law in self.laws), key=len)
        values = _values(self.model, variables, parameters, velocity, time)
        integrals = [law._evaluate(*values) for law in self.laws if law.integral is not None]
        return jnp.stack([jnp.asarray(value) for value in [*self._evaluate(*values), *integrals]])

    @functools.cached_property
    def _evaluate(self):
        formulas = [law.expression for law in self.laws if law.integral is None]
        return _compiled(max((law.variables for law in self.laws), key=len), formulas)

    def to_latex(self) -> str:
        """The laws as LaTeX: the recognizable forms where they say everything, else every law."""
        return laws_latex(self)

    def __str__(self) -> str:
        return describe(self)


def describe(found: ConservationLaws) -> str:
    """The laws, their number and what it rests on, in words."""
    lines = [f"{found.model.name}, {found.flow}: {_number(found)}"]
    lines += [f"  form  {form.text}" for form in found.forms]
    lines += [f"  {law}" for law in found.laws]
    lines.append(f"  {found.certificate}")
    return "\n".join(lines)


def _number(found: ConservationLaws) -> str:
    laws = "1 law" if len(found) == 1 else f"{len(found)} laws"
    if found.complete and not found.proved:
        return f"{laws}, as many as counted"
    if found.complete:
        return f"{laws}, all that the features have" if found.model.caveat else f"{laws}, and there are no more"
    if found.count is None:
        return f"{laws}; how many there are is not known"
    if found.complete is None:
        return f"{laws} of at most {found.count}"
    return f"{laws} of {found.count}; {found.missing} missing"


def _compiled(variables, expressions):
    """A JAX function of the variables."""
    open_symbols = sympy.Tuple(*expressions) if isinstance(expressions, list) else expressions
    free = sorted(open_symbols.free_symbols - set(variables), key=str)
    if free:
        names = ", ".join(map(str, free))
        raise ValueError(f"A residual needs numbers, but the law has the open symbol {names}: derive with its value.")
    return sympy.lambdify(variables, expressions, modules=["jax"], cse=True)


def _values(
    model: Model, variables, parameters: Parameters, velocity: Parameters | None, time: Numeric | None
) -> list[Real]:
    values = model.values(parameters)
    if len(variables) == len(values):
        return values
    if velocity is None:
        raise ValueError("velocity must be given: these are laws of a flow with momentum, functions of θ and θ̇.")
    values = values + model.values(velocity)
    if len(variables) == len(values):
        return values
    if time is None:
        raise ValueError("time must be given: a law of this flow contains t.")
    return [*values, jnp.asarray(time)]
