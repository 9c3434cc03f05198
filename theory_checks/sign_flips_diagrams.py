"""Page 05, one neuron: what is drawn, outcomes over grids of starts and of balances, and paths in the (a, w) plane."""

import numpy as np

import mirrorflow as mf

from ._neurons import LEARNED, REFINED, follow, predicted
from .sign_flips import VARIABLES
from .sign_flips_line import COUNTS, on_the_line

SIDE = 30
SIZES = np.linspace(-1, 1, SIDE + 1)[1:] - 1 / SIDE  # cell centres, none of them 0
BALANCES = np.geomspace(0.05, 2.0, SIDE)
PAIRS = {"plain": None, "β=(1,½)": (1.0, 0.5), "β=(½,1)": (0.5, 1.0), "β=(1,1)": (1.0, 1.0)}
EXCHANGED = {"plain": (1.0, 0.25), "β=(1,½)": (0.5, 1.0), "β=(½,1)": (1.0, 0.5), "β=(1,1)": (1.0, 0.25)}
ANGLE = np.deg2rad(120.0)  # between w and e₁ in the diagrams of d=2
OUTCOMES = ("fails", "succeeds with a>0", "flips and succeeds")


def outcomes(found):
    """0, 1 or 2 for each of OUTCOMES."""
    return (found["loss"] <= LEARNED) * (1 + (found["flips"] > 0))


@mf.experiment(
    cases=mf.cases.grid(dimension=(1,), flow=("plain", "β=(1,½)", "β=(½,1)"))
    + mf.cases.grid(dimension=(2,), flow=("plain", "β=(1,½)", "β=(1,1)")),
    accuracies=REFINED,
    slow=True,
)
def over_starts(case, key):
    """All (a, w₁) in d=1; in d=2 all a with w of every size 120° off e₁."""
    a, w = (part.ravel() for part in np.meshgrid(SIZES, SIZES if case.dimension == 1 else (SIZES + 1) / 2))
    starts = np.stack([a, w] if case.dimension == 1 else [a, w * np.cos(ANGLE), w * np.sin(ANGLE)], axis=1)
    return {"start": starts, "outcome": outcomes(follow(starts, PAIRS[case.flow])).reshape(SIDE, SIDE)}


def cell_by_cell(starts, balances, outcome):
    """Predicted and measured outcomes, cells within 1e-3 of the boundary left out."""
    told = predicted(starts, balances)
    kept = np.abs(told.margin) > 1e-3
    expected = told.succeeds * (1 + told.flips)
    return mf.Comparison(predicted=expected[kept], measured=np.asarray(outcome).ravel()[kept])


@mf.claim(
    "sign-flips/diagram-of-starts",
    on=over_starts,
    statement=r"a \text{ flips} \iff \textstyle\sum_j\big(\sqrt{4w_j^2+\beta_2^2}-\beta_2\big)"
    r" > \sqrt{4a_0^2+\beta_1^2}-\beta_1 \text{ in every cell of the } (a_0,w_0) \text{ diagram}",
    source="theory page 05",
    status="derived here",
    new=False,
    tolerance=COUNTS,
    figure="sign-flips-in-the-plane",
    variables=VARIABLES,
)
def diagram_of_starts(case, result, pairs=PAIRS):
    """Fails, succeeds with a>0, or flips and succeeds: d=1 and d=2."""
    return cell_by_cell(result["start"], pairs[case.flow], result["outcome"])


diagram_of_starts.control("the balances exchanged, (1,¼) for plain flow", pairs=EXCHANGED)


@mf.experiment(cases=mf.cases.grid(dimension=(1, 2), a=(-0.45, -0.55)), accuracies=REFINED, slow=True)
def over_balances(case, key):
    """All (β₁, β₂) for one a<0 and ‖w‖=½: along e₁ in d=1, 120° off it in d=2."""
    w = [0.5] if case.dimension == 1 else [0.5 * np.cos(ANGLE), 0.5 * np.sin(ANGLE)]
    start = np.array([case.a, *w])
    beta1, beta2 = np.meshgrid(BALANCES, BALANCES)
    balance = np.stack([beta1.ravel(), beta2.ravel()], axis=1)
    found = follow(np.tile(start, (SIDE**2, 1)), balance)
    return {"start": start, "balance": balance, "outcome": outcomes(found).reshape(SIDE, SIDE)}


@mf.claim(
    "sign-flips/diagram-of-balances",
    on=over_balances,
    statement=r"a \text{ flips} \iff \beta_1 > \frac{4a_0^2-S^2}{2S},\quad"
    r" S=\textstyle\sum_j\big(\sqrt{4w_j^2+\beta_2^2}-\beta_2\big)",
    source="theory page 05",
    status="derived here",
    new=False,
    tolerance=COUNTS,
    figure="sign-flips-by-balance",
    variables=VARIABLES,
)
def diagram_of_balances(case, result, order=slice(None)):
    """In every cell of the (β₁, β₂) diagram, d=1 and d=2, on either side of |a₀|=‖w₀‖."""
    starts = np.tile(result["start"], (SIDE**2, 1))
    return cell_by_cell(starts, np.asarray(result["balance"])[:, order], result["outcome"])


diagram_of_balances.control("β₁ and β₂ exchanged", order=slice(None, None, -1))


@mf.experiment(cases=mf.cases.grid(flow=("plain", "β=(1,½)", "β=(1,1)")), slow=True)
def portrait(case, key):
    """Paths in the plane of d=1 from its rim."""
    rim = np.linspace(-0.9, 0.9, 8)
    starts = [(a, 0.9) for a in rim] + [(a, -0.9) for a in rim] + [(-0.9, w) for w in rim[4:-1]] + [(0.9, 0.3)]
    return {"x": np.stack([np.asarray(on_the_line(start, PAIRS[case.flow], 40.0, save=401).x) for start in starts])}


def level(a, w, balances, factor=1.0):
    """What is conserved, 0 at the saddle."""
    if balances is None:
        return a**2 - factor * w**2
    beta1, beta2 = balances
    return np.hypot(2 * a, beta1) - beta1 - factor * (np.hypot(2 * w, beta2) - beta2)


@mf.claim(
    "sign-flips/level-lines",
    on=portrait,
    statement=r"\text{paths of } (a,w) \text{ in } d=1 \text{ stay on level lines of } a^2-w^2"
    r" \text{ or of } \sqrt{4a^2+\beta_1^2}-\sqrt{4w^2+\beta_2^2}",
    source="arXiv:2504.12801; theory page 05",
    status="proved",
    tolerance=mf.tolerance(1e-6, because="the tolerance of a step is 1e-10, and w comes to 0 at a kink of the loss"),
    figure="sign-flip-paths",
    variables=VARIABLES,
)
def level_lines(case, result, factor=1.0):
    """At 401 points of each path from the rim."""
    a, w = np.moveaxis(np.asarray(result["x"]), 2, 0)
    values = level(a, w, PAIRS[case.flow], factor)
    return mf.Comparison(predicted=np.broadcast_to(values[:, :1], values.shape), measured=values, scale=1.0)


level_lines.control("half the part of w", factor=0.5)
