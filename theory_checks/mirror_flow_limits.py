"""Page 01: the same limit on real data, what becomes of it away from gradient flow, and which norm it is close to."""

import jax
import numpy as np
import scipy.optimize

import mirrorflow as mf

from ._data import diabetes
from ._side_by_side import outside_range
from .mirror_flow import EXPLICIT, PAGE, VARIABLES

SAMPLES, FEATURES, POINTS = 20, 64, 200
WOODWORTH = "Woodworth et al. 2020; theory page 01 (implicit bias in underdetermined regression)"
DATA = ("normal", "diabetes")


def regression(data, key):
    """20×64: normal rows and targets, or the diabetes data."""
    if data == "diabetes":
        return diabetes(key, samples=SAMPLES)
    rows, target = jax.random.split(key)
    design = np.asarray(jax.random.normal(rows, (SAMPLES, FEATURES))) / np.sqrt(SAMPLES)
    return mf.problems.LinearRegression(design, np.asarray(jax.random.normal(target, (SAMPLES,))))


def to_rest(problem, potential, start, end, geometry=None, tolerance=1e-11, atol=1e-12):
    """The mirror flow to rest, or to t=`end`; one program for all cases."""
    flow = mf.Flow(problem, potential=potential, geometry=geometry)
    until = mf.until.time(end) | mf.until.stationary(tolerance)
    return mf.integrate(
        flow, start, until=until, save=np.linspace(0.0, end, POINTS), rtol=1e-9, atol=atol, solver=EXPLICIT
    )


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
        "∇R in the range of Aᵀ": mf.Comparison(
            0.0, outside_range(np.asarray(run["design"]), change) / np.linalg.norm(change)
        ),
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
    status="derived here",
    new=False,
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

SCALES = {2: (1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0), 3: (0.1, 0.3, 1.0, 3.0), 4: (0.3, 0.5, 1.0)}
BY_DEPTH = sum((mf.cases.grid(depth=(depth,), alpha=alphas) for depth, alphas in SCALES.items()), mf.cases.Cases())


def least_l1(problem):
    """argmin{‖x‖₁ : Ax=b} and the multipliers' Aᵀν, by linear programming."""
    design, target = np.asarray(problem.design), np.asarray(problem.target)
    found = scipy.optimize.linprog(np.ones(2 * FEATURES), A_eq=np.hstack([design, -design]), b_eq=target)
    return found.x[:FEATURES] - found.x[FEATURES:], design.T @ found.eqlin.marginals


def least_l2(problem):
    """argmin{‖x‖₂ : Ax=b}"""
    return np.linalg.pinv(np.asarray(problem.design)) @ np.asarray(problem.target)


def difference(depth, alpha):
    """The potential of u^D−v^D from u=v=α."""
    if depth == 2:
        return mf.potentials.TiltedHyperbolicEntropy(log_scale=np.log(2) + 2 * np.log(alpha), factor=0.25)
    return mf.potentials.PowerDifferencePotential(depth, u=alpha, v=alpha)


def unit_of_time(depth, alpha):
    """In which ∇f moves x of size 1 from 0: what is slow is the start for α<1, and nothing for α>1."""
    return alpha ** (2 - depth) if alpha < 1 else alpha ** (2 - 2 * depth)


@mf.experiment(cases=BY_DEPTH)
def scales(case, key):
    """x=u^D−v^D from u=v=α as the mirror flow that it is, to rest, and the interpolators of least norm."""
    problem, potential = regression("normal", key), difference(case.depth, case.alpha)
    end = 800.0 * unit_of_time(case.depth, case.alpha)
    fine = 1e-12 * min(1.0, case.alpha**-case.depth)  # of the chart, x/α^D
    path = to_rest(problem, potential, np.zeros(FEATURES), end, tolerance=1e-9, atol=fine)
    return {"path": path, "design": problem.design, "ℓ1": least_l1(problem)[0], "ℓ2": least_l2(problem)}


def distance(run, norm):
    """‖x_∞−x_ℓ‖/‖x_ℓ‖"""
    x = np.asarray(run["path"].x[-1]) if "path" in run else np.asarray(run["x"])
    return np.linalg.norm(x - np.asarray(run[norm])) / np.linalg.norm(run[norm])


slope_of_woodworth = jax.jit(jax.grad(mf.predict.woodworth_q), static_argnums=1)


@mf.claim(
    "mirror-flow/depth",
    on=scales,
    statement=r"x=u^D-v^D,\ u_0=v_0=\alpha:\quad x_\infty = \arg\min\{\textstyle\sum\alpha^Dq_D(x_i/\alpha^D) : Ax=b\}",
    source=WOODWORTH,
    status="published",
    tolerance=mf.tolerance(
        1e-5, because="the gradient left at the end, 1e-9 or less, against a condition of a hundred"
    ),
    figure="two-norms",
    variables=VARIABLES | {"D": "the depth", r"\alpha": "the scale of the start"},
)
def depth(case, run, depth=lambda d: d):
    """The share of ∇Q_D(x_∞) outside the range of Aᵀ, and Ax−b."""
    x = np.asarray(run["path"].x[-1])
    slope = np.asarray(slope_of_woodworth(x, depth(case.depth), case.alpha))
    off = outside_range(np.asarray(run["design"]), slope) / np.linalg.norm(slope)
    return {
        "∇Q in the range of Aᵀ": mf.Comparison(predicted=0.0, measured=off),
        "Ax = b": mf.Comparison(predicted=0.0, measured=np.sqrt(2 * np.asarray(run["path"].loss[-1]))),
    }


depth.control("one factor more", depth=lambda d: d + 1)


@mf.claim(
    "mirror-flow/woodworth-map",
    on=scales,
    statement=r"\alpha^2q_2(x/\alpha^2) = 2R_\rho(x) + n\rho,\ \rho=2\alpha^2,\quad "
    r"R_\rho=\tfrac12\textstyle\sum[x\,\mathrm{asinh}\tfrac x\rho-\sqrt{x^2+\rho^2}]",
    source=WOODWORTH,
    status="proved",
    tolerance=mf.tolerance(1e-12, because="both sides are sums of some sixty numbers in double precision"),
    variables=VARIABLES,
)
def woodworth_map(case, run, square=2.0, factor=2.0):
    """On the path's points; the constant of the page is nρ, n the number of coordinates."""
    points, rho = np.asarray(run["path"].x)[1::40], square * case.alpha**2
    entropies = 0.5 * (points * np.arcsinh(points / rho) - np.hypot(points, rho)).sum(axis=1)
    q = np.array([float(woodworth(x, 2, case.alpha)) for x in points])
    return mf.Comparison(predicted=factor * entropies + rho * FEATURES, measured=q, scale=1 + rho * FEATURES)


woodworth = jax.jit(mf.predict.woodworth_q, static_argnums=1)
woodworth_map.control("ρ=α²", square=1.0)
woodworth_map.control("R itself", factor=1.0)

FAR = tuple(10.0**-k for k in (20, 40, 60, 80, 100, 120, 140))


@mf.experiment(cases=mf.cases.grid(alpha=FAR))
def far(case, key):
    """x=u²−v² from u=v=α far below what a flow needs: the projection that the flows of `scales` end at."""
    problem = regression("normal", key)
    found = mf.predict.bregman_projection(problem, difference(2, case.alpha), np.zeros(FEATURES))
    sparse, certificate = least_l1(problem)
    return {"x": found.x, "ℓ1": sparse, "certificate": certificate}


@mf.claim(
    "mirror-flow/small-scale",
    on=far,
    across=True,
    statement=r"x=u^2-v^2,\ \alpha\to0:\quad x_\infty \to \arg\min\{\|x\|_1 : Ax=b\},\quad "
    r"\|x_\infty-x_{\ell_1}\| \propto \alpha^{2(1-\max|\langle a_j,\nu\rangle|)}",
    source=WOODWORTH + "; the exponent is derived here",
    status="derived here",
    tolerance=mf.tolerance(1e-2, because="the largest inactive coordinate is not alone: others decay little faster"),
    variables=VARIABLES | {r"\nu": "multipliers of the ℓ1 problem; the maximum is over x_j=0, |⟨a_j,ν⟩|<1"},
    notes="For ten decimals on these data α must be near 1e-300: the next inactive coordinate has |⟨a_j,ν⟩|=0.985.",
)
def small_scale(runs, power=2.0):
    """Distance at the smallest α, against linear programming, and the exponent of the last four."""
    distances = np.array([distance(run, "ℓ1") for _, run in runs])
    certificate = np.abs(np.asarray(runs[0].result["certificate"]))
    exponent = power * (1 - certificate[np.abs(np.asarray(runs[0].result["ℓ1"])) < 1e-9].max())
    slope = np.polyfit(np.log(FAR[-4:]), np.log(distances[-4:]), 1)[0]
    return {
        "distance at 1e-140": mf.Comparison(predicted=0.0, measured=distances[-1], scale=1.0),
        "exponent": mf.Comparison(predicted=exponent, measured=slope, scale=1.0),
    }


small_scale.control("half the exponent", power=1.0)


@mf.claim(
    "mirror-flow/large-scale",
    on=scales,
    across=True,
    statement=r"x=u^2-v^2,\ \alpha\to\infty:\quad x_\infty \to \arg\min\{\|x\|_2 : Ax=b\},\quad "
    r"\|x_\infty-x_{\ell_2}\| \propto \alpha^{-4}",
    source=WOODWORTH + "; the exponent is derived here",
    status="derived here",
    tolerance=mf.tolerance(0.02, because="corrections are of relative size α^{−4}, on α from 3 to 10"),
    figure="two-norms",
    variables=VARIABLES,
    notes="q_2 is even: its first term beyond x² is smaller by x²/α⁴.",
)
def large_scale(runs, exponent=-4.0):
    """The slope of log distance between α=3 and α=10, in units of its size."""
    near, beyond = (distance(runs.only(depth=2, alpha=alpha), "ℓ2") for alpha in (3.0, 10.0))
    slope = np.log(beyond / near) / np.log(10 / 3)
    return mf.Comparison(predicted=exponent, measured=slope)


large_scale.control("α⁻²", exponent=-2.0)
