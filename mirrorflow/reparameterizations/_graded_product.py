"""Products of matrices from a vanishing start: singular values of 1e-120 and of 1 side by side."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks, _graded
from .._types import Held, Numeric, Parameters, Real, Scalar
from ._base import AbstractReparameterization
from ._matrix_product import MatrixProduct
from ._symmetric_product import SymmetricProduct

_ORTHONORMAL = 1e-5  # what rounding and loose tolerances leave of QᵀQ=I


class GradedProduct(AbstractReparameterization):
    """X = UVᵀ (or UUᵀ without `columns`) whose factors are held as Q·diag(e^ℓ)·N instead of as entries.

    Y=(U;V), or Y=U, has Ẏ=AY with the symmetric A = −[[0,∇f],[∇fᵀ,0]], or −(∇f+∇fᵀ). With orthonormal Q (the
    directions that have grown, in their order), logarithms ℓ of their sizes and a unit upper triangular N,

        Q̇ = AQ−QT,   ℓ̇_i = T_ii,   Ṅ = strict(e^{−ℓ}Te^{ℓ})N,   T = diag(B)+2·upper(B),  B = QᵀAQ,

    the continuous QR method for Lyapunov exponents. Nothing small is ever added to something large, so that starts of
    1e-30, 1e-60 or e^{−4480} keep the digits of every singular value, which entries lose below 1e-16 of the largest.
    A flow on it is the gradient flow of the *factors*, with their decay; the chart has no part in it.

    θ = {"frame": Q (rows+columns, rank), "log_scales": ℓ (rank,), "mixing": N (rank, rank)}; `factors` makes it from U
    and V. A direction whose growth is decided by a coupling to larger ones below the solver's tolerance is not resolved
    (one that is exactly 0, as in commuting problems on their axes, is).

    **Arguments:** `rows`, `rank`, `columns`: at least 1, rank ≤ rows (UUᵀ) or rows+columns (UVᵀ).

    **Raises:** `ValueError` for other sizes.

    **Source:** Dieci, Russell, Van Vleck (1997), On the computation of Lyapunov exponents (continuous QR); theory pages
    01 and 02 (matrices).

    >>> product = mf.reparameterizations.GradedProduct(rows=2, rank=1)
    >>> theta = product.factors(jnp.array([[3.0], [4.0]]), log_scale=-1000.0)
    >>> round(float(theta["log_scales"][0]), 6), product(theta).tolist()
    (-998.390562, [[0.0, 0.0], [0.0, 0.0]])
    """

    rows: int = eqx.field(static=True)
    columns: int | None = eqx.field(static=True)
    rank: int = eqx.field(static=True)

    def __init__(self, rows: int, rank: int, columns: int | None = None):
        self.rows = _checks.integer("rows", rows, at_least=1)
        self.columns = None if columns is None else _checks.integer("columns", columns, at_least=1)
        self.rank = _checks.integer("rank", rank, at_least=1)
        if self.rank > self.height:
            sizes = "rows" if self.columns is None else "rows+columns"
            raise ValueError(
                f"rank must be at most {sizes} = {self.height}, got {self.rank}: X depends on the Gram matrix of the "
                "factors' rows only, so that wider factors can be turned into narrower ones."
            )

    @property
    def height(self) -> int:
        """The rows of Y."""
        return self.rows + (self.columns or 0)

    @property
    def plain(self) -> MatrixProduct | SymmetricProduct:
        """The same product with its factors as entries."""
        if self.columns is None:
            return SymmetricProduct(self.rows, self.rank)
        return MatrixProduct(self.rows, self.columns, self.rank)

    def factors(self, left: Numeric, right: Numeric | None = None, *, log_scale: Numeric = 0.0) -> Parameters:
        """θ of the factors e^{log_scale}·U, e^{log_scale}·V, up to a common rotation of their columns.

        **Arguments:** `left`: U, shape (rows, rank); `right`: V, shape (columns, rank), for UVᵀ; `log_scale`: a number.

        **Raises:** `ValueError` for other shapes, or columns of (U;V) that are dependent.
        """
        parts = [_checks.number("left", left, shape=(self.rows, self.rank))]
        if (right is None) != (self.columns is None):
            raise ValueError(f"right must {'not ' if self.columns is None else ''}be given for this product.")
        if self.columns is not None:
            assert right is not None
            parts.append(_checks.number("right", right, shape=(self.columns, self.rank)))
        log_scale = _checks.number("log_scale", log_scale)
        frame, upper = _decomposed(parts)
        sizes = jnp.diagonal(upper)
        scales = jnp.log(jnp.abs(sizes)) + log_scale
        mixing = jnp.triu(upper / sizes[:, None], 1) + jnp.eye(self.rank)
        return {"frame": frame * jnp.sign(sizes)[None], "log_scales": scales, "mixing": mixing}

    def __call__(self, parameters: Parameters) -> Real:
        """Q_U·e^ℓNNᵀe^ℓ·Q_Vᵀ"""
        core = jnp.exp(parameters["log_scales"])[:, None] * parameters["mixing"]
        left, right = self.halves(parameters["frame"])
        return (left @ core) @ (right @ core).T

    def halves(self, frame: Real) -> tuple[Real, Real]:
        """The rows of Q that belong to U and those that belong to V; both are Q for UUᵀ."""
        if self.columns is None:
            return frame, frame
        return frame[..., : self.rows, :], frame[..., self.rows :, :]

    def driven(self, frame: Real, gradient: Real) -> Real:
        """AQ"""
        if self.columns is None:
            return -(gradient + gradient.T) @ frame
        left, right = self.halves(frame)
        return -jnp.concatenate([gradient @ right, gradient.T @ left])

    def log_singular_values(self, parameters: Parameters) -> np.ndarray:
        """log σ_i(X), decreasing, of parameters with any leading axes, to high relative accuracy; on the host.

        **Returns:** shape (…, min(rank, rows, columns)).
        """
        frame, logs, mixing = (np.asarray(parameters[name], float) for name in ("frame", "log_scales", "mixing"))
        if self.columns is None:
            # X = (Q·e^ℓN)(Q·e^ℓN)ᵀ, and e^ℓN is read by its rows
            return 2 * _graded.log_singular_values(np.swapaxes(mixing, -1, -2), logs)
        left, right = self.halves(frame)
        # U = Q_U·e^ℓN with its own orthonormal columns and scales, V in the same way; then what stands between them
        (log_left, of_left), (log_right, of_right) = (
            _graded.triangular(np.asarray(half), logs) for half in (left, right)
        )
        core = (of_left @ mixing) @ np.swapaxes(of_right @ mixing, -1, -2)
        lower, pivots, upper = _graded.without_pivots(core)
        kept = pivots.shape[-1]
        with np.errstate(divide="ignore"):
            middle = log_left[..., :kept] + log_right[..., :kept] + np.log(np.abs(pivots))
        lower = _conjugated(lower, log_left, log_left[..., :kept])
        upper = _conjugated(upper, -log_right[..., :kept], -log_right)
        scales, unit = _graded.triangular(lower, middle)
        return _graded.log_singular_values(np.swapaxes(unit @ upper, -1, -2), scales)

    def check(self, parameters: Parameters, shape: tuple[int, ...]) -> None:
        """θ has its parts, Q orthonormal columns, N a unit diagonal and nothing below it, and x the shape of X."""
        made = (self.rows, self.rows if self.columns is None else self.columns)
        if shape != made:
            raise ValueError(f"The product makes an x of shape {made}, the problem has {shape}.")
        expected = {
            "frame": (self.height, self.rank),
            "log_scales": (self.rank,),
            "mixing": (self.rank, self.rank),
        }
        if not isinstance(parameters, dict) or set(parameters) != set(expected):
            given = sorted(map(str, parameters)) if isinstance(parameters, dict) else type(parameters).__name__
            raise ValueError(f"start must be what GradedProduct.factors or .lift makes, got {given}.")
        for name, wanted in expected.items():
            if tuple(jnp.shape(parameters[name])) != wanted:
                raise ValueError(f'start["{name}"] must have shape {wanted}, got {tuple(jnp.shape(parameters[name]))}.')
        frame, mixing = parameters["frame"], parameters["mixing"]
        if not _checks.is_traced(frame) and np.abs(frame.T @ frame - np.eye(self.rank)).max() > _ORTHONORMAL:
            raise ValueError('start["frame"] must have orthonormal columns; GradedProduct.factors makes them.')
        if not _checks.is_traced(mixing) and np.abs(np.tril(mixing) - np.eye(self.rank)).max() > 0:
            raise ValueError('start["mixing"] must be unit upper triangular; GradedProduct.factors makes it so.')

    def lift(self, x: Numeric, balance: Numeric = 0.0, q: Numeric = 2.0) -> Parameters:
        """θ of the factors that the plain product is lifted to.

        **Raises:** `ValueError` as there, and where the columns of these factors are dependent (an X of smaller rank
        with balance 0, which has no logarithm).
        """
        made = self.plain.lift(x, balance, q)
        return self.factors(made) if self.columns is None else self.factors(made["left"], made["right"])

    def pull_back(self, parameters: Parameters, covector: Real) -> Parameters:
        """Dg(θ)ᵀv in the chart (the flow moves the factors and does not use it)."""
        return jax.vjp(self.__call__, parameters)[1](covector)[0]

    def unfinished(self, parameters: Parameters, velocity: Parameters, gradient: Real, decay_rate: Scalar) -> Scalar:
        """The relative speed ‖Aq_i−decay·q_i‖ of each direction, and what may still grow.

        A direction that shrinks has come to rest once its velocity is small and no direction at all would grow, as for
        the plain product.
        """
        frame, logs = parameters["frame"], parameters["log_scales"]
        moved = self.driven(frame, gradient)
        relative = jnp.linalg.norm(moved - decay_rate * frame, axis=0)
        speeds = jnp.exp(logs) * relative
        if self.columns is None:
            steepest = jnp.max(jnp.linalg.eigvalsh(-(gradient + gradient.T)))
        else:
            steepest = jnp.linalg.norm(gradient, ord=2)
        growth = jnp.clip(steepest - decay_rate, 0, None)
        shrinking = jnp.sum(frame * moved, axis=0) - decay_rate < 0
        return jnp.max(jnp.where(shrinking, jnp.minimum(relative, jnp.maximum(speeds, growth)), relative))


def _decomposed(parts: list[Held]) -> tuple[Real, Real]:
    """Q and R of the stacked factors; columns of known numbers are taken in an order that grades R."""
    if any(map(_checks.is_traced, parts)):
        return jnp.linalg.qr(jnp.concatenate(parts))
    import scipy.linalg

    made: tuple[Any, ...] = scipy.linalg.qr(np.concatenate(parts), mode="economic", pivoting=True)
    frame, upper = np.asarray(made[0]), np.asarray(made[1])
    sizes = np.abs(np.diagonal(upper))
    if not sizes[-1] > float(jnp.finfo(upper.dtype).eps) * len(frame) * sizes[0]:
        raise ValueError(
            f"The {len(sizes)} columns of the factors must be independent; they are so up to "
            f"{sizes[-1] / sizes[0] if sizes[0] else 0:.2g} only. Give the product a smaller rank."
        )
    return jnp.asarray(frame), jnp.asarray(upper)


def _conjugated(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """diag(e^rows)·M·diag(e^−columns) for a graded M, whose entries stay of ordinary size."""
    return matrix * np.exp(np.clip(rows[..., :, None] - columns[..., None, :], -600.0, 600.0))
