"""The Legendre function of the mirror flow that a reparameterized steepest flow is, derived in symbols."""

from dataclasses import dataclass, field
from typing import Any

import sympy

from ..potentials import AbstractPotential
from ._branches import branches
from ._formulas import Formulas, formulas
from ._numeric_potential import numeric_potential
from ._origin import domain_of, is_legendre, origin
from ._setting import Setting, setting, worded


@dataclass(frozen=True)
class LegendreFunction:
    """R with R''=1/S of one coordinate, up to a linear function of x.

    `domain`: the largest open interval on which x moves by this R (where it depends on a symbolic q, an expression
    with both cases); `legendre`: whether ∇R diverges at each finite end of it; `leaves_origin`: whether x leaves 0 (or
    its neighbourhood, where 0 is an end) in bounded time; `reason`: why, in words; `closed_form`: whether S is a
    formula in x, not one in the root of x(a)=x.
    """

    domain: Any
    legendre: bool
    leaves_origin: Any
    reason: str
    closed_form: bool
    _asked: Setting = field(repr=False)
    _found: Formulas = field(repr=False)
    _side: int = field(repr=False)

    def expression(self, x: sympy.Expr) -> sympy.Expr:
        """R(x), with R'(0)=0 where 0 lies inside the domain.

        **Raises:** `ValueError` where sympy finds no integral of the metric in closed form.
        """
        return self._at(self._found.potential, x)

    def mirror_map(self, x: sympy.Expr) -> sympy.Expr:
        """R'(x); raises as `expression` does."""
        return self._at(self._found.mirror_map, x)

    def metric(self, x: sympy.Expr) -> sympy.Expr:
        """R''(x)=1/S(x), through the root of x(a)=x if not `closed_form`."""
        return self._at(self._found.metric, x)

    @property
    def potential(self) -> AbstractPotential:
        """The numeric potential: the toolkit's own, or `mf.potentials.Custom` of the derived metric.

        **Raises:** `ValueError` if symbols are left, or where R is not Legendre.
        """
        if not self.legendre:
            raise ValueError(f"R is not Legendre on {self.domain}: {self.reason}")
        return numeric_potential(self._asked, self._found, self.domain, self._side)

    @property
    def parametric(self) -> tuple[sympy.Symbol, sympy.Expr, sympy.Expr] | None:
        """(a, x(a), S(a)) by a real parameter of the orbit, where S has no formula in x; else None."""
        if self._found.parametric is None:
            return None
        parameter, x, speed = self._found.parametric.shown
        a = sympy.Symbol("a", real=True)
        return a, x.xreplace({parameter: a}), speed.xreplace({parameter: a})

    def to_latex(self) -> str:
        """R, or where it has no closed form R'', with the domain."""
        domain = rf"x\in {sympy.latex(self.domain)}"
        if self.parametric is not None:
            _, x, speed = self.parametric
            metric = rf"R''(x)=\frac{{1}}{{{sympy.latex(speed)}}}"
            return rf"{metric},\quad x={sympy.latex(x)},\quad {domain}"
        shown, name = self._found.potential, "R(x)"
        if shown is None:
            shown, name = self._found.metric, "R''(x)"
        x = sympy.Symbol("x", real=True)
        return rf"{name}={sympy.latex(shown.xreplace({self._found.x: x}))},\quad {domain}"

    def _at(self, formula: sympy.Expr | None, x: sympy.Expr) -> sympy.Expr:
        if formula is None:
            raise ValueError(
                "No closed form was found for the integral of the metric; use .metric(x) and the numeric .potential."
            )
        return formula.subs(self._found.x, x)


@worded
def legendre(
    reparameterization: Any,
    balance: Any = 0,
    geometry: Any = None,
    *,
    side: Any = None,
    variables: Any = None,
) -> LegendreFunction:
    """The R with d∇R(x) = −sign(f')|f'|^{q−1}dt for the q-steepest flow on the parameters of one coordinate x=g(θ).

    Derived: dθ_i/dθ_k is separated and integrated, which gives the balance laws; they leave a curve θ(a), on which
    S=Σ|∂g/∂θ_i|^q; a is eliminated from x(a) and S(a); R''=1/S is integrated twice, and each integral is proved by its
    derivative.

    **Arguments:**

    - `reparameterization`: one of `mf.reparameterizations`, a model of `mf.derive`, or `[expression]` with `variables`.
    - `balance`: for a product |w_i|^q−|w_L|^q=balance≥0 (i<L), for differences the orbit through u=v=balance>0, as in
      `lift`; for expressions the level of all laws, or a point of the orbit as a mapping from variables. A number, or a
      positive symbol.
    - `geometry`: `mf.geometries.Steepest(q)`, `Sign()`, or a q in [1, 2]; a positive symbol stands for 1<q<2. Gradient
      flow unless given.
    - `side`: 1 or −1, the sign of x where x cannot change it, 1 unless given.
    - `variables`: the trained symbols, with expressions.

    **Raises:** `mf.NotAMirrorFlow` with a witness where several functions do not commute; `ValueError` for bad
    arguments, a function of numbers, or an orbit that could not be solved.

    **Source:** theory pages 01 and 03; Never Saddle (arXiv:2603.02064), Woodworth et al. 2020.

    >>> import sympy as sp
    >>> from mirrorflow.derive._legendre import legendre
    >>> x, scale = sp.Symbol("x", real=True), sp.Symbol("beta", positive=True)
    >>> legendre(mf.reparameterizations.Hadamard(depth=2), balance=scale).expression(x)
    x*asinh(2*x/beta)/2 - sqrt(beta**2 + 4*x**2)/4
    """
    if side not in (None, 1, -1):
        raise ValueError(f"side must be 1 or -1, got {side!r}.")
    asked = setting(reparameterization, balance, geometry, variables)
    whole = branches(asked.feature, asked.variables, asked.q, asked.start, side)
    found = formulas(whole)
    domain = domain_of(whole, side or 1)
    proper = is_legendre(whole, found, asked.q)
    leaves, words = origin(whole, found, asked, proper)
    return LegendreFunction(domain, proper, leaves, words, found.closed, asked, found, side or 1)
