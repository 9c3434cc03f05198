"""Page 05, one neuron: what is drawn, outcomes over grids of starts and of balances, and paths in the (a, w) plane."""

import numpy as np

import mirrorflow as mf

from ._neurons import LEARNED, REFINED, follow
from .sign_flips_line import on_the_line

SIDE = 30
SIZES = np.linspace(-1, 1, SIDE + 1)[1:] - 1 / SIDE  # cell centres, none of them 0
BALANCES = np.geomspace(0.05, 2.0, SIDE)
PAIRS = {"plain": None, "β=(1,½)": (1.0, 0.5), "β=(½,1)": (0.5, 1.0), "β=(1,1)": (1.0, 1.0)}
ANGLE = np.deg2rad(120.0)  # between w and e₁ in the diagrams of d=2
OUTCOMES = ("fails", "succeeds with a>0", "flips and succeeds")


def outcomes(found):
    """0, 1 or 2 for each of OUTCOMES."""
    return (found["loss"] <= LEARNED) * (1 + (found["flips"] > 0))


@mf.experiment(
    cases=mf.cases.grid(dimension=(1,), flow=("plain", "β=(1,½)", "β=(½,1)"))
    + mf.cases.grid(dimension=(2,), flow=("plain", "β=(1,½)", "β=(1,1)")),
    accuracies=REFINED,
)
def over_starts(case, key):
    """All (a, w₁) in d=1; in d=2 all a with w of every size 120° off e₁."""
    a, w = (part.ravel() for part in np.meshgrid(SIZES, SIZES if case.dimension == 1 else (SIZES + 1) / 2))
    starts = np.stack([a, w] if case.dimension == 1 else [a, w * np.cos(ANGLE), w * np.sin(ANGLE)], axis=1)
    return {"outcome": outcomes(follow(starts, PAIRS[case.flow])).reshape(SIDE, SIDE)}


@mf.experiment(cases=mf.cases.grid(dimension=(1, 2), a=(-0.45, -0.55)), accuracies=REFINED)
def over_balances(case, key):
    """All (β₁, β₂) for one a<0 and ‖w‖=½: along e₁ in d=1, 120° off it in d=2."""
    w = [0.5] if case.dimension == 1 else [0.5 * np.cos(ANGLE), 0.5 * np.sin(ANGLE)]
    start = np.array([case.a, *w])
    beta1, beta2 = np.meshgrid(BALANCES, BALANCES)
    found = follow(np.tile(start, (SIDE**2, 1)), np.stack([beta1.ravel(), beta2.ravel()], axis=1))
    return {"start": start, "outcome": outcomes(found).reshape(SIDE, SIDE)}


@mf.experiment(cases=mf.cases.grid(flow=("plain", "β=(1,½)", "β=(1,1)")))
def portrait(case, key):
    """Paths in the plane of d=1 from its rim."""
    rim = np.linspace(-0.9, 0.9, 8)
    starts = [(a, 0.9) for a in rim] + [(a, -0.9) for a in rim] + [(-0.9, w) for w in rim[4:-1]] + [(0.9, 0.3)]
    return {"x": np.stack([np.asarray(on_the_line(start, PAIRS[case.flow], 40.0, save=401).x) for start in starts])}
