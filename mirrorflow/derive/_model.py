"""What a derivation starts from: parameters as symbols, and the functions through which the data sees them."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy

from .._types import Parameters, Real
from ..potentials import AbstractPotential


@dataclass(frozen=True)
class Form:
    """Laws in the way people write them: one matrix (or a column of numbers) of functions of θ.

    `text` and `latex` name the whole, `entries` are its functions. A form is a candidate: whether its entries are
    conserved by a flow is decided for that flow, exactly.
    """

    text: str
    latex: str
    entries: sympy.Matrix


@dataclass(frozen=True)
class Integral:
    """A law that is an integral over functions of θ, which no basis of polynomials holds.

    `expression` is written with symbols that `where` explains; `function` takes the values of the model's variables, in
    their order, to the law, with `jax.numpy`; `latex`: lines of an aligned display that explain the symbols. It is a
    law of the Euclidean gradient flow.
    """

    expression: sympy.Expr
    where: str
    function: Callable[[Sequence[Real]], Real]
    latex: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Model:
    """Parameters θ and the functions φ(θ) through which every data set sees them.

    `arrays`: the parameters by name, arrays of real symbols; `features`: the φ, of which each loss and data set makes
    some function ((0,) for a model of which data sees nothing); `forms`: candidates for laws in recognizable form, of
    which symmetric matrices count their upper triangle only; `potentials`: by the name of the array, of the arrays that
    do not follow the Euclidean gradient unless asked otherwise. `coordinatewise`: θ is one array whose first axis runs
    over the symbols and whose other axes are independent copies (a Hadamard product, say); else θ is a mapping from the
    names to arrays, or one flat array in the order of `variables`. `caveat`: empty where, at almost every θ, data sets
    together see all that the features do; else the sentence that says where they may see less, so that there may be
    laws beyond those of the features. `integrals`: laws that no search in a basis finds.
    """

    name: str
    arrays: Mapping[str, np.ndarray]
    features: tuple[sympy.Expr, ...]
    forms: tuple[Form, ...] = ()
    potentials: Mapping[str, AbstractPotential] = field(default_factory=dict)
    coordinatewise: bool = False
    unpack: Callable[[Parameters], Mapping[str, Any]] | None = None
    caveat: str = ""
    integrals: tuple[Integral, ...] = ()

    @property
    def variables(self) -> tuple[sympy.Symbol, ...]:
        """The symbols of all arrays, in their order, each array row by row."""
        return tuple(itertools.chain.from_iterable(array.ravel().tolist() for array in self.arrays.values()))

    def values(self, parameters: Parameters) -> list[Real]:
        """The number (or array of copies) that stands for each of `variables` at the point θ.

        **Raises:** `ValueError` for a θ of another structure or shape.
        """
        if self.unpack is not None and not _is_flat(parameters):
            parameters = self.unpack(parameters)
        size = len(self.variables)
        if isinstance(parameters, Mapping):
            return self._by_name(parameters)
        leaves = jax.tree.leaves(parameters)
        if len(leaves) != 1 or jnp.ndim(leaves[0]) == 0 or jnp.shape(leaves[0])[0] != size:
            shapes = [tuple(jnp.shape(leaf)) for leaf in leaves]
            raise ValueError(
                f"parameters must be a mapping with the arrays {self._shapes()}, or one array with a first axis of "
                f"length {size}, got shapes {shapes}."
            )
        return [leaves[0][i] for i in range(size)]

    def _by_name(self, parameters: Mapping[str, Any]) -> list[Real]:
        if set(parameters) != set(self.arrays):
            raise ValueError(f"parameters must have the arrays {self._shapes()}, got {sorted(map(str, parameters))}.")
        found: list[Real] = []
        for name, symbols in self.arrays.items():
            given = jnp.asarray(parameters[name])
            if given.shape != symbols.shape:
                raise ValueError(f"parameters[{name!r}] must have shape {symbols.shape}, got {given.shape}.")
            found.extend(given.ravel())
        return found

    def _shapes(self) -> str:
        return ", ".join(f"{name} {array.shape}" for name, array in self.arrays.items())


def _is_flat(parameters: Parameters) -> bool:
    return hasattr(parameters, "shape") and not isinstance(parameters, Mapping)


def symbols(name: str, *shape: int, positive: bool = False) -> np.ndarray:
    """An array of real (or positive) symbols name_{ij}, of which `sympy.Matrix` makes a matrix.

    >>> from mirrorflow.derive._model import symbols
    >>> symbols("u", 2, 2).tolist()
    [[u11, u12], [u21, u22]]
    """
    made = np.empty(shape, dtype=object)
    wide = any(size > 9 for size in shape)
    # W1_11 of the array W1 is another symbol than W11_1 of the array W11.
    between = "_" if name[-1].isdigit() else ""
    for index in np.ndindex(*shape):
        label = between + ("_" if wide else "").join(str(i + 1) for i in index)
        made[index] = sympy.Symbol(f"{name}{label}", real=True, **({"positive": True} if positive else {}))
    return made


def matrix(array: np.ndarray) -> sympy.Matrix:
    """A sympy matrix of a one- or two-dimensional array of symbols; one dimension makes a column."""
    return sympy.Matrix(array.tolist())


def entries(*matrices: sympy.Matrix) -> tuple[sympy.Expr, ...]:
    """All entries of matrices, expanded, row by row."""
    return tuple(sympy.expand(entry) for each in matrices for entry in each)


def column(values: Sequence[sympy.Expr]) -> sympy.Matrix:
    """A column of functions."""
    return sympy.Matrix([sympy.expand(value) for value in values])
