"""Gradient and mirror flows, with decay, as systems of polynomial velocities."""

import functools
import random
from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from ..potentials import AbstractPotential, Quadratic
from ._charts import SIZE, Chart, Coordinate, charts, euclidean_chart
from ._decays import DecayRate
from ._forces import gradient_forces, primitive
from ._kernels import Kernels, kernels_of, plain_functions
from ._model import Model
from ._ring import NotPolynomial, Polynomial, Ring
from ._system import Drift, Force, Moving, System


def gradient_system(
    model: Model, metric: Any = None, decay: DecayRate | None = None, *, rational: bool = False
) -> System:
    """θ̇ = −(∇²R)⁻¹∇𝓛 (− decay), for potentials by array, one for all, or an inverse metric as a matrix.

    With `rational`, laws may contain powers of 1/θ and log|θ| of the parameters with a Euclidean metric.

    **Raises:** `NotPolynomial` where forces are no polynomials in any way known here.
    """
    by_name = potentials_by_array(model, {} if isinstance(metric, sympy.MatrixBase) else metric)
    try:
        return _assembled(model, by_name, metric, decay, rational, {})
    except NotPolynomial:
        kernels = _kernels(model, by_name)
        if not kernels:
            raise
    return _assembled(model, by_name, metric, decay, rational, kernels)


def _assembled(
    model: Model,
    by_name: Mapping[str, AbstractPotential],
    metric: Any,
    decay: DecayRate | None,
    rational: bool,
    kernels: Mapping[sympy.Symbol, Kernels],
) -> System:
    known = _charts(model, by_name, rational, kernels)
    inverses = _marked(known, -1)
    for each in kernels.values():
        inverses |= each.inverses
    circles = {each.symbol("sin"): each.symbol("cos") for each in kernels.values() if each.circular}
    ring = Ring(_symbols(model, known, metric), inverses=inverses, logarithms=_marked(known, 0), circles=circles)
    forces = gradient_forces(ring, model.features, model.variables, tuple(kernels.values()))
    if isinstance(metric, sympy.MatrixBase):
        forces = _scaled(ring, forces, metric, model.variables)
    functions = _moving(ring, [each.coordinates for each in known])
    closed = _moving(ring, [each.closed for each in known]) if all(each.closed for each in known) else None
    closed = None if closed is None else _with_used(ring, closed, functions, forces)
    drift = None if decay is None else _drift(ring, decay, known, metric)
    if drift is not None and closed is not None and any(each.symbol not in drift.closed for each in closed):
        closed = None
    constants = {symbol: symbol for symbol in _constants(model, metric)}
    return System(ring, model.variables, functions, forces, closed, _sampler(known), drift, constants)


def _kernels(model: Model, by_name: Mapping[str, AbstractPotential]) -> dict[sympy.Symbol, Kernels]:
    """The functions of one parameter that the features need, of the parameters with the Euclidean metric."""
    plain = [feature for feature in model.features if not feature.is_polynomial(*model.variables)]
    written = [sympy.expand(plain_functions(feature), power_exp=True) for feature in plain]
    found = {}
    for name, array in model.arrays.items():
        if isinstance(by_name.get(name, Quadratic()), Quadratic):
            inside = [theta for theta in array.ravel().tolist() if any(feature.has(theta) for feature in written)]
            found |= {theta: kernels_of(written, theta) for theta in inside}
    return {theta: each for theta, each in found.items() if each != Kernels(theta)}


def _constants(model: Model, metric: Any) -> tuple[sympy.Symbol, ...]:
    """The symbols that are not trained."""
    free: set[sympy.Symbol] = set().union(*(feature.free_symbols for feature in model.features))
    if isinstance(metric, sympy.MatrixBase):
        free |= metric.free_symbols
    return tuple(sorted(free - set(model.variables), key=str))


def potentials_by_array(model: Model, metric: Any) -> dict[str, AbstractPotential]:
    """The potential of each array that has one, the model's own where `metric` is None.

    **Raises:** `ValueError` for what is no potential, or an array that the model does not have.
    """
    by_name = dict(model.potentials) if metric is None else metric
    if isinstance(by_name, AbstractPotential):
        by_name = dict.fromkeys(model.arrays, by_name)
    if not isinstance(by_name, Mapping):
        raise ValueError(
            "metric must be a potential, a mapping from names of arrays to potentials, or a square sympy matrix (the "
            f"inverse metric), got {type(metric).__name__}: {metric!r}."
        )
    for name, potential in by_name.items():
        if name not in model.arrays:
            raise ValueError(f"metric names the array {name!r}; the model has {', '.join(map(repr, model.arrays))}.")
        if not isinstance(potential, AbstractPotential):
            raise ValueError(f"metric[{name!r}] must be a separable potential, got {type(potential).__name__}.")
    return dict(by_name)


def _charts(
    model: Model, by_name: Mapping[str, AbstractPotential], rational: bool, kernels: Mapping[sympy.Symbol, Kernels]
) -> list[Chart]:
    found: list[Chart] = []
    for name, array in model.arrays.items():
        potential, parameters = by_name.get(name, Quadratic()), array.ravel().tolist()
        euclidean = isinstance(potential, Quadratic)
        if euclidean:
            plain = (euclidean_chart(theta, rational=rational) for theta in parameters)
            found += [kernels[each.theta].chart() if each.theta in kernels else each for each in plain]
        else:
            found += charts(potential, parameters)
    return found


def _symbols(model: Model, charts: Sequence[Chart], metric: Any) -> list[sympy.Symbol]:
    found = list(model.variables)
    for each in charts:
        for coordinate in (*each.coordinates, *each.closed):
            found.append(coordinate.symbol)
            found.extend(sorted(coordinate.speed.free_symbols, key=str) if coordinate.speed is not None else ())
    return found + [symbol for symbol in _constants(model, metric) if symbol not in set(found)]


def _marked(charts: Sequence[Chart], power: int) -> dict[sympy.Symbol, sympy.Symbol]:
    """The symbols that stand for 1/θ (power −1) or log θ (0), by θ."""
    found = {}
    for each in charts:
        theta = each.theta
        wanted = (1 / theta,) if power else (sympy.log(theta), sympy.log(sympy.Abs(theta)))
        for coordinate in each.coordinates:
            if coordinate.expression in wanted:
                found[theta] = coordinate.symbol
    return found


def _scaled(ring: Ring, forces: tuple[Force, ...], metric: sympy.MatrixBase, variables) -> tuple[Force, ...]:
    size = len(variables)
    if metric.shape != (size, size):
        raise ValueError(f"metric must have shape {(size, size)}, the number of variables twice, got {metric.shape}.")
    if sympy.expand(metric - metric.T) != sympy.zeros(size, size):
        raise ValueError(f"metric must be a symmetric matrix, the inverse metric, got {metric.tolist()}.")
    if metric.is_positive_semidefinite is False:
        raise ValueError(f"metric must have no negative eigenvalue, got {metric.tolist()}: the loss would grow.")
    entries = [[ring.polynomial(sympy.expand(metric[i, j])) for j in range(size)] for i in range(size)]
    made = []
    for force in forces:
        scaled = {i: sum((entries[i][j] * force[j] for j in force), start=ring.zero) for i in range(size)}
        made.append({i: entry for i, entry in scaled.items() if not entry.is_zero()})
    return tuple(map(primitive, filter(None, made)))


def _moving(ring: Ring, chosen: Sequence[Sequence[Coordinate]]) -> tuple[Moving, ...]:
    found = []
    for owner, coordinates in enumerate(chosen):
        for coordinate in coordinates:
            speed = None if coordinate.speed is None else ring.polynomial(sympy.expand(coordinate.speed))
            found.append(Moving(coordinate.symbol, coordinate.expression, owner, speed))
    return tuple(found)


def _with_used(
    ring: Ring, closed: tuple[Moving, ...], functions: tuple[Moving, ...], forces: Sequence[Force]
) -> tuple[Moving, ...]:
    """With the functions (logarithms) that forces contain, which are no constants when brackets are taken."""
    known = {each.symbol for each in closed}
    used = {symbol for force in forces for entry in force.values() for symbol in ring.support(entry)}
    return closed + tuple(each for each in functions if each.symbol in used - known)


def _sampler(charts: Sequence[Chart]):
    def sample(generator: random.Random) -> dict[sympy.Symbol, int]:
        found: dict[sympy.Symbol, int] = {}
        for each in charts:
            found |= each.sample(generator)
        return found

    return sample


def _drift(ring: Ring, decay: DecayRate, charts: Sequence[Chart], metric: Any) -> Drift:
    """−θ (decoupled), or −m(θ)θ (coupled: in the dual; −Mθ with a matrix), in units of the rate."""
    pulls = [each.theta for each in charts]
    if isinstance(metric, sympy.MatrixBase) and decay.coupled:
        pulls = list(metric * sympy.Matrix(pulls))
    drifts: dict[sympy.Symbol, Polynomial] = {}
    closed: dict[sympy.Symbol, Polynomial] = {}
    degrees: dict[sympy.Symbol, sympy.Rational] = {}
    for each, pull in zip(charts, pulls, strict=True):
        theta = each.theta
        for coordinate in (*each.coordinates, *each.closed):
            moved = _decayed(ring, coordinate, theta, pull, decay.coupled)
            if moved is not None:
                drifts[coordinate.symbol], degrees[coordinate.symbol] = moved
                closed[coordinate.symbol] = moved[0]
    values = sorted(set(degrees.values()))

    def rates(degree: int) -> tuple[sympy.Rational, ...]:
        sums = {sympy.Integer(0)}
        for _ in range(degree):
            sums |= {total + value for total in sums for value in values}
        return tuple(sorted(sums))

    return Drift(decay.rate, drifts, ring.one, rates, ring.one, closed)


def _decayed(ring: Ring, coordinate: Coordinate, theta: sympy.Symbol, pull: sympy.Expr, coupled: bool):
    """(drift, degree) of a function under decay: of a homogeneous one where decoupled; None where it is not known."""
    slope = _logarithmic_slope(coordinate.expression.subs(theta, SIZE))
    if not coupled:
        if not slope.is_Rational:
            return None
        return -ring.constant(slope) * ring.generators[coordinate.symbol], slope
    if coordinate.speed is None:
        return None
    degree = slope if slope.is_Rational else sympy.Integer(0)
    try:
        return ring.polynomial(sympy.expand(-coordinate.speed * pull)), degree
    except NotPolynomial:
        return None


@functools.lru_cache(maxsize=256)  # the same for all parameters that have one potential
def _logarithmic_slope(value: sympy.Expr) -> sympy.Expr:
    """d log h/d log θ, which is the degree of a homogeneous h."""
    return sympy.simplify(SIZE * sympy.diff(value, SIZE) / value)
