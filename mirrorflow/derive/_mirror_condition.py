"""Whether a flow in x with a drift is d∇R_t(x) = −F dt: the condition, in the parameter of the orbit and in x."""

import sympy

from ._decayed import SPENT, SymbolicDecay, in_sizes, pull_on_x
from ._orbit import Orbit
from ._setting import Setting


def condition(curve: Orbit, decay: SymbolicDecay) -> sympy.Expr:
    """∂_x(D/S) − ∂_A(1/S) along the orbit, D the drift of x for α=1; zero exactly where R_t with R_t''=1/S_t exists.

    In the parameter a, ∂_x = x_a⁻¹∂_a, and at fixed x ∂_A becomes ∂_A − (x_A/x_a)∂_a.
    """
    a, x, metric = curve.parameter, curve.x, 1 / curve.speed
    ratio = pull_along(curve, decay) * metric
    moved = metric.diff(SPENT) - x.diff(SPENT) / x.diff(a) * metric.diff(a)
    return ratio.diff(a) / x.diff(a) - moved


def condition_in_x(speed: sympy.Expr, drift: sympy.Expr, x: sympy.Symbol, strength: sympy.Expr) -> sympy.Expr:
    """∂_x(drift/S) − ∂_t(1/S) with ∂_t = α∂_A, in the shortest form found."""
    raw = (drift / speed).diff(x) - strength * (1 / speed).diff(SPENT)
    share = sympy.simplify(sympy.powsimp(sympy.simplify(raw * speed)))
    return share / speed if sympy.count_ops(share) < sympy.count_ops(raw) else sympy.simplify(raw)


def pull_along(curve: Orbit, decay: SymbolicDecay) -> sympy.Expr:
    """The drift of x for α=1, as a function of a."""
    return sympy.simplify(pull_on_x(curve, decay).xreplace(curve.magnitudes))


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
    return added - alone - still
