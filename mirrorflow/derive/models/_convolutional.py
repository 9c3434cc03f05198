"""Convolutions with ReLU between them, and a dense read-out."""

import math
from collections.abc import Sequence

from ... import _checks
from .._model import Model, symbols
from ._features import incoming, layers, norm_differences, outgoing, path_products
from ._relu import neuron_words, seen_less


def convolutional_network(
    size: int | Sequence[int],
    channels: Sequence[int],
    kernel: int | Sequence[int],
    outputs: int | None = 1,
    biases: bool = False,
) -> Model:
    """Convolutions K_l, each followed by ReLU, then a dense read-out: f(x) = Wσ(K_L∗⋯σ(K_1∗x + b_1)⋯) + b.

    θ = {"K1": (c₁, c₀, *kernel), "b1": (c₁,), …, "W": (outputs, c_L, *positions left), "b": (outputs,)}. Convolutions
    are those of a neural network (no flip), of stride 1, without padding or pooling, in one or two dimensions. The
    entries of a kernel are shared by all positions, and each position of a channel is a neuron with a kink of its own,
    so that data sees each product of one entry of every kernel along a path of channels, times the read-out of one
    position. Gradient flow keeps ‖K_l of a channel‖² + b² − ‖all weights that read the channel‖² for every hidden one.

    **Arguments:** `size`: of the input, a number or (height, width); `channels`: c₀, c₁, …, c_L, at least two;
    `kernel`: its size, a number (for every axis) or (height, width); `outputs`: of the read-out, or None for no
    read-out: then the last convolution is the output, without ReLU; `biases`: whether every layer adds one, one number
    a channel.

    **Raises:** `ValueError` for sizes below 1, fewer than two channels, more than two axes, or kernels that do not fit
    into the input L times.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2307.00144, arXiv:2506.06194); theory page 07.

    >>> from mirrorflow.derive.models import convolutional_network
    >>> network = convolutional_network(size=3, channels=(1, 1), kernel=2)
    >>> list(network.forms[0].entries)
    [K1_111**2 + K1_112**2 - W111**2 - W112**2]
    """
    axes, taps = _shape(size, kernel)
    if not isinstance(channels, Sequence) or isinstance(channels, str) or len(channels) < 2:
        raise ValueError(f"channels must be at least two numbers, of the input and of every layer, got {channels!r}.")
    units = tuple(_checks.integer(f"channels[{i}]", unit, at_least=1) for i, unit in enumerate(channels))
    depth = len(units) - 1
    positions = tuple(axis - depth * (tap - 1) for axis, tap in zip(axes, taps, strict=True))
    if min(positions) < 1:
        raise ValueError(f"kernel {taps} must fit {depth} times into size {axes}, but leaves positions {positions}.")
    arrays = layers([(units[i + 1], units[i], *taps) for i in range(depth)], biases, name="K")
    weights = [arrays[f"K{i}"] for i in range(1, depth + 1)]
    shifts = [arrays[f"b{i}"] for i in range(1, depth + 1)] if biases else []
    if outputs is not None:
        outputs = _checks.integer("outputs", outputs, at_least=1)
        weights.append(arrays.setdefault("W", symbols("W", outputs, units[-1], *positions)))
        if biases:
            shifts.append(arrays.setdefault("b", symbols("b", outputs)))
    forms = []
    for i in range(1, len(weights)):
        after = ("W", "W") if i == depth else (f"K{i + 1}", f"K_{{{i + 1}}}")
        before = incoming(weights[i - 1], shifts[i - 1] if biases else None)
        forms.append(norm_differences(*neuron_words("K", i, *after, biases), before, outgoing(weights[i])))
    hidden = units[1:] if outputs is not None else units[1:-1]
    name = f"convolutional network of channels {'-'.join(map(str, units))}, kernel {'×'.join(map(str, taps))}"
    caveat = seen_less(units[0] * math.prod(taps), hidden, biases)
    return Model(name, arrays, tuple(path_products(weights, shifts)), tuple(forms), caveat=caveat)


def _shape(size: int | Sequence[int], kernel: int | Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    axes = tuple(size) if isinstance(size, Sequence) else (size,)
    taps = tuple(kernel) if isinstance(kernel, Sequence) else (kernel,) * len(axes)
    if not 1 <= len(axes) <= 2:
        raise ValueError(f"size must be a number or (height, width), got {size!r}.")
    if len(taps) != len(axes):
        raise ValueError(f"kernel must be a number or have an axis for each of size {axes}, got {kernel!r}.")
    return (
        tuple(_checks.integer("size", axis, at_least=1) for axis in axes),
        tuple(_checks.integer("kernel", tap, at_least=1) for tap in taps),
    )
