"""Whether a flow in x with a drift is d∇R_t(x) = −F dt: the condition, in the parameter of the orbit and in x."""

from collections.abc import Sequence

import sympy

from ._decayed import Level, SymbolicDecay, in_sizes, pull_on_x
from ._orbit import Orbit, tidy
from ._setting import Setting
from ._vanish import vanishes


def condition(curve: Orbit, decay: SymbolicDecay, levels: Sequence[Level]) -> sympy.Expr:
    """S·[∂_x(D/S) − ∂_A(1/S)], D the drift of x for α=1: zero exactly where R_t with R_t''=1/S_t exists.

    In the parameter a, ∂_x = x_a⁻¹∂_a, and at fixed x ∂_A becomes ∂_A − (x_A/x_a)∂_a; S and x depend on A through the
    levels of the laws.
    """
    a, x, metric = curve.parameter, curve.x, 1 / curve.speed

    def in_time(expression: sympy.Expr) -> sympy.Expr:
        return sympy.Add(*(expression.diff(level.symbol) * level.rate for level in set(levels) if level.rate != 0))

    ratio = pull_along(curve, decay) * metric
    moved = in_time(metric) - in_time(x) / x.diff(a) * metric.diff(a)
    return sympy.simplify(tidy(sympy.simplify((ratio.diff(a) / x.diff(a) - moved) * curve.speed)))


def pull_along(curve: Orbit, decay: SymbolicDecay) -> sympy.Expr:
    """The drift of x for α=1, as a function of a."""
    return sympy.simplify(pull_on_x(curve, decay).xreplace(curve.magnitudes))


def pull_on_slope(curve: Orbit, decay: SymbolicDecay) -> sympy.Expr | None:
    """c(a) with ∂h/∂θ_i = c·∂g/∂θ_i for every parameter, so that decay adds α·c to f'; None if there is no such c."""
    rates = in_sizes(decay, curve)
    shares = [tidy((rates[v] / g).xreplace(curve.magnitudes)) for v, g in curve.slopes.items()]
    first = sympy.simplify(shares[0])
    return first if all(vanishes(share - first) for share in shares[1:]) else None


def inside_the_direction(curve: Orbit, decay: SymbolicDecay, asked: Setting) -> sympy.Expr:
    """Δ(f')−Δ(0), Δ what coupled decay adds to −ẋ, at f'>0, x>0: a drift beside the direction map would have it 0."""
    slope, q = sympy.Symbol("f'", positive=True), asked.q
    rates = in_sizes(decay, curve)

    def direction(value: sympy.Expr) -> sympy.Expr:
        if value.is_positive:
            return value ** (q - 1)
        return sympy.sign(value) * sympy.Abs(value) ** (q - 1)

    added = sympy.Add(*(g * direction(g * slope + decay.strength * rates[v]) for v, g in curve.slopes.items()))
    alone = sympy.Add(*(g * direction(g * slope) for g in curve.slopes.values()))
    still = sympy.Add(*(g * direction(decay.strength * rates[v]) for v, g in curve.slopes.items()))
    return (added - alone - still).xreplace(named(curve))


def named(curve: Orbit) -> dict[sympy.Symbol, sympy.Symbol]:
    """Plain positive symbols for those of the orbit."""
    return {size: sympy.Symbol(size.name, positive=True) for size in curve.magnitudes}
