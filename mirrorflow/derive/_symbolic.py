"""The reparameterizations of the toolkit in symbols."""

import dataclasses
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
from ._model import Form, Model, column, matrix, symbols
from ._numbers import exact_matrix
from .models import attention, matrix_factorization


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
        model = attention(reparameterization.width, reparameterization.head_width, values=False)
        return dataclasses.replace(model, name="X = KᵀQ")
    if isinstance(reparameterization, QuadraticForm):
        return _quadratic_form(reparameterization)
    kind = type(reparameterization).__name__
    raise ValueError(
        f"reparameterization must be one of mf.reparameterizations that has symbols, got {kind}: a function of numbers "
        "has none. Give sympy expressions instead, or see mf.reparameterizations.bracket for brackets in numbers."
    )


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
    model = matrix_factorization(product.rows, product.columns, product.rank)
    if product.frozen is None:
        return dataclasses.replace(model, name="X = UVᵀ")
    shift = exact_matrix(product.frozen)
    features = tuple(feature + constant for feature, constant in zip(model.features, shift, strict=True))
    return dataclasses.replace(model, name="X = W₀ + UVᵀ", features=features)


def _quadratic_form(form: QuadraticForm) -> Model:
    matrices = [exact_matrix(each) for each in np.asarray(form.matrices)]
    arrays = {"theta": symbols("theta", matrices[0].rows)}
    theta = matrix(arrays["theta"])
    features = [(theta.T * each * theta)[0] / 2 for each in matrices]
    return Model("x_i = ½θᵀA_iθ", arrays, tuple(sympy.expand(one) for one in features))
