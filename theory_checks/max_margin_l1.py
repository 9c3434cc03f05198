"""Page 04, linear models: how slowly hyperbolic entropy reaches ℓ1, exponents and constants, on many data sets."""

import numpy as np

import mirrorflow as mf

from ._margin_ensembles import lanes
from .max_margin_many import ENTROPIC, LOG_END, LOG_TIMES, has_settled, many_entropies, untied

SOURCE = "theory page 04 (rates: hyperbolic entropy on separable data)"
LATE = LOG_TIMES >= 1e4
DUAL = {"z": "the dual asinh(x/ρ), here ρ=1", "\\mu": "what the dual remembers, z=Ac+Zᵀμ", **ENTROPIC}


def settled(found, slack=0.2):
    """The x of each data set that has settled, shape (times, features), and its ℓ1 problem.

    Near a tie, δ_j below 0.2, the direction itself is (log t)^{−δ} away, a tenth and more at log t=1e5.
    """
    pairs = [(x, best) for x, best in lanes(found, 1.0) if has_settled(best, least=1.0)]
    return [(x, best) for x, best in pairs if untied(best, slack)]


def slopes(x):
    """Slopes of the dual z against A=max|z|, fitted from log t=1e4 on."""
    dual = np.arcsinh(x[LATE])
    largest = np.abs(dual).max(axis=1)
    offset = largest - largest.mean()
    return offset @ (dual - dual.mean(axis=0)) / (offset @ offset)


@mf.claim(
    "max-margin/l1-slopes",
    on=many_entropies,
    statement=r"\frac{|x_j|}{\|x\|_1} \sim (\log t)^{-\delta_j},\quad \delta_j = 1-|c_j|,\ "
    r"c=\textstyle\sum\lambda^*_iy_iz_i:\quad z_j = A(t)\,c_j+O(1)",
    source=SOURCE,
    status="heuristic",
    expects="holds",
    tolerance=mf.tolerance(0.08, because="A grows by 2.3 only from log t=1e4 to 1e5, and transients decay in it"),
    figure="l1-law",
    variables=DUAL,
    notes="The mean deviation over all coordinates of all data sets that have settled, 70 of 200 with --full. With "
    "full support every |c_j| is 1, and what is tested is that all coordinates grow alike.",
)
def l1_slopes(case, found, law=lambda dual: dual):
    """Slopes of all coordinates, from log t=1e4 to 1e5."""
    pairs = settled(found)
    predicted = np.concatenate([law(best.dual) for _, best in pairs])
    measured = np.concatenate([slopes(x) for x, _ in pairs])
    return mf.Comparison(predicted=predicted, measured=measured, norm="mean", scale=1.0)


l1_slopes.control("half of every slope", law=lambda dual: dual / 2)
l1_slopes.control("exponents twice as large", law=lambda dual: np.sign(dual) * (2 * np.abs(dual) - 1))


def remembered(x, best):
    """μ: on samples off the support what they collected until log t=1e3, on the support what the solution asks for."""
    collected = np.linalg.lstsq(best.signed_inputs.T, np.arcsinh(x[0]), rcond=None)[0]
    on = best.dual_slacks < 1e-9
    memory = np.where(np.isin(np.arange(len(collected)), best.support), 0.0, collected)
    asked = np.sign(best.dual) * np.log(np.where(on, np.abs(best.direction), 1.0))
    rows = best.signed_inputs[np.asarray(best.support)][:, on]
    memory[np.asarray(best.support)] = np.linalg.lstsq(rows.T, (asked - memory @ best.signed_inputs)[on], rcond=None)[0]
    return memory


def constant_law(x, best, log_time=LOG_END, history=1.0):
    """z_j of the law at `log_time`, ρ=1."""
    grown = np.log(2 * log_time / best.margin)
    return grown * best.dual + history * remembered(x, best) @ best.signed_inputs


@mf.claim(
    "max-margin/l1-constant",
    on=many_entropies,
    statement=r"\frac{|x_j|}{\|x\|_1} \simeq \Big(\frac{\rho}{2\|x\|_1}\Big)^{\delta_j}e^{s_j\langle\mu,Z_j\rangle},"
    r"\quad \mu \text{ on the support from } s_j\langle\mu,Z_j\rangle = \log|x^*_j|",
    source=SOURCE + ", the constant; μ of the other samples is what they collected until log t=1e3",
    status="heuristic",
    tolerance=mf.tolerance(0.05, because="a twentieth of a share; half of what is left at δ=0.2, (log t)^{−δ}=0.1"),
    figure="l1-law",
    variables=DUAL,
    notes="The median over the data sets that have settled. Of 200 data sets it is "
    "0.01, and 0.04 with δ_j down to 0.1; in one of six a coordinate is still off by more than 0.5.",
)
def l1_constant(case, found, history=1.0):
    """|z−law| at log t=1e5, the mean over the coordinates of a data set, the median over data sets."""
    apart = [np.abs(np.arcsinh(x[-1]) - constant_law(x, best, history=history)).mean() for x, best in settled(found)]
    return mf.Comparison(predicted=0.0, measured=np.median(apart), scale=1.0)


l1_constant.control("without μ: the exponent alone", history=0.0)
