"""A layer whose outputs are the logits of a softmax."""

from ... import _checks
from .._model import Form, Model, matrix, symbols
from ._features import distinct


def softmax_layer(classes: int, features: int, transposed: bool = False) -> Model:
    """p = softmax(θx) with θ of shape (classes, features), or softmax(θᵀx) with θ of shape (features, classes).

    A softmax does not change when one number is added to all logits, so data sees the differences of the rows of θ (of
    its columns, transposed): φ = θ_i − θ_last. Gradient flow keeps the sum over the classes for every feature, 1ᵀθ
    (transposed: θ1), as gradients sum to zero there.

    **Arguments:** `classes`, `features`: at least 1; `transposed`: which of the two forms.

    **Raises:** `ValueError` for sizes below 1.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2506.06194); theory page 07.

    >>> from mirrorflow.derive.models import softmax_layer
    >>> layer = softmax_layer(classes=2, features=1)
    >>> layer.features, list(layer.forms[0].entries)
    ((theta11 - theta21,), [theta11 + theta21])
    """
    classes = _checks.integer("classes", classes, at_least=1)
    features = _checks.integer("features", features, at_least=1)
    theta = symbols("theta", *((features, classes) if transposed else (classes, features)))
    rows = theta.T if transposed else theta
    text, latex = ("θ1", "\\theta\\mathbf{1}") if transposed else ("1ᵀθ", "\\mathbf{1}^\\top\\theta")
    form = Form(text, latex, matrix(rows.sum(axis=0)))
    name = f"softmax layer of {classes} classes and {features} features{', transposed' if transposed else ''}"
    return Model(name, {"theta": theta}, distinct((rows[:-1] - rows[-1:]).ravel()), (form,))
