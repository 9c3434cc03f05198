"""The reparameterizations of the toolkit in symbols, and a user's own expressions beside them."""

# sympy's annotations say Basic where its methods return expressions.
# pyright: reportReturnType=false

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from ..reparameterizations import (
    AbstractProduct,
    AbstractReparameterization,
    Attention,
    DiagonalAttention,
    LogDifference,
    MatrixProduct,
    PowerDifference,
    QuadraticForm,
)
from ._model import Form, Model, column, entries, matrix, symbols


def symbolic(reparameterization: AbstractReparameterization) -> Model:
    """The reparameterization as a `Model`: its parameters as symbols and the entries of x=g(θ), row by row.

    Coordinatewise ones need one coordinate only. Numbers in them (the matrices of a quadratic form, a frozen matrix)
    become the exact rationals that the floats are. `values(θ)` of the model takes the reparameterization's own θ.

    **Arguments:** `reparameterization`: one of `mf.reparameterizations` but `Custom`.

    **Raises:** `ValueError` for a `Custom` one, which is a function of numbers, and for anything else.

    **Source:** theory pages 01 (the table of reparameterizations) and 07.

    >>> from mirrorflow.derive._symbolic import symbolic
    >>> symbolic(mf.reparameterizations.MatrixProduct(rows=1, columns=2, rank=1)).features
    (u11*v11, u11*v21)
    """
    if isinstance(reparameterization, AbstractProduct):
        return _product(reparameterization)
    if isinstance(reparameterization, PowerDifference):
        return _power_difference(reparameterization)
    if isinstance(reparameterization, LogDifference):
        return _log_difference()
    if isinstance(reparameterization, MatrixProduct):
        return _matrix_product(reparameterization)
    if isinstance(reparameterization, Attention):
        return _attention(reparameterization)
    if isinstance(reparameterization, QuadraticForm):
        return _quadratic_form(reparameterization)
    kind = type(reparameterization).__name__
    raise ValueError(
        f"reparameterization must be one of mf.reparameterizations that has symbols, got {kind}: a function of numbers "
        "has none. Give sympy expressions instead, or see mf.reparameterizations.bracket for brackets in numbers."
    )


def as_model(given: Any, variables: Any) -> Model:
    """A `Model` of what a user may give: a model, a reparameterization, or expressions of `variables`."""
    if isinstance(given, Model | AbstractReparameterization):
        if variables is not None:
            raise ValueError(f"variables goes with sympy expressions only; {type(given).__name__} has its own.")
        return given if isinstance(given, Model) else symbolic(given)
    if isinstance(given, sympy.Expr):
        given = [given]
    if isinstance(given, str) or not isinstance(given, Sequence | sympy.MatrixBase | np.ndarray):
        raise ValueError(
            "reparameterization must be one of mf.reparameterizations, a model of mf.derive or a list of sympy "
            f"expressions, got {type(given).__name__}: {given!r}."
        )
    own = _own_variables(variables)
    features = tuple(_feature(i, one) for i, one in enumerate(np.ravel(np.array(given, dtype=object)).tolist()))
    if not features:
        raise ValueError("expressions must not be empty: a list of at least one sympy expression is needed.")
    if not any(one.has(*own) for one in features):
        raise ValueError(f"expressions must depend on variables, got {list(features)} without any of {list(own)}.")
    arrays = {"theta": np.array(own, dtype=object)}
    return Model("your expressions", arrays, features)


def _own_variables(variables: Any) -> tuple[sympy.Symbol, ...]:
    if variables is None:
        raise ValueError("variables must be given with sympy expressions: the symbols that are trained.")
    own = (variables,) if isinstance(variables, sympy.Symbol) else tuple(variables)
    for one in own:
        if not isinstance(one, sympy.Symbol):
            raise ValueError(f"variables must be sympy symbols, got {type(one).__name__}: {one!r}.")
    if not own or len(set(own)) != len(own):
        raise ValueError(f"variables must be distinct symbols, at least one, got {list(own)}.")
    return own


def _feature(index: int, one: Any) -> sympy.Expr:
    if isinstance(one, str):
        raise ValueError(f"expressions[{index}] must be a sympy expression, got the text {one!r}.")
    try:
        expression = sympy.sympify(one)
    except sympy.SympifyError:
        expression = None
    if not isinstance(expression, sympy.Expr):
        raise ValueError(f"expressions[{index}] must be a sympy expression, got {type(one).__name__}: {one!r}.")
    return exact(expression)


def exact(expression: sympy.Expr) -> sympy.Expr:
    """The expression with the rational that each float is in its place."""
    return expression.xreplace({number: sympy.Rational(number) for number in expression.atoms(sympy.Float)})


def _product(product: AbstractProduct) -> Model:
    if isinstance(product, DiagonalAttention):
        arrays = {name: symbols(name) for name in ("k", "q")}
        factors = tuple(array.item() for array in arrays.values())
    else:
        arrays = {"w": symbols("w", product.depth)}
        factors = tuple(arrays["w"].tolist())
    last = factors[-1]
    form = Form(
        " and ".join(f"{one}² − {last}²" for one in factors[:-1]),
        r",\ ".join(f"{sympy.latex(one)}^2-{sympy.latex(last)}^2" for one in factors[:-1]),
        column([one**2 - last**2 for one in factors[:-1]]),
    )
    name = "x = " + "·".join(map(str, factors))
    return Model(name, arrays, (sympy.Mul(*factors),), (form,), coordinatewise=True)


def _two_positive(name: str, feature: Any, form: Any, text: str, latex: str) -> Model:
    arrays = {letter: symbols(letter, positive=True) for letter in "uv"}
    u, v = (array.item() for array in arrays.values())
    forms = (Form(text, latex, sympy.Matrix([form(u, v)])),)
    return Model(name, arrays, (feature(u, v),), forms, coordinatewise=True)


def _power_difference(difference: PowerDifference) -> Model:
    power = difference.power
    name = f"x = u^{power} − v^{power}"
    if power == 2:
        return _two_positive(name, lambda u, v: u**2 - v**2, lambda u, v: u * v, "u·v", "uv")
    return _two_positive(
        name,
        lambda u, v: u**power - v**power,
        lambda u, v: u ** (2 - power) + v ** (2 - power),
        f"u^({2 - power}) + v^({2 - power})",
        f"u^{{{2 - power}}}+v^{{{2 - power}}}",
    )


def _log_difference() -> Model:
    return _two_positive(
        "x = log u − log v",
        lambda u, v: sympy.log(u) - sympy.log(v),
        lambda u, v: u**2 + v**2,
        "u² + v²",
        "u^2+v^2",
    )


def _matrix_product(product: MatrixProduct) -> Model:
    arrays = {"left": symbols("u", product.rows, product.rank), "right": symbols("v", product.columns, product.rank)}
    left, right = (matrix(array) for array in arrays.values())
    x = left * right.T
    if product.frozen is not None:
        x = x + rational_matrix(product.frozen)
    form = Form("UᵀU − VᵀV", r"U^\top U-V^\top V", left.T * left - right.T * right)
    return Model("X = UVᵀ" if product.frozen is None else "X = W₀ + UVᵀ", arrays, entries(x), (form,))


def _attention(attention: Attention) -> Model:
    shape = attention.head_width, attention.width
    arrays = {"key": symbols("k", *shape), "query": symbols("q", *shape)}
    key, query = (matrix(array) for array in arrays.values())
    form = Form("KKᵀ − QQᵀ", r"KK^\top-QQ^\top", key * key.T - query * query.T)
    return Model("X = KᵀQ", arrays, entries(key.T * query), (form,))


def _quadratic_form(form: QuadraticForm) -> Model:
    matrices = [rational_matrix(each) for each in np.asarray(form.matrices)]
    arrays = {"theta": symbols("theta", matrices[0].rows)}
    theta = matrix(arrays["theta"])
    features = [(theta.T * each * theta)[0] / 2 for each in matrices]
    return Model("x_i = ½θᵀA_iθ", arrays, tuple(sympy.expand(one) for one in features))


def rational_matrix(values: Any) -> sympy.Matrix:
    """A matrix of the exact rationals that the floats are."""
    held = np.asarray(values, dtype=float)
    return sympy.Matrix(*held.shape, [sympy.Rational(float(entry)) for entry in held.ravel()])
