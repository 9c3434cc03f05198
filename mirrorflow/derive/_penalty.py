"""The penalty of a decay in symbols."""

from collections.abc import Sequence
from typing import Any

import sympy

from ..decay import AbstractDecay, Coupled, Decoupled, LogSum, PowerSum, SquaredNorm
from ._numbers import fraction


def symbolic_penalty(decay: Any, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    """h(θ) of a decay: "l2", an object of `mf.decay`, or an expression in the variables.

    Decoupled decay, −αθ, is −(α/2)∇‖θ‖², so its h is ‖θ‖² as well: strengths change no bracket from zero to non-zero.

    **Raises:** `ValueError` for another word, a penalty that is a function of numbers, or an expression that is free
    of the variables.
    """
    squares = sympy.Add(*(v**2 for v in variables))
    if isinstance(decay, str):
        if decay != "l2":
            raise ValueError(f"decay must be 'l2', an object of mf.decay or a sympy expression, got {decay!r}.")
        return squares
    if isinstance(decay, Decoupled):
        return squares
    if isinstance(decay, Coupled):
        return _of_penalty(decay.penalty, variables, squares)
    if isinstance(decay, sympy.Expr):
        if not decay.has(*variables):
            raise ValueError(f"decay must be an expression in the variables {list(variables)}, got {decay}.")
        return decay.xreplace({number: sympy.Rational(number) for number in decay.atoms(sympy.Float)})
    kind = "an abstract decay" if isinstance(decay, AbstractDecay) else f"{type(decay).__name__}: {decay!r}"
    raise ValueError(f"decay must be 'l2', an object of mf.decay or a sympy expression, got {kind}.")


def _of_penalty(penalty: Any, variables: Sequence[sympy.Symbol], squares: sympy.Expr) -> sympy.Expr:
    if isinstance(penalty, SquaredNorm):
        return squares
    if isinstance(penalty, LogSum):
        return sympy.Add(*(sympy.log(v) for v in variables))
    if isinstance(penalty, PowerSum):
        power = fraction(penalty.power)
        even = power.is_integer and power % 2 == 0
        return sympy.Add(*((v if even else sympy.Abs(v)) ** power for v in variables))
    raise ValueError(
        f"decay has a penalty without symbols, {type(penalty).__name__}: give it as a sympy expression in the "
        "variables, or see mf.reparameterizations.decay_bracket for brackets in numbers."
    )
