"""From comparisons at several accuracies to a verdict.

The run at the finest accuracy gives the deviation d from the prediction. How far d itself can be off is estimated by
what refining changed: |d_coarse − d_fine|, which bounds the error of d_fine whenever refining at least halves it (the
accuracies are ten apart, so a method of any order ≥ ½ does). Rounding adds a few units in the last place.
"""

import numpy as np

from ._comparison import Comparison, Tolerance
from ._verdict import Number, Row

ROUNDING = 8  # units in the last place


def judge(case: str, part: str, comparisons: list[Comparison], tolerance: Tolerance) -> Row:
    """One row from the same comparison made at accuracies from coarse to fine."""
    fine = comparisons[-1]
    if len({(c.relation, c.norm) for c in comparisons}) > 1:
        return undecided(case, part, tolerance, "its relation or norm differs between the accuracies")
    if fine.measured.size == 0:
        return undecided(case, part, tolerance, "nothing was compared: measured is empty", fine)
    if fine.relation == "identical":
        return _exact_row(case, part, comparisons, tolerance)
    problem = _unfit(comparisons)
    if problem:
        return undecided(case, part, tolerance, problem, fine)
    signed = [_signed(c, fine.scale) for c in comparisons]
    violation = _norm(signed[-1], fine)
    change = _norm(np.asarray(np.abs(signed[-2] - signed[-1])), fine)
    numerical = change + _rounding(fine)
    uncertainty = float(np.max(fine.uncertainty / fine.scale))
    outcome, reason = decide(violation, numerical + uncertainty, tolerance.value)
    index = int(np.argmax(_size(signed[-1], fine)))
    return Row(
        case=case,
        part=part,
        outcome=outcome,
        reason=reason,
        error=max(0.0, violation),
        numerical_error=numerical,
        uncertainty=uncertainty,
        refined=change > 0,
        tolerance=tolerance.value,
        predicted=_entry(fine.predicted, index),
        measured=_entry(fine.measured, index),
        scale=float(np.broadcast_to(fine.scale, fine.measured.shape).ravel()[index]),
        **_about(fine),
    )


def decide(violation: float, doubt: float, tolerance: float) -> tuple[str, str]:
    """Outcome and, where there is none, why: the interval violation ± doubt against the tolerance."""
    if violation + doubt <= tolerance:
        return "holds", ""
    if violation - doubt > tolerance:
        return "refuted", ""
    return "undecided", (
        f"the deviation {violation:.2g} ± {doubt:.2g} lies on both sides of the tolerance {tolerance:.2g}"
        if doubt > 0
        else f"the deviation {violation:.2g} cannot be told from the tolerance {tolerance:.2g}"
    )


def undecided(
    case: str, part: str, tolerance: Tolerance, reason: str, about: Comparison | None = None, traceback: str = ""
) -> Row:
    """A row that says why nothing can be said."""
    known = _about(about) if about is not None else {}
    nan = float("nan")
    return Row(case, "undecided", nan, nan, tolerance.value, reason=reason, part=part, traceback=traceback, **known)


def _exact_row(case: str, part: str, comparisons: list[Comparison], tolerance: Tolerance) -> Row:
    differs = [_differs(c) for c in comparisons]
    fine = comparisons[-1]
    error = float(differs[-1].mean())
    same_shape = differs[-2].shape == differs[-1].shape
    changed = float((differs[-2] != differs[-1]).mean() if same_shape else differs[-2].any() != differs[-1].any())
    outcome, reason = decide(error, changed, tolerance.value)
    if changed and outcome == "undecided":
        reason = "whether it agrees depends on the accuracy of the computation"
    index = int(np.argmax(differs[-1])) if differs[-1].shape == fine.measured.shape else 0
    numbers = {"predicted": _entry(fine.predicted, index), "measured": _entry(fine.measured, index)}
    return Row(case, outcome, error, changed, tolerance.value, reason=reason, part=part, **numbers, **_about(fine))


def _differs(comparison: Comparison) -> np.ndarray:
    predicted, measured = comparison.predicted, comparison.measured
    if predicted.shape not in ((), measured.shape):
        return np.ones(1, bool)
    return np.asarray(predicted != measured)


def _unfit(comparisons: list[Comparison]) -> str:
    if len({c.measured.shape for c in comparisons}) > 1:
        shapes = ", ".join(str(c.measured.shape) for c in comparisons)
        return f"measured changes its shape with the accuracy ({shapes}); compare at common points"
    for comparison in comparisons:
        for name in ("measured", "predicted", "uncertainty"):
            bad = ~np.isfinite(getattr(comparison, name))
            if bad.any():
                return f"{name} is not finite ({int(bad.sum())} of {bad.size} entries)"
    return ""


def _signed(comparison: Comparison, scale: np.ndarray) -> np.ndarray:
    difference = np.asarray((comparison.measured - comparison.predicted) / scale)
    return np.asarray(-difference) if comparison.relation == "at least" else difference


def _size(signed: np.ndarray, comparison: Comparison) -> np.ndarray:
    return np.asarray(np.abs(signed) if comparison.relation == "equal" else signed)


def _norm(signed: np.ndarray, comparison: Comparison) -> float:
    size = _size(signed, comparison).astype(np.float64)
    if comparison.norm == "rms":
        return float(np.sqrt(np.mean(size**2)))
    return float(size.mean() if comparison.norm == "mean" else size.max())


def _rounding(comparison: Comparison) -> float:
    largest = np.maximum(np.abs(comparison.measured), np.abs(comparison.predicted)) / comparison.scale
    eps = max(np.finfo(comparison.measured.dtype).eps, np.finfo(comparison.predicted.dtype).eps)
    return float(ROUNDING * eps * largest.max())


def _about(comparison: Comparison) -> dict:
    return {
        "relation": comparison.relation,
        "entries": comparison.measured.size,
        "unit": comparison.unit,
        "note": comparison.note,
    }


def _entry(array: np.ndarray, index: int) -> Number:
    if array.size == 0:
        return None
    return array.ravel()[index if array.shape else 0].item()
