"""Whether the gradient fields of a reparameterization commute, with each other and with a decay."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from ._brackets import bracket, fields
from ._inputs import symbolic_model
from ._model import Model
from ._penalty import symbolic_penalty
from ._vanish import derivative, vanishes


@dataclass(frozen=True)
class Commuting:
    """What `commutes` found.

    `holds`: whether all brackets are identically zero; `witness`: the first entry of the first bracket that is not, in
    factors, else 0; `between`: whose bracket, in words; `bracket`: that bracket, a column over θ; `multiple`: c if the
    bracket is c·∇g of the second function with a constant c, else None.
    """

    holds: bool
    witness: sympy.Expr
    between: str
    bracket: sympy.Matrix
    multiple: sympy.Expr | None = None

    def to_latex(self) -> str:
        """The bracket as a formula."""
        if self.holds:
            return r"\left[\nabla g_i,\nabla g_j\right]=0" + (
                r",\quad\left[\nabla h,\nabla g_i\right]=0" if "h" in self.between.split() else ""
            )
        names = self.between.split(" and ")
        left = rf"\left[\nabla {names[0]},\nabla {names[1]}\right]"
        middle = "" if self.multiple is None else rf"{sympy.latex(self.multiple)}\,\nabla {names[1]}="
        return f"{left}={middle}{sympy.latex(self.bracket)}\\neq 0"


def commutes(
    reparameterization_or_expressions: Any,
    decay: Any = None,
    *,
    variables: Any = None,
) -> Commuting:
    """Whether [∇g_i,∇g_j] = ∇²g_j∇g_i − ∇²g_i∇g_j is identically zero for all i, j, and [∇h,∇g_i] with a decay.

    Then the gradient flow of f(g(θ))+α_t h(θ) is a (time-dependent) mirror flow in x, whatever f is. Each answer is
    exact: zero by simplification, non-zero by an entry that is not.

    **Arguments:**

    - `reparameterization_or_expressions`: one of `mf.reparameterizations`, a model of `mf.derive`, or a list of sympy
      expressions in `variables`. Coordinatewise ones have parameters of their own in each coordinate, so that one
      coordinate decides.
    - `decay`: "l2", `mf.decay.Coupled(…)` or `Decoupled(…)`, or h as a sympy expression; none unless given.
    - `variables`: the symbols that are trained, with expressions.

    **Returns:** a `Commuting`, with the bracket where one is not zero.

    **Raises:** `ValueError` for a function of numbers (see `mf.reparameterizations.bracket`), a penalty without
    symbols, expressions that cannot be decided, or a model whose parameters follow mirror maps of their own.

    **Source:** Li, Wang, Lee, Arora (arXiv:2207.04036); theory pages 01 and 02.

    >>> from mirrorflow.derive._commutes import commutes
    >>> deep = mf.reparameterizations.Hadamard(depth=5)
    >>> commutes(deep).holds, commutes(deep, decay="l2").witness
    (True, 6*w2*w3*w4*w5)
    """
    model = symbolic_model(reparameterization_or_expressions, variables)
    if model.potentials:
        raise ValueError(f"commutes is about Euclidean gradients; {', '.join(model.potentials)} has a mirror map.")
    own = model.variables
    real = {v: sympy.Symbol(v.name, real=True) for v in own if not v.is_real}
    features = [feature.xreplace(real) for feature in model.features]
    own = tuple(real.get(v, v) for v in own)
    penalty = None
    if decay is not None:
        if isinstance(decay, sympy.Expr):
            decay = decay.xreplace(real)
        penalty = symbolic_penalty(decay, own)
    back = {new: old for old, new in real.items()}
    for between, found in _brackets(features, penalty, own):
        witness = next((entry for entry in found if not vanishes(entry)), None)
        if witness is not None:
            second = features[int(between.rsplit("_", 1)[1]) - 1] if "_" in between else features[0]
            column = found.applyfunc(sympy.factor).xreplace(back)
            return Commuting(
                False, sympy.factor(witness).xreplace(back), between, column, _multiple(found, second, own)
            )
    return Commuting(True, sympy.Integer(0), _words(model, penalty), sympy.zeros(len(own), 1))


def _brackets(features: Sequence[sympy.Expr], penalty: sympy.Expr | None, own: Any) -> Iterator[tuple[str, Any]]:
    together = fields([*features, *([] if penalty is None else [penalty])], own)
    names = ["g"] if len(features) == 1 else [f"g_{i + 1}" for i in range(len(features))]
    for i, j in itertools.combinations(range(len(features)), 2):
        yield f"{names[i]} and {names[j]}", bracket(together[i], together[j], own)
    if penalty is not None:
        for i, name in enumerate(names):
            yield f"h and {name}", bracket(together[-1], together[i], own)


def _multiple(found: sympy.Matrix, feature: sympy.Expr, own: Sequence[sympy.Symbol]) -> sympy.Expr | None:
    """c with bracket = c·∇g, if there is a constant c."""
    slopes = [derivative(feature, v) for v in own]
    ratios = [sympy.simplify(entry / slope) for entry, slope in zip(found, slopes, strict=True) if slope != 0]
    rest = [entry for entry, slope in zip(found, slopes, strict=True) if slope == 0]
    constant = bool(ratios) and not ratios[0].free_symbols & set(own)
    same = constant and all(vanishes(ratio - ratios[0]) for ratio in ratios) and all(vanishes(entry) for entry in rest)
    return ratios[0] if same else None


def _words(model: Model, penalty: sympy.Expr | None) -> str:
    functions = "all pairs of g_i" if len(model.features) > 1 else "one function g"
    if model.coordinatewise:
        functions += ", for each coordinate with parameters of its own"
    return functions if penalty is None else f"h and {functions}"
