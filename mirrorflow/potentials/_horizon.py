"""The horizon of a potential: the norm whose max-margin problem its flows solve."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from .._checks import is_traced
from .._types import Numeric, Scalar


@dataclasses.dataclass(frozen=True, init=False)
class Lp:
    """The norm ‖x‖_p = (Σ|x_i|^p)^{1/p}, max|x_i| for p=∞.

    **Arguments:** `p`: at least 1, or `inf`; `orthant`: whether it belongs to x≥0 alone, as for a potential on x>0,
    whose flows look for margins there.

    **Raises:** `ValueError` for p<1, NaN or a traced p.

    **Source:** theory page 04.

    >>> norm = mf.potentials.Lp(1)
    >>> norm, float(norm([3.0, -4.0]))
    (Lp(p=1.0), 7.0)
    """

    p: float
    orthant: bool

    def __init__(self, p: Numeric, *, orthant: bool = False):
        if is_traced(p):
            raise ValueError("p decides which norm this is and cannot be traced.")
        if not float(p) >= 1:
            raise ValueError(f"p must be at least 1 or inf, got {float(p)}.")
        object.__setattr__(self, "p", float(p))
        object.__setattr__(self, "orthant", bool(orthant))

    def __repr__(self) -> str:
        return f"Lp(p={self.p}, orthant=True)" if self.orthant else f"Lp(p={self.p})"

    def __call__(self, x: Numeric) -> Scalar:
        """‖x‖_p over all entries of x."""
        magnitude = jnp.abs(jnp.asarray(x, dtype=jnp.result_type(float)))
        largest = jnp.max(magnitude, initial=0.0)
        if np.isinf(self.p):
            return largest
        unit = jnp.where(largest > 0, largest, 1.0)
        total = jnp.sum((magnitude / unit) ** self.p)
        return unit * jnp.where(largest > 0, total, 1.0) ** (1 / self.p) * (largest > 0)

    @property
    def dual(self) -> "Lp":
        """ℓ_{p'} with 1/p+1/p'=1."""
        if self.p == 1:
            return Lp(np.inf)
        return Lp(1.0) if np.isinf(self.p) else Lp(self.p / (self.p - 1))


@dataclasses.dataclass(frozen=True, init=False)
class Schatten:
    """The norm ‖X‖_{S_p} of a matrix: the ℓp norm of its singular values. Nuclear for p=1, spectral for p=∞.

    **Arguments:** `p`: at least 1, or `inf`.

    **Raises:** `ValueError` for p<1, NaN or a traced p, and when it is applied to what is no matrix.

    **Source:** theory pages 01 and 04.

    >>> mf.potentials.Schatten(1), float(mf.potentials.Schatten(1)(jnp.diag(jnp.array([3.0, -4.0]))))
    (Schatten(p=1.0), 7.0)
    """

    p: float

    def __init__(self, p: Numeric):
        object.__setattr__(self, "p", Lp(p).p)

    def __call__(self, x: Numeric) -> Scalar:
        """‖X‖_{S_p}"""
        x = jnp.asarray(x, dtype=jnp.result_type(float))
        if x.ndim != 2:
            raise ValueError(f"x must be a matrix, got shape {x.shape}.")
        return Lp(self.p)(jnp.linalg.svd(x, compute_uv=False))

    @property
    def dual(self) -> "Schatten":
        """The Schatten norm with 1/p+1/p'=1."""
        return Schatten(Lp(self.p).dual.p)
