"""A derivation on paper: each step in words and as a formula, computed for the case at hand."""

import re
from collections.abc import Mapping, Sequence

import sympy

from ._decayed import SPENT, Level, SymbolicDecay, in_sizes, law_rate, pull_on_x
from ._mirror_condition import named
from ._orbit import Orbit
from ._setting import Setting

Step = tuple[str, str]


def latex(expression: sympy.Expr) -> str:
    """LaTeX with f' for the slope of the loss."""
    return sympy.latex(expression, mul_symbol=None).replace("f'", "f'(x)")


def parameter_steps(asked: Setting, curve: Orbit, decay: SymbolicDecay | None) -> list[Step]:
    """The flow of the parameters, and the laws that follow from it."""
    names = named(curve)
    flow = _flow(curve, decay, names, asked.q)
    steps = [("The coordinate, and the flow of its parameters", rf"x={latex(asked.feature)},\quad {flow}")]
    for law in curve.laws:
        last = next(v for v, size in curve.magnitudes.items() if size == curve.parameter)
        u, v = (latex(s.xreplace(names)) for s in (law.variable, last))
        slope = law.reference.diff(last) / law.moving.diff(law.variable)
        ratio = latex(sympy.simplify(slope).xreplace(names))
        steps.append((
            "Without decay, time divides out; variables separate, and both sides are integrated",
            rf"\frac{{d{u}}}{{d{v}}}={ratio}\ \Longrightarrow\ {latex(law.expression.xreplace(names))}="
            rf"{latex(law.level)}",
        ))  # fmt: skip
    return steps


def law_steps(before: Orbit, after: Sequence[Level], decay: SymbolicDecay) -> list[Step]:
    """What the decay does to the laws."""
    names = named(before)
    rates, steps = in_sizes(decay, before), []
    for old, new in zip(before.laws, after, strict=True):
        rate = sympy.factor(law_rate(old, rates))
        steps.append((
            "With decay, the law changes with A=∫α dt by",
            rf"\frac{{d}}{{dA}}\left({latex(old.expression.xreplace(names))}\right)={latex(rate.xreplace(names))}"
            rf"\ \Longrightarrow\ {latex(old.expression.xreplace(names))}={latex(new.value)}",
        ))  # fmt: skip
    return steps


def orbit_steps(curve: Orbit, now: Mapping[sympy.Symbol, sympy.Expr]) -> list[Step]:
    """The curve that the laws leave, x and S on it; `now`: the values of their levels."""
    a = {curve.parameter: sympy.Symbol("a", positive=True), **now}
    sizes = r",\quad ".join(
        f"{latex(sympy.Symbol(v.name))}={latex(s.xreplace(a))}" for v, s in curve.magnitudes.items()
    )
    return [
        ("The laws leave one curve, on which", sizes),
        ("On it x is", f"x={latex(curve.x.xreplace(a))}"),
        (
            "and the speed of x against the direction of f' is the sum of |∂g/∂θ_i|^q",
            f"S={latex(curve.speed.xreplace(a))}",
        ),
    ]


def _flow(curve: Orbit, decay: SymbolicDecay | None, names: dict, q: sympy.Expr) -> str:
    """θ̇_i, one after the other."""
    rates = {} if decay is None else in_sizes(decay, curve)
    if decay is not None and decay.coupled and q != 2:
        return _flow_inside(curve, rates, decay.strength, names, q)
    made = []
    for v, g in curve.slopes.items():
        factor, sign = (-g, "+") if g.could_extract_minus_sign() else (g, "-")
        size = latex(sympy.powsimp(factor ** (q - 1)).xreplace(names)) if q != 1 else ""
        pull = "" if decay is None else f"-{latex((decay.strength * rates[v]).xreplace(names))}"
        made.append(rf"\dot {{{latex(names[v])}}}={sign}{size}\,{direction_latex(q)}{pull}")
    return r",\quad ".join(made)


def _flow_inside(curve: Orbit, rates: Mapping, strength: sympy.Expr, names: dict, q: sympy.Expr) -> str:
    """θ̇_i with coupled decay inside the direction map."""
    made = []
    for v, g in curve.slopes.items():
        total = rf"{latex(g.xreplace(names))}\,f'(x)+{latex((strength * rates[v]).xreplace(names))}"
        made.append(rf"\dot {{{latex(names[v])}}}=-{direction_latex(q, total)}")
    return r",\quad ".join(made)


def direction_latex(q: sympy.Expr, slope: str = "f'(x)") -> str:
    """sgn(f')|f'|^{q−1}"""
    if q == 2:
        return slope
    power = "" if q == 1 else rf"\left|{slope}\right|^{{{sympy.latex(q - 1)}}}"
    return rf"\mathrm{{sgn}}({slope}){power}"


def inside_steps(
    asked: Setting,
    curve: Orbit,
    pull: SymbolicDecay,
    speed: sympy.Expr | None,
    added: sympy.Expr,
    regularizer: sympy.Expr | None,
) -> list[Step]:
    """How coupled decay becomes a penalty in x inside the direction map."""
    rates, a = in_sizes(pull, curve), {curve.parameter: sympy.Symbol("a", positive=True)}
    v = next(iter(curve.slopes))
    share = latex(sympy.simplify((pull.strength * rates[v] / curve.slopes[v]).xreplace(curve.magnitudes)).xreplace(a))
    name = r"\partial_xM" if regularizer is not None else "c"
    total = direction_latex(asked.q, f"f'(x)+{name}")
    steps = [
        (
            "On this curve the decay is the same multiple of each ∂g/∂θ_i",
            rf"\alpha\,\frac{{\partial h}}{{\partial\theta_i}}={share}\,\frac{{\partial g}}{{\partial\theta_i}}",
        ),
        (
            "so parameters move as without decay, the curve is kept, and f' becomes",
            f"f'(x)+{name},\\quad {name}={latex(added)}",
        ),
    ]  # fmt: skip
    if speed is not None:
        steps.append(("Eliminating a gives", f"S(x)={latex(speed)}"))
    steps.append(("So x moves by itself", rf"\dot x=-{latex(speed) if speed is not None else 'S(x)'}\,{total}"))
    if regularizer is None:
        return [*steps, ("With R''=1/S this is the mirror flow", rf"d\nabla R(x)=-{total}\,dt")]
    return [
        *steps,
        (
            "With R''=1/S it is the steepest mirror flow of f+M",
            rf"d\nabla R(x)=-{total}\,dt,\quad M={latex(regularizer)}",
        ),
    ]  # fmt: skip


def align(steps: Sequence[Step]) -> str:
    """An align environment: the words of each step, then its formula."""
    lines = [rf"&{_words(words)}\\&\quad {formula}" for words, formula in steps]
    return "\\begin{align*}\n" + "\\\\\n".join(lines) + "\n\\end{align*}"


# What stands for a formula among the words of steps, and its LaTeX.
_FORMULAS = {
    "A=∫α dt": r"A=\int\alpha\,dt",
    "|∂g/∂θ_i|^q": r"\left|\partial g/\partial\theta_i\right|^q",
    "∂g/∂θ_i": r"\partial g/\partial\theta_i",
    "R''=1/S": "R''=1/S",
    "f+M": "f+M",
    "f'": "f'",
}


def _words(words: str) -> str:
    """The words of a step as text, with formulas outside of it."""
    pieces = re.split("(" + "|".join(map(re.escape, _FORMULAS)) + ")", f"{words}:")
    return "".join(_FORMULAS.get(piece, rf"\text{{{piece}}}") for piece in pieces if piece)


def spent_remark(expression: sympy.Expr) -> str:
    """What A is, where it is in a formula."""
    return r",\quad A=\int_0^t\alpha\,ds" if expression.has(SPENT) else ""


def drift_latex(curve: Orbit, pull: SymbolicDecay, drift: sympy.Expr) -> str:
    """The drift of x by the chain rule."""
    total = latex((pull.strength * pull_on_x(curve, pull)).xreplace(named(curve)))
    return rf"\sum_i\frac{{\partial g}}{{\partial\theta_i}}d_i={total}={latex(drift)}"


def mirror_steps(asked: Setting, pull: SymbolicDecay | None, drift, regularizer, fixed: bool) -> list[Step]:
    """Which mirror flow it is."""
    flow = direction_latex(asked.q)
    if pull is None:
        return [("With R''=1/S this is the mirror flow", rf"d\nabla R(x)=-{flow}\,dt")]
    if regularizer is not None:
        first = ("R''=1/S is fixed, and the drift divided by S is the derivative of", f"M={latex(regularizer)}")
        words = "so it is the mirror flow of f+M" if asked.q == 2 else "so it is the mirror flow with a drift"
        return [first, (words, rf"d\nabla R(x)=-{flow}\,dt-\partial_xM\,dt")]
    if fixed:
        return [("With R''=1/S this is the mirror flow with a drift", rf"d\nabla R(x)=-{flow}\,dt-\frac{{d}}{{S}}dt")]
    return [
        (
            "The metric R''=1/S depends on time, and the drift is what that asks for",
            r"\partial_x\left(\frac{" + latex(drift) + r"}{S}\right)-\partial_t\left(\frac1S\right)=0",
        ),
        ("so it is the time-dependent mirror flow", rf"d\nabla R_t(x)=-{flow}\,dt"),
    ]
