"""Attention with one head or several."""

from ... import _checks
from .._model import Model, symbols
from ._features import gram_difference

_NAMES = {"key": "K", "query": "Q", "value": "V", "output": "O"}


def attention(width: int, head_width: int | None = None, heads: int = 1, values: bool = True) -> Model:
    """f(X) = Σ_h O_hᵀV_hX·softmax(XᵀK_hᵀQ_hX), every matrix of shape (head_width, width), tokens the columns of X.

    θ = {"key": K, "query": Q, "value": V, "output": O}, or "key1", …, "output1", "key2", … for several heads. Scores
    are functions of K_hᵀQ_h and what is read of O_hᵀV_h; inputs are free, so that data sees all entries of both for
    every head. Gradient flow keeps Q_hQ_hᵀ − K_hK_hᵀ and V_hV_hᵀ − O_hO_hᵀ, as for every product of two matrices.

    **Arguments:** `width`: the length of a token; `head_width`: the rank of a head, `width` unless given; `heads`: how
    many; `values`: whether V and O are trained; else there are keys and queries only.

    **Raises:** `ValueError` for sizes below 1.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2506.06194); theory page 07.

    >>> from mirrorflow.derive.models import attention
    >>> attention(width=1, head_width=2, values=False).features
    (K11*Q11 + K21*Q21,)
    """
    width = _checks.integer("width", width, at_least=1)
    head_width = width if head_width is None else _checks.integer("head_width", head_width, at_least=1)
    heads = _checks.integer("heads", heads, at_least=1)
    arrays, features, forms = {}, [], []
    for head in range(1, heads + 1):
        mark = str(head) if heads > 1 else ""
        for left, right in [("query", "key"), ("value", "output")][: 2 if values else 1]:
            pair = {name: symbols(_NAMES[name] + mark, head_width, width) for name in (left, right)}
            arrays |= {name + mark: pair[name] for name in sorted(pair, key=list(_NAMES).index)}
            features.extend((pair[right].T @ pair[left]).ravel())
            a, b = _NAMES[left], _NAMES[right]
            low = f"_{{{mark}}}" if mark else ""
            text = f"{a}{mark}{a}{mark}ᵀ − {b}{mark}{b}{mark}ᵀ"
            latex = f"{a}{low}{a}{low}^\\top - {b}{low}{b}{low}^\\top"
            forms.append(gram_difference(text, latex, pair[left], pair[right]))
    name = f"attention of width {width}, {heads} head{'s' if heads > 1 else ''} of width {head_width}"
    return Model(name, arrays, tuple(features), tuple(forms))
