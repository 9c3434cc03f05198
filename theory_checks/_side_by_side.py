"""Several potentials, losses or parameterizations side by side, each with coordinates of its own: one run for all.

The coordinates of different parts do not see each other, so each part moves exactly as it would alone.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import sympy

import mirrorflow as mf


class SideBySide(mf.potentials.AbstractPotential):
    """R(x) = Σ_k R_k(x_k) for an x of as many parts of one size as there are potentials."""

    parts: tuple[mf.potentials.AbstractPotential, ...]

    @property
    def domain(self) -> Any:
        """The ends of each coordinate's domain, repeated for the coordinates of a part by whoever compares."""
        ends = np.array([part.domain for part in self.parts])
        return float(ends[:, 0].min()), float(ends[:, 1].max())

    @property
    def dual_domain(self) -> Any:
        """As `domain`."""
        ends = [[np.min(part.dual_domain[0]), np.max(part.dual_domain[1])] for part in self.parts]
        return float(np.min(ends)), float(np.max(ends))

    @property
    def horizon(self) -> None:
        """None"""
        return None

    def expression(self, x: sympy.Symbol) -> sympy.Expr:
        """Refused: coordinates have different formulas."""
        raise ValueError("Potentials side by side have no formula in common.")

    def _each(self, name: str, x: Any) -> Any:
        split = x.reshape(len(self.parts), -1)
        return jnp.concatenate([getattr(part, name)(here) for part, here in zip(self.parts, split, strict=True)])

    def _value(self, x):
        return self._each("_value", x)

    def _mirror_map(self, x):
        return self._each("_mirror_map", x)

    def _inverse_mirror_map(self, z):
        return self._each("_inverse_mirror_map", z)

    def _metric(self, x):
        return self._each("_metric", x)

    def _balance(self, x):
        return self._each("_balance", x)

    def _to_chart(self, x):
        return self._each("_to_chart", x)

    def _from_chart(self, chart):
        return self._each("_from_chart", chart)

    def _chart_rate(self, chart):
        return self._each("_chart_rate", chart)

    def _log_chart_rate(self, chart):
        return self._each("_log_chart_rate", chart)


class PartByPart(eqx.Module):
    """f(x) = Σ_k [½‖A_kx_k−b_k‖² + ⟨c_k,x_k⟩] with one regression and one slope for each part."""

    designs: np.ndarray
    targets: np.ndarray
    slopes: np.ndarray

    def __call__(self, x):
        """f(x)"""
        x = x.reshape(self.slopes.shape)
        misses = jnp.einsum("knd,kd->kn", jnp.asarray(self.designs), x) - self.targets
        return 0.5 * jnp.sum(misses**2) + jnp.sum(self.slopes * x)


def objective(designs: Any, targets: Any, slopes: Any) -> mf.problems.Objective:
    """The loss as a problem; shapes (parts, samples, size), (parts, samples) and (parts, size)."""
    arrays = (np.asarray(array, float) for array in (designs, targets, slopes))
    loss = PartByPart(*arrays)
    return mf.problems.Objective(loss, loss.slopes.size)


def outside_range(design: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """‖(I−P)v‖ of each row v, P the projection on the range of Aᵀ."""
    basis, _ = np.linalg.qr(design.T)
    return np.linalg.norm(vectors - vectors @ basis @ basis.T, axis=-1)
