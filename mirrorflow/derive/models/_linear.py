"""Linear networks of any depth."""

import itertools
from collections.abc import Iterator

from ... import _checks
from .._abelian import abelian_integrals
from .._model import Integral, Model
from ._features import gram_difference, incoming, layers, outgoing, path_sums


def linear_network(*widths: int, biases: bool = False) -> Model:
    """f(x) = W_L⋯W_1x, with θ = {"W1": (n₁, n₀), …, "WL": (n_L, n_{L−1})}, and biases "b1", … where asked for.

    Data sees the entries of the product W_L⋯W_1, all of them, since f is linear in them and inputs are free; with
    biases also those of the one bias Σ_i W_L⋯W_{i+1}b_i they add up to. Gradient flow keeps
    W_iW_iᵀ + b_ib_iᵀ − W_{i+1}ᵀW_{i+1} for every i<L, as d/dt of both Gram matrices is the same. Between two layers of
    width 1 (input and output count as layers) θ is seen through one number, so that there are D−1 laws of the layers
    between, D the number of their parameters: more than these matrices, where neighbouring layers have width 2 and
    more. Those of three layers are Abelian integrals over the squared singular values of the middle one; of more layers
    no closed form is known.

    **Arguments:** `widths`: n₀, …, n_L, at least two; `biases`: whether every layer adds one.

    **Raises:** `ValueError` for fewer than two widths, or one below 1.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2307.00144); theory page 07.

    >>> from mirrorflow.derive.models import linear_network
    >>> linear_network(1, 2, 1).features
    (W1_11*W2_11 + W1_21*W2_12,)
    """
    sizes = checked_widths(widths)
    arrays = layers([(out, into) for into, out in itertools.pairwise(sizes)], biases)
    weights = [arrays[f"W{i}"] for i in range(1, len(sizes))]
    shifts = [arrays[f"b{i}"] for i in range(1, len(sizes))] if biases else []
    forms = []
    for i in range(1, len(weights)):
        text, latex = (f" + b{i}b{i}ᵀ", f" + b_{{{i}}}b_{{{i}}}^\\top") if biases else ("", "")
        forms.append(
            gram_difference(
                f"W{i}W{i}ᵀ{text} − W{i + 1}ᵀW{i + 1}",
                f"W_{{{i}}}W_{{{i}}}^\\top{latex} - W_{{{i + 1}}}^\\top W_{{{i + 1}}}",
                incoming(weights[i - 1], shifts[i - 1] if biases else None),
                outgoing(weights[i]),
            )
        )
    name = f"linear network {'-'.join(map(str, sizes))}{' with biases' if biases else ''}"
    integrals = () if biases else tuple(_between_numbers(sizes))
    return Model(name, arrays, tuple(path_sums(weights, shifts)), tuple(forms), integrals=integrals)


def _between_numbers(sizes: tuple[int, ...]) -> Iterator[Integral]:
    """The remaining laws of every three layers between two layers of width 1, which multiply a number by a number."""
    for i in range(len(sizes) - 3):
        if sizes[i] == sizes[i + 3] == 1:
            before = sum(into * out for into, out in itertools.pairwise(sizes[: i + 1]))
            yield from abelian_integrals(sizes[i + 1], sizes[i + 2], [f"W{i + k}" for k in (1, 2, 3)], before)


def checked_widths(widths: tuple[int, ...]) -> tuple[int, ...]:
    """The widths of a network's layers, at least two of at least 1."""
    if len(widths) < 2:
        raise ValueError(f"widths must be at least two: inputs, hidden layers, outputs; got {list(widths)}.")
    return tuple(_checks.integer(f"widths[{i}]", width, at_least=1) for i, width in enumerate(widths))
