"""Page 01: where mirror flow of an underdetermined regression ends, and where its dual is on the way."""

import functools

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize

import mirrorflow as mf

from ._page_formulas import FORMULAS, SCALE
from ._side_by_side import SideBySide, objective, outside_range

mf.claims.paper(
    "2207.04036", "Implicit Bias of Gradient Descent on Reparametrized Models: On Equivalence to Mirror Descent"
)
mf.claims.paper("2304.00488", "Saddle-to-Saddle Dynamics in Diagonal Linear Networks")

PAGE = "theory page 01 (implicit bias in underdetermined regression)"
SAMPLES, FEATURES = 4, 12
TIMES = np.append(0.0, np.geomspace(0.02, 400.0, 60))
EXPLICIT = diffrax.Tsit5()
VARIABLES = {
    "R": "the potential",
    "D_R": "its Bregman divergence",
    "A, b": "design and target of ½‖Ax−b‖²",
    "x_0": "the start, inside the domain",
}
TABLE = {
    "quadratic": mf.potentials.Quadratic,
    "power 3": lambda: mf.potentials.Power(3.0),
    "power 3/2": lambda: mf.potentials.Power(1.5),
    "hyperbolic entropy": lambda: mf.potentials.HyperbolicEntropy(SCALE),
    "cosh": mf.potentials.Cosh,
    "hyperbolic-aware": lambda: mf.potentials.HyperbolicAware(2.0),
    "tilted entropy": lambda: mf.potentials.TiltedHyperbolicEntropy(scale=0.25, log_ratio=0.4),
    "steepest family": lambda: mf.potentials.SteepestFamily(3, 2.0, 0.5),
    "u³−v³": lambda: mf.potentials.PowerDifferencePotential(3, u=0.5, v=0.4),
    "log u − log v": lambda: mf.potentials.LogDifferencePotential(u=1.0, v=0.8),
    "numeric": lambda: mf.potentials.Custom(value=entropy),
    "negative entropy": mf.potentials.NegativeEntropy,
    "log barrier": mf.potentials.LogBarrier,
}
ORTHANT = ("negative entropy", "log barrier")


def entropy(x):
    """Hyperbolic entropy, as a user would write it."""
    return x * jnp.arcsinh(x / SCALE) - jnp.sqrt(x**2 + SCALE**2)


# --- all potentials of the table in one run --------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(draw=(0, 1)))
def table(case, key):
    """½‖Ax−b‖², A 4×12 normal, from a random start, for every potential of the page side by side, to rest."""
    keys = jax.random.split(jax.random.fold_in(key, case.draw), 3)
    design = np.asarray(jax.random.normal(keys[0], (SAMPLES, FEATURES))) / np.sqrt(FEATURES)
    truth, start = (0.4 * np.asarray(jax.random.normal(k, (FEATURES,))) for k in keys[1:])
    truths = np.array([np.abs(truth) if name in ORTHANT else truth for name in TABLE])
    starts = np.array([0.2 + np.abs(start) if name in ORTHANT else start for name in TABLE])
    problem = objective(np.tile(design, (len(TABLE), 1, 1)), truths @ design.T, np.zeros_like(truths))
    flow = mf.Flow(problem, potential=SideBySide(tuple(make() for make in TABLE.values())))
    until = mf.until.time(10 * TIMES[-1]) | mf.until.stationary(1e-11)
    path = mf.integrate(flow, starts.ravel(), until=until, save=TIMES, rtol=1e-9, atol=1e-12, solver=EXPLICIT)
    return {"path": path, "design": design, "targets": truths @ design.T}


def of(run, name):
    """x_t of one potential, and the target of its regression."""
    which = list(TABLE).index(name)
    x = np.asarray(run["path"].x).reshape(-1, len(TABLE), FEATURES)
    return x[:, which], np.asarray(run["targets"])[which]


def own(name):
    """The potential that moved these coordinates."""
    return name


def another(name):
    """The entropy, and the quadratic one for what is an entropy."""
    return (
        "quadratic" if "entropy" in name or name == "numeric" else "negative entropy" if name in ORTHANT else "numeric"
    )


@mf.claim(
    "mirror-flow/limit",
    on=table,
    statement=r"x_\infty = \arg\min\{D_R(x,x_0) : Ax=b\},\quad "
    r"\nabla R(x_\infty)-\nabla R(x_0) \in \mathrm{range}(A^T)",
    source=PAGE,
    status="published",
    tolerance=mf.tolerance(1e-6, because="the solver's tolerance is 1e-9 per step, over some hundred steps"),
    variables=VARIABLES,
)
def limit(case, run, potential=own, remembered=1.0):
    """The relative part of ∇R(x_∞)−∇R(x₀) outside the range of Aᵀ, ∇R as on the page, in NumPy."""
    parts = {}
    for name in TABLE:
        x, target = of(run, name)
        mirror_map = FORMULAS[potential(name)][0]
        change = mirror_map(x[-1]) - remembered * mirror_map(x[0])
        off = outside_range(run["design"], change) / np.linalg.norm(change)
        parts[name] = mf.Comparison(predicted=0.0, measured=off)
        parts[name + ": Ax=b"] = mf.Comparison(predicted=target, measured=run["design"] @ x[-1])
    return parts


limit.control("another potential", potential=another)
limit.control("the start forgotten", remembered=0.0)


@mf.claim(
    "mirror-flow/limit-by-convex-programming",
    on=table,
    statement=r"x_\infty = \nabla R^*(\nabla R(x_0)+A^T\nu),\quad A\,\nabla R^*(\nabla R(x_0)+A^T\nu)=b",
    source=PAGE,
    status="published",
    tolerance=mf.tolerance(1e-6, because="the solver's tolerance is 1e-9 per step, over some hundred steps"),
    variables=VARIABLES | {"\\nu": "multipliers of Ax=b"},
)
def programmed(case, run, potential=own):
    """The optimality condition solved by SciPy's trust region in the multipliers, without this package; and ours."""
    parts = {}
    for name in TABLE:
        x, target = of(run, name)
        found = solved(potential(name), run["design"], target, x[0])
        parts[name] = mf.Comparison(predicted=found, measured=x[-1])
        if potential is own:
            parts[name + ", projection"] = mf.Comparison(predicted=found, measured=projected(name, run, target, x[0]))
    return parts


def solved(name, design, target, start):
    """x of the optimality condition, by nonlinear least squares."""
    mirror_map, inverse, slope = FORMULAS[name]
    dual = mirror_map(start)
    with np.errstate(divide="ignore", invalid="ignore"):
        nu = scipy.optimize.least_squares(
            lambda nu: design @ inverse(dual + design.T @ nu) - target,
            np.zeros(len(target)),
            lambda nu: (design * slope(dual + design.T @ nu)) @ design.T,
            x_scale="jac",
            **dict.fromkeys(("xtol", "ftol", "gtol"), 1e-15),
        ).x
    return inverse(dual + design.T @ nu)


def projected(name, run, target, start):
    problem = mf.problems.LinearRegression(run["design"], target)
    return mf.predict.bregman_projection(problem, TABLE["hyperbolic entropy" if name == "numeric" else name](), start).x


programmed.control("another potential", potential=another)


@mf.claim(
    "mirror-flow/dual-range",
    on=table,
    statement=r"\nabla R(x_t)-\nabla R(x_0) \in \mathrm{range}(A^T)\quad\text{for all } t",
    source=PAGE,
    status="proved",
    tolerance=mf.tolerance(1e-6, because="the solver's tolerance is 1e-9 per step, over some hundred steps"),
    variables=VARIABLES,
)
def dual_range(case, run, potential=own):
    """The largest share outside the range over all times; 0 in the chart of a dual, in others up to the solver."""
    parts = {}
    for name in TABLE:
        duals = FORMULAS[potential(name)][0](of(run, name)[0])
        change = duals[1:] - duals[0]
        off = outside_range(run["design"], change).max() / np.linalg.norm(change, axis=1).max()
        parts[name] = mf.Comparison(predicted=0.0, measured=off)
    return parts


dual_range.control("of another potential", potential=another)


@mf.claim(
    "mirror-flow/numeric-potential",
    on=table,
    statement=r"\text{the flow of } R \text{ given as a function alone is the flow of its closed form}",
    source="theory page 01 (potentials the toolkit knows)",
    status="proved",
    tolerance=mf.tolerance(1e-7, because="the solver's tolerance is 1e-9 per step; one steps in x, the other in ∇R"),
    variables=VARIABLES,
)
def numeric(case, run, other="hyperbolic entropy"):
    """At all times: R=Σx·asinh(x/ρ)−√(x²+ρ²) as a callable, its metric by automatic differentiation."""
    return mf.Comparison(predicted=of(run, other)[0], measured=of(run, "numeric")[0])


numeric.control("the closed form of another scale and tilt", other="tilted entropy")


# --- rates -----------------------------------------------------------------------------------------------------------

BOUNDED = ("quadratic", "hyperbolic entropy", "cosh", "log u − log v", "negative entropy")


@functools.cache
def _rate(name, design, shape, low, high):
    design = np.frombuffer(design).reshape(shape)
    problem = mf.problems.LinearRegression(design, np.zeros(shape[0]))
    return mf.predict.pl_rate(problem, TABLE[name](), np.frombuffer(low), np.frombuffer(high)).rate


def rate(run, name):
    """σΛ on the box that the path stays in."""
    x, design = of(run, name)[0], np.asarray(run["design"])
    return _rate(name, design.tobytes(), design.shape, x.min(axis=0).tobytes(), x.max(axis=0).tobytes())


def losses(run, name):
    """log f(x_t)/f(x₀) until f is at the level of rounding, and the times."""
    x, target = of(run, name)
    f = ((x @ np.asarray(run["design"]).T - target) ** 2).sum(axis=1)
    kept = f > 1e-16 * f[0]
    return np.asarray(run["path"].time)[kept], np.log(f[kept] / f[0])


@mf.claim(
    "mirror-flow/exponential-rate",
    on=table,
    statement=r"f(x_t)-f^* \le e^{-\sigma\Lambda t}(f(x_0)-f^*),\quad (\nabla^2R)^{-1}\succeq\sigma,"
    r"\ \|\nabla f\|^2 \ge \Lambda(f-f^*)",
    source="arXiv:2207.04036; theory page 01 (convergence)",
    status="published",
    tolerance=mf.tolerance(1e-6, because="losses above 1e-16 of the first, solved to 1e-9 per step"),
    figure="exponential-rates",
    variables=VARIABLES | {r"\sigma, \Lambda": "least inverse metric along the path, PL constant 2σ_min(A)²"},
)
def exponential_rate(case, run, factor=1.0):
    """The largest excess of log f over the bound."""
    parts = {}
    for name in BOUNDED:
        time, logs = losses(run, name)
        excess = np.max((logs + factor * rate(run, name) * time)[1:])
        parts[name] = mf.Comparison(predicted=0.0, measured=excess, relation="at most", scale=1.0)
    return parts


exponential_rate.control("one and a half times the rate", factor=1.5)
