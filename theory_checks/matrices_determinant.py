"""Page 01, matrices: square factors, once balanced, keep the sign of det(UVᵀ), and what that does to the last rank."""

import jax
import numpy as np

import mirrorflow as mf

from .matrices import POINTS, SIDE, SOURCE, VARIABLES, at_middles, normal, sensing

DECADES = (30, 60)
DRAWS = (0, 1, 2, 3)


@mf.experiment(cases=mf.cases.grid(draw=DRAWS, decades=DECADES), slow=True)
def squares(case, key):
    """UVᵀ with square factors N(0, s²), from s=1e-30 and 1e-60."""
    key, log = jax.random.fold_in(key, case.draw), case.decades * np.log(10)
    problem = sensing(key, False)
    jumps = mf.predict.rank_jumps(problem, symmetric=False, rank=SIDE)
    stops = np.append(jumps.times, 1.4 * jumps.times[-1])
    product = mf.reparameterizations.GradedProduct(SIDE, SIDE, SIDE)
    start = product.factors(*normal(jax.random.fold_in(key, 9), 2, SIDE, SIDE), log_scale=-log)
    flow, until = mf.Flow(problem, reparameterization=product), mf.until.time(stops[-1] * log)
    path = mf.integrate(flow, start, until=until, save=POINTS, rtol=1e-10, atol=1e-12)
    tau = np.asarray(path.time) / log
    ends = np.concatenate([[0.0], jumps.breaks, [np.inf]])
    spent = np.clip(tau[:, None] - ends[None, :-1], 0, np.diff(ends)[None])
    return {
        "path": path,
        "tau": tau,
        "middles": (stops[1:] + stops[:-1]) / 2,
        "last": mf.observe.log_singular_values(path)[:, -1],
        "predicted": jumps.exponents(tau)[:, -1],
        "unsigned": 1 - spent @ np.abs(jumps.rates[:, -1]),
    }


@mf.claim(
    "matrices/sign-of-the-determinant",
    on=squares,
    across=True,
    statement=r"\dot e_n = -\mu_{k,n-k}\,\mathrm{sign}\det(UV^T)\,\mathrm{sign}\det(X_k-\nabla f(X_k)),\quad"
    r"\text{and the sign of } \det(UV^T) \text{ changes where } e_n = 1",
    source=SOURCE,
    status="derived here",
    tolerance=mf.tolerance(
        0.05, because="where directions of two plateaus are nearly opposite the O(1) still changes by some units"
    ),
    figure="sign-of-the-determinant",
    variables=VARIABLES | {"n": "rows of the square factors U and V"},
    notes="Balanced square factors keep the sign of det(UVᵀ); random ones are balanced up to O(s²), which e_n=1 is.",
)
def sign_of_the_determinant(runs, law="predicted"):
    """−½·d log σ_n/dL between s=1e-30 and 1e-60 at the middles of the plateaus, four draws."""
    predicted, measured = [], []
    for draw in DRAWS:
        low, high = (runs.only(draw=draw, decades=decades) for decades in DECADES)
        change = at_middles(low, low["last"]) - at_middles(high, high["last"])
        measured.append(change / (2 * (DECADES[1] - DECADES[0]) * np.log(10)))
        predicted.append(at_middles(high, high[law]))
    return mf.Comparison(predicted=np.concatenate(predicted), measured=np.concatenate(measured), scale=1.0)


sign_of_the_determinant.control("growth at the same rates, whatever the sign", law="unsigned")
