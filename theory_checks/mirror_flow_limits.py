"""Page 01: the same limit on real data, what becomes of it away from gradient flow, and which norm it is close to."""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize

import mirrorflow as mf

from ._data import diabetes
from ._side_by_side import outside_range
from .mirror_flow import EXPLICIT, PAGE, VARIABLES

SAMPLES, FEATURES, POINTS = 20, 64, 200
FINE = {"rtol": 1e-9, "atol": 1e-12, "solver": EXPLICIT}
WOODWORTH = "Woodworth et al. 2020; theory page 01 (implicit bias in underdetermined regression)"
DATA = ("normal", "diabetes")


def regression(data, key):
    """20×64: normal rows and targets, or the diabetes data."""
    if data == "diabetes":
        return diabetes(key, samples=SAMPLES)
    rows, target = jax.random.split(key)
    design = np.asarray(jax.random.normal(rows, (SAMPLES, FEATURES))) / np.sqrt(SAMPLES)
    return mf.problems.LinearRegression(design, np.asarray(jax.random.normal(target, (SAMPLES,))))


def to_rest(problem, potential, start, end, geometry=None, tolerance=1e-11):
    """The mirror flow to rest, or to t=`end`; one program for all cases."""
    flow = mf.Flow(problem, potential=potential, geometry=geometry)
    until = mf.until.time(end) | mf.until.stationary(tolerance)
    return mf.integrate(flow, start, until=until, save=np.linspace(0.0, end, POINTS), **FINE)


# --- real data -------------------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(scale=(0.1, 1.0)))
def patients(case, key):
    """Diabetes, 20 patients and 64 features, ½[x·asinh(x/ρ)−√(x²+ρ²)] from a random start."""
    problem, potential = diabetes(key, samples=SAMPLES), mf.potentials.TiltedHyperbolicEntropy(case.scale)
    path = to_rest(problem, potential, 0.1 * np.asarray(jax.random.normal(key, (FEATURES,))), 2000.0)
    return {"path": path, "design": problem.design}


@mf.claim(
    "mirror-flow/limit-on-diabetes",
    on=patients,
    statement=r"x_\infty = \arg\min\{D_R(x,x_0) : Ax=b\} \text{ on real data}",
    source=PAGE,
    status="published",
    tolerance=mf.tolerance(1e-6, because="the run stops at a gradient of 1e-11, with a condition of a thousand"),
    variables=VARIABLES,
)
def limit_on_diabetes(case, run, scale=1.0, remembered=1.0):
    """The share of ∇R(x_∞)−∇R(x₀) outside the range of Aᵀ, ∇R=½asinh(x/ρ), and Newton's method on the dual."""
    x, problem = np.asarray(run["path"].x), run["path"].flow.problem
    dual = 0.5 * np.arcsinh(x[[0, -1]] / (scale * case.scale))
    change = dual[1] - remembered * dual[0]
    potential = mf.potentials.TiltedHyperbolicEntropy(scale * case.scale)
    found = mf.predict.bregman_projection(problem, potential, start_dual=remembered * dual[0]).x
    return {
        "∇R in the range of Aᵀ": mf.Comparison(0.0, outside_range(np.asarray(run["design"]), change) / np.linalg.norm(change)),
        "projection": mf.Comparison(predicted=found, measured=x[-1]),
    }


limit_on_diabetes.control("half the scale", scale=0.5)
limit_on_diabetes.control("the start forgotten", remembered=0.0)


# --- not for steepest flows with q<2 ---------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(q=(1.25, 1.5, 2.0)))
def directions(case, key):
    """d∇R(x) = −sign(∇f)|∇f|^{q−1}dt with R=½[x·asinh(2x)−√(x²+¼)] from 0; at q=2 the gradient's direction."""
    problem, potential = regression("normal", key), mf.potentials.TiltedHyperbolicEntropy(0.5)
    geometry = mf.geometries.Steepest(q=case.q, smoothing=1e-6)
    path = to_rest(problem, potential, np.zeros(FEATURES), 60.0, geometry, tolerance=1e-8)
    return {"path": path, "design": problem.design}


@mf.claim(
    "mirror-flow/steepest-limit",
    on=directions,
    across=True,
    statement=r"q<2:\quad \nabla R(x_\infty)-\nabla R(x_0) \in \mathrm{range}(A^T)",
    source=PAGE + ": false for q<2",
    status="printed",
    expects="refuted",
    tolerance=mf.tolerance(1e-6, because="the solver's tolerance is 1e-9 per step"),
    notes="Nobody prints it; it is the claim of the page for q=2, held against flows for which it is not made.",
)
def steepest_limit(runs, powers=(1.25, 1.5)):
    """The share of ∇R(x_∞) outside the range of Aᵀ."""
    parts = {}
    for q in powers:
        run = runs.only(q=q)
        dual = 0.5 * np.arcsinh(np.asarray(run["path"].x[-1]) / 0.5)
        off = outside_range(np.asarray(run["design"]), dual) / np.linalg.norm(dual)
        parts[f"q={q:g}"] = mf.Comparison(predicted=0.0, measured=off)
    return parts


steepest_limit.control("gradient flow", powers=(2.0,))


# --- from ℓ2 to ℓ1 ---------------------------------------------------------------------------------------------------

ALPHAS = (1e-4, 1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def least_l1(problem):
    """argmin{‖x‖₁ : Ax=b} and the multipliers' Aᵀν, by linear programming."""
    design, target = np.asarray(problem.design), np.asarray(problem.target)
    found = scipy.optimize.linprog(np.ones(2 * FEATURES), A_eq=np.hstack([design, -design]), b_eq=target)
    return found.x[:FEATURES] - found.x[FEATURES:], design.T @ found.eqlin.marginals


def least_l2(problem):
    """argmin{‖x‖₂ : Ax=b}"""
    return np.linalg.pinv(np.asarray(problem.design)) @ np.asarray(problem.target)


@mf.experiment(cases=mf.cases.grid(depth=(2, 3, 4), alpha=ALPHAS).where(lambda c: c.alpha >= (0.1 if c.depth > 2 else 0)))
def scales(case, key):
    """x=u^D−v^D from u=v=α as the mirror flow that it is, to rest."""
    problem = regression("normal", key)
    depth, alpha = case.depth, case.alpha
    if depth == 2:
        potential = mf.potentials.TiltedHyperbolicEntropy(scale=2 * alpha**2, factor=0.25)
    else:
        potential = mf.potentials.PowerDifferencePotential(depth, u=alpha, v=alpha)
    unit = min(1.0, 1 / (2 * depth**2 * alpha ** (2 * depth - 2)))  # of time, in which ∇f moves x
    if alpha < 1:
        unit = 1.0 * max(1.0, alpha ** (2 - depth))
    path = to_rest(problem, potential, np.zeros(FEATURES), 400.0 * unit)
    sparse, certificate = least_l1(problem)
    return {"path": path, "ℓ1": sparse, "ℓ2": least_l2(problem), "certificate": certificate}


def distance(run, norm):
    """‖x_∞−x_ℓ‖/‖x_ℓ‖"""
    nearest = np.asarray(run[norm])
    return np.linalg.norm(np.asarray(run["path"].x[-1]) - nearest) / np.linalg.norm(nearest)
