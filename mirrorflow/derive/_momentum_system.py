"""Heavy-ball and Nesterov-like flows θ̈ + τ(t)θ̇ = −∇𝓛 as systems of polynomial velocities."""

import sympy

from ._decays import TIME
from ._forces import gradient_forces
from ._model import Model
from ._ring import Polynomial, Ring
from ._system import Drift, Moving, System


def velocity(theta: sympy.Symbol) -> sympy.Symbol:
    """The symbol of θ̇."""
    return sympy.Symbol(rf"\dot{{{theta.name}}}", real=True)


def momentum_system(model: Model, damping: sympy.Expr) -> System:
    """The state is (θ, θ̇, t); the loss acts on θ̇ alone.

    A constant damping stands in the drift as it is; with a damping a/t the drift is multiplied by t.

    **Raises:** `ValueError` for a damping that changes with time other than a/t.
    """
    variables = model.variables
    velocities = tuple(velocity(theta) for theta in variables)
    constant = TIME not in damping.free_symbols
    amplitude = damping if constant else sympy.simplify(damping * TIME)
    if TIME in amplitude.free_symbols:
        raise ValueError(f"momentum must be a constant damping or a multiple of 1/t, got {damping}.")
    free: set[sympy.Symbol] = set().union(*(feature.free_symbols for feature in model.features))
    # √2 or 1/a stand for themselves: laws then hold for every damping.
    damped = amplitude if amplitude.is_Rational or amplitude.is_Symbol else sympy.Dummy("damping", real=True)
    constants = sorted((free | damped.free_symbols) - set(variables), key=str)
    ring = Ring([*variables, *velocities, *constants, TIME])
    functions = tuple(
        [Moving(theta, theta, i, ring.zero) for i, theta in enumerate(variables)]
        + [Moving(speed, speed, i, ring.one) for i, speed in enumerate(velocities)]
    )
    forces = gradient_forces(ring, model.features, variables)
    drift = _drift(ring, variables, velocities, ring.polynomial(damped), damping)
    known = {symbol: amplitude if symbol == damped else symbol for symbol in constants}
    known |= {} if constant else {TIME: TIME}
    return System(ring, variables + velocities, functions, forces, functions, lambda generator: {}, drift, known)


def _drift(ring: Ring, variables, velocities, damped: Polynomial, damping: sympy.Expr) -> Drift:
    time = ring.one if TIME not in damping.free_symbols else ring.generators[TIME]
    drift = {theta: ring.generators[speed] * time for theta, speed in zip(variables, velocities, strict=True)}
    drift |= {speed: -damped * ring.generators[speed] for speed in velocities}

    def rates(degree: int) -> tuple[sympy.Rational, ...]:
        return tuple(sympy.Integer(c) for c in range(degree + 1)) if damping != 0 else (sympy.Integer(0),)

    return Drift(damping, drift | {TIME: time}, damped, rates, time, drift)
