"""Conservation laws of a flow: found, counted, and known to be complete."""

from collections.abc import Sequence
from typing import Any

import sympy

from .. import _checks
from ._basis import monomials, separable
from ._closure import Fields, closure, rank_of_fields
from ._independent import Independent
from ._laws import ConservationLaws, Law
from ._model import Form, Model
from ._search import holds, search
from ._system import System


class Derivation:
    """The search for the laws of one system, from small bases to large ones, until they are as many as counted."""

    def __init__(self, system: System, model: Model, *, degree: int, seed: int):
        self.system, self.model, self.degree, self.seed = system, model, degree, seed
        self.independent = Independent(system, seed)
        self.fields = Fields(system, seed)
        self.rank = rank_of_fields(self.fields)[0].rank
        self.closure: int | None = None
        self.counts: list[int] = []
        self.forms: list[Form] = []

    @property
    def found(self) -> int:
        """How many independent laws there are so far."""
        return len(self.independent.found)

    @property
    def bound(self) -> int:
        """No more laws than this: D − the rank that is known."""
        return self.system.dimension - (self.rank if self.closure is None else self.closure)

    def run(self) -> None:
        """Forms, then functions of one parameter, then monomials by degree; brackets only where they are needed."""
        self._try_forms()
        if self.found < self.bound:
            self._search(separable(self.system), 2)
        for degree in range(1, self.degree + 1):
            if self.found >= self.bound:
                break
            if degree == 3 or (degree == 2 and self.found == 0):
                self._count()
                if self.found >= self.bound:
                    break
            self._search(list(monomials(self.system, degree)), degree)
        if self.found < self.bound:
            self._count()
        if self.found < self.bound:
            self._count_elsewhere()
        assert self.found <= self.bound, "More independent laws than the velocities leave room for."

    def _rates(self, degree: int) -> tuple[sympy.Rational, ...]:
        drift = self.system.drift
        return (sympy.Integer(0),) if drift is None else drift.rates(degree)

    def _search(self, basis: list, degree: int) -> None:
        for rate in self._rates(degree):
            laws = search(self.system, basis, None if self.system.drift is None else rate)
            self.independent.add_all(laws, rate)

    def _try_forms(self) -> None:
        """The model's own candidates, each entry decided exactly."""
        for form in self.model.forms:
            rates = [self._rate_of(entry) for entry in form.entries]
            if None in rates:
                continue
            self.forms.append(form)
            for entry, rate in zip(form.entries, rates, strict=True):
                if entry != 0:
                    self.independent.add(self.system.ring.polynomial(sympy.expand(entry)), rate)

    def _rate_of(self, entry: sympy.Expr) -> sympy.Rational | None:
        if entry == 0:
            return sympy.Integer(0)
        law = self.system.ring.polynomial(sympy.expand(entry))
        for rate in self._rates(law.total_degree()):
            if holds(self.system, law, None if self.system.drift is None else rate):
                return rate
        return None

    def _count(self) -> None:
        if self.closure is None:
            _, self.closure, _ = closure(self.fields, target=self.system.dimension - self.found)
            self.counts.append(self.system.dimension - self.closure)

    def _count_elsewhere(self) -> None:
        """The same at a second point, since a first that is special would leave too small a rank."""
        _, rank, _ = closure(Fields(self.system, self.seed + 1), target=self.system.dimension - self.found)
        self.counts.append(self.system.dimension - rank)
        self.closure = max(self.closure or 0, rank)

    def laws(self, flow: str) -> ConservationLaws:
        """What was found, for users."""
        system = self.system
        values = {function.symbol: function.expression for function in system.functions}
        drift = sympy.Integer(0) if system.drift is None else system.drift.rate
        made = tuple(
            Law(system.ring.expression(each.law, values), each.rate * drift, self.model, system.variables)
            for each in self.independent.found
        )
        return ConservationLaws(
            laws=made,
            count=self.bound,
            complete=self.found == self.bound,
            dimension=system.dimension,
            rank=self.rank,
            closure=self.closure,
            counts=tuple(self.counts or [self.bound]),
            forms=tuple(self.forms),
            certificate=self._certificate(),
            model=self.model,
            flow=flow,
        )

    def _certificate(self) -> str:
        size = self.system.dimension
        if self.closure is None:
            return (
                f"proved: {self.found} independent laws, and the velocities span the other {self.rank} of {size} "
                "dimensions at a point (rank modulo a prime, no bracket needed)"
            )
        if self.found == self.bound:
            return (
                f"proved: {self.found} independent laws, and the velocities with their brackets span the other "
                f"{self.closure} of {size} dimensions at a point (rank modulo a prime)"
            )
        return (
            f"the velocities with their brackets span {self.closure} of {size} dimensions at {len(self.counts)} random "
            f"points modulo a prime; laws found in monomials up to degree {self.degree}"
        )
