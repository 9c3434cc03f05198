"""Page 05, one neuron on the line (d=1): who flips, who succeeds, and what cannot be repaired."""

import jax
import numpy as np

import mirrorflow as mf

from ._neurons import LEARNED, draw, follow, predicted, turned
from .sign_flips import PUBLISHED, VARIABLES

TABLE = {"gradient flow": None, "β=(1,½)": (1.0, 0.5), "β=(½,1)": (0.5, 1.0), "β=(1,1)": (1.0, 1.0)}
ROWS = {"a>0, w>0": (0.5, 0.5), "a<0, w>0": (-0.5, 0.5), "a>0, w<0": (0.5, -0.5), "a<0, w<0": (-0.5, -0.5)}
COUNTS = mf.tolerance(0, because="counts; how a flow ends does not depend on the accuracy away from the separatrix")
BAND = 1e-3


@mf.experiment(cases=mf.cases.grid(flow=tuple(TABLE)))
def table(case, key):
    """The four starts |a|=|w|=½ of page 05."""
    return follow(np.array(list(ROWS.values())), TABLE[case.flow])


@mf.claim(
    "sign-flips/table",
    on=table,
    across=True,
    statement=r"d=1,\ |a_0|=|w_0|=\tfrac12:\ w_0<0 \text{ fails; } a_0,w_0>0 \text{ succeeds; }"
    r" a_0<0<w_0 \text{ succeeds only with } \beta=(1,\tfrac12)",
    source=PUBLISHED + " (table)",
    status="published",
    tolerance=COUNTS,
    figure="sign-flip-table",
    variables=VARIABLES,
)
def the_table(runs, saved=("β=(1,½)",)):
    """All sixteen outcomes."""
    parts = {}
    for case, result in runs:
        expected = np.array([True, case.flow in saved, False, False])
        parts[case.flow] = mf.Comparison(predicted=expected, measured=result["loss"] <= LEARNED)
    return parts


the_table.control("β=(½,1) in place of β=(1,½)", saved=("β=(½,1)",))
the_table.control("no balance helps", saved=())


@mf.experiment(
    cases=mf.cases.grid(flow=("plain", "product"), count=(64,)),
    full=mf.cases.grid(flow=("plain", "product"), count=(512,)),
)
def line(case, key):
    """Random starts in d=1, those within 1e-3 of the separatrix left out; one pair of balances each."""
    starts, balances = draw(jax.random.fold_in(key, case.count), case.count, 1)
    pairs = None if case.flow == "plain" else balances
    kept = np.abs(np.asarray(predicted(starts, pairs).margin)) > BAND
    starts, balances = starts[kept], balances[kept]
    return {"start": starts, "balance": balances, **follow(starts, None if pairs is None else balances)}


@mf.claim(
    "sign-flips/criterion-on-the-line",
    on=line,
    statement=r"d=1,\ w_0>0>a_0:\ a \text{ flips} \iff "
    r"\sqrt{4a_0^2+\beta_1^2}-\sqrt{4w_0^2+\beta_2^2}<\beta_1-\beta_2 \quad(\text{plain: } a_0^2<w_0^2)",
    source=PUBLISHED,
    status="proved",
    tolerance=COUNTS,
    figure="sign-flips-on-the-line",
    variables=VARIABLES,
)
def criterion(case, result, offset=lambda beta1, beta2: beta1 - beta2):
    """Starts with w₀>0>a₀."""
    a, w = result["start"].T
    beta1, beta2 = result["balance"].T
    chosen = (a < 0) & (w > 0)
    flips = np.hypot(2 * a, beta1) - np.hypot(2 * w, beta2) < offset(beta1, beta2)
    if case.flow == "plain":
        flips = a**2 - w**2 < offset(1.0, 1.0)
    return mf.Comparison(predicted=flips[chosen], measured=(result["flips"] > 0)[chosen])


criterion.control("without the β's on the right, and a shifted plain one", offset=lambda beta1, beta2: 0.1 * (beta1 > 0))


@mf.claim(
    "sign-flips/negative-weight",
    on=line,
    statement=r"d=1,\ w_0<0:\ w \text{ never becomes positive, and neither does a negative } a;\ L\ge\tfrac14",
    source="arXiv:2504.12801 (no continuous reparameterization recovers w<0); theory page 05",
    status="published",
    tolerance=mf.tolerance(1e-6, because="w comes to 0 only up to the size below which no sign is read"),
    variables=VARIABLES,
)
def negative_weight(case, result, side=-1.0):
    """For gradient flow and for every pair of balances drawn."""
    chosen = side * result["start"][:, 1] > 0
    return {
        "w": mf.Comparison(predicted=0.0, measured=result["end"][chosen, 1], relation="at most", scale=1.0),
        "loss": mf.Comparison(predicted=0.25, measured=result["loss"][chosen], relation="at least", scale=1.0),
        "flips": mf.Comparison(predicted=0.0, measured=result["flips"][chosen] * 1.0, relation="at most", scale=1.0),
    }


negative_weight.control("w₀>0", side=1.0)


@mf.experiment(cases=mf.cases.grid(order=("β₁>β₂", "β₁<β₂")))
def equal_sizes(case, key):
    """a=−w in d=1 with random sizes and balances."""
    count = 24
    starts = turned(key, count, 1, -1.0)
    starts[:, 1] = np.abs(starts[:, 1])
    _, balances = draw(key, count, 1)
    ordered = np.sort(balances, axis=1)[:, :: -1 if case.order == "β₁>β₂" else 1]
    return {"balance": ordered, **follow(starts, ordered)}


@mf.claim(
    "sign-flips/equal-sizes",
    on=equal_sizes,
    statement=r"d=1,\ a_0=-w_0<0:\ a \text{ flips} \iff \beta_1>\beta_2",
    source=PUBLISHED,
    status="proved",
    tolerance=COUNTS,
    figure="sign-flips-by-balance",
    variables=VARIABLES,
)
def by_balance(case, result, better=lambda beta1, beta2: beta1 > beta2):
    """And with the flip comes success."""
    expected = better(*result["balance"].T)
    return {
        "flips": mf.Comparison(predicted=expected, measured=result["flips"] > 0),
        "succeeds": mf.Comparison(predicted=expected, measured=result["loss"] <= LEARNED),
    }


by_balance.control("the other way round", better=lambda beta1, beta2: beta1 < beta2)


@mf.experiment(cases=mf.cases.grid(size=(0.3, 0.5, 0.9)))
def balanced(case, key):
    """Plain gradient flow from a=−w in d=1."""
    problem = mf.problems.TeacherNeuron(1)
    flow = mf.Flow(problem, potential=mf.potentials.Quadratic())
    return mf.integrate(flow, problem.start(-case.size, case.size), until=mf.until.time(30.0), save=31)


@mf.claim(
    "sign-flips/balanced-is-stuck",
    on=balanced,
    statement=r"a_0=-w_0<0:\ \text{gradient flow ends at the saddle } (0,0),\ L\to\tfrac14",
    source=PUBLISHED,
    status="proved",
    tolerance=mf.tolerance(1e-5, because="e^{−t/2} is 3e-7 at the end, t=30"),
    figure="sign-flip-paths",
    variables=VARIABLES,
)
def stuck(case, path, end=0.0):
    """Where it stands at the end."""
    return {
        "x": mf.Comparison(predicted=np.full(2, end), measured=np.asarray(path.x[-1]), scale=1.0),
        "loss": mf.Comparison(predicted=0.25 * (1 - end), measured=float(path.loss[-1]), scale=1.0),
    }


stuck.control("it learns", end=1.0)
