"""What the models have in common: products along the paths of a network, and forms of laws."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import sympy

from .._model import Form, matrix, symbols


def distinct(features: Iterable[sympy.Expr]) -> tuple[sympy.Expr, ...]:
    """The features that are no constants, each once; (0,) if there is none."""
    kept = tuple(dict.fromkeys(feature for feature in features if feature.free_symbols))
    return kept or (sympy.S.Zero,)


def paths(weights: Sequence[np.ndarray]) -> Iterator[tuple[int, int, sympy.Expr]]:
    """(output, input, product of the weights) of every path through layers of shape (outputs, inputs, …).

    Further axes are ways from the same input to the same output: the entries of a kernel, say.
    """
    layers = [weight.reshape(*weight.shape[:2], -1) for weight in weights]
    ends: list[tuple[int, int, tuple[sympy.Expr, ...]]] = [(start, start, ()) for start in range(layers[0].shape[1])]
    for layer in layers:
        ends = [
            (start, unit, (*taken, entry))
            for start, at, taken in ends
            for unit in range(layer.shape[0])
            for entry in layer[unit, at]
        ]
    return ((end, start, sympy.Mul(*taken)) for start, end, taken in ends)


def path_products(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> list[sympy.Expr]:
    """The products along all paths from an input or a bias to an output, for homogeneous activations."""
    starts = [list(weights), *([bias[:, None], *weights[i + 1 :]] for i, bias in enumerate(biases))]
    return [product for layers in starts for _, _, product in paths(layers)]


def path_sums(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> list[sympy.Expr]:
    """The entries of W_L⋯W_1, then those of the bias Σ_i W_L⋯W_{i+1}b_i, expanded."""
    sums: dict[tuple[int, int], list[sympy.Expr]] = {}
    for end, start, product in paths(weights):
        sums.setdefault((end, start), []).append(product)
    for i, bias in enumerate(biases):
        for end, _, product in paths([bias[:, None], *weights[i + 1 :]]):
            sums.setdefault((end, weights[0].shape[1]), []).append(product)
    return [sympy.Add(*terms) for terms in sums.values()]


def layers(shapes: Sequence[tuple[int, ...]], biases: bool, name: str = "W") -> dict[str, np.ndarray]:
    """Arrays W1, b1, W2, b2, … of symbols, the weights of the given shapes, with biases or without."""
    made: dict[str, np.ndarray] = {}
    for i, shape in enumerate(shapes, start=1):
        made[f"{name}{i}"] = symbols(f"{name}{i}", *shape)
        if biases:
            made[f"b{i}"] = symbols(f"b{i}", shape[0])
    return made


def gram_difference(text: str, latex: str, left: np.ndarray, right: np.ndarray) -> Form:
    """The matrix AAᵀ − BBᵀ."""
    return Form(text, latex, matrix(left @ left.T - right @ right.T))


def norm_differences(text: str, latex: str, left: np.ndarray, right: np.ndarray) -> Form:
    """The column of ‖a_k‖² − ‖b_k‖² of the rows a_k of A and b_k of B."""
    return Form(text, latex, matrix((left**2).sum(axis=1) - (right**2).sum(axis=1)))


def incoming(weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """The weights into each unit, its bias last, as rows."""
    rows = weight.reshape(weight.shape[0], -1)
    return rows if bias is None else np.concatenate([rows, bias[:, None]], axis=1)


def outgoing(weight: np.ndarray) -> np.ndarray:
    """The weights out of each unit of the layer before, as rows."""
    return np.moveaxis(weight, 1, 0).reshape(weight.shape[1], -1)
