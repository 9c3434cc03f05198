"""The orbit of a steepest flow on the parameters of one coordinate: its balance laws, and the curve they leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from ._powers import antiderivative, monomial
from ._vanish import derivative, plain


@dataclass(frozen=True)
class Law:
    """F(θ_i) − G(θ_k) = level along the orbit; `moving` is F, `reference` is G, in positive symbols."""

    variable: sympy.Symbol
    moving: sympy.Expr
    reference: sympy.Expr
    level: sympy.Expr

    @property
    def expression(self) -> sympy.Expr:
        """F(θ_i) − G(θ_k)"""
        return self.moving - self.reference


@dataclass(frozen=True)
class Orbit:
    """One branch of the curve on which the parameters move, by the size a>0 of the last of them.

    `sign`: the sign of that parameter, the others are positive; `magnitudes`: all parameters' sizes as functions of a;
    `slopes`: ∂g/∂θ_i in their symbols; `x`: g on the branch; `speed`: S=Σ|∂g/∂θ_i|^q; `dual_rate`: d∇R/da; `low`,
    `high`: the ends of a; `begin`: the a of the point that was given, if one was.
    """

    parameter: sympy.Symbol
    sign: int
    magnitudes: Mapping[sympy.Symbol, sympy.Expr]
    slopes: Mapping[sympy.Symbol, sympy.Expr]
    laws: tuple[Law, ...]
    x: sympy.Expr
    speed: sympy.Expr
    dual_rate: sympy.Expr
    low: sympy.Expr
    high: sympy.Expr
    q: sympy.Expr
    begin: sympy.Expr | None


def orbit(
    feature: sympy.Expr,
    variables: Sequence[sympy.Symbol],
    q: sympy.Expr,
    start: sympy.Expr | Mapping[sympy.Symbol, sympy.Expr] | Sequence[sympy.Expr],
    sign: int = 1,
) -> Orbit:
    """The branch on which the last variable has `sign`, through a point or with laws at given levels.

    Along θ̇_i = −s_i|g_i|^{q−1}·F with g_i=∂g/∂θ_i, s_i its sign, two parameters have dθ_i/dθ_k =
    s_i|g_i|^{q−1}/(s_k|g_k|^{q−1}), whatever the loss. Where this is A(θ_i)B(θ_k), ∫dθ_i/A − ∫B dθ_k is conserved.

    **Raises:** `ValueError` where signs of partial derivatives are not known or variables do not separate.
    """
    sizes = tuple(sympy.Dummy(v.name, positive=True) for v in variables)  # no constant can be one of them
    placed = dict(zip(variables, sizes, strict=True))
    placed[variables[-1]] = sign * sizes[-1]
    g = feature.xreplace(placed)
    # slopes by the sizes; that of the last parameter itself has `sign` in front
    slopes = {v: sympy.factor(derivative(g, v)) for v in sizes}
    speed = sympy.Add(*(_power(slope, q, signed=False) for slope in slopes.values()))
    last = sizes[-1]
    levels = tuple(start) if isinstance(start, Sequence) else (sympy.S.Zero if isinstance(start, Mapping) else start,)
    levels = levels * (len(sizes) - 1) if len(levels) == 1 else levels
    laws = tuple(_law(v, last, slopes, q, levels[i], variables[i]) for i, v in enumerate(sizes[:-1]))
    if isinstance(start, Mapping):
        point = {placed_size: start[v] for v, placed_size in zip(variables, sizes, strict=True)}
        laws = tuple(_through(law, last, point) for law in laws)
    a = sympy.Dummy("a", positive=True)
    magnitudes, low, high = _curve(laws, last, a, q)
    # |g_k|^{q−1}s_k is how fast the last parameter moves against F; a is its size in the sign's direction
    rate = tidy(1 / _power(slopes[last], q - 1, signed=True).xreplace(magnitudes))
    x, speed = (tidy(each.xreplace(magnitudes)) for each in (g, speed))
    begin = start[variables[-1]] if isinstance(start, Mapping) else None
    speed = min(speed, sympy.factor(speed), key=sympy.count_ops)
    return Orbit(a, sign, magnitudes, slopes, laws, x, speed, rate, low, high, q, begin)


def _law(variable, last, slopes, q, level, original) -> Law:
    ratio = tidy(_power(slopes[variable], q - 1, signed=True) / _power(slopes[last], q - 1, signed=True))
    parts = sympy.separatevars(ratio, symbols=[variable, last], dict=True)
    if parts is None or parts["coeff"].free_symbols & (set(slopes) - {variable, last}):
        raise ValueError(
            f"The orbit could not be solved: dθ_i/dθ_k = {plain(ratio)} for {original} and {plain(last)} is no product "
            "of functions of each."
        )
    moving = antiderivative(tidy(1 / parts[variable]), variable)
    reference = antiderivative(tidy(parts["coeff"] * parts[last]), last)
    if moving is None or reference is None:
        raise ValueError(
            f"The orbit could not be solved: sympy does not integrate {plain(ratio)} in {original} and {plain(last)}."
        )
    scale = sympy.Mul(*moving.as_independent(variable, as_Add=False)[:1])
    return Law(variable, sympy.simplify(moving / scale), sympy.simplify(reference / scale), level)


def _through(law: Law, last: sympy.Symbol, point: Mapping[sympy.Symbol, sympy.Expr]) -> Law:
    level = law.moving.subs(law.variable, point[law.variable]) - law.reference.subs(last, point[last])
    level = sympy.simplify(level)
    if not level.is_finite and level.has(sympy.oo, sympy.zoo, sympy.nan):
        raise ValueError(
            f"balance must be a point of a regular orbit, got { {plain(v): value for v, value in point.items()} }: "
            f"{plain(law.expression)} is infinite."
        )
    return Law(law.variable, law.moving, law.reference, level)


def _power(slope: sympy.Expr, exponent: sympy.Expr, *, signed: bool) -> sympy.Expr:
    """|g|^exponent, with the sign of g if `signed`; the sign need not be known for a plain odd or even power."""
    if exponent == 2 or (exponent == 1 and signed):
        return slope**exponent
    if slope.is_positive:
        return slope**exponent
    if slope.is_negative:
        return (-1 if signed else 1) * (-slope) ** exponent
    raise ValueError(
        f"The sign of the partial derivative {plain(slope)} is not known, so its steepest flow is not either."
    )


def _curve(laws: Sequence[Law], last: sympy.Symbol, a: sympy.Symbol, q: sympy.Expr):
    magnitudes, low, high = {last: a}, sympy.Integer(0), sympy.oo
    for law in laws:
        target = law.level + law.reference.subs(last, a)
        size, open_low, open_high = _inverse(law, target, a, q)
        magnitudes[law.variable] = size
        low, high = sympy.Max(low, open_low), sympy.Min(high, open_high)
    return magnitudes, low, high


def _inverse(law: Law, target: sympy.Expr, a: sympy.Symbol, q: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """θ_i>0 with F(θ_i)=target(a), and the a between which it is positive."""
    single = monomial(law.moving, law.variable)
    if single is not None:
        size = tidy((target / single[0]) ** (1 / single[1]))
        return (size, *_where_positive(target / single[0], a, q))
    if law.moving == sympy.log(law.variable):
        return tidy(sympy.exp(sympy.expand_log(target, force=True))), sympy.Integer(0), sympy.oo
    for size in sympy.solve(law.moving - target, law.variable):
        return tidy(size), sympy.Integer(0), sympy.oo
    raise ValueError(
        f"The orbit could not be solved: {plain(law.moving)} = {plain(target)} has no solution that sympy finds."
    )


def _where_positive(target: sympy.Expr, a: sympy.Symbol, q: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    constant, moving = target.as_independent(a, as_Add=True)
    single = monomial(moving, a)
    if single is None:
        return sympy.Integer(0), sympy.oo
    coefficient, exponent = single
    if constant.is_zero or (constant.is_nonnegative and coefficient.is_positive):
        return sympy.Integer(0), sympy.oo
    root = tidy((-constant / coefficient) ** (1 / exponent))
    upward = positive_on_q(coefficient * exponent, q)
    if not isinstance(upward, bool):
        raise ValueError(f"Where {plain(target)} is positive depends on the values of its symbols: give numbers.")
    return (root, sympy.oo) if upward else (sympy.Integer(0), root)


def positive_on_q(value: sympy.Expr, q: sympy.Expr) -> Any:
    """Whether an expression is positive, for 1<q<2 where it is linear in q; a condition on q where that depends."""
    if value.is_positive is not None:
        return bool(value.is_positive)
    if value.free_symbols != {q} or not sympy.Poly(value, q).is_linear:
        raise ValueError(f"Whether {plain(value)} is positive depends on the values of its symbols: give numbers.")
    ends = [value.subs(q, edge) for edge in (1, 2)]
    if all(each >= 0 for each in ends):
        return True
    if all(each <= 0 for each in ends):
        return False
    edge = sympy.solve(value, q)[0]
    return q < edge if ends[0] > 0 else q > edge


def tidy(expression: Any) -> sympy.Expr:
    """Powers of positive symbols put together."""
    return sympy.powdenest(sympy.powsimp(sympy.expand_power_base(expression, force=True)), force=True)
