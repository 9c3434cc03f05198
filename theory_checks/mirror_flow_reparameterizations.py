"""Page 01: gradient flow on commuting parameterizations is mirror flow in x, and on others it is none."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._side_by_side import SideBySide, objective
from .mirror_flow import EXPLICIT

SOURCE = "arXiv:2207.04036; theory page 01 (reparameterizations as mirror flows)"
SIZE, SAMPLES, POINTS = 4, 3, 41
KNOWN = {
    "m⊙w": mf.reparameterizations.Hadamard(depth=2),
    "k⊙q, attention": mf.reparameterizations.DiagonalAttention(),
    "u²−v²": mf.reparameterizations.PowerDifference(2),
    "u³−v³": mf.reparameterizations.PowerDifference(3),
    "u⁴−v⁴": mf.reparameterizations.PowerDifference(4),
    "w₁w₂w₃": mf.reparameterizations.Hadamard(depth=3),
    "log u − log v": mf.reparameterizations.LogDifference(),
}
OTHERS = {
    "UVᵀ": mf.reparameterizations.MatrixProduct(2, 2, 2),
    "one mask for a neuron": mf.reparameterizations.Custom(lambda theta: theta["m"] * theta["w"]),
}
ALL = tuple(KNOWN) + tuple(OTHERS)
VARIABLES = {"g": "the parameterization x=g(θ)", "R": "the potential of the page's table, from the start θ₀"}


class Together(eqx.Module):
    """θ ↦ (g_k(θ_k)) for all parameterizations, each with parameters of its own."""

    maps: tuple[Any, ...]

    def __call__(self, theta):
        """x, part after part"""
        return jnp.concatenate([made(part).ravel() for made, part in zip(self.maps, theta, strict=True)])


TOGETHER = Together((*KNOWN.values(), *OTHERS.values()))


def begin(key):
    """θ₀ of each: lifts of one random x, and random factors for the maps that do not commute."""
    x = 0.3 * np.asarray(jax.random.uniform(key, (SIZE,), minval=-1.0))
    known = [np.asarray(made.lift(x=x, balance=0.6)) for made in KNOWN.values()]
    factors = 0.7 * np.asarray(jax.random.normal(jax.random.fold_in(key, 1), (2, 2, 2)))
    return (*known, {"left": factors[0], "right": factors[1]}, {"m": np.asarray(0.8), "w": x})


def followed(problem, theta, end):
    """Gradient flow on all parameters at once."""
    flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Custom(TOGETHER))
    return mf.integrate(flow, theta, until=mf.until.time(end), save=POINTS, rtol=1e-9, atol=1e-12, solver=EXPLICIT)


def loss(designs, targets, slopes):
    return objective(designs, targets, slopes)


# --- the same trajectories -------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(draw=(0, 1)))
def twins(case, key):
    """½‖Ax−b‖² with A 3×4 for seven parameterizations side by side, and for the mirror flows that they are."""
    keys = jax.random.split(jax.random.fold_in(key, case.draw), 3)
    design, target = (
        np.asarray(jax.random.normal(k, shape)) / 2 for k, shape in zip(keys, ((SAMPLES, SIZE), SAMPLES), strict=False)
    )
    theta = begin(keys[2])

    def repeated(count):
        return loss(np.tile(design, (count, 1, 1)), np.tile(target, (count, 1)), np.zeros((count, SIZE)))

    path = followed(repeated(len(ALL)), theta, 3.0)
    single = mf.problems.LinearRegression(design, target)
    flows = [
        mf.Flow(single, reparameterization=made).as_mirror_flow(part)
        for made, part in zip(KNOWN.values(), theta, strict=False)
    ]
    mirror = mf.Flow(repeated(len(KNOWN)), potential=SideBySide(tuple(flow.potential for flow in flows)))
    start = np.asarray(path.x[0])[: SIZE * len(KNOWN)]
    twin = mf.integrate(mirror, start, until=mf.until.time(3.0), save=POINTS, rtol=1e-9, atol=1e-12, solver=EXPLICIT)
    return {"x": np.asarray(path.x).reshape(POINTS, -1, SIZE), "mirror flow": twin, "theta": theta[: len(KNOWN)]}


@mf.claim(
    "mirror-flow/reparameterizations",
    on=twins,
    statement=r"\dot\theta = -\nabla_\theta f(g(\theta)),\ [\nabla g_i,\nabla g_j]=0 \;\Rightarrow\; "
    r"d\nabla R(x) = -\nabla f\,dt",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(1e-7, because="the solver's tolerance is 1e-9 per step, of parameters and of the dual"),
    figure="parameterizations",
    variables=VARIABLES,
)
def same(case, run, shift=0):
    """All points of the trajectory, for the seven rows of the table."""
    twin = np.asarray(run["mirror flow"].x).reshape(POINTS, -1, SIZE)
    return {
        name: mf.Comparison(predicted=twin[:, (k + shift) % len(KNOWN)], measured=run["x"][:, k])
        for k, name in enumerate(KNOWN)
    }


same.control("the mirror flow two rows below (another depth or scale)", shift=2)


# --- the order of impulses -------------------------------------------------------------------------------------------

PUSHES = 0.08 * np.array([[1.0, -0.5, 0.8, -1.0], [-0.7, 1.0, 0.4, 0.9]])


@mf.experiment(cases=mf.cases.grid(first=(0, 1)))
def impulses(case, key):
    """f=⟨c₁,x⟩ for a unit of time, then f=⟨c₂,x⟩ for another, or the other way round."""
    theta, ends, paths = begin(key), [], []
    for push in (PUSHES[case.first], PUSHES[1 - case.first]):
        empty = np.zeros((len(ALL), SAMPLES))
        problem = loss(np.zeros((len(ALL), SAMPLES, SIZE)), empty, np.tile(push, (len(ALL), 1)))
        path = followed(problem, theta, 1.0)
        theta = jax.tree.map(lambda leaf: np.asarray(leaf)[-1], path.parameters)
        paths.append(path)
        ends.append(np.asarray(path.x)[[0, -1]].reshape(2, -1, SIZE))
    return {"start": ends[0][0], "end": ends[1][1], "paths": paths}


def _orders(runs, names):
    one, other = (np.asarray(runs.only(first=first)["end"]) for first in (0, 1))
    which = {name: ALL.index(name) for name in names}
    return {name: mf.Comparison(predicted=other[k], measured=one[k]) for name, k in which.items()}


@mf.claim(
    "mirror-flow/order-of-impulses",
    on=impulses,
    across=True,
    statement=r"\text{commuting } g:\ x_t \text{ depends on } \textstyle\int\nabla f\,dt \text{ alone}",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(1e-7, because="the solver's tolerance is 1e-9 per step"),
    variables=VARIABLES,
)
def order(runs, names=tuple(KNOWN)):
    """x after both impulses, in either order."""
    return _orders(runs, names)


order.control("UVᵀ and one mask for a whole neuron", names=tuple(OTHERS))


@mf.claim(
    "mirror-flow/order-of-impulses-in-general",
    on=impulses,
    across=True,
    statement=r"\text{the same for } X=UV^T \text{ and for } x=m\,w \text{ with a scalar } m",
    source="theory page 01 (table: not commuting)",
    status="derived here",
    new=False,
    expects="refuted",
    tolerance=mf.tolerance(1e-7, because="the solver's tolerance is 1e-9 per step"),
    variables=VARIABLES,
    notes="If either were a mirror flow in x for some potential, whichever, the order could not matter.",
)
def general_order(runs, names=tuple(OTHERS)):
    """As `mirror-flow/order-of-impulses`."""
    return _orders(runs, names)


general_order.control("the commuting rows of the table", names=tuple(KNOWN))


@mf.experiment(cases=mf.cases.grid(name=tuple(OTHERS)))
def refusals(case, key):
    """What `as_mirror_flow` says of the maps that do not commute: the witness in words, and its relative size."""
    made, theta = OTHERS[case.name], begin(key)[ALL.index(case.name)]
    problem = mf.problems.Objective(jnp.sum, made(theta).shape)
    try:
        mf.Flow(problem, reparameterization=made).as_mirror_flow(theta)
    except mf.NotAMirrorFlow as error:
        return {"words": str(error), "relative": mf.reparameterizations.bracket(made, theta).relative}
    return {"words": "a mirror flow", "relative": 0.0}


@mf.claim(
    "mirror-flow/not-commuting",
    on=refusals,
    statement=r"[\nabla g_i,\nabla g_j] \ne 0 \text{ for } UV^T \text{ and for } x=m\,w,\ m \in \mathbb{R}",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(
        0.0, because="it is refused with a witness or not; the bracket is a tenth of its terms or more"
    ),
    variables=VARIABLES,
)
def not_commuting(case, result, smallest=0.1):
    """The refusal names a bracket, whose size relative to the derivatives it is made of is at least a tenth."""
    return {
        "refused": mf.Comparison(True, "the Lie bracket of g_" in str(result["words"])),
        "bracket": mf.Comparison(predicted=smallest, measured=result["relative"], relation="at least"),
    }


not_commuting.control("larger than all that it is made of", smallest=2.0)


# --- the constant of the potential -----------------------------------------------------------------------------------

DIFFERENCES = {"u²−v²": 2, "u³−v³": 3, "u⁴−v⁴": 4}


def exact(depth, alpha):
    """¼, and 1/(D(D−2)α^{D−2}) from D=3 on."""
    return 0.25 if depth == 2 else 1 / (depth * (depth - 2) * alpha ** (depth - 2))


@mf.claim(
    "mirror-flow/constant-of-the-potential",
    on=impulses,
    statement=r"x=u^D-v^D:\ R = Q_D/(D(D-2)\alpha^{D-2}),\ Q_D=\sum\alpha^Dq_D(x/\alpha^D);\quad D=2:\ R=Q_2/4",
    source="Woodworth et al. 2020 (up to a factor); theory page 01 (table)",
    status="reconstructed",
    tolerance=mf.tolerance(1e-7, because="the solver's tolerance is 1e-9 per step"),
    variables=VARIABLES | {"q_D": "∫h_D⁻¹, h_D(z)=(1−z)^{−D/(D−2)}−(1+z)^{−D/(D−2)}"},
)
def constant(case, result, factor=exact):
    """∇R(x)−∇R(x₀) after two impulses whose integrals are known exactly: −∫∇f = −c₁−c₂."""
    parts = {}
    for name, depth in DIFFERENCES.items():
        start, end = (np.asarray(result[which])[ALL.index(name)] for which in ("start", "end"))
        slopes = [np.asarray(slope_of_woodworth(x, depth, ALPHA)) for x in (start, end)]
        moved = factor(depth, ALPHA) * (slopes[1] - slopes[0])
        parts[name] = mf.Comparison(predicted=-PUSHES.sum(axis=0), measured=moved)
    return parts


ALPHA = 0.6
slope_of_woodworth = jax.jit(jax.grad(mf.predict.woodworth_q), static_argnums=1)
constant.control("proportional, with factor 1", factor=lambda depth, alpha: 1.0)
constant.control("the factor of α=1", factor=lambda depth, alpha: exact(depth, 1.0) if depth > 2 else 0.5)
