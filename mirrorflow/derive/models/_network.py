"""A network by its widths and the name of its activation."""

import dataclasses
from collections.abc import Sequence

from ... import _checks
from .._model import Model
from ._linear import linear_network
from ._relu import relu_network


def network(widths: Sequence[int], activation: str = "relu", biases: bool = False) -> Model:
    """The dense network of the given widths: see `linear_network` and `relu_network`.

    **Arguments:** `widths`: n₀, …, n_L, at least two; `activation`: "linear", "relu" or "leaky_relu" (whose laws are
    those of ReLU); `biases`: whether every layer adds one.

    **Raises:** `ValueError` for fewer than two widths, one below 1, or another activation.

    **Source:** theory page 07.

    >>> from mirrorflow.derive.models import network
    >>> network([2, 3, 1], "leaky_relu").name
    'leaky ReLU network 2-3-1'
    """
    if not isinstance(widths, Sequence) or isinstance(widths, str):
        raise ValueError(f"widths must be a sequence of numbers, got {type(widths).__name__}: {widths!r}.")
    activation = _checks.one_of("activation", activation, ("linear", "relu", "leaky_relu"))
    if activation == "linear":
        return linear_network(*widths, biases=biases)
    made = relu_network(*widths, biases=biases)
    return made if activation == "relu" else dataclasses.replace(made, name=f"leaky {made.name}")
