"""Which starts of a single neuron flip the sign of its outer weight, and which of them learn the teacher."""

from typing import NamedTuple

import numpy as np

from .. import _checks
from .._types import Anything, Held, Numeric, Real


class SignFlip(NamedTuple):
    """`flips`: whether a<0 becomes a>0; `succeeds`: whether the loss goes to 0; `margin`: > 0 where w is strong enough
    for a flip, 0 on the separatrix. Each of the shape of the starts without their last axis.
    """

    flips: Anything
    succeeds: Anything
    margin: Real


def sign_flip(start: Numeric, balances: Numeric | None = None) -> SignFlip:
    """What the flow of `problems.TeacherNeuron` does from a start (a,w), without integrating it.

    Plain gradient flow conserves a²−‖w‖², and a flow of m⊙w with balances β₁ on a, β₂ on every w_j conserves
    √(4a²+β₁²)−Σ_j√(4w_j²+β₂²). On both a<0 grows and w shrinks until one of them is 0, and a gets there first iff

    ‖w‖² > a² (plain); Σ_j(√(4w_j²+β₂²)−β₂) > √(4a²+β₁²)−β₁ (m⊙w);

    `margin` is the left-hand side less the right-hand one. From a>0 every w turns towards e₁, except along −e₁, where
    no signal reaches it: in d=1 that is all of w<0. With β₁=0 a keeps its sign, with β₂=0 w does, and the flow ends at
    a saddle instead.

    **Arguments:** `start`: (a, w₁…w_d) along the last axis, w≠0; `balances`: (β₁, β₂) ≥ 0, numbers or arrays of the
    shape of the starts without their last axis; nothing for plain gradient flow.

    **Returns:** a `SignFlip`. On the separatrix itself (margin 0) the flow ends at the saddle 0: no flip, no success.

    **Raises:** `ValueError` for a start without w or at w=0, or a balance below 0.

    **Source:** arXiv:2504.12801 (plain flow; d=1); theory page 05, derived there (d>1).

    >>> starts = jnp.array([[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    >>> mf.predict.sign_flip(starts, balances=(1.0, 0.5)).succeeds.tolist()
    [True, True, False]
    """
    a, w = _split(start)
    reach, hold = _sides(a, w, balances)
    with np.errstate(over="ignore"):
        margin = (reach - hold) * (reach + hold if balances is None else 1.0)
    turns = ~_along_negative_axis(w)
    moves, learns = True, turns
    if balances is not None:
        beta1, beta2 = _balances(balances, w)
        moves, learns = beta1 > 0, turns & ((beta2 > 0) | (w[..., 0] > 0))
    flips = (a < 0) & (reach > hold) & turns & moves
    return SignFlip(flips, learns & ((a > 0) | flips | ((a == 0) & moves)), margin)


def separatrix(w: Numeric, balances: Numeric | None = None) -> Real:
    """The |a| at which the flow of `problems.TeacherNeuron` from (−|a|,w) ends at the saddle 0: smaller ones flip.

    ‖w‖ for plain gradient flow; ½√(S²+2Sβ₁) with S=Σ_j(√(4w_j²+β₂²)−β₂) for m⊙w.

    **Arguments:** `w`: shape (…, d); `balances`: as for `sign_flip`.

    **Returns:** sizes of the shape of w without its last axis.

    **Raises:** `ValueError` as `sign_flip` does.

    >>> round(float(mf.predict.separatrix(jnp.array([0.3, 0.4]))), 9)
    0.5
    """
    w = _weights(_checks.number("w", w, shape=None))
    numpy = _checks.array_module(w, balances)
    if balances is None:
        return _length(w)
    beta1, beta2 = _balances(balances, w)
    reach = numpy.sum(_above(w, _spread(beta2, w)), axis=-1)
    return 0.5 * numpy.sqrt(reach * (reach + 2 * beta1))


def separating_balance(start: Numeric, beta2: Numeric) -> Real:
    """The β₁ above which a<0 flips, for the balance β₂ on w: (4a²−S²)/(2S) with S=Σ_j(√(4w_j²+β₂²)−β₂).

    Where it is negative, a flips for every β₁>0.

    **Arguments:** `start`: as for `sign_flip`; `beta2`: β₂ ≥ 0, a number or of the shape of the starts without their
    last axis.

    **Raises:** `ValueError` as `sign_flip` does.

    >>> round(float(mf.predict.separating_balance(jnp.array([-0.5, 0.5]), beta2=0.7)), 9)
    0.7
    """
    a, w = _split(start)
    reach, _ = _sides(a, w, (0.0, beta2))
    return (2 * a - reach) * (2 * a + reach) / (2 * reach)


def _split(start: Numeric) -> tuple[Real, Real]:
    start = _checks.number("start", start, shape=None)
    if start.ndim == 0 or start.shape[-1] < 2:
        raise ValueError(f"start must hold (a, w₁…w_d) along its last axis, d ≥ 1, got shape {tuple(start.shape)}.")
    return start[..., 0], _weights(start[..., 1:])


def _weights(w: Held) -> Real:
    if w.ndim == 0:
        raise ValueError("w must have its entries along its last axis, got a number.")
    if not _checks.is_traced(w) and not np.any(np.asarray(w), axis=-1).all():
        raise ValueError("w must not be 0: no flow leaves the saddle (a, 0), so there is nothing to predict.")
    return w


def _sides(a: Real, w: Real, balances: Numeric | None) -> tuple[Real, Real]:
    """What w and what a can still lose of the conserved quantity; for plain flow the roots of that."""
    numpy = _checks.array_module(a, w, balances)
    if balances is None:
        return _length(w), numpy.abs(a)
    beta1, beta2 = _balances(balances, w)
    return numpy.sum(_above(w, _spread(beta2, w)), axis=-1), _above(a, beta1)


def _length(w: Real) -> Real:
    """‖w‖ along the last axis, w≠0; no square leaves the range of floats."""
    numpy = _checks.array_module(w)
    largest = numpy.max(numpy.abs(w), axis=-1)
    return largest * numpy.sqrt(numpy.sum((w / largest[..., None]) ** 2, axis=-1))


def _balances(balances: Numeric, w: Real) -> tuple[Held, Held]:
    try:
        first, second = balances
    except (TypeError, ValueError):
        raise ValueError(f"balances must be a pair (β₁, β₂), of a and of w, got {balances!r}.") from None
    beta1 = _checks.nonnegative("β₁ of balances", first, shape=None)
    beta2 = _checks.nonnegative("β₂ of balances", second, shape=None)
    starts = tuple(w.shape[:-1])
    for name, beta in (("β₁", beta1), ("β₂", beta2)):
        if beta.ndim > 0 and tuple(beta.shape) != starts:
            raise ValueError(
                f"{name} of balances must be a number or of the shape {starts} of the starts, got {tuple(beta.shape)}."
            )
    return beta1, beta2


def _spread(beta: Held, w: Real) -> Held:
    """β as an array that goes with every entry of w."""
    return beta if beta.ndim == 0 else beta[..., None]


def _above(x: Real, beta: Real) -> Real:
    """√(4x²+β²)−β without its cancellation."""
    numpy = _checks.array_module(x, beta)
    bottom = numpy.hypot(2 * x, beta) + beta
    return 2 * x * (2 * x / numpy.where(bottom > 0, bottom, 1.0))


def _along_negative_axis(w: Real) -> Anything:
    return (w[..., 0] < 0) & (w[..., 1:] == 0).all(axis=-1)
