"""What a derivation will cost, before it is begun."""

import math

from ._model import Model

LIMIT = 2e6
# Products of polynomials in a second, on one core of an ordinary machine.
PER_SECOND = 1e5


def check_size(model: Model, doubled: bool, limit: float) -> None:
    """Refuse a model whose search among polynomials of degree 2 would take more than `limit` products.

    **Raises:** `ValueError` with the estimate and how to ask for it.
    """
    cost = products(model, doubled)
    if cost > limit:
        size, features = len(model.variables), len(model.features)
        raise ValueError(
            f"The model has {size} parameters and {features} functions that data sees: polynomials of degree 2 take "
            f"about {cost:.1g} products, {_time(cost / PER_SECOND)} and {_memory(cost)}. limit={cost * 1.1:.2g} asks "
            "for it."
        )


def products(model: Model, doubled: bool) -> float:
    """Monomials of degree 2, times the forces that a parameter takes part in, twice."""
    size = len(model.variables) * (2 if doubled else 1)
    occurrences = sum(len(feature.free_symbols) for feature in model.features)
    return math.comb(size + 1, 2) * 2 * occurrences / max(len(model.variables), 1)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _memory(cost: float) -> str:
    return f"{max(cost * 2e-6, 0.1):.1f} GB"
