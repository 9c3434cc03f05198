"""Page 05, one neuron on the line (d=1): who flips, who succeeds, and what cannot be repaired."""

import jax
import numpy as np

import mirrorflow as mf

from ._neurons import LEARNED, REFINED, draw, exact, follow, predicted, turned
from .sign_flips import PUBLISHED, VARIABLES

TABLE = {"gradient flow": None, "β=(1,½)": (1.0, 0.5), "β=(½,1)": (0.5, 1.0), "β=(1,1)": (1.0, 1.0)}
ROWS = {"a>0, w>0": (0.5, 0.5), "a<0, w>0": (-0.5, 0.5), "a>0, w<0": (0.5, -0.5), "a<0, w<0": (-0.5, -0.5)}
COUNTS = mf.tolerance(0, because="counts; how a flow ends does not depend on the accuracy away from the separatrix")
BAND = 1e-3


@mf.experiment(cases=mf.cases.grid(flow=tuple(TABLE), row=tuple(ROWS)))
def table(case, key):
    """The four starts |a|=|w|=½ of page 05, to t=40. Those on the separatrix would be carried off it later."""
    return on_the_line(ROWS[case.row], TABLE[case.flow], 40.0)


def on_the_line(start, balances, end, save=41):
    """One neuron in d=1, saved at 41 times unless said otherwise."""
    problem = mf.problems.TeacherNeuron(1)
    potential = mf.potentials.Quadratic() if balances is None else exact(balances[0], balances[1], 1)
    flow, start = mf.Flow(problem, potential=potential), problem.start(*start)
    return mf.integrate(flow, start, until=mf.until.time(end), save=save, rtol=1e-10, atol=1e-14)


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
    for case, path in runs:
        a, w = ROWS[case.row]
        expected = w > 0 and (a > 0 or case.flow in saved)
        parts[str(case)] = mf.Comparison(predicted=expected, measured=bool(path.loss[-1] <= LEARNED))
    return parts


the_table.control("β=(½,1) in place of β=(1,½)", saved=("β=(½,1)",))
the_table.control("no balance helps", saved=())


def blocks(dimension, flow, many, count=256):
    """Cases of random starts: many blocks of them."""
    return mf.cases.grid(dimension=(dimension,), flow=(flow,), block=tuple(range(1, many + 1)), count=(count,))


FEW = mf.cases.grid(dimension=(1,), flow=("plain", "product"), block=(0,), count=(40,))
FEW += mf.cases.grid(dimension=(2,), flow=("plain", "product"), block=(0,), count=(16,))
# 40 blocks of 256: 10240 starts
MANY = (
    blocks(1, "plain", 6) + blocks(1, "product", 10) + blocks(2, "plain", 6) + blocks(2, "product", 10)
    + blocks(5, "plain", 2) + blocks(5, "product", 2) + blocks(10, "plain", 2) + blocks(10, "product", 2)
)  # fmt: skip


@mf.experiment(cases=FEW, full=MANY, accuracies=REFINED)
def random_starts(case, key):
    """Random starts, one pair of balances each."""
    key = jax.random.fold_in(jax.random.fold_in(key, case.block), case.dimension)
    starts, balances = draw(key, case.count, case.dimension)
    return {"start": starts, "balance": balances, **follow(starts, None if case.flow == "plain" else balances)}


def beyond_the_band(case, result, width=BAND):
    """The prediction, and which starts are neither near the separatrix, nor near a=0, nor near w ∥ −e₁."""
    starts = result["start"]
    told = predicted(starts, None if case.flow == "plain" else result["balance"])
    a, w = starts[:, 0], starts[:, 1:]
    off = np.arctan2(np.linalg.norm(w[:, 1:], axis=1), -w[:, 0])
    return told, (np.abs(told.margin) > width) & (np.abs(a) > width) & ((off > width) | (case.dimension == 1))


@mf.claim(
    "sign-flips/criterion-on-the-line",
    on=random_starts,
    across=True,
    statement=r"d=1,\ w_0>0>a_0:\ a \text{ flips} \iff "
    r"\sqrt{4a_0^2+\beta_1^2}-\sqrt{4w_0^2+\beta_2^2}<\beta_1-\beta_2 \quad(\text{plain: } a_0^2<w_0^2)",
    source=PUBLISHED,
    status="proved",
    tolerance=COUNTS,
    variables=VARIABLES,
)
def criterion(runs, offset=lambda beta1, beta2: beta1 - beta2):
    """Starts with w₀>0>a₀, those within 1e-3 of the separatrix left out."""
    parts = {}
    for case, result in runs.where(dimension=1):
        a, w = result["start"].T
        beta1, beta2 = result["balance"].T
        chosen = (a < 0) & (w > 0) & beyond_the_band(case, result)[1]
        flips = np.hypot(2 * a, beta1) - np.hypot(2 * w, beta2) < offset(beta1, beta2)
        if case.flow == "plain":
            flips = a**2 - w**2 < offset(1.0, 1.0)
        parts[f"{case.flow}, block {case.block}"] = mf.Comparison(
            predicted=flips[chosen], measured=(result["flips"] > 0)[chosen]
        )
    return parts


criterion.control("0 in place of β₁−β₂", offset=lambda beta1, beta2: 0.0)


@mf.claim(
    "sign-flips/negative-weight",
    on=random_starts,
    across=True,
    statement=r"d=1,\ w_0<0:\ w \text{ never becomes positive, and neither does a negative } a;\ L\ge\tfrac14",
    source="arXiv:2504.12801 (no continuous reparameterization recovers w<0); theory page 05",
    status="published",
    tolerance=mf.tolerance(1e-6, because="w comes to 0 only up to the size below which no sign is read"),
    variables=VARIABLES,
)
def negative_weight(runs, side=-1.0):
    """For gradient flow and for every pair of balances drawn."""
    found = [result for _, result in runs.where(dimension=1)]
    chosen = [side * result["start"][:, 1] > 0 for result in found]
    end, loss, flips = (
        np.concatenate([result[name][rows] for result, rows in zip(found, chosen, strict=True)])
        for name in ("end", "loss", "flips")
    )
    return {
        "w": mf.Comparison(predicted=0.0, measured=end[:, 1], relation="at most", scale=1.0),
        "loss": mf.Comparison(predicted=0.25, measured=loss, relation="at least", scale=1.0),
        "flips": mf.Comparison(predicted=0.0, measured=flips * 1.0, relation="at most", scale=1.0),
    }


negative_weight.control("w₀>0", side=1.0)


@mf.claim(
    "sign-flips/agreement",
    on=random_starts,
    across=True,
    statement=r"\text{predicted and measured outcome agree on } \ge 99.5\,\%"
    r"\text{ of random starts further than } 10^{-3}"
    r"\text{ from the separatrix, from } a=0 \text{ and from } w\propto -e_1",
    source="theory page 05 (criteria for d=1 and d>1)",
    status="derived here",
    tolerance=mf.tolerance(0, because="the share asked for"),
    variables=VARIABLES,
    notes="`verify --full` follows 10240 starts in d=1, 2, 5 and 10 besides. Flip and success both count.",
)
def agreement(runs, told=lambda foretold: foretold):
    """Flip and success, in each dimension and for both flows."""
    parts = {}
    for dimension in sorted({case.dimension for case, _ in runs}):
        agree = []
        for case, result in runs.where(dimension=dimension):
            foretold, kept = beyond_the_band(case, result)
            foretold = told(foretold)
            right = (foretold.flips == (result["flips"] > 0)) & (foretold.succeeds == (result["loss"] <= LEARNED))
            agree.append(right[kept])
        share = np.concatenate(agree)
        parts[f"d={dimension}"] = mf.Comparison(
            predicted=0.995, measured=share.mean(), relation="at least", scale=1.0,
            note=f"{int((~share).sum())} of {share.size} disagree",
        )  # fmt: skip
    return parts


agreement.control("nobody flips", told=lambda foretold: foretold._replace(flips=0 * foretold.flips > 0))


@mf.experiment(cases=mf.cases.grid(order=("β₁>β₂", "β₁<β₂")), accuracies=REFINED)
def equal_sizes(case, key):
    """a=−w in d=1 with random sizes and balances."""
    count = 12
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
    return on_the_line((-case.size, case.size), None, 30.0)


@mf.claim(
    "sign-flips/balanced-is-stuck",
    on=balanced,
    statement=r"a_0=-w_0<0:\ \text{gradient flow ends at the saddle } (0,0),\ L\to\tfrac14",
    source=PUBLISHED,
    status="proved",
    tolerance=mf.tolerance(1e-5, because="e^{−t/2} is 3e-7 at the end, t=30"),
    variables=VARIABLES,
)
def stuck(case, path, end=0.0):
    """Where it stands at the end."""
    return {
        "x": mf.Comparison(predicted=np.full(2, end), measured=np.asarray(path.x[-1]), scale=1.0),
        "loss": mf.Comparison(predicted=0.25 * (1 - end), measured=float(path.loss[-1]), scale=1.0),
    }


stuck.control("it learns", end=1.0)
