"""The search for the laws of a system, from small bases to large ones, until they are as many as counted."""

from collections.abc import Callable, Iterable

import sympy

from ._basis import coefficients, monomials, separable, size
from ._counts import Count
from ._decays import TIME
from ._independent import Independent
from ._integrals import checked_integrals
from ._laws import ConservationLaws, Law
from ._model import Form, Integral, Model
from ._ring import NotPolynomial, Polynomial
from ._search import Quotient, holds, search
from ._system import System


class Derivation:
    """What has been found of the laws of one system."""

    def __init__(self, system: System, model: Model, count: Count, *, degree: int, limit: float, seed: int):
        self.system, self.model, self.count = system, model, count
        self.degree, self.limit, self.searched = degree, limit, 0
        self.independent = Independent(system, seed)
        self.forms: list[Form] = []
        self.integrals: tuple[Integral, ...] = ()

    @property
    def found(self) -> int:
        """How many independent laws there are so far."""
        return len(self.independent.found) + len(self.integrals)

    @property
    def done(self) -> bool:
        """Whether there can be no more."""
        return self.found >= self.count.bound

    def run(self, *, plain: bool) -> None:
        """Forms, then bases that grow; brackets once small bases are not enough, and the model's integrals then."""
        self._try_forms()
        self.search(lambda: separable(self.system, self.degree), 2)
        if not self.done and self.found:
            self.count.refine(self.found)
        for degree in (1, 2):
            self._monomials(degree)
        if not self.done:
            self.count.refine(self.found)
        if plain:
            self._add_integrals()
        for degree in range(3, self.degree + 1):
            self._monomials(degree)
        assert self.found <= self.count.bound, "More independent laws than the velocities leave room for."

    def take(self, other: "Derivation") -> None:
        """Everything that was found in another system of the same flow, whose ring this one's contains."""
        self.forms, self.integrals, self.searched = other.forms, other.integrals, other.searched
        ring, before = self.system.ring, other.system.ring
        for law, rate in other.independent.found:
            self.independent.add(Quotient(ring.taken(law.top, before), ring.taken(law.bottom, before)), rate)

    def search(self, basis: Callable[[], Iterable[Polynomial]], degree: int) -> None:
        """Take in the laws in the span of a basis whose degree is at most this, if there can be more."""
        if self.done:
            return
        functions = list(basis())
        for scale in coefficients(self.system):
            for rate in self._rates(degree) if not self.done else ():
                self.independent.add_all(search(self.system, [f * c for f in functions for c in scale], rate), rate)

    def _monomials(self, degree: int) -> None:
        if degree > self.degree or self.searched < degree - 1:
            return
        if degree > 2 and size(self.system, degree) * self._forces > self.limit:
            return
        self.search(lambda: monomials(self.system, degree), degree)
        self.searched = degree

    def _add_integrals(self) -> None:
        if not self.done and self.model.integrals:
            self.integrals = checked_integrals(self.model, self.laws("").laws)

    @property
    def _forces(self) -> float:
        """How many forces act on a parameter, on average."""
        return sum(map(len, self.system.forces)) / max(len(self.system.variables), 1)

    def _rates(self, degree: int) -> tuple[sympy.Expr, ...]:
        drift = self.system.drift
        return (sympy.Integer(0),) if drift is None else drift.rates(degree)

    def _try_forms(self) -> None:
        """The model's own candidates, each entry decided exactly."""
        for form in self.model.forms:
            try:
                laws = [self._quotient(entry) for entry in form.entries]
            except NotPolynomial:
                continue
            rates = [self._rate_of(law) for law in laws]
            if None in rates:
                continue
            self.forms.append(form)
            for law, rate in zip(laws, rates, strict=True):
                if not law.top.is_zero() and rate is not None:
                    self.independent.add(law, rate)

    def _quotient(self, entry: sympy.Expr) -> Quotient:
        ring = self.system.ring
        try:
            return Quotient(ring.polynomial(sympy.expand(entry)), ring.one)
        except NotPolynomial:
            top, bottom = sympy.fraction(sympy.cancel(entry))
            return Quotient(ring.polynomial(sympy.expand(top)), ring.polynomial(sympy.expand(bottom)))

    def _rate_of(self, law: Quotient) -> sympy.Expr | None:
        if law.top.is_zero():
            return sympy.Integer(0)
        degree = int(max(law.top.total_degree(), law.bottom.total_degree()))
        rates = self._rates(degree)
        candidates = dict.fromkeys((*rates, *(-rate for rate in rates)))
        return next((rate for rate in candidates if holds(self.system, law, rate)), None)

    def laws(self, flow: str) -> ConservationLaws:
        """What was found, for users."""
        system, count = self.system, self.count
        values = {function.symbol: function.expression for function in system.functions} | dict(system.constants)
        drift = sympy.Integer(0) if system.drift is None else system.drift.rate
        made = tuple(
            _law(_written(each.law.expression(system.ring, values)), each.rate * drift, self.model, system.variables)
            for each in self.independent.found
        )
        made += tuple(
            Law(each.expression, sympy.Integer(0), self.model, system.variables, each) for each in self.integrals
        )
        complete = True if self.found == count.bound else (False if count.exact else None)
        return ConservationLaws(
            laws=made,
            count=count.bound,
            complete=complete,
            dimension=count.dimension,
            rank=count.rank,
            closure=count.closure,
            counts=tuple(count.counts),
            forms=tuple(self.forms),
            certificate=self._certificate(),
            model=self.model,
            flow=flow,
        )

    def _certificate(self) -> str:
        words = self.count.words(self.found)
        if self.model.caveat:
            words += f". {self.model.caveat.rstrip('.')}"
        if self.integrals:
            words += f"; {len(self.integrals)} of the laws known as integrals, checked in double precision"
        if self.done:
            return words
        return f"{words}; searched among monomials up to degree {self.searched}"


def _law(expression: sympy.Expr, rate: sympy.Expr, model: Model, variables: tuple[sympy.Symbol, ...]) -> Law:
    """A law, of time as well where it contains it."""
    timed = (TIME,) if TIME in expression.free_symbols and TIME not in variables else ()
    return Law(expression, rate, model, variables + timed)


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
