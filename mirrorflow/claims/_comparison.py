"""What a claim says and what a run shows, side by side, with the way in which they are to agree."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

RELATIONS = ("equal", "at most", "at least", "identical")
NORMS = ("max", "rms", "mean")


class Comparison:
    """Predicted and measured numbers, how they should relate and in which units their difference counts.

    The **deviation** is (measured − predicted)/scale, entry by entry; for `relation="at most"` (`"at least"`) only what
    measured exceeds (falls short of) predicted counts. The error is its norm. For `relation="identical"` (counts,
    booleans, words) it is the share of entries that differ.

    **Arguments:**

    - `predicted`, `measured`: arrays of one shape; `predicted` may also be a single number.
    - `relation`: `"equal"` (default), `"at most"` (measured ≤ predicted), `"at least"` or `"identical"` (default for
      whole numbers, booleans and words).
    - `scale`: what counts as a deviation of 1, a positive number or an array of them (then entry by entry). Default:
      the largest |predicted|, or 1 where that is 0. State it where predicted is zero up to rounding.
    - `norm`: `"max"` (default), `"rms"` or `"mean"` over the entries.
    - `uncertainty`: half-width of an interval of confidence of `measured`, such as a fit gives, in its units.
    - `unit`, `note`: words for the report.

    **Raises:** `ValueError` for shapes that differ, complex numbers, a scale that is not positive.

    >>> mf.Comparison(predicted=2.0, measured=2.0 + 1e-9)
    Comparison(predicted=2, measured=2, equal, scale 2)
    """

    predicted: np.ndarray
    measured: np.ndarray
    relation: str
    scale: np.ndarray
    norm: str
    uncertainty: np.ndarray
    unit: str
    note: str

    def __init__(
        self,
        predicted: Any,
        measured: Any,
        *,
        relation: str | None = None,
        scale: Any = None,
        norm: str = "max",
        uncertainty: Any = 0.0,
        unit: str = "",
        note: str = "",
    ) -> None:
        exact = relation == "identical" or (relation is None and _is_exact(predicted) and _is_exact(measured))
        self.relation = relation or ("identical" if exact else "equal")
        if self.relation not in RELATIONS:
            raise ValueError(f"relation must be one of {', '.join(map(repr, RELATIONS))}, got {relation!r}.")
        if norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(map(repr, NORMS))}, got {norm!r}.")
        if norm != "max" and self.relation in ("at most", "at least"):
            raise ValueError(f"norm must be 'max' where the relation is {self.relation!r}: a bound holds everywhere.")
        self.predicted = np.asarray(predicted) if exact else _real("predicted", predicted)
        self.measured = np.asarray(measured) if exact else _real("measured", measured)
        if not exact and self.predicted.shape not in ((), self.measured.shape):
            raise ValueError(
                f"predicted has shape {self.predicted.shape} and measured {self.measured.shape}; they must agree "
                "(or predicted be one number), because stretching one to the other would hide a mistake."
            )
        self.norm = norm
        self.scale = np.ones(()) if exact else _scale(scale, self.predicted, self.measured.shape)
        self.uncertainty = np.zeros(()) if exact else _uncertainty(uncertainty, self.measured.shape)
        self.unit, self.note = unit, note

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_shown(getattr(self, name))}" for name in ("predicted", "measured"))
        scale = "" if self.relation == "identical" else f", scale {_shown(self.scale)}"
        return f"Comparison({shown}, {self.relation}{scale})"


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """How large the error of a claim may be, in units of its comparison's scale, and why so large."""

    value: float
    because: str


def tolerance(value: Any, because: str) -> Tolerance:
    """How large an error is allowed, and the reason for that size.

    **Arguments:** `value`: a number ≥ 0 in units of the comparison's scale (0 for what must be exact);
    `because`: the reason, in words.

    **Raises:** `ValueError` for a negative or infinite value or an empty reason.

    >>> mf.tolerance(1e-6, because="the solver's default tolerance is 1e-9 per unit of time").value
    1e-06
    """
    if not (isinstance(value, int | float) and math.isfinite(value) and value >= 0):
        raise ValueError(f"tolerance: value must be a finite number ≥ 0, got {value!r}.")
    if not (isinstance(because, str) and because.strip()):
        raise ValueError("tolerance: because must say in words why the tolerance is as large as it is.")
    return Tolerance(float(value), because.strip())


def parts_of(name: str, made: Any) -> dict[str, Comparison]:
    """What a comparing function returned, as named comparisons; a single one has the empty name."""
    parts = dict(made) if isinstance(made, Mapping) else {"": made}
    wrong = [part for part in parts.values() if not isinstance(part, Comparison)]
    if wrong or not parts:
        kind = type(wrong[0]).__name__ if wrong else "an empty dictionary"
        raise TypeError(f"{name} must return a mf.Comparison or a dictionary of them, got {kind}.")
    return parts


def _is_exact(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "biuUS"


def _real(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must be real numbers, got {array.dtype}; use relation='identical' for words.")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def _scale(scale: Any, predicted: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if scale is None:
        finite = np.abs(predicted[np.isfinite(predicted)])
        largest = float(finite.max()) if finite.size else 0.0
        return np.asarray(largest if largest > 0 else 1.0)
    array = _real("scale", scale)
    if array.shape not in ((), shape):
        raise ValueError(f"scale must be one number or have the shape of measured, {shape}; got shape {array.shape}.")
    if not (np.isfinite(array).all() and (array > 0).all()):
        raise ValueError(f"scale must be positive and finite, got {_shown(array)}.")
    return array


def _uncertainty(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = _real("uncertainty", value)
    if array.shape not in ((), shape):
        raise ValueError(f"uncertainty must be one number or have measured's shape {shape}; got shape {array.shape}.")
    if (array < 0).any():
        raise ValueError(f"uncertainty must not be negative, got {_shown(array)}.")
    return array


def _shown(array: np.ndarray) -> str:
    if array.ndim == 0:
        value = array.item()
        return f"{value:.6g}" if isinstance(value, float) else repr(value)
    return f"array of shape {array.shape}"
