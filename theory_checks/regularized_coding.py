"""Page 02: sparse coding with u^{2k}−v^{2k}, k varied, and decay that is switched off."""

import jax.numpy as jnp
import numpy as np
import scipy.optimize

import mirrorflow as mf

LENGTH, ATOMS, SUPPORT = 12, 24, 2
POWERS = (1, 2, 3)
SPENT = (0.0, 0.2, 0.5)
START = 0.05  # u₀^{2k} = v₀^{2k}, so that x starts at 0 and every k begins at the same scale
TIMES = np.concatenate([[0.0], np.geomspace(0.02, 600.0, 60)])
CODING = "arXiv:2504.12883, sparse coding; theory page 02 (problems to run it on)"


def coding_flow(problem, k, spent):
    """x=u^{2k}−v^{2k} with the penalty that commutes, Σu^{2k}+v^{2k}, until t=1."""
    decay = mf.decay.Coupled(mf.schedules.switch_off(spent, at=1.0), penalty=mf.decay.PowerSum(2 * k))
    return mf.Flow(problem, reparameterization=mf.reparameterizations.PowerDifference(2 * k), decay=decay)


@mf.experiment(cases=mf.cases.grid(k=POWERS, spent=SPENT))
def coding(case, key):
    """A signal of length 12 that is two of 24 atoms, from x=0 to t=600; decay for t<1 that spends ∫α=`spent`."""
    problem = mf.problems.SparseCoding.sample(key, length=LENGTH, atoms=ATOMS, support=SUPPORT)
    start = jnp.full((2, ATOMS), START ** (1 / (2 * case.k)))
    flow = coding_flow(problem, case.k, case.spent)
    path = mf.integrate(flow, start, until=mf.until.time(TIMES[-1]), save=TIMES, rtol=1e-8, atol=1e-11)
    return {"path": path, "truth": problem.truth, "least": _least_l1(problem)}


def _least_l1(problem):
    """min ‖x‖₁ over the codes of the signal, by linear programming."""
    atoms = np.asarray(problem.dictionary)
    codes = scipy.optimize.linprog(np.ones(2 * ATOMS), A_eq=np.hstack([atoms, -atoms]), b_eq=problem.signals)
    return codes.fun


def excess(run, x):
    """‖x‖₁ over the least of all codes."""
    return np.sum(np.abs(np.asarray(x)), axis=-1) / float(run["least"])


def dual(k, spent, x):
    """−ℓ=∇R_A(x) for every coordinate: the closed form of u and v, solved for ℓ."""
    if k == 1:
        return np.arcsinh(x / (2 * START * np.exp(-4 * spent))) / 4
    first, rate, power = START ** (1 / k - 1), 4 * k * (k - 1), -k / (k - 1)
    edge = (first / rate + spent) * (1 - 1e-12)

    def short(z, target):
        return (first + rate * (spent - z)) ** power - (first + rate * (spent + z)) ** power - target

    return np.array([scipy.optimize.brentq(short, -edge, edge, args=(target,), xtol=1e-15) for target in x])


@mf.claim(
    "regularized/sparse-coding-limit",
    on=coding,
    statement=r"x=u^{2k}-v^{2k},\ u_0=v_0:\quad x_\infty = \arg\min\{R_{A_\infty}(x) : Dx=y\}",
    source=CODING + "; convergence and optimality",
    status="published",
    tolerance=mf.tolerance(1e-5, because="at t=600 the slowest coordinate is this near to its limit"),
    variables={"D": "unit atoms", "y": "a signal of two of them", r"A_\infty": r"\int\alpha"},
    figure="sparse-coding",
)
def coding_limit(case, run, more=0.0):
    """Optimality: the share of ∇R_A(x_∞) outside the range of Dᵀ, and ‖Dx−y‖."""
    path = run["path"]
    gradient = dual(case.k, case.spent + more, np.asarray(path.x[-1]))
    basis, _ = np.linalg.qr(np.asarray(path.flow.problem.dictionary).T)
    outside = np.linalg.norm(gradient - basis @ (basis.T @ gradient)) / np.linalg.norm(gradient)
    return {
        "∇R in the range of Dᵀ": mf.Comparison(predicted=0.0, measured=outside),
        "Dx = y": mf.Comparison(predicted=0.0, measured=np.sqrt(2 * path.loss[-1])),
    }


coding_limit.control("a decay that spent 0.1 more", more=0.1)


@mf.claim(
    "regularized/sparse-coding-bias",
    on=coding,
    across="spent",
    statement=r"x=u^{2k}-v^{2k}:\quad \text{the more decay was spent, the smaller } \|x_\infty\|_1, "
    r"\text{ for every } k",
    source=CODING + "; type of bias",
    status="published",
    tolerance=mf.tolerance(1e-5, because="at t=600 the slowest coordinate is this near to its limit"),
    figure="sparse-coding",
)
def coding_bias(runs, order=1):
    """In units of the least ℓ1 norm of all codes, which none falls short of."""
    norms = np.array([excess(run, run["path"].x[-1]) for _, run in runs])
    return {
        "falls": mf.Comparison(predicted=0.0, measured=order * np.diff(norms), relation="at most", scale=1.0),
        "least norm": mf.Comparison(predicted=1.0, measured=norms, relation="at least"),
    }


coding_bias.control("the larger", order=-1)
