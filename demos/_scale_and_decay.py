"""What `scale_and_decay` shows, computed: nothing here knows of a page, so tests call it directly.

All numbers are traced: after `warm` no setting compiles anything.
"""

import dataclasses
import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

SAMPLES, FEATURES, SUPPORT = 6, 12, 2
POINTS = 120  # on each path
AT_REST = 1e-7  # the flow ends where no entry of ∇f is larger
SEEDS = (6, 7, 2, 3, 4, 9)  # of data whose sparsest interpolator, ℓ1's, is the truth
PICTURE = mf.problems.LinearRegression(np.array([[1.0, 2.0]]) / np.sqrt(5), np.array([1.6]) / np.sqrt(5))
WINDOW = (-0.45, -0.12), (1.25, 0.98)  # its lower left and upper right corner
SCALES = np.append(np.geomspace(30.0, 1e-3, 24), np.geomspace(1e-4, 1e-9, 6))  # of the potentials between ℓ2 and ℓ1
PRODUCT = mf.reparameterizations.Hadamard(depth=2)


@dataclasses.dataclass(frozen=True)
class Data:
    """A regression with what its limits lie between: `sparse` minimizes ‖·‖₁ over the interpolators, `least` ‖·‖₂."""

    problem: mf.problems.SparseRegression | mf.problems.LinearRegression
    sparse: np.ndarray
    least: np.ndarray

    def excess(self, x: np.ndarray) -> np.ndarray:
        """‖x‖₂ and ‖x‖₁ in units of the least that an interpolator can have."""
        sizes = [
            np.linalg.norm(x, order, axis=-1) / np.linalg.norm(best, order)
            for order, best in ((2, self.least), (1, self.sparse))
        ]
        return np.stack(sizes, axis=-1)


@dataclasses.dataclass(frozen=True)
class Run:
    """One flow to rest, and what theory says of it without integrating: `potential` is R_∞."""

    data: Data
    path: mf.Trajectory
    potential: mf.potentials.AbstractPotential
    predicted: np.ndarray
    without_decay: np.ndarray
    strength: float
    switch: float
    scale_predicted: np.ndarray
    scale_measured: np.ndarray

    @property
    def limit(self) -> np.ndarray:
        """Where the flow came to rest."""
        return np.asarray(self.path.x)[-1]  # on the host, where taking an entry compiles nothing

    @property
    def gap(self) -> float:
        """The largest difference between the flow's limit and the predicted one."""
        return float(np.abs(self.limit - self.predicted).max())


@functools.cache
def data(seed: int) -> Data:
    """Sparse regression, its rows made orthonormal: the same interpolators, and a flow that is well conditioned."""
    made = mf.problems.SparseRegression.sample(
        jax.random.key(seed), samples=SAMPLES, features=FEATURES, support=SUPPORT
    )
    rows = np.linalg.svd(np.asarray(made.design), full_matrices=False)[2]
    return between(mf.problems.SparseRegression(rows, rows @ np.asarray(made.truth), made.truth))


@functools.cache
def picture() -> Data:
    """One equation for two unknowns, x₁+2x₂=1.6: its interpolators are a line."""
    return between(PICTURE)


def between(problem) -> Data:
    """The interpolators of least ℓ1 norm, by linear programming, and of least ℓ2 norm."""
    from scipy.optimize import linprog

    design, count = np.asarray(problem.design), problem.design.shape[1]
    halves = linprog(np.ones(2 * count), A_eq=np.hstack([design, -design]), b_eq=np.asarray(problem.target)).x
    least = mf.predict.bregman_projection(problem, mf.potentials.Quadratic(), np.zeros(count)).x
    return Data(problem, halves[:count] - halves[count:], least)


@functools.cache
def all_limits(seed: int) -> np.ndarray:
    """The limits that theory gives for every scale ρ_∞ from large to small, from x=0."""
    problem = data(seed).problem
    return np.stack(
        [
            mf.predict.bregman_projection(problem, mf.potentials.HyperbolicEntropy(rho), np.zeros(FEATURES)).x
            for rho in SCALES
        ]
    )


def run(data: Data, *, balance: float, strength: float, switch: float) -> Run:
    """The flow of f(m⊙w)+α_t(‖m‖²+‖w‖²) from x=0 with m²−w²=`balance`, where α_t=`strength` until t=`switch`."""
    decay = mf.decay.Coupled(mf.schedules.switch_off(strength, at=switch))
    flow = mf.Flow(data.problem, reparameterization=PRODUCT, decay=decay)
    start = flow.lift(x=np.zeros(data.problem.shape), balance=balance)
    path = mf.integrate(flow, start, until=mf.until.stationary(AT_REST), clock=mf.clocks.Log(), save=POINTS)
    potential = flow.as_mirror_flow(start).potential
    return Run(
        data=data,
        path=path,
        potential=potential.limit() if isinstance(potential, mf.potentials.AbstractPotentialFamily) else potential,
        predicted=mf.predict.limit(flow, start).x,
        without_decay=mf.predict.limit(mf.Flow(data.problem, reparameterization=PRODUCT), start).x,
        strength=strength,
        switch=switch,
        scale_predicted=np.asarray(_scales(potential, path.time, data.problem.shape)),
        scale_measured=np.median(np.asarray(mf.observe.balance(path).values)[:, 0], axis=-1) / 2,
    )


@eqx.filter_jit
def _scales(potential, times, shape):
    """ρ_t, read off the potential: R_t''(0) = 1/(2ρ_t)."""
    family = isinstance(potential, mf.potentials.AbstractPotentialFamily)
    at = potential.at if family else lambda time: potential
    return jax.vmap(lambda time: 0.5 / at(time).metric(jnp.zeros(shape))[0])(times)


def landscape(run: Run) -> tuple[np.ndarray, np.ndarray, float]:
    """A grid over the window of two coefficients, R_∞ on it, and R_∞ at the predicted limit."""
    points = np.stack(np.meshgrid(*(np.linspace(low, high, 80) for low, high in zip(*WINDOW, strict=True))), axis=-1)
    heights, top = _heights(run.potential, points, run.predicted)
    return points, np.asarray(heights), float(top)


@eqx.filter_jit
def _heights(potential, points, limit):
    return jax.vmap(jax.vmap(potential.value))(points), potential.value(limit)


def warm() -> None:
    """Compile all there is: with decay and without, and both solvers (the small scale makes the flow stiff)."""
    for balance, strength in ((10.0, 0.0), (10.0, 1.0), (1e-3, 0.0), (1e-3, 1.0)):
        run(data(SEEDS[0]), balance=balance, strength=strength, switch=1.0)
        landscape(run(picture(), balance=balance, strength=strength, switch=1.0))
    all_limits(SEEDS[0])
