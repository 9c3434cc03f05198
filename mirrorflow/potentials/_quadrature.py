"""Adaptive Gauss–Legendre integrals, elementwise, inside compiled code."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Real

_COARSE = np.polynomial.legendre.leggauss(10)
_FINE = np.polynomial.legendre.leggauss(16)
_STEPS = 6000  # some 1.3 a doubling of the distance, and floats span 2000 doublings
_SAFETY = 200.0  # QUADPACK's: the fine rule's error on a smooth panel is taken for (200·disagreement)^1.5
_LAST_SHARE = 2 / 3  # panels [d/3,d] while 0 is approached: both rules see a singularity at 0 from outside
_ROUGH = 9  # panels of a first estimate
_NOISE = 16.0  # roundings of the whole that a panel may be wrong by
_WHOLE = 1 / 16  # distances from the reference point that one panel may cover


def integral(density: Callable[[Real], Real], reference: Real, x: Real) -> Real:
    """∫ density from the reference point to x, elementwise, of a density that does not change its sign on the way.

    Panels are laid from x towards the reference point, each halved until two rules agree and doubled where they do.
    With one sign, agreement relative to the sum is relative accuracy, and singularities at the reference point are
    passed by panels that shrink until what is left is rounding. NaN where the estimated error is more than 1e-10 of
    the result, in double precision. Differentiable in the numbers of the density in forward mode.
    """
    dtype = x.dtype
    eps = float(jnp.finfo(dtype).eps)
    agreement, accepted = eps ** (2 / 3), 3 * eps ** (2 / 3)
    side = jnp.where(x < reference, -1.0, 1.0).astype(dtype)
    length = side * (x - reference)

    def panel(rule: tuple[np.ndarray, np.ndarray], far: Real, width: Real) -> Real:
        nodes, weights = (np.asarray(part, dtype) for part in rule)
        values = jax.vmap(lambda node: density(reference + side * (far - width * (1 - node) / 2)))(nodes)
        return jnp.tensordot(weights / 2, values, axes=1) * width

    def rough_size() -> Real:
        """The sum over panels that shrink threefold: below it by how much, noise of the density is negligible."""
        shares = np.asarray(3.0 ** -np.arange(_ROUGH), dtype)
        sizes = jax.vmap(lambda share: panel(_FINE, share * start, _LAST_SHARE * share * start))(shares)
        total = jnp.abs(jnp.sum(sizes, axis=0))
        return jax.lax.stop_gradient(jnp.where(jnp.isfinite(total), total, 0.0))

    def unfinished(carry):
        far, _, _, _, count = carry
        return jnp.any(far > 0) & (count < _STEPS)

    def advance(carry):
        far, width, total, error, count = carry
        active = far > 0
        fine, coarse = panel(_FINE, far, width), panel(_COARSE, far, width)
        scale = jnp.maximum(jnp.maximum(jnp.abs(fine), jnp.abs(total)), rough)
        apart = jnp.abs(fine - coarse)
        smooth = apart <= agreement * jnp.abs(fine)
        good = (smooth | (apart <= _NOISE * eps * scale)) & jnp.isfinite(fine)
        smallest = 8 * eps * jnp.maximum(far, jnp.abs(reference))  # of panels whose nodes are different floats
        stuck = (width <= smallest) & (width < far)
        share = jnp.minimum(_SAFETY * apart / jnp.where(fine != 0, jnp.abs(fine), 1.0), 1.0)
        accept = active & (good | stuck)
        lost = jnp.where(smooth, jnp.abs(fine) * share**1.5, apart)
        total = jnp.where(accept, total + fine, total)
        error = jnp.where(accept, error + lost, error)
        left = jnp.where(accept, jnp.where((width == far) | ~jnp.isfinite(total), 0.0, far - width), far)
        shorter = jnp.where(width == far, _LAST_SHARE * width, width / 2)
        width = jnp.where(accept, longest(left, 2 * width), shorter)
        return left, width, total, error, count + 1

    def longest(far: Real, width: Real) -> Real:
        """Nodes of a panel of many scales can all miss the scale at which the density lives."""
        return jnp.minimum(width, jnp.where(far > _WHOLE, _LAST_SHARE * far, far))

    zero = jnp.zeros_like(length)
    start = jnp.where(jnp.isfinite(length), length, 0.0)
    rough = rough_size()
    carry = (start, longest(start, start), zero, zero, jnp.zeros((), jnp.int32))
    far, _, total, error, _ = jax.lax.while_loop(unfinished, advance, carry)
    exact = (far == 0) & ((error <= accepted * jnp.abs(total)) | jnp.isposinf(jnp.abs(total)))
    return jnp.where(exact & jnp.isfinite(length), side * total, jnp.nan)
