"""Conjectures to look for counterexamples to: one that is a theorem, one that is false, one that is open.

mirrorflow falsify conjectures
"""

import diffrax
import jax
import numpy as np
import scipy.optimize

import mirrorflow as mf

# --- a theorem: where mirror flow of a regression ends ----------------------------------------------------------------

ROWS, COLUMNS = 4, 6  # smaller problems are filled up with zeros, so that all share one compiled program
POTENTIALS = {
    "quadratic": lambda scale: mf.potentials.Quadratic(),
    "hyperbolic entropy": mf.potentials.HyperbolicEntropy,
    "hyperbolic-aware": mf.potentials.HyperbolicAware,
}


def limit_is_projection(potential, samples, features, scale, key):
    """The end of the flow from a random start against Newton's method on the dual, entry by entry."""
    draws = jax.random.split(key, 3)
    shown = np.outer(np.arange(ROWS) < samples, np.arange(COLUMNS) < features)
    design = shown * np.asarray(jax.random.normal(draws[0], (ROWS, COLUMNS)))
    target = design @ np.asarray(jax.random.normal(draws[1], (COLUMNS,)))
    start = 0.5 * np.asarray(jax.random.normal(draws[2], (COLUMNS,)))
    problem = mf.problems.LinearRegression(design, target)
    flow = mf.Flow(problem, potential=POTENTIALS[potential](scale))
    path = ended(mf.integrate(flow, start, until=mf.until.stationary(1e-9)))
    return mf.Comparison(mf.predict.bregman_projection(problem, flow.potential, start).x, path.x[-1])


mf.Conjecture(
    "conjectures/limit-is-projection",
    statement=r"x_\infty = \arg\min\{D_R(x,x_0) : Ax=b\}",
    space={
        "potential": mf.cases.choices(*POTENTIALS),
        "samples": mf.cases.integers(1, ROWS),
        "features": mf.cases.integers(2, COLUMNS),
        "scale": mf.cases.reals(0.1, 10.0, log=True),
    },
    check=limit_is_projection,
    source="theory page 01 (implicit bias in underdetermined regression)",
    tolerance=mf.tolerance(1e-4, because="flows end where the gradient is 1e-9; ill-conditioned data magnify that"),
    variables={"R": "the potential, of the scale that is given", "A": "normal, of the size that is given"},
    notes="A theorem: no counterexample can be found, and the worst gap says how well the numbers hold.",
)


# --- a false one: a smaller scale always ends at a smaller ℓ1 norm ----------------------------------------------------

ENTRIES = mf.cases.choices(0, 1, -1, 2, -2, 3, -3)


def smaller_scale_smaller_norm(a11, a12, a13, a21, a22, a23, b1, b2, scale, ratio):
    """‖x‖₁ of the limit from 0 at the scale against that at `ratio` times the scale, both without a flow."""
    design, target = np.array([[a11, a12, a13], [a21, a22, a23]], float), np.array([b1, b2], float)
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    target = design @ solution  # the part of b that can be reached
    problem = mf.problems.LinearRegression(design, target)
    larger, smaller = (
        np.abs(mf.predict.bregman_projection(problem, mf.potentials.HyperbolicEntropy(rho), np.zeros(3)).x).sum()
        for rho in (scale * ratio, scale)
    )
    return mf.Comparison(larger, smaller, relation="at most")


mf.Conjecture(
    "conjectures/smaller-scale-smaller-norm",
    statement=r"\rho<\rho' \implies \|x_\rho\|_1\le\|x_{\rho'}\|_1, \quad x_\rho=\arg\min\{R_\rho(x) : Ax=b\}",
    space={
        **dict.fromkeys(("a11", "a12", "a13", "a21", "a22", "a23", "b1", "b2"), ENTRIES),
        "scale": mf.cases.reals(1e-3, 1.0, log=True),
        "ratio": mf.cases.reals(1.1, 100.0, log=True),
    },
    check=smaller_scale_smaller_norm,
    source="the reading of theory page 01 that ρ leads from ℓ2 to ℓ1 step by step",
    tolerance=mf.tolerance(1e-6, because="both limits are known to 1e-9"),
    variables={"R_ρ": "the hyperbolic entropy of scale ρ", "ρ, ρ'": "the scale, and the ratio times the scale"},
    notes="False, though about 99 of 100 random problems bear it out: x_ρ tends to the least ℓ1 norm for ρ→0, but not "
    "monotonically. What does grow with ρ is Σ√(x²+ρ²), because dx/dρ is the projection of x/ρ onto ker A in the "
    "metric of R_ρ.",
)


# --- an open one: the constant of the margin's gap --------------------------------------------------------------------

END = 1e3  # log t; the deviation from the limit is about 1/log t


def gap_is_an_entropy(samples, p, start, key):
    """gap·log t, extrapolated from log t=500 and 1000 to infinity; what doubling log t changed is the uncertainty."""
    problem = mf.problems.Classification.sample(key, samples=samples, features=3)
    signed = np.asarray(problem.signed_inputs)
    multipliers, margin = dual_of_max_margin(signed, p / (p - 1))
    flow = mf.Flow(problem, potential=mf.potentials.Power(p))
    path = ended(
        mf.integrate(
            flow,
            start * np.sign(multipliers @ signed),  # the metric is singular where a coordinate changes its sign
            until=mf.until.log_time(END),
            clock=mf.clocks.Log(),
            save=3,
            solver=diffrax.Kvaerno5(),
            max_steps=30_000,
        )
    )
    x = np.asarray(path.x)[1:]
    reached = (x @ signed.T).min(axis=1) / np.linalg.norm(x, ord=p, axis=1)
    half, whole = (1 - reached / margin) * np.asarray(path.log_time)[1:]
    shares = multipliers[multipliers > 1e-9]
    entropies = -np.sum(shares * np.log(shares)) + np.log(shares.max())
    return mf.Comparison(entropies, 2 * whole - half, scale=1.0, uncertainty=abs(whole - half), unit="nats")


def dual_of_max_margin(signed, q):
    """The λ≥0 with Σλ=1 that minimizes ‖Zᵀλ‖_q, and that minimum, the largest ℓp margin (1/p+1/q=1)."""

    def norm(weights):
        return np.sum(np.abs(weights @ signed) ** q) / q

    def slope(weights):
        sides = weights @ signed
        return signed @ (np.sign(sides) * np.abs(sides) ** (q - 1))

    count = len(signed)
    found = scipy.optimize.minimize(
        norm,
        np.full(count, 1 / count),
        jac=slope,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(count)},
        options={"ftol": 1e-16, "maxiter": 500},
    )
    return found.x / found.x.sum(), (q * found.fun) ** (1 / q)


mf.Conjecture(
    "conjectures/gap-is-an-entropy",
    statement=r"\Bigl(1-\frac{\gamma(x_t)}{\gamma^*}\Bigr)\log t \to H(\lambda)-H_\infty(\lambda)",
    space={
        "samples": mf.cases.integers(2, 4),
        "p": mf.cases.reals(2.0, 2.5),
        "start": mf.cases.reals(0.01, 1.0, log=True),
    },
    check=gap_is_an_entropy,
    source="theory page 04 (rates): derived there and confirmed on several data sets, proved for none but p=2",
    tolerance=mf.tolerance(0.02, because="of two of the doublings that the limit is extrapolated from"),
    variables={
        "γ(x)": "the smallest margin of x/‖x‖_p",
        "γ^*": "its largest value",
        "λ": "the multipliers of the max-margin problem, which sum to 1",
        "H, H_∞": "Shannon and min-entropy, in nats",
        "R": "|x|^p/p; exponential loss",
    },
    notes="Open for p>2. For p≤3/2 it fails where the support vectors do not span the space: what the dual keeps "
    "across them is a share (log t)^{1-p} of it, which adds multiples of (log t)^{3-2p} to gap·log t.",
)


def ended(path):
    """The path, if it ended as asked; an unfinished one decides nothing."""
    if not path.status.ok:
        raise RuntimeError(str(path.status))
    return path
