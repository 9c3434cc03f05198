"""Page 01: spectral lifts of potentials. Mirror flow on singular values, from Frobenius-like to nuclear-like."""

import functools

import numpy as np

import mirrorflow as mf

ROWS, COLUMNS, MEASUREMENTS = 4, 5, 9
SCALES = (1e-5, 1e-3, 1e-2, 0.1, 1.0, 10.0)
SOURCE = "theory page 01 (spectral lifts; implicit bias in underdetermined regression)"
VARIABLES = {r"\rho": "scale of the hyperbolic entropy of the singular values", "A_k": "the measurements"}


@mf.experiment(cases=mf.cases.grid(scale=SCALES))
def sensing(case, key):
    """Nine measurements of a 4×5 matrix of rank one, from X=0 to rest."""
    problem = mf.problems.MatrixSensing.sample(key, shape=(ROWS, COLUMNS), rank=1, measurements=MEASUREMENTS)
    problem = mf.problems.MatrixSensing(problem.measurements / ROWS, problem.target / ROWS)
    potential = mf.potentials.Spectral(mf.potentials.HyperbolicEntropy(case.scale))
    flow = mf.Flow(problem, potential=potential)
    until = mf.until.stationary(1e-9)
    path = mf.integrate(flow, np.zeros((ROWS, COLUMNS)), until=until, rtol=1e-9, atol=1e-11, save=60)
    return {"path": path, "dual": potential.mirror_map(path.x[-1])}


def flattened(path):
    """The measurements as rows, and their targets."""
    problem = path.flow.problem
    return np.asarray(problem.measurements).reshape(MEASUREMENTS, -1), np.asarray(problem.target)


def of_least_frobenius_norm(path):
    """By the pseudo-inverse."""
    rows, target = flattened(path)
    return (np.linalg.pinv(rows) @ target).reshape(ROWS, COLUMNS)


def of_least_nuclear_norm(path):
    """By a semidefinite program."""
    rows, target = flattened(path)
    return _nuclear(rows.tobytes(), target.tobytes())


@functools.lru_cache(maxsize=8)
def _nuclear(rows, target):
    import cvxpy

    rows, target = np.frombuffer(rows).reshape(MEASUREMENTS, ROWS, COLUMNS), np.frombuffer(target)
    x = cvxpy.Variable((ROWS, COLUMNS))
    fits = [cvxpy.sum(cvxpy.multiply(row, x)) == value for row, value in zip(rows, target, strict=True)]
    cvxpy.Problem(cvxpy.Minimize(cvxpy.normNuc(x)), fits).solve(solver=cvxpy.CLARABEL)
    return np.asarray(x.value)


@mf.claim(
    "mirror-flow/spectral-limit",
    on=sensing,
    statement=r"X_\infty = \arg\min\{R(X) : \langle A_k,X\rangle=b_k\},\ R=\textstyle\sum_i R_\rho(\sigma_i(X)):"
    r"\quad \nabla R(X_\infty) \in \mathrm{span}\{A_k\}",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(
        1e-5, because="singular values near 0 turn the error of X into one of asinh(σ/ρ), up to 1/ρ"
    ),
    figure="spectral",
    variables=VARIABLES,
)
def spectral_limit(case, run, power=1):
    """The part of ∇R(X_∞) outside the span of the measurements, and the fit; entrywise ∇R where power is 0."""
    rows, target = flattened(run["path"])
    x, dual = np.asarray(run["path"].x[-1]), np.asarray(run["dual"])
    if not power:
        dual = np.arcsinh(x / case.scale)
    basis = np.linalg.qr(rows.T)[0]
    outside = dual.ravel() - basis @ (basis.T @ dual.ravel())
    return {
        "∇R in the span": mf.Comparison(predicted=0.0, measured=np.linalg.norm(outside) / np.linalg.norm(dual)),
        "fits": mf.Comparison(predicted=target, measured=rows @ x.ravel()),
    }


spectral_limit.control("the entropy of the entries in place of the singular values", power=0)


@mf.claim(
    "mirror-flow/spectral-bias",
    on=sensing,
    across="scale",
    statement=r"\rho\to\infty: \text{ the least } \|X\|_F;\qquad \rho\to0: \text{ the least } \|X\|_*",
    source=SOURCE,
    status="published",
    tolerance=mf.tolerance(
        0.02, because="at ρ=10 the entropy is quadratic up to (σ/ρ)²/12; the least nuclear norm is approached"
    ),
    figure="spectral",
    variables=VARIABLES,
)
def spectral_bias(runs, small=SCALES[0], large=SCALES[-1]):
    """The Frobenius norm at the largest scale and the nuclear norm at the smallest, against the least ones."""
    nuclear, frobenius = runs.only(scale=small)["path"], runs.only(scale=large)["path"]
    least = of_least_nuclear_norm(nuclear)
    return {
        "nuclear": mf.Comparison(
            predicted=np.linalg.norm(least, "nuc"), measured=np.linalg.norm(np.asarray(nuclear.x)[-1], "nuc")
        ),
        "Frobenius": mf.Comparison(
            predicted=np.linalg.norm(of_least_frobenius_norm(frobenius)),
            measured=np.linalg.norm(np.asarray(frobenius.x)[-1]),
        ),
    }


spectral_bias.control("the other way round", small=SCALES[-1], large=SCALES[0])
