"""Quadratic forms of one parameter vector."""

import jax.numpy as jnp

from .. import _checks
from .._types import Held, Numeric, Parameters, Real, Scalar
from ._base import AbstractReparameterization, check_array, generic_unfinished


class QuadraticForm(AbstractReparameterization):
    """x_i = ½θᵀA_iθ with symmetric A_i.

    **Arguments:** `matrices`: the A_i, shape (features, parameters, parameters), symmetric and finite.

    **Raises:** `ValueError` for another shape or matrices that are not symmetric.

    **Source:** Mirror, Mirror of the Flow (arXiv:2504.12883), theory page 02 (quadratic case).

    >>> form = mf.reparameterizations.QuadraticForm(jnp.array([[[0.0, 1.0], [1.0, 0.0]]]))
    >>> form(jnp.array([3.0, 2.0])).tolist()
    [6.0]
    """

    matrices: Held

    def __init__(self, matrices: Numeric):
        held = _checks.number("matrices", matrices, shape=None)
        if held.ndim != 3 or held.shape[1] != held.shape[2] or 0 in held.shape:
            raise ValueError(f"matrices must have shape (features, parameters, parameters), got shape {held.shape}.")
        if not _checks.is_traced(held):
            gap = float(abs(held - held.swapaxes(1, 2)).max())
            if gap > 1e-12 * float(abs(held).max()):
                raise ValueError(f"matrices must be symmetric; the largest |A−Aᵀ| is {gap:g}.")
        self.matrices = held

    def __call__(self, parameters: Parameters) -> Real:
        """½θᵀA_iθ"""
        return 0.5 * jnp.asarray(self.matrices) @ parameters @ parameters

    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """θ has shape (parameters,), and x has shape (features,)."""
        if shape != self.matrices.shape[:1]:
            raise ValueError(f"The forms make an x of shape {self.matrices.shape[:1]}, the problem has {shape}.")
        check_array(parameters, self.matrices.shape[1:2], "(parameters,)")

    def lift(self, x: Numeric, balance: Numeric, q: Numeric = 2.0) -> Parameters:
        """Refused: a quadratic form has no canonical preimage."""
        raise ValueError("A quadratic form has no canonical lift: give the start θ itself.")

    def pull_back(self, parameters: Parameters, covector: Real) -> Parameters:
        """Σ_i v_i A_iθ"""
        return jnp.tensordot(covector, jnp.asarray(self.matrices), 1) @ parameters

    def unfinished(self, parameters: Parameters, velocity: Parameters, gradient: Real, decay_rate: Scalar) -> Scalar:
        """‖θ̇‖/‖Dg(θ)‖ while growing, the smaller of it and ‖θ̇‖ while shrinking."""
        return generic_unfinished(self, parameters, velocity)
