"""The implicit mirror step, raised to order 3 and 5 by collocation at Radau's points."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Anything, Parameters, Real, Scalar
from ._dynamics import AbstractDynamics, PotentialDynamics, ReparameterizedDynamics
from ._field import Field
from ._mirror_stage import MirrorEquation
from ._network_dynamics import NetworkDynamics
from ._scaled_newton import ScaledNewton, scaled_solve
from ._two_steps import TwoStepInterpolation, extrapolated, two_step_polynomial

OUTCOMES: Any = (diffrax.RESULTS.successful, diffrax.RESULTS.nonlinear_divergence)


class Collocation(NamedTuple):
    """Points c, slopes W=A⁻¹ of the polynomial through them, and the embedded formula: γh·y₀' + Σe_i(Y_i−y₀)."""

    points: np.ndarray
    slopes: np.ndarray
    embedded: np.ndarray
    gamma: float


def radau(stages: int) -> Collocation:
    """Radau IIA with 2 or 3 stages; the embedded formula adds the slope at the start and has as its order `stages`.

    **Source:** Hairer & Wanner, Solving Ordinary Differential Equations II, IV.5 and IV.8.
    """
    root = np.sqrt(6.0)
    points = np.array([1 / 3, 1.0]) if stages == 2 else np.array([(4 - root) / 10, (4 + root) / 10, 1.0])
    powers = np.arange(1, stages + 1)
    vandermonde = points[:, None] ** (powers - 1)
    integrals = points[:, None] ** powers / powers
    slopes = np.linalg.inv(integrals @ np.linalg.inv(vandermonde))
    # The real eigenvalue of A for three stages, the modulus of the pair for two: the filter damps as the method does.
    eigenvalues = np.linalg.eigvals(slopes)
    gamma = float(1 / np.abs(eigenvalues[np.argmin(np.abs(eigenvalues.imag))]))
    weights = np.linalg.solve(vandermonde.T, 1 / powers - gamma * (powers == 1))
    own = np.linalg.solve(vandermonde.T, 1 / powers)
    return Collocation(points, slopes, (weights - own) @ slopes, gamma)


class ImplicitMirror(diffrax.AbstractAdaptiveSolver):
    """The implicit mirror step ∇R(x⁺)−∇R(x) = −Δ·∇f(x⁺) at order 3 or 5, for flows that become algebraic.

    The polynomial c(s) of degree m=(order+1)/2 in the potential's chart c with c(s₀)=c₀ that satisfies

        (dz/dc)·c'(s_i) = −(dt/ds)·∇f(x(s_i)),   z=∇R(x),

    at Radau's m points s_i, the last of them the end of the step (Radau IIA, L-stable, stiffly accurate). Where the
    chart is the dual z itself, as for entropies, this is the mirror step with Σ_k a_ik∇f(x_k) in place of ∇f(x⁺), and
    what ∇R(x)−∇R(x₀) conserves is conserved exactly. For cosh the dual grows like a power of t, which no polynomial in
    log t follows, and the chart is x, which grows like log t.

    Each equation is divided by e^{largest exponent in it}, its exponentials combined as logarithms, and all are solved
    together by a damped Newton method. So coordinates that relax e^{1000} times faster than others satisfy their
    equation as an algebraic one: cosh reaches log t=1e5, where other implicit solvers stop at log t≈1000. The error
    estimate is that of an embedded formula of order m, filtered as in RADAU5: far above the error at the ends of steps,
    and about that between them, where the quintic through the values and slopes of two steps is evaluated.

    Physical, log and loss clock; every potential, geometry and decay.

    **Arguments:** `order`: 3 (two points) or 5 (three).

    **Raises:** `ValueError` for another order; from `integrate` for a flow without a potential, or with one that
    changes in time.

    **Source:** theory page 04 (clocks); Hairer & Wanner, Solving Ordinary Differential Equations II, IV.8.

    >>> problem = mf.problems.Classification(jnp.array([[2.0, 1.0], [1.0, 3.0]]), jnp.ones(2))
    >>> path = mf.integrate(mf.Flow(problem, potential=mf.potentials.Cosh()), jnp.zeros(2), clock=mf.clocks.Log(),
    ...     until=mf.until.log_time(1e5), solver=mf.solvers.ImplicitMirror(order=5))
    >>> margin = float(mf.observe.margin(path, mf.potentials.Lp(np.inf))[-1])
    >>> path.status.ok, round(margin, 3)  # the largest ℓ∞ margin is 3
    (True, 3.0)
    """

    term_structure: ClassVar = diffrax.AbstractTerm
    interpolation_cls: ClassVar[Callable[..., TwoStepInterpolation]] = TwoStepInterpolation
    stages: int = eqx.field(static=True)
    root_finder: Any

    def __init__(self, order: Any = 5):
        order = _checks.integer("order", order, at_least=1)
        if order not in (3, 5):
            raise ValueError(f"order must be 3 or 5, got {order}.")
        self.stages = (order + 1) // 2
        finder: Any = ScaledNewton
        self.root_finder = diffrax.with_stepsize_controller_tols(finder)()

    def order(self, terms: Any) -> int:
        """3 or 5"""
        return 2 * self.stages - 1

    def error_order(self, terms: Any) -> int:
        """3 or 4: that of the embedded formula's error in a single step."""
        return self.stages + 1

    def check(self, dynamics: AbstractDynamics) -> None:
        """Refuse what has no mirror step."""
        if isinstance(dynamics, PotentialDynamics) and dynamics.kinks is None:
            return
        if isinstance(dynamics, PotentialDynamics | NetworkDynamics):
            what = "the exact sign" if isinstance(dynamics, PotentialDynamics) else "a network"
            raise ValueError(
                f"solver=ImplicitMirror(…) steps where a potential alone bends the path, and {what} has kinks or "
                "layers besides: name no solver, the explicit one slides along them."
            )
        if isinstance(dynamics, ReparameterizedDynamics):
            reason = "this flow moves the parameters θ of a reparameterization"
        else:
            reason = "the potential of this flow changes in time, or acts on singular values"
        raise ValueError(
            f"solver=ImplicitMirror(…) steps in the coordinates of one separable potential, and {reason}: "
            "use diffrax.Kvaerno5(), or flow.as_mirror_flow(start) where there is one."
        )

    def init(self, terms: Any, t0: Any, t1: Any, y0: Parameters, args: Any) -> "Memory":
        """Nothing remembered; the first step begins with the right-hand side."""
        vector = _equation(terms).pack(y0)
        # Each its own array: the driver gives them all away.
        zeros = [jnp.zeros_like(vector) for _ in range(3)]
        log_rate, its_slope = jnp.zeros(()), jnp.zeros(())
        return Memory(zeros[0], log_rate, its_slope, zeros[1], zeros[2], jnp.ones(()), jnp.asarray(False))

    def func(self, terms: Any, t0: Any, y0: Parameters, args: Any) -> Parameters:
        """The right-hand side."""
        return terms.vf(t0, y0, args)

    def step(
        self, terms: Any, t0: Any, t1: Any, y0: Parameters, args: Any, solver_state: "Memory", made_jump: Any
    ) -> tuple[Parameters, Parameters, dict[str, Any], "Memory", diffrax.RESULTS]:
        """One step from t0 to t1."""
        equation, table = _equation(terms), radau(self.stages)
        length, start = t1 - t0, equation.pack(y0)
        memory = _begun(equation, t0, y0, solver_state, made_jump)
        solved = self._solve(equation, table, t0, length, start, memory)
        stages, slopes = solved.unknown, _slopes(table, length, start, solved.unknown)
        end, end_slope = stages[-1, : start.size], slopes[-1, : start.size]
        error = self._error(equation, table, t1, length, start, memory.slope, stages, slopes)
        error = jnp.where(solved.found, error, jnp.inf)
        dense = two_step_polynomial(start, end, memory, end_slope, length)
        log_rate_slope = (stages[-1, -1] - stages[-2, -1]) / ((1 - table.points[-2]) * length)
        now = Memory(end_slope, stages[-1, -1], log_rate_slope, start, memory.slope, length, jnp.asarray(True))
        good, bad = OUTCOMES
        result = diffrax.RESULTS.where(solved.found, good, bad)
        between = {"parts": jax.vmap(equation.unpack)(dense), "ratio": memory.length / length}
        return equation.unpack(end), equation.unpack(error), between, now, result

    def _solve(self, equation: MirrorEquation, table: Collocation, t0, length, start: Real, memory: "Memory"):
        """The unknowns at all points, shape (stages, unknowns)."""
        times = t0 + table.points * length
        guess = extrapolated(start, memory, table.points * length)
        if equation.counts_loss:
            # Too small a dt/ds would send Newton's method far beyond it, so it is extrapolated, too.
            log_rate = memory.log_rate + memory.log_rate_slope * table.points * length
            guess = jnp.concatenate([guess, log_rate[:, None]], axis=1)

        def exponents(unknown):
            return jax.vmap(equation.exponents)(times, unknown)

        def residual(unknown, own):
            return jax.vmap(equation.residual)(times, unknown, _slopes(table, length, start, unknown), own)

        def jacobian(unknown, own):
            slopes = _slopes(table, length, start, unknown)
            by_unknown, by_slope = jax.vmap(equation.linearized)(times, unknown, slopes, own)
            # A slope is made of the unknowns at all points, except of log dt/ds, which has none.
            coupling = jnp.asarray(table.slopes)[:, None, :, None] / length * by_slope[:, :, None, :]
            local = jnp.eye(self.stages)[:, None, :, None] * by_unknown[:, :, None, :]
            return local + coupling

        return self.root_finder.solve(exponents, residual, jacobian, guess)

    def _error(self, equation, table, t1, length, start, start_slope, stages, slopes) -> Real:
        """The embedded formula's error."""
        size, end, gamma = start.size, stages[-1], table.gamma * length
        raw = gamma * start_slope + table.embedded @ (stages[:, :size] - start[None])
        raw = jnp.concatenate([raw, jnp.zeros(end.size - size, raw.dtype)])
        own = equation.exponents(t1, end)
        by_unknown, by_slope = equation.linearized(t1, end, slopes[-1], own)
        filtered = scaled_solve(by_unknown + by_slope / gamma, by_slope @ raw / gamma)[:size]
        return filtered


class Memory(eqx.Module):
    """What a step leaves: the slope, and log dt/ds with its slope, where it ended; where it began, and the slope there.

    The parts about log dt/ds are read under the loss clock only.
    """

    slope: Real
    log_rate: Scalar
    log_rate_slope: Scalar
    before: Real
    before_slope: Real
    length: Scalar
    known: Anything


def _begun(equation: MirrorEquation, s: Scalar, y: Parameters, memory: Memory, jumped: Any) -> Memory:
    """The memory, or what the right-hand side says where there is none."""
    known = memory.known & ~jnp.asarray(jumped)

    def afresh():
        slope, log_rate = equation.start(s, y)
        return slope, log_rate.astype(memory.log_rate.dtype), jnp.zeros_like(memory.log_rate_slope)

    kept = (memory.slope, memory.log_rate, memory.log_rate_slope)
    slope, log_rate, its_slope = jax.lax.cond(known, lambda: kept, afresh)
    return Memory(slope, log_rate, its_slope, memory.before, memory.before_slope, memory.length, known)


def _slopes(table: Collocation, length: Scalar, start: Real, unknown: Real) -> Real:
    """The slopes of the polynomial at all points; that of log dt/ds does not occur and is 0."""
    extra = unknown.shape[1] - start.size
    moved = (unknown[:, : start.size] - start[None]) / length
    return jnp.pad(jnp.asarray(table.slopes) @ moved, ((0, 0), (0, extra)))


def _equation(terms: Any) -> MirrorEquation:
    field: Any = getattr(terms, "vector_field", None)
    if not isinstance(field, Field):
        raise ValueError("ImplicitMirror needs the potential of a flow: it is a solver for mf.integrate alone.")
    return MirrorEquation(field)
