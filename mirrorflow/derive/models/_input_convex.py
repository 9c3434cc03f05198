"""Networks that are convex in their input: a hidden layer of ReLU, and non-negative weights after it."""

import sympy

from ... import _checks
from ...potentials import NegativeEntropy
from .._model import Form, Model, matrix, symbols
from ._features import incoming
from ._relu import seen_less


def input_convex_network(inputs: int, hidden: int, outputs: int = 1, biases: bool = False) -> Model:
    """f(x) = Σ_k u_kσ(⟨v_k, x⟩ + b_k) with U > 0, which follows the entropic flow u̇ = −u⊙∇, and V, b the Euclidean one.

    θ = {"outer": U (outputs, hidden), "inner": V (inputs, hidden)}, and "bias": b (hidden,). As for every ReLU network
    with one hidden layer, data sees the products u_kv_kᵀ (and u_kb_k) of every neuron. The flow keeps
    1ᵀu_k − ½‖v_k‖² − ½b_k²: d/dt of either side is −⟨u_k, ∂f/∂u_k⟩ = −⟨v_k, ∂f/∂v_k⟩ − b_k∂f/∂b_k.

    **Arguments:** `inputs`, `hidden`, `outputs`: at least 1; `biases`: whether hidden neurons have one.

    **Raises:** `ValueError` for sizes below 1.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2405.12888); theory page 07.

    >>> from mirrorflow.derive.models import input_convex_network
    >>> list(input_convex_network(inputs=2, hidden=1).forms[0].entries)
    [u11 - v11**2/2 - v21**2/2]
    """
    inputs = _checks.integer("inputs", inputs, at_least=1)
    hidden = _checks.integer("hidden", hidden, at_least=1)
    outputs = _checks.integer("outputs", outputs, at_least=1)
    u, v = symbols("u", outputs, hidden, positive=True), symbols("v", inputs, hidden)
    arrays = {"outer": u, "inner": v} | ({"bias": symbols("b", hidden)} if biases else {})
    rows = incoming(v.T, arrays.get("bias"))
    features = [u[o, k] * entry for k in range(hidden) for o in range(outputs) for entry in rows[k]]
    text, latex = (" − ½b²", r" - \tfrac12 b_k^2") if biases else ("", "")
    form = Form(
        f"1ᵀu − ½‖v‖²{text}",
        rf"\mathbf{{1}}^\top u_k - \tfrac12\|v_k\|^2{latex}",
        matrix(u.sum(axis=0) - sympy.Rational(1, 2) * (rows**2).sum(axis=1)).expand(),
    )
    name = f"input-convex network {inputs}-{hidden}-{outputs}{' with biases' if biases else ''}"
    caveat = seen_less(inputs, (hidden,), biases)
    return Model(name, arrays, tuple(features), (form,), {"outer": NegativeEntropy()}, caveat=caveat)
