"""Conservation laws of a model under a flow: found, counted, and known to be complete."""

from typing import Any

import sympy

from .. import _checks
from ..geometries import AbstractGeometry, AbstractSteepest
from ..reparameterizations import AbstractReparameterization, Custom
from ._charts import exact
from ._counts import Count, ExactCount, RankCount, SampledCount
from ._decays import TIME, DecayRate, damping, decay_rate
from ._derivation import Derivation
from ._expressions import from_expressions
from ._gradient_system import gradient_system
from ._laws import ConservationLaws
from ._limits import LIMIT, check_size
from ._model import Model
from ._momentum_system import momentum_system, velocity
from ._ring import NotPolynomial
from ._steepest_system import steepest_system
from ._symbolic import symbolic
from ._system import System

DEGREE = 4


def conservation_laws(
    model: Any,
    variables: Any = None,
    *,
    metric: Any = None,
    geometry: Any = None,
    decay: Any = None,
    momentum: Any = None,
    degree: Any = DEGREE,
    limit: Any = LIMIT,
    seed: Any = 0,
) -> ConservationLaws:
    """The functions h(θ) that a flow keeps for every loss and every data set, and whether there are more.

    h is one iff ∇h is orthogonal to every velocity, at every θ. Data sees θ through functions φ_k, so that velocities
    are M∇φ_k with the inverse metric M; there are D − dim Lie(W) independent laws, W the span of these fields and
    Lie(W) the algebra that they generate. Laws are searched in bases that grow (the model's own candidates, sums of
    functions of one parameter, monomials by degree) by exact linear algebra, and counted by the rank of the fields and
    their brackets modulo a prime. That rank is no larger than the true one: when as many laws are found as counted,
    the list is proved complete. Nothing is searched beyond that point.

    **Arguments:**

    - `model`: one of `mf.derive.models`, a reparameterization, sympy expressions φ_k, or a JAX function θ ↦ φ(θ).
    - `variables`: with expressions, the symbols that are trained (others are constants); with a function (or
      `reparameterizations.Custom`), an example of θ.
    - `metric`: a potential for all parameters or a mapping from the names of arrays to potentials (mirror flow), or the
      inverse metric as a sympy matrix. The model's own unless given, which is mostly the Euclidean one.
    - `geometry`: `mf.geometries.Steepest(q)`, `Sign()`, `Spectral()`, or the exponent q, as a number or a symbol.
    - `decay`: "decoupled" or "coupled" (at the rate λ), an object of `mf.decay` with the penalty ‖θ‖², or a rate.
    - `momentum`: the damping τ of θ̈+τθ̇=−∇𝓛 as a number or an expression in t ("heavy-ball": τ, "nesterov": 3/t).
    - `degree`: the largest degree of monomials searched.
    - `limit`: the largest expected number of products of polynomials (about 1e6 take 10 s).
    - `seed`: of the random points.

    **Returns:** `ConservationLaws`: the laws with their rates, `count`, `complete` (True, False, or None where nothing
    can be concluded), forms, LaTeX and a JAX function.

    **Raises:** `ValueError` for an empty list, variables that are no symbols, expressions that are not differentiable,
    flows that do not go together, or a size beyond `limit`, with an estimate.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2307.00144, 2405.12888, 2506.06194); theory page 07.

    >>> import sympy as sp
    >>> u, v, w = sp.symbols("u v w", real=True)
    >>> laws = mf.derive.conservation_laws([u * v * w], [u, v, w])
    >>> [str(law) for law in laws], laws.complete
    (['v**2 - w**2', 'u**2 - w**2'], True)
    """
    degree = _checks.integer("degree", degree, at_least=1)
    seed = _checks.integer("seed", seed, at_least=0)
    limit = float(_checks.positive("limit", limit))
    flow = _Flow(metric, exponent(geometry), decay_rate(decay), damping(momentum))
    resolved = as_model(model, variables)
    flow.check_names(resolved)
    check_size(resolved, flow.momentum is not None, limit)
    try:
        return flow.derive(resolved, degree, limit, seed)
    except NotPolynomial as error:
        raise ValueError(
            f"model must have gradients that are rational functions of the variables with rational coefficients, up to "
            f"one common factor each{' (none where q<2)' if flow.q != 2 else ''}. {error}"
        ) from error


class _Flow:
    """How parameters follow the loss, as far as laws depend on it."""

    def __init__(self, metric: Any, q: sympy.Expr, decay: DecayRate | None, momentum: sympy.Expr | None):
        self.metric, self.q, self.decay, self.momentum = metric, q, decay, momentum
        if momentum is not None and (metric is not None or q != 2 or decay is not None):
            raise ValueError("momentum goes with the Euclidean gradient alone: without metric, geometry and decay.")
        if metric is not None and q != 2:
            raise ValueError("metric goes with gradient flow (q=2); steepest mirror flows are derived in x.")

    def check_names(self, model: Model) -> None:
        """Refuse a rate, a damping or an exponent that depends on what is trained, or is called as it.

        **Raises:** `ValueError` that names the argument and the symbol.
        """
        names = {variable.name for variable in model.variables}
        rate = sympy.Integer(0) if self.decay is None else self.decay.rate
        damping = sympy.Integer(0) if self.momentum is None else self.momentum
        for argument, value in (("geometry", self.q), ("decay", rate), ("momentum", damping)):
            for symbol in sorted(value.free_symbols, key=str):
                if symbol.name in names:
                    raise ValueError(f"{argument} {value} must not have the name {symbol} of one of the variables.")
        if self.momentum is not None:
            free = set().union(*(feature.free_symbols for feature in model.features), set(model.variables))
            for taken in (TIME, *map(velocity, model.variables)):
                if any(symbol.name == taken.name for symbol in free):
                    raise ValueError(
                        f"model must have no symbol called {taken.name} with momentum: time and velocities need it."
                    )

    def derive(self, model: Model, degree: int, limit: float, seed: int) -> ConservationLaws:
        """The laws of the model."""
        if self.q != 2:
            system = steepest_system(model, self.q, self.decay)
            count: Count = SampledCount(model, self.q, self.decay, seed)
            return self._run(system, model, count, degree, limit, seed).laws(self.words())
        system = self._system(model)
        count = RankCount(system, seed) if system.closed is None else ExactCount(system, seed)
        derivation = self._run(system, model, count, degree, limit, seed)
        if not derivation.done and self.momentum is None:
            # Powers of 1/θ and logarithms more than double the symbols, so they come last.
            system = self._system(model, rational=True)
            derivation = self._run(system, model, derivation.count, degree, limit, seed)
        return derivation.laws(self.words())

    def _system(self, model: Model, *, rational: bool = False) -> System:
        if self.momentum is not None:
            return momentum_system(model, self.momentum)
        return gradient_system(model, self.metric, self.decay, rational=rational)

    @staticmethod
    def _run(system: System, model: Model, count, degree: int, limit: float, seed: int) -> Derivation:
        derivation = Derivation(system, model, count, degree=degree, limit=limit, seed=seed)
        derivation.run()
        return derivation

    def words(self) -> str:
        """The flow in words."""
        if self.momentum is not None:
            return f"momentum with damping {self.momentum}"
        if self.q == 1:
            name = "sign flow"
        elif self.q != 2:
            name = f"steepest flow with q={self.q}"
        else:
            name = "gradient flow" if self.metric is None else "mirror flow"
        if self.decay is None:
            return name
        return f"{name} with {'coupled' if self.decay.coupled else 'decoupled'} decay {self.decay.rate}"


def as_model(given: Any, variables: Any) -> Model:
    """A `Model` of what a user may give.

    **Raises:** `ValueError` that says what is allowed.
    """
    if isinstance(given, Model | AbstractReparameterization) and not isinstance(given, Custom):
        if variables is not None:
            raise ValueError(f"variables goes with expressions or a function; {type(given).__name__} has its own.")
        return given if isinstance(given, Model) else symbolic(given)
    if variables is None:
        raise ValueError("variables must be given with expressions: the symbols that are trained.")
    return from_expressions(given, variables)


def exponent(geometry: Any) -> sympy.Expr:
    """q of a geometry or an expression, 2 where none is given."""
    if geometry is None:
        return sympy.Integer(2)
    if isinstance(geometry, AbstractSteepest):
        return exact(float(geometry.q))
    if isinstance(geometry, AbstractGeometry):
        raise ValueError(f"geometry {type(geometry).__name__} needs a JAX function as the model.")
    if isinstance(geometry, sympy.Expr) and not geometry.is_number:
        if not geometry.is_Symbol:
            raise ValueError(f"geometry must be a number or a symbol as an exponent q, got {geometry}.")
        return geometry
    if isinstance(geometry, sympy.Expr):
        geometry = float(geometry)
    return exact(float(_checks.in_interval("geometry", geometry, 1.0, 2.0)))
