"""A user's own model: what the data sees, as sympy expressions."""

import collections
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import sympy
from sympy.functions.special.delta_functions import DiracDelta, Heaviside

from ._model import Model

_Zeros = (sympy.Abs, sympy.sign, Heaviside, DiracDelta)
_Jumps = (sympy.floor, sympy.ceiling, sympy.frac, sympy.Mod)
_Ties = (sympy.Max, sympy.Min)
_Complex = (sympy.re, sympy.im, sympy.arg, sympy.conjugate, sympy.adjoint, sympy.transpose)
_Infinite = (sympy.nan, sympy.zoo, sympy.oo, sympy.S.NegativeInfinity)
_KINDS = (*_Zeros, *_Jumps, *_Ties, *_Complex, sympy.Piecewise)


def from_expressions(expressions: Any, variables: Any, name: str = "own model") -> Model:
    """The model of which data sees the given functions of the given symbols.

    Symbols that are no variables are constants, of any value. Expressions are taken where they are defined: log u for
    u>0, say. Decimal numbers are read as the fractions they write (0.1 as 1/10).

    **Arguments:** `expressions`: φ_1, φ_2, …, sympy expressions (or one, or a matrix of them); `variables`: the
    parameters, sympy symbols, each once; `name`: of the model.

    **Raises:** `ValueError` for empty lists; variables that are no symbols, occur twice, share a name or are not real;
    expressions that are no sympy expressions, depend on no variable, are not real or finite, or are not differentiable
    in the variables (Abs, Max, floor, …; a variable declared positive removes many of them).

    **Source:** theory page 07 (laws for a user's own model).

    >>> import sympy as sp
    >>> from mirrorflow.derive._expressions import from_expressions
    >>> u, v, c = sp.symbols("u v c", real=True)
    >>> from_expressions([c * u * v], [u, v]).variables
    (u, v)
    """
    symbols = _variables(variables)
    given = _flat("expressions", "one or a list of sympy expressions, a reparameterization or a model", expressions)
    if not given:
        raise ValueError("expressions must hold at least one function of the variables, got none.")
    features = tuple(_feature(f"expressions[{i}]", each, symbols) for i, each in enumerate(given))
    return Model(name, {symbol.name: np.array(symbol, dtype=object) for symbol in symbols}, features)


def _flat(name: str, allowed: str, given: Any) -> list[Any]:
    """The members of a sequence, an array or a matrix, with matrices in a sequence taken apart; or the one given."""
    if isinstance(given, sympy.MatrixBase | np.ndarray):
        return list(np.asarray(given, dtype=object).ravel())
    if isinstance(given, sympy.Expr):
        return [given]
    if not isinstance(given, Sequence | sympy.Tuple) or isinstance(given, str):
        raise ValueError(f"{name} must be {allowed}, got {type(given).__name__}: {given!r}.")
    whole: list[Any] = []
    for each in given:
        whole.extend(_flat(name, allowed, each) if isinstance(each, sympy.MatrixBase | np.ndarray) else [each])
    return whole


def _variables(given: Any) -> list[sympy.Symbol]:
    symbols = _flat("variables", "a sequence of sympy symbols", given)
    if not symbols:
        raise ValueError("variables must hold at least one symbol, got none.")
    for i, symbol in enumerate(symbols):
        where = f"variables[{i}]"
        if not isinstance(symbol, sympy.Symbol):
            raise ValueError(f"{where} must be a sympy symbol, got {type(symbol).__name__}: {symbol!r}.")
        if symbol.is_extended_real is False or symbol.is_integer or not symbol.is_commutative:
            raise ValueError(f"{where} must stand for any real number of an interval, but {symbol} is declared not to.")
    for symbol, times in collections.Counter(symbols).items():
        if times > 1:
            raise ValueError(f"variables must be different symbols, but {symbol} is given {times} times.")
    for label, times in collections.Counter(symbol.name for symbol in symbols).items():
        if times > 1:
            raise ValueError(f"variables must have different names, but {times} of them are called {label}.")
    return symbols


def _feature(where: str, given: Any, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    """The expression, exact, if it is a differentiable real function of some of the variables."""
    if not isinstance(given, sympy.Expr) or isinstance(given, sympy.MatrixExpr):
        raise ValueError(f"{where} must be a sympy expression, got {type(given).__name__}: {given!r}.")
    if given.has(*_Infinite) or given.has(sympy.I) or given.is_extended_real is False:
        raise ValueError(f"{where} must be real and finite, got {given}.")
    names = {symbol.name: symbol for symbol in variables}
    for symbol in sorted(given.free_symbols - set(variables), key=str):
        if str(symbol) in names:
            raise ValueError(
                f"{where} = {given} has a symbol {symbol} that is not the variable of this name: their assumptions "
                f"(real, positive) differ. Make the symbol once and use it in both places."
            )
    seen = given.free_symbols & set(variables)
    if not seen:
        raise ValueError(f"{where} must depend on at least one of the variables {_list(variables)}, got {given}.")
    _differentiable(where, given, seen)
    return sympy.nsimplify(given, rational=True) if given.has(sympy.Float) else given


def _differentiable(where: str, given: sympy.Expr, seen: set[Any]) -> None:
    atoms = [atom for atom in given.atoms(*_KINDS) if _switches(atom) & seen]
    if atoms:
        atom = min(atoms, key=lambda each: (sympy.count_ops(each), str(each)))
        raise ValueError(
            f"{where} = {given} must be differentiable in the variables, but {_why(atom)}. Declare the variables real "
            f"or positive, as in sympy.Symbol('u', positive=True), if that is what they are, or give the expression "
            f"that holds on one side."
        )
    for symbol in sorted(seen, key=str):
        if given.diff(symbol).has(sympy.Derivative, sympy.Subs):
            raise ValueError(f"{where} = {given} must be a formula: its derivative in {symbol} is not known.")


def _switches(atom: Any) -> set[Any]:
    """The symbols on which it depends whether, or on which side of a kink, the function is."""
    if isinstance(atom, sympy.Piecewise):
        return set().union(*(piece.cond.free_symbols for piece in _pieces(atom)))
    return atom.free_symbols


def _pieces(atom: Any) -> Sequence[Any]:
    return atom.args


def _why(atom: Any) -> str:
    """Which function is not differentiable, and where."""
    arguments: Sequence[Any] = atom.args
    if isinstance(atom, _Zeros):
        return f"{atom} is not where {arguments[0]} = 0"
    if isinstance(atom, _Jumps):
        inside = arguments[0] if len(arguments) == 1 else arguments[0] / arguments[1]
        return f"{atom} jumps where {inside} is an integer"
    if isinstance(atom, _Ties):
        return f"{atom} is not where {' = '.join(map(str, sorted(arguments, key=str)))}"
    if isinstance(atom, sympy.Piecewise):
        return f"{atom} need not be where {_pieces(atom)[0].cond} begins or ends"
    return f"{atom} is no function of real symbols"


def _list(members: Iterable[Any]) -> str:
    return ", ".join(map(str, members))
