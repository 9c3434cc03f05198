"""Laws of models and flows that exact arithmetic does not cover, found and counted in double precision."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
import sympy

from .._types import Parameters, Real
from ..geometries import AbstractGeometry, AbstractSteepest, Spectral
from ..potentials import AbstractPotential
from ._charts import charts
from ._laws import ConservationLaws, Law
from ._model import Model
from ._numbers import fraction
from ._numeric import (
    CONCLUSIVE_GAP,
    VERIFIED,
    FunctionModel,
    Gradients,
    closure,
    from_function,
    monomials,
    search,
    spanning_duals,
    steepest_fields,
)

# Null spaces of more functions take minutes.
MOST_FUNCTIONS = 1500
POINTS = 3
# How far sampled points are from the first one where velocities are smooth in a cell only, relative to its entries.
CELL = 0.05
# So many other cells have to agree.
CELLS = 8


def function_model(function: Callable[[Parameters], Any], example: Parameters) -> tuple[Model, FunctionModel]:
    """A JAX function as a model without features in symbols, and its gradients.

    **Raises:** `ValueError` as `from_function` does, with the words of `conservation_laws`.
    """
    numeric = from_function(function, example)

    def unpack(parameters: Parameters) -> Mapping[str, Any]:
        flat, found, begin = numeric.ravel(parameters), {}, 0
        for name, symbols in numeric.arrays.items():
            found[name] = flat[begin : begin + symbols.size].reshape(symbols.shape)
            begin += symbols.size
        return found

    return Model("own function", numeric.arrays, (), unpack=unpack), numeric


def symbolic_fields(model: Model) -> FunctionModel:
    """The features of a model as a JAX function of its flat parameters."""
    features = sympy.lambdify(model.variables, list(model.features), modules=["jax"], cse=True)
    start = np.random.default_rng(0).uniform(0.5, 1.5, len(model.variables))
    numeric = from_function(lambda flat: jnp.stack([jnp.asarray(x) for x in features(*flat)]), jnp.asarray(start))
    return FunctionModel(numeric.fields, sympy.Matrix(model.variables), dict(model.arrays), start, numeric.unravel)


def numeric_laws(
    model: Model,
    numeric: FunctionModel,
    *,
    metric: Mapping[str, AbstractPotential],
    geometry: AbstractGeometry | None,
    degree: int,
    seed: int,
    flow: str,
) -> ConservationLaws:
    """Laws by null spaces at sampled points, counted by the numerical rank of velocities and brackets."""
    variables = list(model.variables)
    point = numeric.sample(1, seed)[0]
    positive = np.array([bool(variable.is_positive) or bool(metric) for variable in variables])
    point = np.where(positive, np.abs(point) + 0.1, point)
    fields, local = _fields(model, numeric, metric, geometry, point, seed)
    sample = _sampler(point, local, positive=positive, seed=seed)
    basis, reached = _basis(model, metric, geometry, degree)
    points = np.stack([point, *sample(POINTS - 1)])
    first = closure(fields, points, levels=1, seed=seed)
    found = search(fields, variables, basis, sample=sample, most=first.laws)
    whole = first
    if not found.full:
        whole = closure(fields, points, target=len(variables) - len(found.laws), seed=seed)
        found = search(fields, variables, basis, sample=sample, most=whole.laws)
    kept = list(found.laws)
    if local:
        cells = _cells(point, positive, seed)
        there = [(cell, _fields(model, numeric, metric, geometry, cell, seed)[0](jnp.asarray(cell))) for cell in cells]
        kept = [law for law in found.laws if _holds_at(law.expression, variables, there)]
    laws = tuple(Law(law.expression, sympy.Integer(0), model, tuple(variables)) for law in kept)
    full = len(laws) == whole.laws
    decided = (whole.conclusive or whole is first) and whole.gap >= CONCLUSIVE_GAP and len(kept) == len(found.laws)
    return ConservationLaws(
        laws=laws,
        count=whole.laws,
        complete=full if decided else None,
        dimension=len(variables),
        rank=whole.rank_of_fields,
        closure=None if whole is first else whole.rank,
        counts=tuple(len(variables) - rank for rank in whole.ranks),
        forms=(),
        certificate=_certificate(whole, len(variables), reached, complete=full)
        + _elsewhere(len(found.laws), len(kept)),
        model=model,
        flow=flow,
    )


def _certificate(whole: Any, size: int, reached: int, *, complete: bool) -> str:
    what = "the velocities with their brackets" if whole.levels > 1 else "the velocities"
    words = (
        f"in double precision, not proved: {what} span {whole.rank} of {size} dimensions at {len(whole.ranks)} random "
        f"points, with a gap of {whole.gap:.0e} between the singular values that count and those that do not"
    )
    return words if complete else f"{words}; searched among monomials up to degree {reached}"


def _elsewhere(found: int, kept: int) -> str:
    if found == kept:
        return ""
    return f". {found - kept} more hold in the cell of the first point only, where no entry of a gradient changes sign"


def _cells(point: np.ndarray, positive: np.ndarray, seed: int) -> np.ndarray:
    """Points in other cells: with other signs and sizes."""
    random = np.random.default_rng((seed, 2))
    signs = np.where(positive, 1.0, random.choice([-1.0, 1.0], (CELLS, point.size)))
    return signs * np.abs(point) * random.uniform(0.5, 1.5, (CELLS, point.size))


def _holds_at(law: sympy.Expr, variables: list[sympy.Symbol], there: list[tuple[np.ndarray, Real]]) -> bool:
    """Whether ∇h is orthogonal to the velocities at points of other cells as well."""
    gradients = Gradients([law], variables)(np.stack([point for point, _ in there]))[:, 0]
    for slope, (_, velocities) in zip(gradients, there, strict=True):
        rows = np.asarray(velocities)
        size = np.linalg.norm(slope) * np.linalg.norm(rows, axis=1)
        if not (np.abs(rows @ slope) <= VERIFIED * size).all():
            return False
    return True


def _fields(model, numeric, metric, geometry, point, seed) -> tuple[Callable[[Real], Real], bool]:
    """The velocities at θ, and whether they are smooth in a cell around the point only."""
    if geometry is not None and not (isinstance(geometry, AbstractSteepest) and float(geometry.q) == 2):
        shapes = {name: array.shape for name, array in model.arrays.items()}
        duals = spanning_duals(numeric.fields, geometry, point, shapes=shapes, seed=seed)
        signed = not isinstance(geometry, Spectral)
        return steepest_fields(numeric.fields, geometry, duals.values, point, shapes=shapes), signed
    if metric:
        scale = _inverse_metric(model, metric)
        return lambda theta: numeric.fields(theta) * scale(theta)[None], False
    return numeric.fields, False


def _inverse_metric(model: Model, metric: Mapping[str, AbstractPotential]) -> Callable[[Real], Real]:
    """θ ↦ 1/R''(θ), entry by entry."""

    def scale(theta: Real) -> Real:
        found, begin = [], 0
        for name, array in model.arrays.items():
            part = theta[begin : begin + array.size]
            found.append(1 / metric[name].metric(part) if name in metric else jnp.ones_like(part))
            begin += array.size
        return jnp.concatenate(found)

    return scale


def _sampler(point: np.ndarray, local: bool, *, positive: np.ndarray, seed: int) -> Callable[[int], np.ndarray]:
    """Other points at each call; near the first where the velocities are smooth in a cell only."""
    random = np.random.default_rng((seed, 1))
    scale = (CELL if local else 0.5) * np.maximum(np.abs(point), 0.1 if local else 1.0)

    def sample(count: int) -> np.ndarray:
        drawn = point + scale * random.standard_normal((count, point.size))
        return np.where(positive, np.abs(drawn) + 0.05, drawn)

    return sample


def _basis(model: Model, metric: Mapping[str, AbstractPotential], geometry, degree: int):
    """Monomials up to a degree that their number allows, and the functions of one parameter that flows keep sums of."""
    size, reached = len(model.variables), 1
    while reached < degree and math.comb(size + reached + 1, size) - 1 <= MOST_FUNCTIONS:
        reached += 1
    basis = monomials(model.variables, reached)
    if isinstance(geometry, AbstractSteepest) and float(geometry.q) < 2:
        q = fraction(geometry.q)
        # Velocities of sign flow do not change within a cell: laws are linear there, and |θ| is what all cells share.
        basis = [] if q == 1 else basis
        basis += [sympy.Abs(theta) ** q for theta in model.variables]
    if isinstance(geometry, Spectral):
        basis += [sympy.sqrt(sympy.Add(*(theta**2 for theta in array.ravel()))) for array in model.arrays.values()]
    for name, potential in metric.items():
        for each in charts(potential, model.arrays[name].ravel().tolist()):
            basis += [coordinate.expression for coordinate in each.coordinates[1:]]
    return list(dict.fromkeys(basis)), reached
