"""The search for the laws of a system, from small bases to large ones, until they are as many as counted."""

import sympy

from ._basis import monomials, separable, size
from ._counts import Count
from ._independent import Independent
from ._laws import ConservationLaws, Law
from ._model import Form, Model
from ._ring import NotPolynomial, Polynomial
from ._search import holds, search
from ._system import System


class Derivation:
    """What has been found of the laws of one system."""

    def __init__(self, system: System, model: Model, count: Count, *, degree: int, limit: float, seed: int):
        self.system, self.model, self.count = system, model, count
        self.degree, self.limit, self.searched = degree, limit, 0
        self.independent = Independent(system, seed)
        self.forms: list[Form] = []

    @property
    def found(self) -> int:
        """How many independent laws there are so far."""
        return len(self.independent.found)

    @property
    def done(self) -> bool:
        """Whether there can be no more."""
        return self.found >= self.count.bound

    def run(self) -> None:
        """Forms, then functions of one parameter, then monomials by degree; brackets only where they are needed."""
        self._try_forms()
        for step in (self._separable, *(self._degree(d) for d in range(1, self.degree + 1))):
            if not self.done:
                step()
        if not self.done:
            self.count.refine(self.found)
        assert self.found <= self.count.bound, "More independent laws than the velocities leave room for."

    def _separable(self) -> None:
        self._search(separable(self.system, self.degree), 2)

    def _degree(self, degree: int):
        def step() -> None:
            if degree == 3:  # larger bases cost more than the brackets
                self.count.refine(self.found)
            if self.done or self.searched < degree - 1:
                return
            if degree > 2 and size(self.system, degree) * self._forces > self.limit:
                return
            self._search(list(monomials(self.system, degree)), degree)
            self.searched = degree

        return step

    @property
    def _forces(self) -> float:
        """How many forces act on a parameter, on average."""
        return sum(map(len, self.system.forces)) / max(len(self.system.variables), 1)

    def _rates(self, degree: int) -> tuple[sympy.Expr, ...]:
        drift = self.system.drift
        return (sympy.Integer(0),) if drift is None else drift.rates(degree)

    def _search(self, basis: list, degree: int) -> None:
        for rate in self._rates(degree):
            self.independent.add_all(search(self.system, basis, rate), rate)

    def _try_forms(self) -> None:
        """The model's own candidates, each entry decided exactly."""
        for form in self.model.forms:
            try:
                laws = [self.system.ring.polynomial(sympy.expand(entry)) for entry in form.entries]
            except NotPolynomial:
                continue
            rates = [self._rate_of(law) for law in laws]
            if None in rates:
                continue
            self.forms.append(form)
            for law, rate in zip(laws, rates, strict=True):
                if not law.is_zero() and rate is not None:
                    self.independent.add(law, rate)

    def _rate_of(self, law: Polynomial) -> sympy.Expr | None:
        if law.is_zero():
            return sympy.Integer(0)
        return next((rate for rate in self._rates(int(law.total_degree())) if holds(self.system, law, rate)), None)

    def laws(self, flow: str) -> ConservationLaws:
        """What was found, for users."""
        system, count = self.system, self.count
        values = {function.symbol: function.expression for function in system.functions}
        drift = sympy.Integer(0) if system.drift is None else system.drift.rate
        made = tuple(
            Law(_written(system.ring.expression(each.law, values)), each.rate * drift, self.model, system.variables)
            for each in self.independent.found
        )
        complete = True if self.found == count.bound else (False if count.exact else None)
        return ConservationLaws(
            laws=made,
            count=count.bound,
            complete=complete,
            dimension=count.dimension,
            rank=count.rank,
            closure=count.closure,
            counts=tuple(count.counts or [count.bound]),
            forms=tuple(self.forms),
            certificate=self._certificate(),
            model=self.model,
            flow=flow,
        )

    def _certificate(self) -> str:
        words = self.count.words(self.found)
        if self.done:
            return words
        return f"{words}; searched among monomials up to degree {self.searched}"


def _written(expression: sympy.Expr) -> sympy.Expr:
    """θ·sgn(θ) as |θ|."""
    return expression.replace(
        lambda part: part.is_Mul and any(isinstance(factor, sympy.sign) for factor in part.args),
        lambda part: sympy.Mul(*(_absolute(part))),
    )


def _absolute(product: sympy.Expr) -> list[sympy.Expr]:
    factors = list(product.args)
    for sign in [factor for factor in factors if isinstance(factor, sympy.sign)]:
        if sign.args[0] in factors:
            factors.remove(sign)
            factors[factors.index(sign.args[0])] = sympy.Abs(sign.args[0])
    return factors
