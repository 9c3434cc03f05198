"""Page 05, one neuron in d>1: the criterion for a flip, two mechanisms that complement each other, and −e₁."""

import jax
import numpy as np

import mirrorflow as mf

from ._neurons import LEARNED, REFINED, draw, follow, turned
from .sign_flips import VARIABLES
from .sign_flips_line import COUNTS

NEAR = 0.03  # how far from the separatrix, relative to |a| on it


@mf.experiment(
    cases=mf.cases.grid(dimension=(2,), count=(16,)) + mf.cases.grid(dimension=(5, 10), count=(4,)),
    full=mf.cases.grid(dimension=(2, 5, 10), count=(200,)),
    accuracies=REFINED,
)
def near_separatrix(case, key):
    """m⊙w with random w and balances, and an a<0 three per cent to either side of the separatrix.

    ‖w‖>0.1: smaller ones come so close to −e₁ before they flip that their a>0 (below 1e-12) is not told from 0.
    """
    starts, balances = draw(jax.random.fold_in(key, case.dimension), case.count, case.dimension, least=0.1)
    side = 1 + NEAR * (-1.0) ** np.arange(case.count)
    starts[:, 0] = -side * mf.predict.separatrix(starts[:, 1:], tuple(balances.T))
    return {"start": starts, "balance": balances, **follow(starts, balances)}


def strength(w, beta2):
    """Σ(√(4w_j²+β₂²)−β₂)"""
    return (np.hypot(2 * w, beta2[:, None]) - beta2[:, None]).sum(axis=1)


def joint_strength(w, beta2):
    """√(4‖w‖²+β₂²)−β₂"""
    return np.hypot(2 * np.linalg.norm(w, axis=1), beta2) - beta2


@mf.claim(
    "sign-flips/criterion",
    on=near_separatrix,
    statement=r"a_0<0:\ a \text{ flips} \iff \textstyle\sum_j\big(\sqrt{4w_j^2+\beta_2^2}-\beta_2\big)"
    r" > \sqrt{4a_0^2+\beta_1^2}-\beta_1",
    source="theory page 05 (flip criterion for d>1)",
    status="derived here",
    tolerance=COUNTS,
    variables=VARIABLES,
)
def criterion(case, result, strength=strength):
    """Starts within three per cent of the separatrix, in d=2, 5 and 10."""
    a, w, (beta1, beta2) = result["start"][:, 0], result["start"][:, 1:], result["balance"].T
    flips = strength(w, beta2) > np.hypot(2 * a, beta1) - beta1
    return mf.Comparison(predicted=flips, measured=result["flips"] > 0)


criterion.control("‖w‖ in place of the single w_j", strength=joint_strength)


@mf.experiment(
    cases=mf.cases.grid(dimension=(2,), flow=("plain", "product"), count=(12,)),
    full=mf.cases.grid(dimension=(2, 5, 10), flow=("plain", "product"), count=(120,)),
    accuracies=REFINED,
)
def either_sign(case, key):
    """|a|=1.02‖w‖, all four signs of a and w₁ in turn; plain flow, and m⊙w with β=(1,½).

    Less than 1e-3 off −e₁ the escape takes 1e13 and more, so long that steps are lost in the rounding of t.
    """
    starts = turned(jax.random.fold_in(key, case.dimension), case.count, case.dimension, 1.0)
    starts[:, 0] *= 1.02 * (-1.0) ** np.arange(case.count)
    starts[:, 1] = np.abs(starts[:, 1]) * (-1.0) ** (np.arange(case.count) // 2)
    off = np.arctan2(np.linalg.norm(starts[:, 2:], axis=1), -starts[:, 1])
    starts = starts[off > 1e-3]
    return {"start": starts, **follow(starts, None if case.flow == "plain" else (1.0, 0.5))}


@mf.claim(
    "sign-flips/plain-success",
    on=either_sign,
    across="flow",
    statement=r"d>1,\ \|w_0\|\le|a_0|,\ w_0\nparallel -e_1:\ \text{gradient flow succeeds} \iff a_0>0",
    source="arXiv:2504.12801; theory page 05",
    status="published",
    tolerance=COUNTS,
    variables=VARIABLES,
)
def plain_success(runs, column=0):
    """Whatever the sign of w₁."""
    result = runs.only(flow="plain")
    return mf.Comparison(predicted=result["start"][:, column] > 0, measured=result["loss"] <= LEARNED)


plain_success.control("iff w₁>0", column=1)


@mf.claim(
    "sign-flips/complementary",
    on=either_sign,
    across="flow",
    statement=r"d>1:\ \text{overparameterization turns } w,\ \beta_1>\beta_2 \text{ flips } a: "
    r"\text{ together every start succeeds}",
    source="arXiv:2504.12801; theory page 05",
    status="published",
    tolerance=COUNTS,
    variables=VARIABLES,
    notes="|a₀|=1.02‖w₀‖ and β=(1,½), where Σ(√(4w_j²+¼)−½) > √(4a₀²+1)−1 for every w₀.",
)
def complementary(runs, flow="product"):
    """Both signs of a and of w₁."""
    result = runs.only(flow=flow)
    return mf.Comparison(predicted=np.ones(len(result["loss"]), bool), measured=result["loss"] <= LEARNED)


complementary.control("without m⊙w", flow="plain")


@mf.experiment(
    cases=mf.cases.grid(dimension=(2,), count=(6,)),
    full=mf.cases.grid(dimension=(2, 5), count=(60,)),
    accuracies=REFINED,
)
def uniform(case, key):
    """a=−‖w‖ and the same balance for all, w along no axis."""
    starts = turned(jax.random.fold_in(key, case.dimension), case.count, case.dimension, -1.0)
    w = starts[:, 1:]
    # Away from the axes by at least 0.1 of the size, so that the times stay within patience.
    w = np.where(np.abs(w) < 0.1, np.copysign(0.1, w), w)
    starts = np.concatenate([-np.linalg.norm(w, axis=1, keepdims=True), w], axis=1)
    return {"start": starts, **follow(starts, (1.0, 1.0))}


@mf.claim(
    "sign-flips/uniform-balance",
    on=uniform,
    statement=r"a_0=-\|w_0\|,\ \beta_1=\beta_2:\ a \text{ flips from every } w_0 \text{ that is not along an axis}",
    source="theory page 05 (subadditivity of the square root)",
    status="derived here",
    tolerance=COUNTS,
    variables=VARIABLES,
)
def uniform_balance(case, result, strength=strength):
    """And then succeeds; on an axis both sides of the criterion are equal."""
    a, w, one = result["start"][:, 0], result["start"][:, 1:], np.ones(case.count)
    flips = strength(w, one) > np.hypot(2 * a, 1) - 1 + 1e-12
    return {
        "flips": mf.Comparison(predicted=flips, measured=result["flips"] > 0),
        "succeeds": mf.Comparison(predicted=flips, measured=result["loss"] <= LEARNED),
    }


uniform_balance.control("‖w‖ in place of the single w_j, where no start flips", strength=joint_strength)


# --- near −e₁ --------------------------------------------------------------------------------------------------------

ANGLES = np.geomspace(1.5e-3, 1.5e-2, 6)
RADIUS = 0.5
FLOWS = {"plain": None, "β₂=1": 1.0, "β₂=0.03": 0.03, "β₂=0.001": 1e-3}


@mf.experiment(cases=mf.cases.grid(flow=tuple(FLOWS)), accuracies=REFINED)
def misaligned(case, key):
    """a=0 and w an angle ε off −e₁, ‖w‖=½: the time until the teacher is learned."""
    starts = np.stack([0 * ANGLES, -RADIUS * np.cos(ANGLES), RADIUS * np.sin(ANGLES)], axis=1)
    balance = FLOWS[case.flow]
    return {"angle": ANGLES, **follow(starts, None if balance is None else (1.0, balance))}


def escape(flow):
    """The predicted times."""
    return mf.predict.misaligned_escape_time(ANGLES, np.full(ANGLES.shape, RADIUS), FLOWS[flow])


@mf.claim(
    "sign-flips/escape-time",
    on=misaligned,
    statement=r"t=\tfrac{3\pi^2}{2}r^2\varepsilon^{-4} \text{ (plain)},\quad t=\tfrac{3\pi^2}{5}r\,\varepsilon^{-5}\,"
    r"{}_2F_1\big(\tfrac12,\tfrac52;\tfrac72;-(\tfrac{\beta_2}{2r\varepsilon})^2\big)\ (m\odot w)",
    source="theory page 05 (escape near −e₁); the constants are derived here",
    status="derived here",
    tolerance=mf.tolerance(0.03, because="the leading order in ε: what is left out is of relative order ε ≤ 0.015"),
    figure="sign-flip-escape",
    variables={r"\varepsilon": "angle between w and −e₁", "r": "‖w‖"},
)
def escape_times(case, result, power=0.0):
    """The logarithms of the times, so that the tolerance is a relative one."""
    told = np.log(escape(case.flow)) + power * np.log(ANGLES)
    return mf.Comparison(predicted=told, measured=np.log(result["time"]), scale=1.0, unit="log time")


escape_times.control("one power of ε less", power=1.0)


@mf.claim(
    "sign-flips/escape-exponent",
    on=misaligned,
    statement=r"t \sim \varepsilon^{-4} \text{ to } \varepsilon^{-5}",
    source="theory page 05",
    status="heuristic",
    expects="holds",
    tolerance=mf.tolerance(0.03, because="a fit over one decade of angles, the law being one for ε→0"),
    figure="sign-flip-escape",
    variables={r"\varepsilon": "angle between w and −e₁"},
)
def escape_exponent(case, result, between=(-5.0, -4.0)):
    """Fitted over a decade of angles, with its 95 % interval."""
    fit = mf.observe.fit_exponent(result["angle"], result["time"])
    low, high = between
    return {
        "at least": mf.Comparison(low, fit.exponent, relation="at least", uncertainty=fit.half_width, scale=1.0),
        "at most": mf.Comparison(high, fit.exponent, relation="at most", uncertainty=fit.half_width, scale=1.0),
    }


escape_exponent.control("between −4 and −3", between=(-3.9, -3.0))
