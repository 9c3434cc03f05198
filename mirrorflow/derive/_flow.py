"""How parameters follow the loss, as far as conservation laws depend on it."""

from typing import Any

import sympy

from ..geometries import Spectral, Steepest
from ._basis import separable
from ._counts import Count, ExactCount, RankCount, SampledCount
from ._decays import TIME, DecayRate
from ._derivation import Derivation
from ._gradient_system import gradient_system, potentials_by_array
from ._laws import ConservationLaws
from ._model import Model
from ._momentum_system import momentum_system, velocity
from ._numeric import FunctionModel
from ._numeric_laws import numeric_laws
from ._steepest_system import steepest_system
from ._system import System


class DerivedFlow:
    """How parameters follow the loss, as far as laws depend on it."""

    def __init__(self, metric: Any, q: sympy.Expr | None, decay: DecayRate | None, momentum: sympy.Expr | None):
        """`q` is None for the spectral geometry."""
        self.metric, self.q, self.decay, self.momentum = metric, q, decay, momentum
        if momentum is not None and (metric or q != 2 or decay is not None):
            raise ValueError("momentum goes with the Euclidean gradient alone: without metric, geometry and decay.")
        if metric and q != 2:
            raise ValueError("metric goes with gradient flow (q=2); steepest mirror flows are derived in x.")

    def check_names(self, model: Model) -> None:
        """Refuse a rate, a damping or an exponent that depends on what is trained, or is called as it.

        **Raises:** `ValueError` that names the argument and the symbol.
        """
        names = {variable.name for variable in model.variables}
        rate = sympy.Integer(0) if self.decay is None else self.decay.rate
        damping = sympy.Integer(0) if self.momentum is None else self.momentum
        q = sympy.Integer(2) if self.q is None else self.q
        for argument, value in (("geometry", q), ("decay", rate), ("momentum", damping)):
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

    def numeric(self, model: Model, numeric: FunctionModel, degree: int, seed: int) -> ConservationLaws:
        """The laws of a model that is known in numbers, or of a flow that exact arithmetic does not cover.

        **Raises:** `ValueError` for what is derived in symbols only.
        """
        for argument, given in (("decay", self.decay), ("momentum", self.momentum)):
            if given is not None:
                raise ValueError(f"{argument} goes with models in symbols whose gradients are rational, not here.")
        if isinstance(self.metric, sympy.MatrixBase):
            raise ValueError("metric as a matrix must have polynomial entries, and the model rational gradients.")
        if self.q is not None and self.q.free_symbols:
            raise ValueError(f"geometry must be a number between 1 and 2 where the model is a function, got {self.q}.")
        geometry = Spectral() if self.q is None else None if self.q == 2 else Steepest(float(self.q))
        metric = potentials_by_array(model, self.metric)
        return numeric_laws(
            model, numeric, metric=metric, geometry=geometry, degree=degree, seed=seed, flow=self.words()
        )

    def derive(self, model: Model, degree: int, limit: float, seed: int) -> ConservationLaws:
        """The laws of a model in symbols, by exact arithmetic.

        **Raises:** `NotPolynomial` where that does not cover it.
        """
        if model.potentials and self.metric is None and (self.q != 2 or self.momentum is not None):
            raise ValueError(
                f"{'momentum' if self.momentum is not None else 'geometry'} does not go with the potentials that "
                f"{model.name} has of its own; metric={{}} makes all of its parameters Euclidean."
            )
        if self.q != 2:
            system = steepest_system(model, self.q, self.decay)
            count: Count = SampledCount(model, self.q, self.decay, seed)
            derivation = Derivation(system, model, count, degree=degree, limit=limit, seed=seed)
            derivation.run(plain=False)
            return derivation.laws(self.words())
        system = self._system(model)
        count = RankCount(system, seed) if system.closed is None else ExactCount(system, seed)
        derivation = Derivation(system, model, count, degree=degree, limit=limit, seed=seed)
        derivation.run(plain=self.metric is None and self.decay is None and self.momentum is None)
        if not derivation.done and self.momentum is None:
            derivation = self._with_quotients(model, derivation, seed)
        return derivation.laws(self.words())

    def _with_quotients(self, model: Model, before: Derivation, seed: int) -> Derivation:
        """Sums of powers of 1/θ and of log θ as well: they more than double the symbols, so they come last."""
        system = self._system(model, rational=True)
        after = Derivation(system, model, before.count, degree=before.degree, limit=before.limit, seed=seed)
        after.take(before)
        after.search(lambda: separable(system, after.degree), 2)
        return after

    def _system(self, model: Model, *, rational: bool = False) -> System:
        if self.momentum is not None:
            return momentum_system(model, self.momentum)
        return gradient_system(model, self.metric, self.decay, rational=rational)

    def words(self) -> str:
        """The flow in words."""
        if self.momentum is not None:
            return f"momentum with damping {self.momentum}"
        if self.q is None:
            name = "spectral flow"
        elif self.q == 1:
            name = "sign flow"
        elif self.q != 2:
            name = f"steepest flow with q={self.q}"
        else:
            name = "gradient flow" if self.metric is None else "mirror flow"
        if self.decay is None:
            return name
        return f"{name} with {'coupled' if self.decay.coupled else 'decoupled'} decay {self.decay.rate}"
