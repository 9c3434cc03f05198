"""What certifies that no x separates the data, and what a solver of the max-margin problem returns."""

import dataclasses

import numpy as np

_VANISHES = 1e-13  # relative to the largest input


@dataclasses.dataclass(frozen=True)
class Candidate:
    """An x and multipliers ≥0, each of any size; `dual_bound`, an upper bound of the margin where the horizon's dual
    norm is not known in closed form.
    """

    x: np.ndarray
    multipliers: np.ndarray
    dual_bound: float = np.inf


def refuse_inseparable(signed: np.ndarray, shares: np.ndarray | None = None) -> float:
    """The least ‖Σp_iy_iz_i‖₂ over shares p, the Euclidean margin of separable data.

    **Raises:** `ValueError` if it vanishes: then Σp_iy_i⟨x,z_i⟩=0 for every x, and some margin is not positive.
    """
    if shares is None:
        from scipy.optimize import nnls

        rows = np.vstack([signed.T, np.ones(len(signed))])
        found, _ = nnls(rows, np.append(np.zeros(signed.shape[1]), 1.0), maxiter=30 * len(signed))
        shares = np.asarray(found / found.sum())
    least = float(np.linalg.norm(shares @ signed))
    if least <= _VANISHES * np.abs(signed).max():
        largest = np.argsort(-shares.round(9), kind="stable")[:3]
        words = ", ".join(f"{shares[i]:.3g} of sample {i}" for i in largest if shares[i] > 1e-12)
        count = int((shares > 1e-12).sum())
        raise ValueError(
            f"No x separates the data: the combination Σp_i·y_i·z_i of {count} samples with p≥0, Σp=1 ({words}"
            f"{', …' if count > 3 else ''}) has size {least:.2g}, so that no x has y_i⟨x,z_i⟩>0 on all of them."
        )
    return least
