"""Pages 01 and 02, matrices: commuting measurements, whose directions keep rates of their own, and their limits."""

import numpy as np

import mirrorflow as mf

from .matrices import DECADES, MEASUREMENTS, POINTS, SIDE, VARIABLES, arrivals, normal

# Once the first direction has arrived the second, which it resembles, grows slower than the third.
DESIGN = np.array(
    [
        [1.0, 0.8, 0.0, 0.3, 0.0],
        [0.0, 0.6, 0.0, 0.0, -0.3],
        [0.0, 0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ]
)
TRUTH = np.array([1.5, 0.5, 1.2, 0.0, 0.0])
SOURCE = "arXiv:2304.00488 for β=u⊙u; theory page 01 (UUᵀ with commuting symmetric measurements)"


@mf.experiment(cases=mf.cases.grid(decades=DECADES[-2:]))
def axes(case, key):
    """Diagonal measurements from U=s·I: the eigenvalues of UUᵀ are a regression on u⊙u."""
    log = case.decades * np.log(10)
    design = DESIGN + 0.03 * np.asarray(normal(key, SIDE, SIDE))
    regression = mf.problems.LinearRegression(design, design @ TRUTH)
    operators = np.zeros((MEASUREMENTS, SIDE, SIDE))  # those beyond the design are 0: one program for all of the page
    operators[:SIDE] = design[:, :, None] * np.eye(SIDE)
    problem = mf.problems.MatrixSensing(operators, np.append(design @ TRUTH, np.zeros(MEASUREMENTS - SIDE)))
    jumps = mf.predict.saddle_jumps(regression, nonnegative=True)
    general = mf.predict.rank_jumps(problem, symmetric=True, rank=SIDE)
    product = mf.reparameterizations.GradedProduct(SIDE, SIDE)
    until = mf.until.time(0.6 * float(jumps.times[-1]) * log)
    flow = mf.Flow(problem, reparameterization=product)
    start = product.factors(np.eye(SIDE), log_scale=-log)
    path = mf.integrate(flow, start, until=until, save=POINTS, rtol=1e-9, atol=1e-11)
    return {
        "path": path,
        "tau": np.asarray(path.time) / log,
        "logs": mf.observe.log_singular_values(path),
        "times": jumps.times / 2,  # τ=2t/L there
        "general": general.times,
    }


@mf.claim(
    "matrices/commuting-arrivals",
    on=axes,
    across="decades",
    statement=r"A_k \text{ diagonal},\ U_0 = sI:\quad t_k(s) = \tfrac12\tau_k\log\tfrac1s + O(1),\ "
    r"\tau_k \text{ the jumps of } \beta = u\odot u",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(5e-3, because="the O(1) is level up to powers of s"),
    variables=VARIABLES,
    notes="The rule for general position is wrong here: a direction that falls behind does not turn into another one.",
)
def commuting_arrivals(runs, law="times"):
    """dt_k/dL between s=1e-120 and 1e-240, relative to each τ_k."""
    logs = np.array(DECADES[-2:]) * np.log(10)
    low, high = (runs.only(decades=decades) for decades in DECADES[-2:])
    times = np.asarray(high["times"])
    slopes = (arrivals(high, logs[1]) - arrivals(low, logs[0])) / (logs[1] - logs[0])
    predicted = np.asarray(high[law])[: len(times)]
    return mf.Comparison(predicted=predicted / times, measured=slopes / times, scale=1.0)


commuting_arrivals.control("the rule for general position", law="general")
