"""Whether a user's formulas commute, and the mirror flow that one of them makes of gradient descent."""

import dataclasses
from typing import Any

import sympy

from ... import decay as decays
from ...derive import Commuting, LegendreFunction, MirrorDrift, Model, commutes, legendre, mirror_drift
from ...flows import NotAMirrorFlow
from ._formula import read

RATE = sympy.Symbol("lambda", positive=True)
TOTAL = sympy.Symbol("Lambda", positive=True)


@dataclasses.dataclass(frozen=True)
class Mirror:
    """What was found; `refused` says why there is no Legendre function or no induced flow, `balance` how it starts."""

    commuting: Commuting | None
    function: LegendreFunction | None
    drift: MirrorDrift | None
    velocity: sympy.Expr | None
    refused: str
    balance: str
    coupled: bool
    q: sympy.Expr

    @property
    def direction(self) -> sympy.Expr:
        """What f' makes of the velocity."""
        slope = sympy.Symbol("f'", real=True)
        return -slope if self.q == 2 else -sympy.sign(slope) * sympy.Abs(slope) ** (self.q - 1)


def mirror_of(model: Model, geometry: Any, decay: Any, balance: str | None) -> Mirror:
    """Commuting for gradient flow, then R and the flow in x for one function.

    **Raises:** `ValueError` for a balance that is none.
    """
    start, words = start_of(model, balance)
    variables = list(model.variables)
    features = list(model.features)
    commuting, coupled = None, decay in ("l2", "coupled")
    q = sympy.nsimplify(2 if geometry is None else geometry, rational=True)
    if geometry is None:
        commuting = commutes(features, None if decay is None else "l2", variables=variables)
    if len(features) > 1:
        return Mirror(commuting, None, None, None, "", words, coupled, q)
    function, drift, velocity, refused = None, None, None, ""
    try:
        function = legendre(features, start, geometry, variables=variables)
        drift = mirror_drift(features, start, geometry, _strength(decay), variables=variables)
        velocity = in_rate(drift, coupled)
    except (ValueError, NotAMirrorFlow) as error:
        refused = str(error)
    return Mirror(commuting, function, drift, velocity, refused, words, coupled, q)


def start_of(model: Model, balance: str | None) -> tuple[Any, str]:
    """The level of all laws, or a point of the orbit, with its description.

    Unless it is given: the point where all parameters are β if x is 0 there (u²−v², say), else the level β.
    """
    scale = sympy.Symbol("beta", positive=True)
    names = [variable.name for variable in model.variables]
    if balance is None:
        if len(names) == 1:
            return sympy.Integer(0), ""
        point = dict.fromkeys(model.variables, scale)
        if sympy.simplify(model.features[0].xreplace(point)) == 0:
            return point, f"from {' = '.join(names)} = β, where x = 0"
        return scale, "each law at the level β"
    if "=" not in balance:
        return _value(balance), f"each law at the level {balance}"
    point = {}
    for part in balance.split(","):
        name, _, value = part.partition("=")
        point[name.strip()] = _value(value)
    if set(point) != set(names):
        raise ValueError(f"--balance must give a value to each of {', '.join(names)}; got {balance!r}.")
    return {variable: point[variable.name] for variable in model.variables}, f"from {balance}"


def _value(text: str) -> sympy.Expr:
    try:
        names = read(text).names
        value = read(text, {name: sympy.Symbol(name, positive=True) for name in names}).expression
    except ValueError as error:
        raise ValueError(f"--balance must be a number, a name or values such as u=1,v=1: {error}") from None
    if not value.is_nonnegative:
        raise ValueError(f"--balance must not be negative, got {text!r}.")
    return value


def _strength(decay: Any) -> Any:
    """The decay as `mirror_drift` takes it."""
    if decay is None or isinstance(decay, str):
        return "coupled" if decay == "l2" else decay
    return decays.Decoupled(float(decay))


def in_rate(drift: MirrorDrift, coupled: bool) -> Any:
    """ẋ with the rate λ of the decay and its integral Λ: coupled decay f+α‖θ‖² has λ=2α, decoupled λ=α."""
    share = sympy.Rational(1, 2) if coupled else sympy.Integer(1)
    return drift.expression.xreplace({drift.strength: share * RATE, drift.spent: share * TOTAL})
