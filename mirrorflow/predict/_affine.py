"""The solutions of Ax=b, through an orthonormal basis of the range of Aᵀ."""

import dataclasses

import numpy as np

_CONSISTENT = 1e-10  # relative distance of b from the range of A that rounding explains
_WELL_CONDITIONED = 1e-8


@dataclasses.dataclass(frozen=True)
class Affine:
    """{x: Ax=b} = {x: Vᵀx=level}, V with orthonormal columns spanning the range of Aᵀ."""

    design: np.ndarray
    target: np.ndarray
    basis: np.ndarray
    level: np.ndarray
    to_multipliers: np.ndarray

    def multipliers(self, coordinates: np.ndarray) -> np.ndarray:
        """ν of least norm with Aᵀν = V·coordinates."""
        return self.to_multipliers @ coordinates

    def outside_range(self, vector: np.ndarray) -> np.ndarray:
        """The part of a vector that is orthogonal to the range of Aᵀ, projected twice to be so to rounding."""
        for _ in range(2):
            vector = vector - self.basis @ (self.basis.T @ vector)
        return vector


def affine(design: np.ndarray, target: np.ndarray) -> Affine:
    """The solutions of Ax=b.

    **Raises:** `ValueError` if there are none.
    """
    if design.shape[0] <= design.shape[1]:
        basis, triangle = np.linalg.qr(design.T)
        diagonal = np.abs(np.diag(triangle))
        if diagonal.size and diagonal.min() > _WELL_CONDITIONED * diagonal.max():
            inverse = np.linalg.inv(triangle)
            if np.linalg.norm(inverse, 1) * np.linalg.norm(triangle, 1) < 1 / _WELL_CONDITIONED:
                return Affine(design, target, basis, inverse.T @ target, inverse)
    left, values, right = np.linalg.svd(design, full_matrices=False)
    rank = int(np.sum(values > 10 * max(design.shape) * np.finfo(float).eps * values.max(initial=0.0)))
    left, values, right = left[:, :rank], values[:rank], right[:rank]
    misfit = np.linalg.norm(target - left @ (left.T @ target))
    if misfit > _CONSISTENT * np.linalg.norm(target):
        raise ValueError(
            f"No x interpolates the data: the target lies outside the range of the design (rank {rank}, shape "
            f"{design.shape}); the least-squares misfit is {misfit:.3g}, that of x=0 is {np.linalg.norm(target):.3g}."
        )
    return Affine(design, target, right.T, left.T @ target / values, left / values)
