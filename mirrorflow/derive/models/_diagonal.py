"""Deep diagonal linear networks, one coordinate of them."""

from ... import _checks
from .._model import Form, Model, matrix, symbols
from ._features import paths


def diagonal_network(depth: int) -> Model:
    """x = w_1⋯w_D for each coordinate, with θ of shape (depth, …): the product `reparameterizations.Hadamard`.

    Data sees x. Gradient flow keeps w_i² − w_D² for every i<D (a q-steepest flow |w_i|^q − |w_D|^q, theory page 03).

    **Arguments:** `depth`: D, at least 1.

    **Raises:** `ValueError` for a depth below 1.

    **Source:** theory pages 03 and 07.

    >>> from mirrorflow.derive.models import diagonal_network
    >>> list(diagonal_network(3).forms[0].entries)
    [w1**2 - w3**2, w2**2 - w3**2]
    """
    depth = _checks.integer("depth", depth, at_least=1)
    w = symbols("w", depth)
    text, latex = f"w_i² − w_{depth}², i<{depth}", f"w_i^2 - w_{{{depth}}}^2,\\ i<{depth}"
    forms = (Form(text, latex, matrix(w[:-1] ** 2 - w[-1] ** 2)),) if depth > 1 else ()
    ((_, _, product),) = paths([factor.reshape(1, 1) for factor in w[:, None]])
    return Model(f"diagonal network of depth {depth}", {"w": w}, (product,), forms, coordinatewise=True)
