"""What a derivation in one coordinate is asked for, checked: the function, the exponent q and the orbit."""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from ..flows import NotAMirrorFlow
from ..reparameterizations import AbstractProduct, LogDifference, PowerDifference, QuadraticForm
from ._commutes import commutes
from ._inputs import exponent, symbolic_model
from ._model import Model
from ._numbers import fraction
from ._refusal import ProvedNotAMirrorFlow

DENOMINATOR = 1000  # q = 1.371 takes 4 s, and 1.3713 more memory than there is


def worded(derive: Callable[..., Any]) -> Callable[..., Any]:
    """A derivation whose failures inside sympy are told in words.

    Its solvers raise TypeError where signs are not known, and end in recursion on some functions.
    """

    @functools.wraps(derive)
    def told(*given: Any, **named: Any) -> Any:
        try:
            return derive(*given, **named)
        except (TypeError, RecursionError, NotImplementedError) as error:
            raise ValueError(f"The orbit could not be solved: sympy ended with “{error}”.") from error

    return told


@dataclass(frozen=True)
class Setting:
    """One function g of `variables`, the exponent `q`, and where its orbit lies.

    `start`: the level of all laws, or a point of the orbit; `given`: what the user gave; `balance`: likewise, exact.
    """

    given: Any
    model: Model
    feature: sympy.Expr
    variables: tuple[sympy.Symbol, ...]
    q: sympy.Expr
    balance: Any
    start: Any


def setting(given: Any, balance: Any, geometry: Any, variables: Any) -> Setting:
    """The setting of `legendre` and `mirror_drift`.

    **Raises:** `ProvedNotAMirrorFlow` where several functions do not commute; `ValueError` for what is not allowed.
    """
    q = steepest_exponent(geometry)
    model = symbolic_model(given, variables)
    if len(model.features) > 1:
        _refuse_several(given, model)
    real = {v: sympy.Symbol(v.name, real=True) for v in model.variables if not v.is_real}
    feature = fraction(model.features[0].xreplace(real))
    own = tuple(real.get(v, v) for v in model.variables if model.features[0].has(v))
    _check_constants(feature.free_symbols - set(own))
    _check_passages(feature, own)
    if isinstance(balance, Mapping):
        start = _point(balance, model)
        _check_denominator(q)
        return Setting(given, model, feature, own, q, start, {real.get(v, v): value for v, value in start.items()})
    level = _level(balance)
    if level != 0:
        _check_denominator(q)
    if isinstance(given, PowerDifference | LogDifference):
        if not level.is_positive:
            raise ValueError(f"balance must be positive: the orbit through u=v=balance, got {balance}.")
        return Setting(given, model, feature, own, q, level, dict.fromkeys(own, level))
    return Setting(given, model, feature, own, q, level, level)


def _check_constants(constants: Iterable[sympy.Symbol]) -> None:
    """Which x is reached, and on which side, depends on the signs of constants."""
    free = sorted((c for c in constants if not (c.is_positive or c.is_negative)), key=str)
    if free:
        names = ", ".join(str(c) for c in free)
        raise ValueError(
            f"The sign of the constant {names} is not known, and the domain of x depends on it: give a positive one, "
            f"sympy.Symbol({str(free[0])!r}, positive=True), or a number."
        )


def _check_passages(feature: sympy.Expr, own: tuple[sympy.Symbol, ...]) -> None:
    """In a sum of functions of one parameter each, orbits are followed up to where a parameter is 0.

    They end there where its slope vanishes or is infinite, as that of a power or a logarithm. With another slope they
    go on, and what is found on one side would not be the whole of R.
    """
    pairs = ((a, b) for i, a in enumerate(own) for b in own[i + 1 :])
    if len(own) < 2 or any(sympy.diff(feature, a, b) != 0 for a, b in pairs):
        return
    for v in (v for v in own if not (v.is_positive or v.is_negative)):
        slope = sympy.limit(sympy.diff(feature, v), v, 0)
        if slope.is_finite is not False and slope != 0:
            raise ValueError(
                f"The orbit goes on where {v} is 0, as ∂x/∂{v} = {slope} there, and is followed on one side only. "
                f"Declare {v} positive if it is: sympy.Symbol({v.name!r}, positive=True)."
            )


def steepest_exponent(geometry: Any) -> sympy.Expr:
    """q in [1, 2], or a positive symbol that stands for a number between."""
    q = exponent(geometry)
    if q is None:
        name = type(geometry).__name__
        raise NotAMirrorFlow(f"No theorem makes the {name} geometry's flow on parameters a mirror flow in x.")
    if q.is_Symbol and not q.is_positive:
        raise ValueError(f"geometry must be a positive symbol, sympy.Symbol({str(q)!r}, positive=True).")
    return q


def _check_denominator(q: sympy.Expr) -> None:
    """Orbits off the balanced one are solved through roots of the degree of q's denominator."""
    if q.is_Rational and q.q > DENOMINATOR:
        raise ValueError(
            f"geometry must have a denominator of at most {DENOMINATOR} where balance is not 0, got q = {q}: round it, "
            "give sympy's own number (as sympy.sqrt(2)), or a positive symbol."
        )


def _level(balance: Any) -> sympy.Expr:
    try:
        level = fraction(balance)
        if level.has(sympy.nan, sympy.zoo, sympy.oo):
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(f"balance must be a number or a positive sympy symbol, got {balance!r}.") from None
    if not level.is_nonnegative:
        raise ValueError(f"balance must be non-negative (a symbol must be declared positive), got {balance}.")
    return level


def _point(balance: Mapping[Any, Any], model: Model) -> dict[sympy.Symbol, sympy.Expr]:
    if set(balance) != set(model.variables):
        raise ValueError(f"balance must give a value to each of {list(model.variables)}, got {list(balance)}.")
    return {v: _level(value) for v, value in balance.items()}


def _refuse_several(given: Any, model: Model) -> None:
    answer = commutes(model)
    if not answer.holds:
        raise ProvedNotAMirrorFlow(
            f"The reparameterization does not commute: the Lie bracket of {answer.between} is not zero.",
            answer.witness,
        )
    extra = ""
    if isinstance(given, QuadraticForm):
        extra = " It commutes, and R is the conjugate of ¼‖exp(Σμ_iA_i)θ₀‖², which depends on the start θ₀."
    raise ValueError(
        f"One function of the parameters is needed, got {len(model.features)}: x is one coordinate.{extra}"
    )


def depth_of(given: Any) -> int | None:
    """L of a product of L factors, else None."""
    return given.depth if isinstance(given, AbstractProduct) else None
