"""The horizon of a potential, from its numbers alone."""

import dataclasses
import fractions
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Held, Numeric, Scalar
from ._horizon import Lp
from ._limits import limits_of_mirror_map

if TYPE_CHECKING:
    from ._base import AbstractPotential

_LOGARITHMS = np.geomspace(0.25, 340.0, 80)  # of distances, up to where squares leave the range of floats
_EXPLODING = 1.3  # growth of the exponent, for each doubling of the logarithm, beyond which it is infinite
_PROVED = 1e-9  # estimated error of an exponent that is known as well as floats tell
_CHANCE = 0.1  # within an error e, one number in 1/(2·0.1²) has a fraction of denominator up to 0.1/√e
_KNOWN = 1e-2  # estimated error with which an exponent is given at all
_DENOMINATOR = 60


@dataclasses.dataclass(frozen=True, eq=False)
class NumericHorizon:
    """The gauge ‖(w₊x⁺ + w₋x⁻)‖_p of a horizon that is no plain norm: a weight for each side, maybe each coordinate.

    **Fields:** `p`, at least 1, or `inf`; `positive`, `negative`: w₊ and w₋, 0-d or of the shape of x, normalized to
    w₊=1 for the first coordinate (φ(e₁)=1), or, if that one is 0, to a largest weight 1; a side on which the potential
    grows with a smaller exponent has weight 0. `error`: the estimated error of p and of the weights, relative.

    **Source:** theory page 04 (horizon function).
    """

    p: float
    positive: np.ndarray
    negative: np.ndarray
    error: float

    def __call__(self, x: Numeric) -> Scalar:
        """φ_∞(x)"""
        x = jnp.asarray(x, dtype=jnp.result_type(float))
        # weights of a polar gauge may be infinite
        scaled = jnp.where(x == 0, 0.0, jnp.where(x < 0, self.negative, self.positive) * x)
        unbounded = jnp.any(jnp.isinf(scaled))
        return jnp.where(unbounded, jnp.inf, Lp(self.p)(jnp.where(unbounded, 0.0, scaled)))

    @property
    def dual(self) -> "NumericHorizon":
        """The polar gauge sup{⟨x,y⟩ : φ(x)≤1}: exponent p', weights inverted; infinite where a weight is 0."""
        with np.errstate(divide="ignore"):
            positive, negative = np.asarray(1 / self.positive), np.asarray(1 / self.negative)
        return NumericHorizon(Lp(self.p).dual.p, positive, negative, self.error)


def numeric_horizon(potential: "AbstractPotential") -> Lp | NumericHorizon | None:
    """φ_∞(θ) ∝ lim_{η→0} η·R⁻¹(ΣR(θ_i/η)) from the growth of Q at large |x|, on each side.

    The exponent is the limit of xQ'(x)/Q(x) = x²R''/Q: p for |x|^p and whatever is of lower order, 1 for |x|log|x|,
    infinite for what outgrows every power. It is read off at distances e^{u/2^k}, as far as floats reach, and
    extrapolated in 1/u, so that logarithmic factors are seen through; weights are what has to be put before |x| to
    make the growths of two sides equal.

    **Returns:** `Lp(p)` if the potential grows alike on every side and coordinate to within the estimated error, and
    that error leaves one exponent: a fraction so simple that it is hardly there by chance, or p known to rounding.
    Else a `NumericHorizon` with the error. None if the mirror map is bounded on a side, or the domain is.

    **Raises:** `ValueError` if the numbers do not tell the exponent within 1e-2.

    **Source:** theory page 04.

    >>> mf.potentials.numeric_horizon(mf.potentials.HyperbolicEntropy(1e-3))
    Lp(p=1.0)
    """
    shape = _shape(potential)
    low, high = limits_of_mirror_map(potential, shape)
    sides = [side for side, end in zip((1.0, -1.0), potential.domain[::-1], strict=True) if not np.isfinite(end).all()]
    bounded = np.isfinite(low).any() or np.isfinite(high).any()
    finite = [np.isfinite(end) for end in potential.domain]
    if not sides or bounded or (finite[0] & finite[1]).any():
        return None
    grown = [_Growth.of(potential, side, shape) for side in sides]
    present = [~np.broadcast_to(np.isfinite(end), shape) for end in potential.domain[::-1]]
    exponents = np.array([growth.exponent for growth in grown])
    errors = np.array([growth.error for growth in grown])
    there = np.array([present[0 if side > 0 else 1] for side in sides])
    p = float(np.max(exponents[there]))
    error = float(np.max(errors[there]))
    if not error < _KNOWN:
        raise ValueError(
            f"The growth of {type(potential).__name__} has no exponent within reach of floats: {p}±{error}."
        )
    weights = {side: np.ones(shape) for side in (1.0, -1.0)}
    reference = grown[0].log_balance if there[0].all() or len(sides) == 1 else grown[-1].log_balance
    anchor = reference.reshape(len(reference), -1)[:, 0]
    for side, growth, here in zip(sides, grown, there, strict=True):
        found, doubt = _weights(growth, anchor, p)
        found = np.where(growth.exponent < p - 2 * error - 1e-6, 0.0, found)
        weights[side] = np.where(here, found, 1.0)
        error = max(error, float(np.max(np.where(here & (found > 0), doubt, 0.0))))
    named = _named(p, error)
    alike = all(np.all(np.abs(weight - 1) <= error + 1e-12) for weight in weights.values())
    if alike and named is not None:
        return Lp(named, orthant=sides == [1.0] and bool(np.all(np.equal(potential.domain[0], 0.0))))
    named = p if named is None else named
    largest = max(float(np.max(weight)) for weight in weights.values())
    first = float(weights[1.0].reshape(-1)[0])
    unit = first if first > 0 else largest
    return NumericHorizon(named, np.asarray(weights[1.0] / unit), np.asarray(weights[-1.0] / unit), error)


@dataclasses.dataclass(frozen=True)
class _Growth:
    """Of one side: log Q at the logarithms u of distances, and what its slope tends to."""

    log_balance: Held  # (distances, *shape), −∞ where floats do not reach
    exponent: Held
    error: Held

    @classmethod
    def of(cls, potential: "AbstractPotential", side: float, shape: tuple[int, ...]) -> "_Growth":
        """log Q and the limit of xQ'/Q."""

        def at(log_distance):
            x = side * jnp.full(shape, jnp.exp(log_distance))
            balance = potential.balance_density(x)
            return jnp.log(balance), x * (potential.metric_times_identity(x) / balance)

        with jax.ensure_compile_time_eval():
            log_balance, slope = (np.array(part) for part in jax.jit(jax.vmap(at))(_LOGARITHMS))
            clean = np.isfinite(log_balance) & np.isfinite(slope) & (slope > 0)
            # balances may be negative at first; from where they are clean on, up to where they first are not
            clean &= _from_first(clean)
            last = _last(clean)
            furthest = _LOGARITHMS[last]
            halves = np.stack([furthest / 2**k for k in range(4)])
            columns = np.asarray(jax.jit(jax.vmap(lambda u: _diagonal(at, u, shape)))(halves))
        exponent, error = _limit_of_slope(columns)
        return cls(np.where(clean, log_balance, -np.inf), exponent, error)


def _shape(potential: "AbstractPotential") -> tuple[int, ...]:
    """The shape of x: that of numbers which differ between coordinates, else of one coordinate."""
    shapes = {np.shape(number) for number in vars(potential).values() if hasattr(number, "shape")} - {()}
    return shapes.pop() if shapes else ()


def _from_first(clean: Held) -> Held:
    """Whether no gap lies between a distance and the first clean one."""
    begun = np.logical_or.accumulate(clean, axis=0)
    broken = np.logical_or.accumulate(begun & ~clean, axis=0)
    return begun & ~broken


def _last(clean: Held) -> Held:
    return len(clean) - 1 - np.argmax(clean[::-1], axis=0)


def _diagonal(at, logarithms, shape):
    """xQ'/Q with a distance of its own for every coordinate."""
    if not shape:
        return at(logarithms)[1]
    flat = jnp.ravel(logarithms)
    slopes = jax.vmap(lambda u: jnp.ravel(at(u)[1]))(flat)
    return jnp.diagonal(slopes).reshape(shape)


def _limit_of_slope(slopes: Held) -> tuple[Held, Held]:
    """The limit for 1/u→0 of slopes at u, u/2, u/4, u/8, with its error; ∞ for slopes that keep growing."""
    last, half = slopes[:2]
    exploding = (last > _EXPLODING * half) & (last > 2)
    straight = np.abs(last - half) <= 1e-9 * last  # nothing left to extrapolate
    once = 2 * slopes[:3] - slopes[1:]  # without the term in 1/u
    twice = (4 * once[:2] - once[1:]) / 3  # nor that in 1/u²
    limit = np.where(straight, last, twice[0])
    apart = np.maximum(np.abs(twice[0] - once[0]), np.abs(twice[0] - twice[1]))
    error = np.where(straight, np.abs(last - half), apart) + 1e-12 * last
    return np.where(exploding, np.inf, np.maximum(limit, 1.0)), np.where(exploding, 0.0, error)


def _weights(growth: _Growth, anchor: Held, p: float) -> tuple[Held, Held]:
    """What to put before |x| so that log Q is that of the anchor, far out, and by how much it still changes."""
    flat = growth.log_balance.reshape(len(_LOGARITHMS), -1)
    pairs = [_weight(column, anchor, p) for column in flat.T]
    shape = growth.log_balance.shape[1:]
    weights, doubts = (np.array(part).reshape(shape) for part in zip(*pairs, strict=True))
    return weights, doubts


def _weight(column: Held, anchor: Held, p: float) -> tuple[float, float]:
    both = np.isfinite(column) & np.isfinite(anchor)
    if (column[both] == anchor[both]).all():
        return 1.0, 0.0
    u = _LOGARITHMS[both]
    if np.isfinite(p):
        gap = (column[both] - anchor[both]) / p
        last, half = gap[-1], np.interp(u[-1] / 2, u, gap)
        straight = abs(last - half) <= 1e-9
        limit = last if straight else 2 * last - half  # in 1/u, as for the exponent
        return float(np.exp(limit)), abs(float(np.expm1(last - half)))
    # log Q(x) = log Q_anchor(w·x): w from the distances at which both reach the same height
    heights = min(column[both][-1], anchor[both][-1]) * np.array([1.0, 0.5])
    ratios = np.exp([_inverse(anchor, h) - _inverse(column, h) for h in heights])
    return float(2 * ratios[0] - ratios[1]), abs(float(ratios[0] - ratios[1]))  # without the term in 1/log Q


def _inverse(column: Held, height: float) -> float:
    """The logarithm of the distance at which log Q is `height`: log log Q is nearly straight in it."""
    kept = np.isfinite(column) & (column > 0)
    return float(np.interp(np.log(height), np.log(column[kept]), _LOGARITHMS[kept]))


def _named(p: float, error: float) -> float | None:
    """The exponent that the numbers prove: p itself if known to rounding, or a fraction within the error, so simple
    that it is hardly there by chance.
    """
    if np.isinf(p):
        return p
    denominator = int(min(_DENOMINATOR, max(1.0, _CHANCE / np.sqrt(error))))
    simple = float(fractions.Fraction(p).limit_denominator(denominator))
    if abs(simple - p) <= max(error, 1e-10) and simple >= 1:
        return simple
    return p if error <= _PROVED else None
