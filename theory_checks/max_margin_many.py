"""Page 04, linear models: the constants of the margin gap on many data sets at once."""

import jax
import numpy as np

import mirrorflow as mf

from ._margin_ensembles import follow, full_support, gaussian, lanes
from .max_margin_rates import ENTROPY, EXTRA, entropies

LOG_END = 1e5
LOG_TIMES = np.geomspace(1e3, LOG_END, 17)
FEW, MANY = (12,), (200,)
POWERS = (1.5, 2.0, 3.0)
ROWS, WIDTH, FULL = 6, 8, 4  # samples and features of the entropic data sets, features of those with full support
ENTROPIC = {"A": "log(2‖x‖₁/ρ), which grows like log log t", r"\delta_j": "1−|c_j|, the dual slack", **EXTRA}


# --- powers ----------------------------------------------------------------------------------------------------------


@mf.experiment(
    cases=mf.cases.grid(p=POWERS, loss=("exponential",), sets=FEW),
    full=mf.cases.grid(p=POWERS, loss=("exponential",), sets=MANY)
    + mf.cases.grid(p=(2.0,), loss=("logistic",), sets=MANY),
)
def many_powers(case, key):
    """Powers |x|^p/p to log t=1e5 on every data set, 12 samples in 6 dimensions."""
    return follow(gaussian(key, case.sets), mf.potentials.Power(case.p), LOG_TIMES, case.loss)


def constants(found, p, part="gap"):
    """The gap, or a part of it, times log t at the end, and the max-margin problem, for every data set."""
    pairs = [(mf.observe.margin_certificate(x[-1], best), best) for x, best in lanes(found, p)]
    return np.array([getattr(split, part).item() * LOG_END for split, _ in pairs]), [best for _, best in pairs]


@mf.claim(
    "max-margin/entropy-law-of-many",
    on=many_powers,
    statement=r"\Big(1-\frac{\gamma(x)}{\gamma^*}\Big)\log t \to H(p)-H_\infty(p)\quad"
    r"(\text{at } p=3/2 \text{ the samples' part})",
    source=ENTROPY + ", on every data set drawn",
    status="derived here",
    tolerance=mf.tolerance(5e-3, because="the next term is of order log λ*_min/log t and 1/(slack·log t), below 1e-3"),
    figure="entropy-laws-of-many",
    variables=EXTRA,
    notes="Of 200 data sets at p=2 the farthest is 1.4e-4 away.",
)
def law_of_many(case, found, law=entropies):
    """At log t=1e5, one entry for each data set."""
    measured, bests = constants(found, case.p, "gap" if case.p >= 2 else "samples")
    return mf.Comparison(predicted=np.array([law(best.shares) for best in bests]), measured=measured, scale=1.0)


law_of_many.control("Shannon's entropy alone", law=lambda p: entropies(p) - np.log(np.max(p)))
law_of_many.control("the min-entropy alone", law=lambda p: -np.log(np.max(p)))


# --- cosh ------------------------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(sets=FEW), full=mf.cases.grid(sets=MANY))
def many_cosh(case, key):
    """cosh to log t=1e5 on every data set, by the implicit mirror step."""
    return follow(gaussian(key, case.sets), mf.potentials.Cosh(), LOG_TIMES)


@mf.claim(
    "max-margin/cosh-law-of-many",
    on=many_cosh,
    statement=r"\Big(1-\frac{\gamma(x)}{\gamma^*}\Big)\log t \to (1+\gamma^*)\Big[\frac{(H-H_\infty)(p)}{\gamma^*}"
    r"+(H-H_\infty)(|c|)\Big]",
    source=ENTROPY + ", for cosh, on every data set drawn",
    status="derived here",
    tolerance=mf.tolerance(5e-3, because="relative terms of order 1/log t, times the logarithm of the least share"),
    figure="entropy-laws-of-many",
    variables=EXTRA,
    notes="Of 200 data sets the farthest is 3.8e-5 away, relative.",
)
def cosh_law_of_many(case, found, features=1.0, unit=1.0):
    """At log t=1e5, one entry for each data set, relative to the prediction."""
    measured, bests = constants(found, np.inf)
    law = [
        (unit + best.margin) * (entropies(best.shares) / best.margin + features * entropies(np.abs(best.dual)))
        for best in bests
    ]
    return mf.Comparison(predicted=np.array(law), measured=measured, scale=np.array(law))


cosh_law_of_many.control("without the entropy of |c|", features=0.0)
cosh_law_of_many.control("γ in place of 1+γ", unit=0.0)


# --- hyperbolic entropy ----------------------------------------------------------------------------------------------


@mf.experiment(
    cases=mf.cases.grid(support=("full", "any"), sets=(24,)),
    full=mf.cases.grid(support=("full", "any"), sets=MANY),
)
def many_entropies(case, key):
    """Hyperbolic entropy, ρ=1, to log t=1e5: 6 samples, in 8 dimensions or, with full support, in 4."""
    if case.support == "full":
        signed = full_support(key, case.sets, ROWS, FULL, WIDTH)
    else:
        signed = gaussian(jax.random.fold_in(key, 1), case.sets, ROWS, WIDTH)
    return follow(signed, mf.potentials.HyperbolicEntropy(1.0), LOG_TIMES)


def has_settled(best, least=2.0):
    """Whether every support vector, and every feature of the support, had the time to join until log t=1e5.

    A sample of the support has collected Aλ*_i+O(1), and has not joined where that is not positive yet.
    """
    joined = np.log(2 * LOG_END / best.margin) * best.multipliers[best.support].min() > least
    entries = np.abs(best.direction)[best.dual_slacks < 1e-9]
    return joined and entries.min() > 0.01


def untied(best, slack=0.1):
    """Whether no coordinate off the support of the ℓ1 solution comes within `slack` of joining it."""
    return not ((best.dual_slacks > 1e-9) & (best.dual_slacks < slack)).any()


@mf.claim(
    "max-margin/entropy-law-of-l1",
    on=many_entropies,
    statement=r"\frac{\sum\lambda^*_i(m_i-m_{\min})}{\|x\|_1}\,\log t \to H(p)-H_\infty(p)"
    r"\quad\text{for hyperbolic entropy; with full support this is the whole gap}",
    source=ENTROPY + "; off the support: the samples' part alone",
    status="derived here",
    new=True,
    tolerance=mf.tolerance(
        0.03, because="coordinates off the support leave relative terms (log t)^{−δ}, of a derivative in log log t"
    ),
    figure="entropy-laws-of-many",
    variables=ENTROPIC,
    notes="Kept: 7 and 4 of 24 data sets by default, 43 of 200 with --full. Data sets with min λ*_i·A<2, or an entry "
    "below 1 % in the ℓ1 solution, have not settled at log t=1e5 and are left out: there a sample of the support joins "
    "later, see max-margin/late-samples. Off the support the features' part Σδ_j|x_j|/‖x‖₁ ~ (log t)^{−min δ} is the "
    "larger one, and gap·log t has no limit. Where a slack δ_j is below 0.1 (a tie) the law still drifts, by up to 0.1 "
    "at log t=1e5.",
)
def law_of_l1(case, found, whole=("full",), law=entropies):
    """At log t=1e5, one entry for each data set that has settled and has no tie; the mean deviation."""
    measured, bests = constants(found, 1.0, "gap" if case.support in whole else "samples")
    chosen = np.array([has_settled(best) and untied(best) for best in bests])
    predicted = np.array([law(best.shares) for best in bests])
    return mf.Comparison(predicted=predicted[chosen], measured=measured[chosen], norm="mean", scale=1.0)


law_of_l1.control("the whole gap off the support, too", whole=("full", "any"))
law_of_l1.control("Shannon's entropy alone", law=lambda p: entropies(p) - np.log(np.max(p)))


@mf.experiment(cases=mf.cases.grid(sets=MANY), slow=True)
def late_entropies(case, key):
    """As `many_entropies`, 12 samples in 6 dimensions: more samples that may join late."""
    return follow(gaussian(key, case.sets), mf.potentials.HyperbolicEntropy(1.0), LOG_TIMES)


@mf.claim(
    "max-margin/late-samples",
    on=late_entropies,
    statement=r"\min_i\lambda^*_i\,A(t)\ge 2,\ \text{no entry of } x^* \text{ below 1 \% of the largest}:\quad"
    r"\text{the entropy law of } \ell_1 \text{ has set in}",
    source="theory page 04 (rates); the accumulated dual is Aλ*+μ, and μ_i may be negative",
    status="heuristic",
    new=True,
    tolerance=mf.tolerance(0.05, because="terms (log t)^{−δ} are left where everything has joined"),
    figure="late-samples",
    variables=ENTROPIC,
    notes="Of 200 data sets 28 are away from the law by more than 0.3, up to 750; 26 of them have min λ*_i·A<2, and "
    "the other two an entry below 1 % in the ℓ1 solution. In exactly these 28 a sample of the support still has less "
    "than 0.3 of its share λ*_i/Σλ*: it has not joined. The condition is not sharp: 52 data sets below have settled.",
)
def late_samples(case, found, least=2.0):
    """The samples' part of all data sets whose multipliers are large enough, against the law; the mean deviation."""
    measured, bests = constants(found, 1.0, "samples")
    chosen = np.array([has_settled(best, least) for best in bests])
    predicted = np.array([entropies(best.shares) for best in bests])
    return mf.Comparison(predicted=predicted[chosen], measured=measured[chosen], norm="mean", scale=1.0)


late_samples.control("all data sets, however small a multiplier", least=0.0)
