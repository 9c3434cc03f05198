"""Page 01, matrices: von Neumann's entropy leads to the least trace, and UUᵀ follows it only where all commutes."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from .matrices import normal

mf.claims.paper("1705.09280", "Implicit Regularization in Matrix Factorization")

SIDE, MEASUREMENTS = 4, 6
FLOWS = {"entropy": (2, 8), "UUᵀ": (2, 8, 30)}  # decades of 1/s
MEASURED = ("general", "shared")
SOURCE = "theory page 01 (spectral lifts; implicit bias in underdetermined regression; UUᵀ)"
VARIABLES = {
    "R": "tr(X·log X − X), von Neumann's entropy",
    "s": "X₀=s·I",
    "A_k": "symmetric measurements, fewer than the entries of X",
}


@functools.partial(jax.jit, static_argnums=1)
def _sensing(key, shared):
    keys = jax.random.split(key, 3)
    if shared:
        # on the axes: a basis known to rounding only would be left, some 36/(difference of rates) of time later
        operators = normal(keys[1], 2, SIDE, 1) * jnp.eye(SIDE)[None]
        operators = jnp.concatenate([operators, jnp.zeros((MEASUREMENTS - 2, SIDE, SIDE))])
    else:
        operators = normal(keys[0], MEASUREMENTS, SIDE, SIDE)
        operators = (operators + operators.swapaxes(1, 2)) / 2
    factor = normal(keys[2], SIDE, SIDE) / np.sqrt(SIDE)
    operators = operators / np.sqrt(MEASUREMENTS)
    return operators, jnp.tensordot(operators, factor @ factor.T, 2)


def sensing(key, shared):
    """Six symmetric measurements of a positive definite 4×4 matrix; or two diagonal ones."""
    return mf.problems.MatrixSensing(*_sensing(key, shared))


CASES = [mf.cases.grid(flow=(flow,), measurements=MEASURED, decades=FLOWS[flow]) for flow in FLOWS]


@mf.experiment(cases=CASES[0] + CASES[1], slow=True)
def entropies(case, key):
    """From X=s·I to rest: mirror flow of the entropy, and gradient flow on UUᵀ in graded factors."""
    problem, log = sensing(key, case.measurements == "shared"), case.decades * np.log(10)
    ahead = {"until": mf.until.stationary(1e-9), "rtol": 1e-10, "atol": 1e-12}
    if case.flow == "entropy":
        flow = mf.Flow(problem, potential=mf.potentials.Spectral(mf.potentials.NegativeEntropy()))
        start = np.exp(-log) * np.eye(SIDE)
    else:
        product = mf.reparameterizations.GradedProduct(SIDE, SIDE)
        flow, start = mf.Flow(problem, reparameterization=product), product.factors(np.eye(SIDE), log_scale=-log / 2)
    path = mf.integrate(flow, start, **ahead)
    return {"path": path, "logarithm": logarithm(path, case.flow)}


def logarithm(path, flow):
    """log X at the end, to relative accuracy in its smallest eigenvalues."""
    if flow == "entropy":
        return np.asarray(path.flow.potential.mirror_map(path.x[-1]))
    theta = {name: np.asarray(leaf)[-1] for name, leaf in path.parameters.items()}
    core = np.exp(theta["log_scales"])[:, None] * theta["mixing"]
    vectors, sizes, _ = np.linalg.svd(core)
    return (theta["frame"] @ vectors * 2 * np.log(sizes)) @ (theta["frame"] @ vectors).T


def outside(run, decades):
    """The share of log X_∞ − log s·I outside the span of the measurements."""
    rows = np.asarray(run["path"].flow.problem.measurements).reshape(MEASUREMENTS, -1)
    dual = (np.asarray(run["logarithm"]) + decades * np.log(10) * np.eye(SIDE)).ravel()
    basis = np.linalg.svd(rows, full_matrices=False)[2][: np.linalg.matrix_rank(rows)]
    return np.linalg.norm(dual - basis.T @ (basis @ dual)) / np.linalg.norm(dual)


def least_trace(run):
    """min tr X over X⪰0 that fits, by a semidefinite program."""
    problem = run["path"].flow.problem
    return _least(np.asarray(problem.measurements).tobytes(), np.asarray(problem.target).tobytes())


@functools.lru_cache(maxsize=32)
def _least(measurements, target):
    import cvxpy

    measurements, target = np.frombuffer(measurements).reshape(-1, SIDE, SIDE), np.frombuffer(target)
    x = cvxpy.Variable((SIDE, SIDE), PSD=True)
    fits = [cvxpy.trace(a @ x) == b for a, b in zip(measurements, target, strict=True) if np.abs(a).max() > 0]
    return float(cvxpy.Problem(cvxpy.Minimize(cvxpy.trace(x)), fits).solve(solver=cvxpy.CLARABEL))


@mf.claim(
    "matrices/entropy-limit",
    on=entropies,
    across=True,
    statement=r"d\nabla R(X) = -\nabla f\,dt: \quad \log X_\infty - \log X_0 \in \mathrm{span}\{A_k\}",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(1e-7, because="log X turns the error of its smallest eigenvalue into a relative one"),
    variables=VARIABLES,
)
def entropy_limit(runs, flow="entropy"):
    """The share outside the span, from X₀ = 10⁻²·I, with measurements that do not commute and with some that do."""
    return {
        name: mf.Comparison(predicted=0.0, measured=outside(runs.only(flow=flow, measurements=name, decades=2), 2))
        for name in MEASURED
    }


entropy_limit.control("gradient flow on UUᵀ", flow="UUᵀ")


def excess(runs, flow, measurements, decades):
    """tr X_∞ over the least trace, less 1."""
    run = runs.only(flow=flow, measurements=measurements, decades=decades)
    return float(np.trace(np.asarray(run["path"].x)[-1])) / least_trace(run) - 1


@mf.claim(
    "matrices/entropy-least-trace",
    on=entropies,
    across=True,
    statement=r"X_0 = sI,\ s\to0: \quad X_\infty \to \arg\min\{\mathrm{tr}\,X : X\succeq0,\ \langle A_k,X\rangle=b_k\}",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(
        5e-3, because="s=1e-8 leaves some thousandths where the program's solution is nearly another"
    ),
    figure="least-trace",
    variables=VARIABLES,
)
def entropy_least_trace(runs, flow="entropy"):
    """tr X_∞ over the least trace less 1, from s=1e-8, measurements in general position."""
    return mf.Comparison(predicted=0.0, measured=excess(runs, flow, "general", 8))


entropy_least_trace.control("gradient flow on UUᵀ", flow="UUᵀ")


@mf.claim(
    "matrices/factors-and-entropy",
    on=entropies,
    across=True,
    statement=r"X=UU^T: \quad \log X_\infty - \log X_0 \in \mathrm{span}\{A_k\} \text{ whatever the } A_k",
    source="theory page 01 (UUᵀ is not commuting), read as if it were",
    status="derived here",
    new=False,
    expects="refuted",
    tolerance=mf.tolerance(1e-7, because="that of the entropy's own limit"),
    erratum=r"Gradient flow on $UU^T$ is the mirror flow of von Neumann's entropy where the measurements commute. "
    r"Otherwise 5 to 25 per cent of $\log X_\infty-\log X_0$ lie outside the span of the measurements.",
    variables=VARIABLES,
)
def factors_and_entropy(runs, measurements="general"):
    """The share outside the span from X₀ = 10⁻²·I."""
    run = runs.only(flow="UUᵀ", measurements=measurements, decades=2)
    return mf.Comparison(predicted=0.0, measured=outside(run, 2))


factors_and_entropy.control("measurements that commute", measurements="shared")


@mf.claim(
    "matrices/least-trace-of-factors",
    on=entropies,
    across=True,
    statement=r"X=UU^T,\ X_0 = sI,\ s\to0: \quad X_\infty \to \text{ the least trace, whatever the } A_k",
    source="arXiv:1705.09280 (conjecture); arXiv:2012.09839 (why it fails)",
    status="published",
    expects="refuted",
    tolerance=mf.tolerance(1e-3, because="what s=1e-30 leaves where measurements commute is a tenth of it"),
    erratum=r"From $s=10^{-30}$ the trace is up to 90 per cent above the least one in general position: rank is "
    r"learned greedily, one by one, not by its trace. The conjecture is a theorem where the measurements commute.",
    figure="least-trace",
    variables=VARIABLES,
)
def least_trace_of_factors(runs, measurements="general"):
    """tr X_∞ over the least trace less 1."""
    return mf.Comparison(predicted=0.0, measured=excess(runs, "UUᵀ", measurements, 30))


least_trace_of_factors.control("measurements that commute", measurements="shared")
