"""Which solver integrates a flow unless the user names one, and when an implicit one takes over."""

import math

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from .. import _checks
from ._dynamics import PotentialDynamics
from ._mirror_step import ImplicitMirror
from ._newton import StageNewton
from .clocks import Physical
from .drive import State, Task, arrays

# What diffrax puts where a root finder is to take the step controller's tolerances.
_LATER = diffrax.with_stepsize_controller_tols(diffrax.VeryChord)().rtol
# An L-stable run takes at most about this many steps.
IMPLICIT_STEPS = 1000
POWER_ITERATIONS = 30
MOST_MIRROR_UNKNOWNS = 128


def explicit_solver() -> diffrax.AbstractAdaptiveSolver:
    """The solver that begins: the cheapest per unit of time on every flow that is not stiff."""
    return diffrax.Tsit5()


def implicit_solver() -> diffrax.AbstractAdaptiveSolver:
    """The solver that takes over: L-stable, with a Jacobian of its own at every iteration, because the frozen one of a
    chord method is wrong on either side of a smoothed sign.
    """
    return diffrax.Kvaerno5(root_finder=diffrax.with_stepsize_controller_tols(StageNewton)())


def named_solver(solver: diffrax.AbstractAdaptiveSolver) -> diffrax.AbstractAdaptiveSolver:
    """A user's solver, refused unless it is an adaptive diffrax one for one equation in one piece."""
    _checks.instance("solver", solver, diffrax.AbstractAdaptiveSolver, "an adaptive diffrax solver")
    if solver.term_structure is not diffrax.AbstractTerm:
        raise ValueError(
            "solver must take the equation in one piece; "
            f"{type(solver).__name__} wants it split into several (use a Kvaerno solver for a stiff flow)."
        )
    return solver


def prepared(
    solver: diffrax.AbstractAdaptiveSolver, controller: diffrax.PIDController
) -> diffrax.AbstractAdaptiveSolver:
    """The solver as the driver needs it: no loops kept for reverse-mode differentiation, which cost time to compile;
    for an implicit one also a root finder that takes the step controller's tolerances, as in `diffrax.diffeqsolve`.
    """
    if getattr(solver, "scan_kind", "lax") is None:
        solver = eqx.tree_at(lambda s: s.scan_kind, solver, "lax", is_leaf=lambda leaf: leaf is None)
    finder = getattr(solver, "root_finder", None)
    if finder is None:
        return solver
    for name, value in (("rtol", controller.rtol), ("atol", controller.atol), ("norm", controller.norm)):
        if getattr(finder, name, None) is _LATER:
            finder = eqx.tree_at(
                lambda f, name=name: getattr(f, name), finder, value, is_leaf=lambda leaf: leaf is _LATER
            )
    return eqx.tree_at(lambda s: s.root_finder, solver, finder)


def is_stiff(task: Task, state: State, end_known: bool) -> bool:
    """Whether an implicit solver would end this run sooner.

    An explicit solver needs about ρ/3 steps per unit of the clock once stability limits it, ρ being the spectral
    radius of the equation's Jacobian (found by power iteration here and now). The rest of the run is taken to be as
    long as what is behind it where its end is not known: a run that proves longer is found stiff at a later check, when
    it has cost about what the implicit solver will.
    """
    s = float(state.s)
    rest = float(task.end) - s if end_known else s
    unknowns = sum(leaf.size for leaf in jax.tree.leaves(state.y))
    explicit_steps = float(spectral_radius(task, state)) * rest / 3
    return explicit_steps > IMPLICIT_STEPS * implicit_cost(unknowns)


def implicit_cost(unknowns: int) -> float:
    """What an implicit step costs, in explicit ones: n³ for its equations against n² for a right-hand side.

    Measured on one core for regressions with factors: 14 to 77 for 40 unknowns, 62 to 119 for 100, 240 to 330 for 200
    and 300 to 380 for 400, the smaller ones where Newton's method needs but one iteration.
    """
    return 20.0 + unknowns


@eqx.filter_jit
def spectral_radius(task: Task, state: State) -> jax.Array:
    """That of the Jacobian of the equation, approached from below by power iteration."""
    leaves, structure = jax.tree.flatten(state.y)
    keys = jax.random.split(jax.random.key(0), len(leaves))
    first = [jax.random.normal(key, leaf.shape, leaf.dtype) for key, leaf in zip(keys, leaves, strict=True)]

    def size(tree):
        return jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree)))

    def iterate(_, carry):
        direction, _ = carry
        image = jax.jvp(lambda y: task.field(state.s, y, None), (state.y,), (direction,))[1]
        radius = size(image)
        return jax.tree.map(lambda leaf: leaf / jnp.maximum(radius, 1e-300), image), radius

    start = jax.tree.unflatten(structure, first)
    start = jax.tree.map(lambda leaf: leaf / size(start), start)
    return jax.lax.fori_loop(0, POWER_ITERATIONS, iterate, (start, jnp.zeros(())))[1]


def has_mirror_step(task: Task) -> bool:
    """Whether the implicit mirror step is the better of the implicit solvers.

    Losses that stay positive fall for ever, and under the log and loss clocks a run follows them to where the equation
    becomes algebraic. The step solves all its stages together, so it is not for many unknowns.
    """
    dynamics, clock = task.field.dynamics, task.field.clock
    if not isinstance(dynamics, PotentialDynamics) or isinstance(clock, Physical):
        return False
    return dynamics.problem.nonnegative and math.prod(dynamics.problem.shape) <= MOST_MIRROR_UNKNOWNS


def take_over(task: Task, state: State) -> tuple[Task, State]:
    """The same run from the same point with an implicit solver."""
    solver = prepared(ImplicitMirror() if has_mirror_step(task) else implicit_solver(), task.controller)
    task = eqx.tree_at(lambda t: t.solver, task, solver, is_leaf=lambda leaf: leaf is task.solver)
    fresh = arrays(solver.init(task.terms, state.s, state.proposed, state.y, None))
    return task, eqx.tree_at(
        lambda st: (st.solver, st.restart), state, (fresh, jnp.asarray(True)), is_leaf=lambda leaf: leaf is state.solver
    )
