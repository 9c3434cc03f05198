"""Layers whose weights are normalized, row by row or all together."""

import sympy

from ... import _checks
from .._model import Form, Model, matrix, symbols
from ._features import distinct


def normalized_layer(outputs: int, inputs: int, scale: str = "row", gain: bool = False, shift: bool = False) -> Model:
    """z_k = γ_k⟨w_k, x⟩/‖w_k‖ + β_k, or ⟨w_k, x⟩/‖W‖: the output does not change with the scale of w_k, or of W.

    θ = {"W": (outputs, inputs), "gain": γ (outputs,), "shift": β (outputs,)}. The same for batch normalization, where
    the deviation of ⟨w_k, x⟩ over a batch divides and not ‖w_k‖: that, too, is a function of the direction times ‖w_k‖.
    Data sees the direction, here by the projector w_kw_kᵀ/‖w_k‖² on its line, a rational function that fixes it up to
    the one sign that no flow changes; and γ_k and β_k, where they are trained. Gradient flow keeps ‖w_k‖² (or ‖W‖²),
    since ⟨w_k, ∂f/∂w_k⟩ = 0 for every function that is constant along w_k.

    **Arguments:** `outputs`, `inputs`: at least 1; `scale`: "row" or "layer", what is divided by its norm; `gain`,
    `shift`: whether γ and β are trained.

    **Raises:** `ValueError` for sizes below 1 or another scale.

    **Source:** theory page 07; Kunin et al., Neural mechanics (arXiv:2012.04728), scale symmetry.

    >>> from mirrorflow.derive.models import normalized_layer
    >>> layer = normalized_layer(outputs=1, inputs=2)
    >>> layer.features[0], list(layer.forms[0].entries)
    (W11**2/(W11**2 + W12**2), [W11**2 + W12**2])
    """
    outputs = _checks.integer("outputs", outputs, at_least=1)
    inputs = _checks.integer("inputs", inputs, at_least=1)
    scale = _checks.one_of("scale", scale, ("row", "layer"))
    arrays = {"W": symbols("W", outputs, inputs)}
    groups = arrays["W"] if scale == "row" else arrays["W"].reshape(1, -1)
    squares = (groups**2).sum(axis=1)
    features: list[sympy.Expr] = [
        group[i] * group[j] / square
        for group, square in zip(groups, squares, strict=True)
        for i in range(len(group))
        for j in range(i, len(group))
    ]
    for name, symbol, trained in (("gain", "gamma", gain), ("shift", "beta", shift)):
        if trained:
            arrays[name] = symbols(symbol, outputs)
            features.extend(arrays[name])
    text, latex = ("‖w‖²", r"\|w_k\|^2") if scale == "row" else ("‖W‖²", r"\|W\|_F^2")
    name = f"layer {inputs}-{outputs}, normalized {'row by row' if scale == 'row' else 'as a whole'}"
    return Model(name, arrays, distinct(features), (Form(text, latex, matrix(squares)),))
