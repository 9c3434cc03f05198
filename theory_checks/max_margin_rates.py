"""Page 04, linear models: how fast the largest margin is approached, and the constants of it."""

import equinox as eqx
import jax
import numpy as np

import mirrorflow as mf

from .max_margin import LOG_TIMES, PUBLISHED, VARIABLES, best_of, draw, followed

LATE = LOG_TIMES >= 1e3
ENTROPY = "theory page 04 (rates: the gap's constant is an entropy)"
EXTRA = {"H, H_\\infty": "Shannon and min-entropy of p=λ*/Σλ*, natural logarithms", **VARIABLES}


def entropies(shares):
    """H−H_∞ in natural logarithms."""
    shares = np.asarray(shares)[np.asarray(shares) > 0]
    return float(-(shares * np.log(shares)).sum() + np.log(shares.max()))


def late(path):
    """The points from log t=1e3 on, with their log t."""
    return np.asarray(path.x)[LATE], np.asarray(path.log_time)[LATE]


# --- exponents of powers ---------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(p=(1.4, 1.5, 1.75, 2.0, 3.0), draw=(3, 4)))
def more_powers(case, key):
    """Powers |x|^p/p to log t=1e5, exponents on both sides of 3/2 and 2."""
    return followed(draw(key, case.draw), mf.potentials.Power(case.p))


@mf.experiment(cases=mf.cases.grid(loss=("exponential", "logistic"), draw=(0, 1)))
def losses(case, key):
    """Gradient flow (p=2) with both losses to log t=1e5."""
    return followed(draw(key, case.draw, case.loss), mf.potentials.Power(2.0))


@mf.claim(
    "max-margin/direction-rate",
    on=losses,
    statement=r"\|x_t/\|x_t\|_2 - x^*\| \sim 1/\log t",
    source="Soudry et al. 2018; arXiv:1906.05890; theory page 04 (rates)",
    status="proved",
    tolerance=mf.tolerance(0.01, because="the next term is of relative order 1/log t, at most 1e-3 here"),
    variables=VARIABLES,
)
def direction_rate(case, path, exponent=-1.0):
    """The exponent of the distance to the max-margin direction in log t, fitted from log t=1e3 to 1e5."""
    best, (x, log_time) = best_of(path, 2.0), late(path)
    away = np.linalg.norm(x / np.linalg.norm(x, axis=1, keepdims=True) - best.direction, axis=1)
    fit = mf.observe.fit_exponent(log_time, away)
    return mf.Comparison(predicted=exponent, measured=fit.exponent, uncertainty=fit.half_width, scale=1.0)


direction_rate.control("one over the root of log t", exponent=-0.5)


@mf.claim(
    "max-margin/logistic-same-direction",
    on=losses,
    across="loss",
    statement=r"\text{the logistic loss turns to the direction of the exponential loss}",
    source=PUBLISHED + "; arXiv:1906.05890",
    status="published",
    tolerance=mf.tolerance(1e-4, because="each is about 1e-5 away from the common limit at log t=1e5"),
    variables=VARIABLES,
)
def same_direction(runs, other="exponential"):
    """Directions at log t=1e5; of the logistic flow, and of the exponential one."""
    logistic = np.asarray(runs.only(loss="logistic").x)
    reference = np.asarray(runs.only(loss=other).x)[-1] if other else logistic[8]
    ends = [x / np.linalg.norm(x) for x in (logistic[-1], reference)]
    return mf.Comparison(predicted=ends[1], measured=ends[0], scale=1.0)


same_direction.control("the logistic flow's own direction at log t=10", other=None)


@mf.claim(
    "max-margin/loss-rate",
    on=more_powers,
    statement=r"\mathcal L \asymp (\log t)^{p-2}/t",
    source="theory page 04 (rates), degree L=1",
    status="heuristic",
    tolerance=mf.tolerance(0.01, because="terms of relative order (log t)^{1−p} are left"),
    figure="rates-of-powers",
    variables=VARIABLES,
)
def loss_rate(case, path, exponent=lambda p: p - 2):
    """The exponent of t𝓛 in log t, fitted from log t=1e3 to 1e5."""
    log_time = np.asarray(path.log_time)[LATE]
    fit = mf.observe.fit_exponent(log_time, np.exp(np.asarray(path.log_loss)[LATE] + log_time))
    return mf.Comparison(predicted=exponent(case.p), measured=fit.exponent, uncertainty=fit.half_width, scale=1.0)


loss_rate.control("one more: p−1", exponent=lambda p: p - 1)


def split(path, p):
    """The two parts of the gap at the late points, the max-margin problem, and log t."""
    best, (x, log_time) = best_of(path, p), late(path)
    return mf.observe.margin_certificate(x, best), best, log_time


@mf.claim(
    "max-margin/entropy-law",
    on=more_powers,
    statement=r"\frac{\sum\lambda^*_i(m_i-m_{\min})}{\phi(x)}\,\log t \to H(p)-H_\infty(p),\quad "
    r"p=\lambda^*/\textstyle\sum\lambda^*",
    source=ENTROPY + ", for the samples' part of the gap",
    status="derived here",
    tolerance=mf.tolerance(5e-3, because="log log t/log t ≈ 1e-4 and, for p<3/2, (log t)^{1−p} are left"),
    figure="entropy-law",
    variables=EXTRA,
    notes="Every p: the samples' part alone. The whole gap follows it only above p=3/2, see "
    "max-margin/entropy-law-of-the-gap and max-margin/features-part.",
)
def entropy_law(case, path, law=entropies):
    """At log t=1e5."""
    parts, best, log_time = split(path, case.p)
    return mf.Comparison(predicted=law(best.shares), measured=parts.samples[-1] * log_time[-1], scale=1.0)


entropy_law.control("Shannon's entropy alone", law=lambda p: entropies(p) - np.log(np.max(p)))


@mf.claim(
    "max-margin/entropy-law-of-the-gap",
    on=more_powers,
    statement=r"\Big(1-\frac{\gamma(x)}{\gamma^*}\Big)\log t \to H(p)-H_\infty(p)\quad"
    r"\text{for powers, } p=3/2 \text{ included}",
    source=ENTROPY,
    status="derived here",
    expects="refuted",
    tolerance=mf.tolerance(5e-3, because="log log t/log t ≈ 1e-4 is left at log t=1e5, and (log t)^{−1/2} at p=7/4"),
    erratum="The gap has a second part, of samples that bound nothing: what the dual remembers of them leaves the "
    r"direction $(\log t)^{1-p}$ away for $p<2$, and the gap gains a term $\propto(\log t)^{2-2p}$. Above $p=3/2$ it "
    r"is negligible and the entropy law holds; at $p=3/2$ it adds a constant of its own, below it is the larger one.",
    figure="entropy-law",
    variables=EXTRA,
)
def entropy_law_of_the_gap(case, path, powers=(1.4, 1.5, 1.75, 2.0, 3.0)):
    """At log t=1e5, in units of log t; an exponent outside `powers` is compared by the samples' part."""
    parts, best, log_time = split(path, case.p)
    gap = parts.gap if case.p in powers else parts.samples
    return mf.Comparison(predicted=entropies(best.shares), measured=gap[-1] * log_time[-1], scale=1.0)


entropy_law_of_the_gap.control("the whole gap for p>3/2, else its samples' part", powers=(1.75, 2.0, 3.0))


@mf.claim(
    "max-margin/features-part",
    on=more_powers,
    statement=r"1-\langle c,x\rangle/\phi(x) \sim (\log t)^{-\min(2p-2,\,2)}\quad"
    r"(\text{faster if there are as many support vectors as features})",
    source="theory page 04 (rates); the dual keeps O(1) of its history, relative to (log t)^{p−1}",
    status="heuristic",
    new=True,
    tolerance=mf.tolerance(0.06, because="at p=1.4 the next term is (log t)^{−0.4} ≈ 0.06 smaller at log t=1e3"),
    figure="entropy-law",
    variables=EXTRA,
)
def features_part(case, path, exponent=lambda p: -min(2 * p - 2, 2.0)):
    """The exponent in log t, fitted from log t=1e3 to 1e5."""
    parts, best, log_time = split(path, case.p)
    spanning = len(best.support) == best.signed_inputs.shape[1]
    fit = mf.observe.fit_exponent(log_time, parts.features)
    relation = "at most" if spanning else "equal"
    return mf.Comparison(
        predicted=exponent(case.p), measured=fit.exponent, relation=relation, uncertainty=fit.half_width, scale=1.0
    )


features_part.control("the published bound of the Bregman gap, p−1", exponent=lambda p: 1 - p)


@mf.claim(
    "max-margin/bregman-gap",
    on=more_powers,
    statement=r"D_R(x^*,\, x_t/\|x_t\|_p) = O((\log t)^{1-p})",
    source="arXiv:2205.12808; theory page 04 (rates)",
    status="published",
    tolerance=mf.tolerance(
        0.25, because="over two decades of log t the exponent of p=3, where the bound is attained, still drifts"
    ),
    variables=VARIABLES,
)
def bregman_gap(case, path, bound=lambda p: 1 - p):
    """The fitted exponent is at most 1−p: attained for p=3; below, the gap falls faster (−min(2p−2, 2) is measured)."""
    best, (x, log_time) = best_of(path, case.p), late(path)
    units = x / np.linalg.norm(x, ord=case.p, axis=1, keepdims=True)
    fit = mf.observe.fit_exponent(log_time, divergences(mf.potentials.Power(case.p), best.direction, units))
    return mf.Comparison(predicted=bound(case.p), measured=fit.exponent, relation="at most", scale=1.0)


@eqx.filter_jit
def divergences(potential, x, points):
    """D_R(x, ·) of every point."""
    return jax.vmap(lambda y: potential.divergence(x, y))(points)


bregman_gap.control("half as fast again", bound=lambda p: 1.5 * (1 - p))


# --- hyperbolic entropy: the data decide how slow ---------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(scale=(1.0, 0.1), draw=(0, 1, 2)))
def entropic(case, key):
    """Hyperbolic entropy to log t=1e5 at two scales, whose horizon is ℓ1 both times."""
    return followed(draw(key, case.draw), mf.potentials.HyperbolicEntropy(case.scale))


def shares(path):
    """|x_j|/‖x‖₁ at the late points, and log t."""
    x, log_time = late(path)
    return np.abs(x) / np.abs(x).sum(axis=1, keepdims=True), log_time


def dual_slopes(path):
    """Slopes of the dual z=asinh(x/ρ) against A=max|z|, fitted from log t=1e4 on."""
    dual = np.asarray(path.flow.potential.mirror_map(path.x))[LOG_TIMES >= 1e4]
    largest = np.abs(dual).max(axis=1)
    offset = largest - largest.mean()
    return offset @ (dual - dual.mean(axis=0)) / (offset @ offset)


@mf.claim(
    "max-margin/dual-slopes",
    on=entropic,
    across=True,
    statement=r"z_j = A(t)\,c_j + O(1),\ c=\textstyle\sum\lambda^*_iy_iz_i:\quad "
    r"|x_j|/\|x\|_1 \sim (\log t)^{-\delta_j},\ \delta_j = 1-|c_j|",
    source="theory page 04 (rates: hyperbolic entropy on separable data)",
    status="heuristic",
    tolerance=mf.tolerance(0.05, because="A grows by 2.3 only from log t=1e4 to 1e5, and transients decay in it"),
    figure="dual-slopes",
    variables={
        "z": "the dual asinh(x/ρ)",
        "A": "max|z_j|",
        r"\delta_j": "the dual slack of the ℓ1 problem",
        **VARIABLES,
    },
    notes="In x the same law is hard to see: a coordinate that changes its sign late has any slope. In about one of "
    "five data sets the dual has not settled at log t=1e5 either, mostly where another margin is close to the least.",
)
def dual_slopes_are_multipliers(runs, law=lambda dual: dual):
    """The mean deviation of all coordinates off the support, of all runs."""
    predicted, measured = [], []
    for _, path in runs:
        best = best_of(path, 1.0)
        off = best.dual_slacks > 1e-6
        predicted.append(law(best.dual[off]))
        measured.append(dual_slopes(path)[off])
    return mf.Comparison(predicted=np.concatenate(predicted), measured=np.concatenate(measured), norm="mean", scale=1.0)


dual_slopes_are_multipliers.control("slopes that do not depend on the data", law=np.sign)


@mf.claim(
    "max-margin/one-horizon",
    on=entropic,
    across="scale",
    statement=r"\text{every scale } \rho \text{ of hyperbolic entropy approaches the same } \ell_1 \text{ margin}",
    source=PUBLISHED + " (horizon function)",
    status="published",
    tolerance=mf.tolerance(0.02, because="the gap that the slowest coordinate, (log t)^{−min δ}, leaves at log t=1e5"),
    figure="margins-against-log-time",
    variables=VARIABLES,
)
def one_horizon(runs, p=1.0):
    """The margin at log t=1e5 relative to the largest, and that it only grows from log t=1e3 on."""
    parts = {}
    for case, path in runs:
        best = best_of(path, p)
        margins = np.asarray(mf.observe.margin(path, mf.potentials.Lp(p))) / best.margin
        parts[f"margin, ρ={case.scale:g}"] = mf.Comparison(predicted=1.0, measured=margins[-1])
        rises = np.diff(margins[LATE])
        parts[f"grows, ρ={case.scale:g}"] = mf.Comparison(
            predicted=0.0, measured=rises, relation="at least", scale=1e-4
        )
    return parts


one_horizon.control("the ℓ2 margin", p=2.0)


# --- cosh: exponentially slow ----------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(draw=(0, 1, 2)))
def cosh(case, key):
    """cosh to log t=1e5 by the implicit mirror step; a plain implicit solver does not go beyond log t=1000."""
    return followed(draw(key, case.draw), mf.potentials.Cosh())


@mf.claim(
    "max-margin/cosh-growth",
    on=cosh,
    statement=r"\|x_t\|_\infty \sim \frac{\log t}{1+\gamma^*},\qquad "
    r"\log\mathcal L \sim -\frac{\gamma^*}{1+\gamma^*}\log t",
    source="theory page 04 (rates: linear cosh)",
    status="heuristic",
    tolerance=mf.tolerance(1e-3, because="constants over log t=1e5 are left"),
    figure="margins-against-log-time",
    variables=VARIABLES,
)
def cosh_growth(case, path, share=lambda margin: 1 / (1 + margin)):
    """At log t=1e5."""
    margin = best_of(path, np.inf).margin
    size, decay = np.abs(np.asarray(path.x[-1])).max(), -float(path.log_loss[-1])
    predicted = np.array([share(margin), margin * share(margin)])
    return mf.Comparison(
        predicted=predicted, measured=np.array([size, decay]) / float(path.log_time[-1]), scale=predicted
    )


cosh_growth.control("as if log t/γ, as every homogeneous potential", share=lambda margin: 1 / margin)


@mf.claim(
    "max-margin/cosh-margin",
    on=cosh,
    statement=r"1-\gamma(x_t)/\gamma^* \to 0 \text{ with the horizon } \ell_\infty",
    source=PUBLISHED + " (horizon function)",
    status="published",
    tolerance=mf.tolerance(2e-4, because="≈ 1 to 6 over log t, here 1e5"),
    figure="margins-against-log-time",
    variables=VARIABLES,
)
def cosh_margin(case, path, p=np.inf):
    """The gap at log t=1e5."""
    best = best_of(path, p)
    return mf.Comparison(predicted=1.0, measured=float(mf.observe.margin(path, mf.potentials.Lp(p))[-1]) / best.margin)


cosh_margin.control("the ℓ1 margin", p=1.0)


@mf.claim(
    "max-margin/cosh-entropy-law",
    on=cosh,
    statement=r"\Big(1-\frac{\gamma(x)}{\gamma^*}\Big)\log t \to (1+\gamma^*)\Big[\frac{(H-H_\infty)(p)}{\gamma^*}"
    r"+(H-H_\infty)(|c|)\Big]",
    source=ENTROPY + ", for cosh",
    status="heuristic",
    new=True,
    tolerance=mf.tolerance(2e-3, because="relative terms of order 1/log t are left at log t=1e5"),
    variables=EXTRA,
)
def cosh_entropy_law(case, path, features=1.0):
    """At log t=1e5, relative to the prediction."""
    best = best_of(path, np.inf)
    parts = mf.observe.margin_certificate(np.asarray(path.x[-1]), best)
    law = entropies(best.shares) / best.margin + features * entropies(np.abs(best.dual))
    return mf.Comparison(predicted=(1 + best.margin) * law, measured=float(parts.gap) * float(path.log_time[-1]))


cosh_entropy_law.control("without the entropy of |c|", features=0.0)
