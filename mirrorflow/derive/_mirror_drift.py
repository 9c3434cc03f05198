"""The flow in x that a reparameterized steepest flow with decay is, with its derivation on paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from ._branches import Branches, branches
from ._decayed import ALPHA, SPENT, SymbolicDecay, levels, symbolic_decay
from ._drift_steps import (
    Step,
    align,
    direction_latex,
    drift_latex,
    inside_steps,
    latex,
    law_steps,
    mirror_steps,
    orbit_steps,
    parameter_steps,
    spent_remark,
)
from ._eliminate import speed_of
from ._formulas import everywhere, parametric
from ._mirror_condition import condition, pull_along, pull_on_slope
from ._orbit import Orbit
from ._powers import antiderivative
from ._refusals import inside, refused
from ._setting import Setting, setting, worded
from ._vanish import vanishes

X = sympy.Symbol("x", real=True)
SLOPE = sympy.Symbol("f'", real=True)


@dataclass(frozen=True)
class MirrorDrift:
    """ẋ as an expression in x, f'(x) and what the decay has done so far.

    `expression`: ẋ; `speed`: S with R''=1/S=`metric`; `drift`: what decay subtracts from ẋ; `inside`: what coupled
    decay adds to f' inside the direction map of q<2; `regularizer`: M with ∂_xM = inside, or drift/S where R is fixed
    (the flow is that of f+M for q=2, and for every q if M is inside), else None: then d∇R_t = −sgn(f')|f'|^{q−1}dt with
    the time-dependent metric; `steps`: the derivation, words and LaTeX. Symbols: `x`, `slope` (f'), `strength` (α_t)
    and `spent` (A=∫α), the last two only where the strength is not a constant number.
    """

    expression: sympy.Expr
    speed: sympy.Expr
    drift: sympy.Expr
    regularizer: sympy.Expr | None
    steps: tuple[Step, ...]
    inside: sympy.Expr = sympy.S.Zero
    x: sympy.Symbol = X
    slope: sympy.Symbol = SLOPE
    strength: sympy.Symbol = ALPHA
    spent: sympy.Symbol = SPENT

    @property
    def metric(self) -> sympy.Expr:
        """R'' = 1/S"""
        return 1 / self.speed

    def to_latex(self) -> str:
        """The steps as an align environment."""
        return align(self.steps)


@worded
def mirror_drift(
    reparameterization: Any,
    balance: Any = 0,
    geometry: Any = None,
    decay: Any = None,
    *,
    side: Any = None,
    variables: Any = None,
) -> MirrorDrift:
    """ẋ = −S(x)·sgn(f')|f'|^{q−1} − drift for one coordinate, and the mirror flow that this is.

    Coupled decay stands inside the direction map of q<2. From a balanced start (in general, where ∂h/∂θ_i is one
    multiple c(x) of all ∂g/∂θ_i) the flow is that of f+M with the same R: f' becomes f'+αc; M=αL|x|^{2/L} for a
    product.

    **Arguments:** as for `legendre`; `decay`: "coupled", "decoupled" (strength α_t as a symbol), `mf.decay.Coupled(…)`
    or `Decoupled(…)`; none unless given. A constant strength is a number in the result, another schedule a symbol.

    **Returns:** a `MirrorDrift`, with the steps of the derivation.

    **Raises:** `mf.NotAMirrorFlow` with a symbolic witness in the rows of page 03's table that are refused: 2(L−2)∇g,
    αL(1−m)/S with m=q(L−1)/L, or what coupled decay does inside the direction map; `ValueError` for bad arguments or
    orbits that could not be solved.

    **Source:** theory pages 02 and 03 (which mirror flow is it?); conventions of page 00.

    >>> import sympy as sp
    >>> from mirrorflow.derive._mirror_drift import mirror_drift
    >>> product, scale = mf.reparameterizations.Hadamard(depth=2), sp.Symbol("lambda", positive=True)
    >>> mirror_drift(product, balance=scale, decay="coupled").expression
    -4*alpha*x - f'*sqrt(lambda**2*exp(-8*A) + 4*x**2)
    """
    if side not in (None, 1, -1):
        raise ValueError(f"side must be 1 or -1, got {side!r}.")
    asked = setting(reparameterization, balance, geometry, variables)
    pull = symbolic_decay(decay, asked)
    before = branches(asked.feature, asked.variables, asked.q, asked.start, side)
    steps = parameter_steps(asked, before.curve, pull)
    if pull is None:
        speed = _everywhere(before.speed, before, before.curve.speed)
        return _result(asked, speed, sympy.Integer(0), None, [*steps, *orbit_steps(before.curve, {})], before, None)
    if pull.coupled and asked.q != 2:
        return _inside(asked, before, pull, steps)
    held = levels(before.curve, pull)
    whole = branches(asked.feature, _order(asked, before.curve), asked.q, [each.symbol for each in held], side)
    now = {each.symbol: each.value for each in held if each.rate != 0}
    steps += [*law_steps(before.curve, held, pull), *orbit_steps(whole.curve, now)]
    speed = _now(_everywhere(whole.speed, whole, whole.curve.speed), now)
    drift = _now(pull.strength * _drift(whole, pull), now)
    share = condition(whole.curve, pull, held) if now else sympy.Integer(0)
    if not vanishes(share):
        raise refused(asked, whole, pull, speed, share.xreplace(now))
    regularizer = None if now else _regularizer(whole, pull)
    return _result(asked, speed, drift, regularizer, steps, whole, pull, fixed=not now)


def _inside(asked: Setting, whole: Branches, pull: SymbolicDecay, steps: Sequence[Step]) -> MirrorDrift:
    """Coupled decay in the direction map, where it acts like a penalty in x."""
    along = pull_on_slope(whole.curve, pull)
    if along is None:
        raise inside(whole.curve, pull, asked)
    closed = speed_of(whole.curve, whole.x, along)
    added = pull.strength * _everywhere(closed, whole, along, odd=True)
    found = None if closed is None else antiderivative(sympy.powsimp(pull.strength * closed), whole.x)
    regularizer = None if found is None else everywhere(found, whole, X, odd=False)
    speed = _everywhere(whole.speed, whole, whole.curve.speed)
    total = SLOPE + added
    expression = -speed * sympy.sign(total) * sympy.Abs(total) ** (asked.q - 1)
    shown = speed if whole.speed is not None else None
    made = (*steps, *orbit_steps(whole.curve, {}), *inside_steps(asked, whole.curve, pull, shown, added, regularizer))
    return MirrorDrift(expression, speed, sympy.Integer(0), regularizer, made, added)


def _now(expression: sympy.Expr, now: Mapping[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    """With the values of the levels."""
    made = expression.xreplace(now)
    return sympy.powsimp(sympy.expand_log(made, force=True)) if made.has(sympy.log) else made


def _order(asked: Setting, curve: Orbit) -> tuple[sympy.Symbol, ...]:
    by_name = {v.name: v for v in asked.variables}
    last = next(v for v, size in curve.magnitudes.items() if size == curve.parameter)
    return (*(by_name[law.variable.name] for law in curve.laws), by_name[last.name])


def _everywhere(closed: sympy.Expr | None, whole: Branches, along: sympy.Expr, odd: bool = False) -> sympy.Expr:
    """A function on the orbit as one of x: by its closed form, or through the root of x(a)=x."""
    if closed is not None:
        return everywhere(closed, whole, X, odd=odd)
    given, root = parametric(whole, X)
    found = along.xreplace({whole.curve.parameter: given.size.xreplace({given.y: root})})
    return sympy.sign(root) * found if odd and whole.mirrored else found


def _drift(whole: Branches, pull: SymbolicDecay) -> sympy.Expr:
    """Σ∂g/∂θ_i·rate_i as a function of x, for α=1."""
    share = sympy.simplify(pull_along(whole.curve, pull) / whole.curve.x)
    if not share.has(whole.curve.parameter):
        return share * X
    along = pull_along(whole.curve, pull)
    closed = speed_of(whole.curve, whole.x, along)
    return _everywhere(closed, whole, along, odd=True)


def _regularizer(whole: Branches, pull: SymbolicDecay) -> sympy.Expr | None:
    """M with M' = drift/S, for x>0 and continued evenly."""
    share = sympy.simplify(pull_along(whole.curve, pull) / whole.curve.x)
    if whole.speed is None or share.has(whole.curve.parameter):
        return None
    found = antiderivative(sympy.powsimp(share * pull.strength * whole.x / whole.speed), whole.x)
    return None if found is None else everywhere(found, whole, X, odd=False)


def _result(
    asked: Setting,
    speed: sympy.Expr,
    drift: sympy.Expr,
    regularizer: sympy.Expr | None,
    steps: Sequence[Step],
    whole: Branches,
    pull: SymbolicDecay | None,
    fixed: bool = True,
) -> MirrorDrift:
    q = asked.q
    direction = SLOPE if q == 2 else sympy.sign(SLOPE) * sympy.Abs(SLOPE) ** (q - 1)
    if pull is not None and pull.strength != ALPHA:
        speed, drift = speed.subs(SPENT, pull.spent), drift.subs(SPENT, pull.spent)
    expression = -speed * direction - drift
    shown = latex(speed) if whole.speed is not None else "S(x)"
    tail = "" if drift == 0 else f"-{latex(drift)}"
    made = [*steps]
    if whole.speed is not None:
        made.append(("Eliminating a gives", f"S(x)={latex(speed)}{spent_remark(speed)}"))
    if pull is not None:
        made.append(("The chain rule on the decay gives the drift", drift_latex(whole.curve, pull, drift)))
    made.append(("So x moves by itself", rf"\dot x=-{shown}\,{direction_latex(q)}{tail}"))
    made += mirror_steps(asked, pull, drift, regularizer, fixed)
    return MirrorDrift(expression, speed, drift, regularizer, tuple(made))
