"""Steepest flows θ̇ = −sgn(F)|F|^{q−1} with F = ∇𝓛, where velocities are no linear functions of the loss's choice.

a ↦ sgn(a)|a|^{q−1} is multiplicative. Each F_i = Σ_kG_k∂_iφ_k is factored over the rationals, as a polynomial in θ and
the dual G that the loss chooses, and one symbol stands for what the map makes of each factor: a law that holds
identically in these symbols holds for every loss. Laws that would need relations between the symbols are not found;
the count (see `_sampled`) says whether there can be any.
"""

from collections.abc import Mapping

import sympy

from ._decays import DecayRate
from ._model import Model
from ._ring import Polynomial, Ring
from ._system import Drift, Force, Moving, System


def steepest_system(model: Model, q: sympy.Expr, decay: DecayRate | None = None) -> System:
    """The steepest flow with exponent q in [1, 2), a number or a symbol.

    Coupled decay stands inside the map, F=∇𝓛+λθ; decoupled decay is a drift.

    **Raises:** `NotPolynomial` for features that are no polynomials.
    """
    variables = model.variables
    forces = _duals(model, decay if decay is not None and decay.coupled else None)
    factored = [_factors(polynomial) for polynomial in forces]
    images = _images(variables, factored)
    constants = {q} if q.is_Symbol else set()
    powers = [sympy.Dummy(f"|{theta}|^q", real=True) for theta in variables]
    binary = images.values() if q == 1 else ()
    ring = Ring([*variables, *images.values(), *powers, *sorted(constants, key=str)], binary=binary)
    force: Force = {
        i: _image(ring, images, factors) for i, factors in enumerate(factored) if factors is not None
    }
    functions = _functions(ring, variables, images, powers, q)
    drift = None if decay is None or decay.coupled else _drift(ring, functions, variables, q, decay)
    return System(ring, variables, functions, (force,), None, lambda generator: {}, drift)


def _duals(model: Model, decay: DecayRate | None) -> list[Polynomial]:
    """F_i as polynomials in θ and G (and the decay's rate)."""
    duals = [sympy.Dummy(f"G{k}") for k in range(len(model.features))]
    free: set[sympy.Symbol] = set().union(*(feature.free_symbols for feature in model.features))
    rate = [] if decay is None else [sympy.Dummy("rate")]
    ring = Ring([*model.variables, *sorted(free - set(model.variables), key=str), *duals, *rate])
    total = ring.zero
    for dual, feature in zip(duals, model.features, strict=True):
        total = total + ring.generators[dual] * ring.polynomial(feature)
    found = [ring.derivative(total, theta) for theta in model.variables]
    if rate:
        pulls = (ring.generators[rate[0]] * ring.generators[theta] for theta in model.variables)
        found = [force + pull for force, pull in zip(found, pulls, strict=True)]
    return found


def _factors(polynomial: Polynomial) -> dict[str, int] | None:
    """{irreducible factor as text: exponent}, the leading constant among them; None for 0."""
    if polynomial.is_zero():
        return None
    constant, factors = polynomial.factor()
    found = {str(factor): int(exponent) for factor, exponent in factors}
    return found | ({} if constant == 1 else {f"constant {constant}": 1})


def _images(variables, factored) -> dict[str, sympy.Symbol]:
    """A symbol for what the map makes of each factor; those of the parameters first."""
    names = {f"x{i}": sympy.Dummy(f"sgn({theta})|{theta}|^(q-1)", real=True) for i, theta in enumerate(variables)}
    for factors in factored:
        for factor in factors or ():
            names.setdefault(factor, sympy.Dummy("factor", real=True))
    return names


def _image(ring: Ring, images: Mapping[str, sympy.Symbol], factors: Mapping[str, int]) -> Polynomial:
    product = ring.one
    for factor, exponent in factors.items():
        product = product * ring.generators[images[factor]] ** exponent
    return product


def _functions(ring: Ring, variables, images, powers, q: sympy.Expr) -> tuple[Moving, ...]:
    found = []
    for i, theta in enumerate(variables):
        image = images[f"x{i}"]
        found.append(Moving(theta, theta, i, ring.one))
        if q == 1:
            found.append(Moving(image, sympy.sign(theta), i, ring.zero))
        else:
            speed = ring.polynomial(q) * ring.generators[image]
            found.append(Moving(powers[i], sympy.Abs(theta) ** q, i, speed))
    return tuple(found)


def _drift(ring: Ring, functions, variables, q: sympy.Expr, decay: DecayRate) -> Drift:
    """−θ, under which |θ|^q falls q times as fast; signs stay."""
    drifts = {}
    for function in functions:
        own = ring.generators[function.symbol]
        if function.expression in variables:
            drifts[function.symbol] = -own
        elif q == 1:
            drifts[function.symbol] = ring.zero
        else:
            drifts[function.symbol] = -ring.polynomial(q) * own

    def rates(degree: int) -> tuple[sympy.Expr, ...]:
        return tuple(dict.fromkeys(a + b * q for a in range(degree + 1) for b in range(degree + 1 - a)))

    return Drift(decay.rate, ((drifts, ring.one),), rates, ring.one, {})
