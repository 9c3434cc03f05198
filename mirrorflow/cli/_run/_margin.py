"""The max-margin problem of a table: its solution, another norm's, and the rows that hold the margin."""

import re
from typing import Any

import numpy as np

from ... import predict
from ...potentials import Lp
from ...problems import Classification
from ._data import Data


def name(horizon: Any) -> str:
    """The norm, for people."""
    return f"ℓ{'∞' if np.isinf(horizon.p) else f'{horizon.p:g}'}" if isinstance(horizon, Lp) else "φ"


def best_margin(data: Data, problem: Classification, horizon: Any) -> Any:
    """The max-margin problem's solution.

    **Raises:** `ValueError` that names rows of the table, if nothing separates them.
    """
    try:
        return predict.max_margin(problem, horizon)
    except (ValueError, RuntimeError) as error:
        words = re.sub(r"of sample (\d+)", lambda found: f"of row {data.rows[int(found[1])]}", str(error))
        raise ValueError(f"{words}{_with_constant(data, horizon)}") from None


def _with_constant(data: Data, horizon: Any) -> str:
    """Whether a constant term, or both signs, would separate the data."""
    if getattr(horizon, "orthant", False):
        return " hyperbolic-entropy:SCALE has the same horizon and both signs."
    try:
        inputs = np.column_stack([data.inputs, np.ones(len(data.inputs))])
        predict.max_margin(Classification(inputs, data.target), Lp(np.inf))
    except (ValueError, RuntimeError):
        return " Not even with a constant term (--intercept)."
    return " With a constant term they can be separated: --intercept."


def other_margin(problem: Classification, horizon: Any) -> tuple[str, float]:
    """The margin, in this norm, of the max-margin direction of ℓ1, ℓ2 or ℓ∞: of the three the one that has least."""
    signed = np.asarray(problem.signed_inputs)
    found = []
    for other in (Lp(1.0), Lp(2.0), Lp(np.inf)):
        if other != horizon:
            wrong = predict.max_margin(problem, other).direction
            margin = float((signed @ wrong).min()) / float(horizon(wrong))
            found.append((margin, f"the max-margin direction of {name(other)} instead"))
    margin, words = min(found)
    return words, margin


def slowest_exponent(best: Any) -> float:
    """The least δ with terms like (log t)^{−δ} on the way to the direction, as theory page 04 has it; 0: not known."""
    horizon = best.horizon
    if not isinstance(horizon, Lp):
        return 0.0
    if horizon.p == 1.0:
        off = best.dual_slacks[best.direction == 0]
        return float(min(1.0, max(0.0, off.min(initial=1.0))))
    return float(min(1.0, horizon.p - 1))


def notes_on(data: Data, best: Any) -> list[str]:
    """What there is to say about labels and support."""
    assert data.labels is not None
    count = f"{len(best.support)} of {len(data.rows)} samples hold the largest margin"
    notes = [f"label {data.labels[0]!r} counts as −1 and {data.labels[1]!r} as +1; {count}"]
    if best.degenerate:
        notes.append("the max-margin problem is degenerate: its solution or its multipliers need not be the only ones")
    return notes


def support(data: Data, best: Any, shares: np.ndarray, margins: np.ndarray) -> list[dict[str, Any]]:
    """The samples with a multiplier, the largest share first, as rows of the table."""
    order = best.support[np.argsort(-best.shares[best.support], kind="stable")]
    return [
        {
            "row": int(data.rows[i]),
            "label": data.labels[int(data.target[i] > 0)] if data.labels else "",
            "predicted_share": float(best.shares[i]),
            "measured_share": float(shares[i]),
            "margin": float(margins[i]),
        }
        for i in order
    ]
