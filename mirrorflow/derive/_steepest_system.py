"""Steepest flows θ̇ = −sgn(F)|F|^{q−1} with F = ∇𝓛, where velocities are no linear functions of the loss's choice.

a ↦ sgn(a)|a|^{q−1} is multiplicative. Each F_i = Σ_kG_k∂_iφ_k is factored over the rationals, as a function of θ and
the dual G that the loss chooses, and one symbol stands for what the map makes of each factor: a law that holds
identically in these symbols holds for every loss. Laws that would need relations between the symbols are not found; the
count (see `_sampled`) says whether there can be any.
"""

from collections.abc import Mapping, Sequence

import sympy

from ._decays import DecayRate
from ._model import Model
from ._ring import Polynomial, Ring
from ._system import Drift, Force, Moving, System

# {factor as text: exponent}; numbers are factors too, with a word before them.
Factors = dict[str, int]
NUMBER = "number "


def steepest_system(model: Model, q: sympy.Expr, decay: DecayRate | None = None) -> System:
    """The steepest flow with exponent q in [1, 2), a number or a symbol.

    Coupled decay stands inside the map, F=∇𝓛+λθ; decoupled decay is a drift.

    **Raises:** `NotPolynomial` for features whose derivatives are no rational functions.
    """
    variables = model.variables
    forces = factored_forces(model, decay if decay is not None and decay.coupled else None, numbers=q != 1)
    images = _images(variables, forces)
    # A sign is its own inverse.
    inverses = {image: image if q == 1 else sympy.Dummy(f"1/{image}", real=True) for image in images.values()}
    powers = _powers(variables, forces, q)
    ring = Ring(
        [*variables, *images.values(), *inverses.values(), *(each[0] for each in powers), *q.free_symbols],
        inverses=inverses if q != 1 else None,
        binary=images.values() if q == 1 else (),
    )
    entries: Force = {
        i: _image(ring, images, inverses, factors) for i, factors in enumerate(forces) if factors is not None
    }
    functions = [Moving(theta, theta, i, ring.one) for i, theta in enumerate(variables)]
    if q == 1:
        functions += [Moving(images[f"x{i}"], sympy.sign(theta), i, ring.zero) for i, theta in enumerate(variables)]
    for symbol, expression, owner, slope, power in powers:
        image = images[f"x{owner}"]
        step = ring.generators[inverses[image] if power > 0 else image] ** abs(power)
        functions.append(Moving(symbol, expression, owner, ring.polynomial(slope) * step))
    drift = None if decay is None or decay.coupled else _drift(ring, functions, variables, q, decay)
    numbers = {
        symbol: sympy.Rational(factor.removeprefix(NUMBER)) ** (q - 1)
        for factor, symbol in images.items()
        if factor.startswith(NUMBER)
    }
    return System(ring, variables, tuple(functions), (entries,), None, lambda generator: {}, drift, numbers)


def factored_forces(model: Model, decay: DecayRate | None, *, numbers: bool) -> list[Factors | None]:
    """The factors of each F_i, θ_i standing as "x{i}"; None where F_i is 0."""
    variables = model.variables
    duals = [sympy.Dummy(f"G{k}") for k in range(len(model.features))]
    free: set[sympy.Symbol] = set().union(*(feature.free_symbols for feature in model.features))
    rate = sympy.Dummy("rate")
    ring = Ring([*variables, *sorted(free - set(variables), key=str), *duals, rate])
    found = []
    for theta in variables:
        force = sympy.Add(*(dual * sympy.diff(phi, theta) for dual, phi in zip(duals, model.features, strict=True)))
        if decay is not None:
            force += rate * theta
        top, bottom = (ring.polynomial(sympy.expand(part)) for part in sympy.fraction(sympy.together(force)))
        found.append(None if top.is_zero() else _merged(_factors(top, numbers), _factors(bottom, numbers)))
    return found


def _factors(polynomial: Polynomial, numbers: bool) -> Factors:
    """The factors, those that are numbers as well unless the map makes 1 of them."""
    constant, factors = polynomial.factor()
    found = {str(factor): int(exponent) for factor, exponent in factors}
    if numbers and abs(constant) != 1:
        found[f"{NUMBER}{abs(constant)}"] = 1
    return found | ({"-1": 1} if constant < 0 else {})


def _merged(top: Factors, bottom: Factors) -> Factors:
    found = dict(top)
    for factor, exponent in bottom.items():
        found[factor] = found.get(factor, 0) - exponent
    return {factor: exponent for factor, exponent in found.items() if exponent}


def _images(variables: Sequence[sympy.Symbol], forces: Sequence[Factors | None]) -> dict[str, sympy.Symbol]:
    """A symbol for what the map makes of each factor but −1; those of the parameters first."""
    names = {f"x{i}": sympy.Dummy(f"sgn({theta})|{theta}|^(q-1)", real=True) for i, theta in enumerate(variables)}
    for factors in forces:
        for factor in factors or ():
            if factor != "-1":
                names.setdefault(factor, sympy.Dummy("factor", real=True))
    return names


def _image(ring: Ring, images: Mapping[str, sympy.Symbol], inverses, factors: Factors) -> Polynomial:
    product = ring.one
    for factor, exponent in factors.items():
        if factor == "-1":
            product = -product if exponent % 2 else product
        else:
            symbol = images[factor] if exponent > 0 else inverses[images[factor]]
            product = product * ring.generators[symbol] ** abs(exponent)
    return product


def _powers(variables: Sequence[sympy.Symbol], forces: Sequence[Factors | None], q: sympy.Expr):
    """(symbol, function, owner, slope, k): functions of θ_i that move as slope·y^{−k}·F, y=sgn(θ)|θ|^{q−1}.

    k=−1 is |θ|^q. Where F_i has the factor θ_i^k, |θ_i|^{1−k(q−1)} moves without θ_i: this is what differences of
    powers keep. For sign flow all of them are |θ|.
    """
    if q == 1:
        return []
    found = []
    for i, theta in enumerate(variables):
        own = (forces[i] or {}).get(f"x{i}", 0)
        for power in dict.fromkeys((-1, own)):
            if power == 0:
                continue
            exponent = sympy.expand(1 - power * (q - 1))
            side = sympy.Integer(1) if power % 2 else sympy.sign(theta)
            expression = side * (sympy.Abs(theta) ** exponent if exponent != 0 else sympy.log(sympy.Abs(theta)))
            symbol = sympy.Dummy(f"{theta}^({exponent})", real=True)
            found.append((symbol, expression, i, exponent if exponent != 0 else sympy.Integer(1), power))
    return found


def _drift(ring: Ring, functions: Sequence[Moving], variables, q: sympy.Expr, decay: DecayRate) -> Drift:
    """−θ, under which |θ|^s falls s times as fast; signs stay."""
    size = sympy.Symbol("size", positive=True)
    drifts, degrees = {}, set()
    for function in functions:
        owner = variables[function.owner]
        value = function.expression.subs(owner, size)
        degree = sympy.simplify(size * sympy.diff(value, size) / value)
        if size not in degree.free_symbols:
            drifts[function.symbol] = -ring.polynomial(sympy.expand(degree)) * ring.generators[function.symbol]
            degrees.add(sympy.expand(degree))

    def rates(degree: int) -> tuple[sympy.Expr, ...]:
        sums = {sympy.Integer(0)}
        for _ in range(degree):
            sums |= {sympy.expand(total + value) for total in sums for value in degrees}
        return tuple(sorted(sums, key=str))

    return Drift(decay.rate, drifts, ring.one, rates, ring.one, {})
