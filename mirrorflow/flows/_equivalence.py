"""Which mirror flow a flow is: the table of theory page 03, with a witness where it is none."""

import equinox as eqx
import jax
import numpy as np

from .. import _checks, potentials
from .._types import Parameters
from ..decay import AbstractDecay, BalancedSquares, Coupled, Decoupled, LogSum, PowerSum, SquaredNorm
from ..geometries import AbstractSteepest, Euclidean
from ..reparameterizations import AbstractProduct, GradedProduct, LogDifference, PowerDifference, bracket, decay_bracket
from ..schedules import AbstractSchedule, Custom, Exponential, Piecewise, Power
from ._flow import Flow
from ._orbit import Orbit

# Relative size above which a bracket computed in floating point counts as different from zero.
BRACKET_TOLERANCE = 1e-6
# Relative difference up to which two factors count as equal.
EQUAL = 1e-9


class NotAMirrorFlow(ValueError):
    """The flow is not a mirror flow; the message names the witness."""


def equivalent_mirror_flow(flow: Flow, start: Parameters) -> Flow:
    """See `Flow.as_mirror_flow`."""
    if flow.reparameterization is None:
        return flow
    if isinstance(flow.reparameterization, GradedProduct):
        raise ValueError("as_mirror_flow takes brackets of factors: ask the flow of the graded product's `plain` one.")
    start = flow.check_start(start)
    if any(_checks.is_traced(leaf) for leaf in jax.tree.leaves(start)):
        raise ValueError("as_mirror_flow reads the start, so it cannot be called on a traced one.")
    if not isinstance(flow.geometry, AbstractSteepest):
        name = type(flow.geometry).__name__
        raise NotAMirrorFlow(f"No theorem makes the {name} geometry's flow on parameters a mirror flow in x.")
    decay = None if flow.decay is None or _is_zero(flow.decay.strength) else flow.decay
    if isinstance(flow.reparameterization, AbstractProduct):
        return _hadamard(flow, flow.reparameterization, decay, np.asarray(start))
    if isinstance(flow.reparameterization, PowerDifference):
        return _power_difference(flow, flow.reparameterization, decay, np.asarray(start))
    if isinstance(flow.reparameterization, LogDifference):
        return _log_difference(flow, flow.reparameterization, decay, np.asarray(start))
    return _by_bracket(flow, decay, start)


def _hadamard(flow: Flow, product: AbstractProduct, decay: AbstractDecay | None, start: np.ndarray) -> Flow:
    q = float(flow.geometry.q)  # type: ignore[attr-defined]
    small, balance = _one_small_factor(start, q)
    balanced = bool((balance == 0).all())
    if not balanced and bool((balance == 0).any()):
        raise ValueError(
            "as_mirror_flow needs a start with a positive balance in every coordinate or in none; "
            f"it is 0 in {int((balance == 0).sum())} of {balance.size} coordinates."
        )
    if decay is not None:
        _refuse_decay(flow, product, decay, start, q, balanced)
    if decay is None or balanced:
        potential = _steepest_potential(product.depth, q, balance, np.prod(start, axis=0), balanced)
        return _mirror(flow, potential, None if decay is None else _drift(decay, product.depth, q))
    # Depth 2, q=2: m is the large factor, and x=mw fixes the sign of the small one.
    ratio = 2 * np.arctanh(small / np.sqrt(small**2 + balance))
    convention = 1.0 if isinstance(decay, Coupled) else 0.5
    return _mirror(
        flow, potentials.RegularizedHyperbolicEntropy(balance, ratio, decay.strength, convention=convention), None
    )


def _one_small_factor(start: np.ndarray, q: float) -> tuple[np.ndarray, np.ndarray]:
    """The smallest factor with the sign of x, and the balance of the others with it, per coordinate."""
    sizes = np.sort(np.abs(start), axis=0)
    smallest, others = sizes[0], sizes[1:]
    spread = others[-1] - others[0]
    if (spread > EQUAL * others[-1]).any():
        raise ValueError(
            "as_mirror_flow needs a start whose factors but the smallest are equal in size; they differ by "
            f"{float(spread.max()):.3g}. flow.lift(x=…, balance=…) makes such a start."
        )
    balance = others.mean(axis=0) ** q - smallest**q
    balance = np.where(balance <= EQUAL * others.max(axis=0) ** q, 0.0, balance)
    return np.sign(np.prod(np.sign(start), axis=0)) * smallest, balance


def _steepest_potential(depth: int, q: float, balance: np.ndarray, x: np.ndarray, balanced: bool):
    if not balanced:
        return potentials.SteepestFamily(depth, q, balance)
    if q * (depth - 1) < depth:
        return potentials.BalancedSteepest(depth, q)
    if (x == 0).any():
        raise ValueError(
            f"A balanced start at x=0 never leaves it (metric exponent {q * (depth - 1) / depth:g} ≥ 1): there is no "
            "mirror flow to start."
        )
    side = np.sign(x)
    return potentials.BalancedSteepest(depth, q, side[0] if (side == side.flat[0]).all() and side.ndim == 1 else side)


def _refuse_decay(flow: Flow, product: AbstractProduct, decay, start: np.ndarray, q: float, balanced: bool) -> None:
    """Raise where the table of page 03 refuses a decay."""
    depth = product.depth
    if isinstance(decay, Coupled) and not isinstance(decay.penalty, SquaredNorm):
        _refuse_penalty(product, start, decay)
        raise ValueError("as_mirror_flow knows the potential of a product with the penalty ‖θ‖² only.")
    if balanced:
        return
    if q < 2 and isinstance(decay, Coupled):
        raise NotAMirrorFlow(
            f"Coupled decay stands inside the direction map of q={q:g}<2, and 2αw_i is a multiple of ∂x/∂w_i that "
            "differs between unequal factors, so what it adds to the velocity of x depends on f'. From a balanced "
            "start it is a mirror flow."
        )
    if q < 2:
        _refuse_decoupled(depth, q)
    if depth > 2:
        _refuse_penalty(product, start, Coupled(1.0))


def _refuse_decoupled(depth: int, q: float) -> None:
    exponent = q * (depth - 1) / depth
    words = f"Decoupled decay on an unbalanced product of L={depth} factors with q={q:g}<2"
    if abs(exponent - 1) < EQUAL:
        raise ValueError(
            f"{words}: here m=q(L−1)/L=1, and this is the time-dependent mirror flow of R_t''=1/S with the balance "
            "λe^{−q∫α}, but there is no such family among mf.potentials for as_mirror_flow to return; "
            "mf.derive.mirror_drift derives it."
        )
    raise NotAMirrorFlow(
        f"{words}: a mirror flow needs ∂_x(αLx/S) = ∂_t(1/S), and the difference is αL(1−m)/S = "
        f"{depth * (1 - exponent):.3g}·α/S with m=q(L−1)/L={exponent:.3g}, which is not zero."
    )


def _refuse_penalty(reparameterization, start, decay: Coupled) -> None:
    witness = decay_bracket(reparameterization, start, decay.penalty)
    if witness.relative > BRACKET_TOLERANCE:
        extra = ""
        if isinstance(reparameterization, AbstractProduct) and isinstance(decay.penalty, SquaredNorm):
            extra = f", which is 2(L−2)∇g with L={reparameterization.depth}"
        raise NotAMirrorFlow(
            f"The decay does not commute with the reparameterization: the Lie bracket of {witness.between} has size "
            f"{witness.size:.3g} at the start{extra}."
        )


def _power_difference(flow: Flow, difference: PowerDifference, decay, start: np.ndarray) -> Flow:
    if not isinstance(flow.geometry, Euclidean) and not flow.geometry.smooth:
        raise ValueError("as_mirror_flow knows the potential of a power difference for gradient flow (q=2) only.")
    if (start <= 0).any():
        raise ValueError(f"A power difference starts at u, v > 0, got {float(start.min()):g}.")
    u, v = start
    power = difference.power
    if power == 2:
        ratio, balance = np.log(u) - np.log(v), 4 * u * v
        if decay is None:
            return _mirror(flow, potentials.TiltedHyperbolicEntropy(balance / 2, ratio, factor=0.25), None)
        if isinstance(decay, Coupled) and not _is_power_sum(decay, 2):
            _refuse_penalty(difference, start, decay)
        convention = 1.0 if isinstance(decay, Coupled) else 0.5
        family = potentials.RegularizedHyperbolicEntropy(
            balance, ratio, decay.strength, convention=convention, factor=0.25
        )
        return _mirror(flow, family, None)
    if decay is None:
        return _mirror(flow, potentials.PowerDifferencePotential(power, u, v), None)
    if isinstance(decay, Decoupled):
        _refuse_penalty(difference, start, Coupled(1.0))
    assert isinstance(decay, Coupled)
    if not _is_power_sum(decay, power):
        _refuse_penalty(difference, start, decay)
        raise ValueError(f"as_mirror_flow knows the potential with the penalty mf.decay.PowerSum({power}) only.")
    return _mirror(flow, potentials.RegularizedPowerDifference(power, u, v, decay.strength), None)


def _log_difference(flow: Flow, difference: LogDifference, decay, start: np.ndarray) -> Flow:
    if not isinstance(flow.geometry, Euclidean) and not flow.geometry.smooth:
        raise ValueError("as_mirror_flow knows the potential of a log difference for gradient flow (q=2) only.")
    u, v = start
    if decay is None:
        return _mirror(flow, potentials.LogDifferencePotential(u, v), None)
    penalty = decay if isinstance(decay, Coupled) else Coupled(1.0)
    if not isinstance(penalty.penalty, LogSum):
        _refuse_penalty(difference, start, penalty)
        raise ValueError(
            "as_mirror_flow knows the potential of a log difference with the penalty mf.decay.LogSum only."
        )
    return _mirror(flow, potentials.RegularizedLogDifference(u, v, decay.strength), None)


def _by_bracket(flow: Flow, decay, start: Parameters) -> Flow:
    """For maps nothing is known of: refuse with a bracket; if there is none, say what is missing."""
    reparameterization = flow.reparameterization
    assert reparameterization is not None
    if not isinstance(flow.geometry, Euclidean) and not flow.geometry.smooth:
        raise NotAMirrorFlow("For this reparameterization only gradient flow (q=2) is known to be a mirror flow.")
    # Brackets can vanish at a special point (a zero factor, say), so a point beside the start is tried too.
    for place, point in (("at the start", start), ("beside the start", _beside(start))):
        witness = bracket(reparameterization, point)
        if witness.relative > BRACKET_TOLERANCE:
            raise NotAMirrorFlow(
                f"The reparameterization does not commute: the Lie bracket of {witness.between} has size "
                f"{witness.size:.3g} {place}."
            )
        if decay is not None:
            penalty = decay if isinstance(decay, Coupled) else Coupled(1.0)
            _refuse_penalty(reparameterization, point, penalty)
    return _mirror(flow, Orbit(reparameterization, start, decay), None)


def _beside(start: Parameters) -> Parameters:
    random = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: np.asarray(leaf) + 0.1 * random.standard_normal(np.shape(leaf)), start)


def _mirror(flow: Flow, potential, decay: AbstractDecay | None) -> Flow:
    geometry = Euclidean() if flow.geometry.smooth else flow.geometry
    return Flow(flow.problem, potential=potential, geometry=geometry, decay=decay)


def _drift(decay: AbstractDecay, depth: int, q: float) -> AbstractDecay:
    """−rate·Σ_i w_i∂x/∂w_i = −rate·L·x, with rate 2α for coupled decay at q=2 and α for decoupled.

    Coupled decay at q<2 stays inside the direction map: 2αw_i = ∂x/∂w_i·∂_x(αL|x|^{2/L}) for equal factors.
    """
    if q < 2 and isinstance(decay, Coupled):
        return Coupled(decay.strength, BalancedSquares(depth))
    factor = depth * (2.0 if isinstance(decay, Coupled) else 1.0)
    return Decoupled(scaled(decay.strength, factor))


def scaled(schedule: AbstractSchedule, factor: float) -> AbstractSchedule:
    """The schedule times a number."""
    if isinstance(schedule, Piecewise):
        return eqx.tree_at(lambda s: s.values, schedule, schedule.values * factor)
    if isinstance(schedule, Power | Exponential):
        return eqx.tree_at(lambda s: s.initial, schedule, schedule.initial * factor)
    return Custom(
        lambda t: factor * schedule(t),
        lambda t: factor * schedule.integral(t),
        factor * schedule.total(),
        schedule.jumps,
    )


def _is_zero(schedule: AbstractSchedule) -> bool:
    values = getattr(schedule, "values", getattr(schedule, "initial", None))
    return values is not None and not _checks.is_traced(values) and not np.any(values)


def _is_power_sum(decay: Coupled, power: int) -> bool:
    if isinstance(decay.penalty, PowerSum):
        return float(decay.penalty.power) == power
    return power == 2 and isinstance(decay.penalty, SquaredNorm)
