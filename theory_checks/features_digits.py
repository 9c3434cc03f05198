"""Page 04, feature learning on handwritten digits: two and ten classes, fully connected and convolutional."""

import jax
import numpy as np

import mirrorflow as mf

from ._digits import FILTERS, PAIR, TEN, drawn_images, told_apart
from ._features import (
    LOOSE,
    POTENTIALS,
    POWERS,
    SOURCE,
    VARIABLES,
    aligned,
    by_potential,
    increases,
    observed,
    paired,
    participation,
    sparsity,
)
from ._networks import PUBLISHED
from .homogeneous import EXACT, drift, sides

END = -30.0


@mf.experiment(
    cases=mf.cases.grid(task=(PAIR,), potential=("entropy", *POWERS), draw=(0, 1, 2, 3, 4, 5))
    + mf.cases.grid(task=(FILTERS,), potential=POWERS, draw=(0, 1, 2, 3, 4))
    + mf.cases.grid(task=(TEN,), potential=("p=1.5", "p=2"), draw=(0, 1, 2, 3, 4)),
    accuracies=LOOSE,
    slow=True,
)
def digits(case, key):
    """20 images of 3 and 5 (10 for filters), or 20 of ten digits, to log 𝓛=−30; start and end."""
    problem = drawn_images(case.task, jax.random.fold_in(key, case.draw))
    return told_apart(problem, POTENTIALS[case.potential], END, save=None)


@observed(
    "features/digits",
    on=digits,
    across=("potential", "draw"),
    statement=r"N_{3/2} < N_2 < N_3 \text{ on handwritten digits: 3 or 5, by filters too; } "
    r"N_{3/2} < N_2 \text{ for ten classes with margins } q_{ic}=f_{y_i}-f_c",
    figure="digits-by-potential",
    notes="With p=3 the ten classes use all 16 neurons alike (N=15.2 to 15.4 in two draws), sliding along a thousand "
    "boundaries: minutes a run, so it is left out. The number of draws was raised until no interval on seeds 0 to 3 "
    "reached the least difference; on seed 4, run afterwards, that from 3/2 to 2 for 3 or 5 does (0.93 ± 0.93).",
)
def of_digits(runs, order=POWERS, at=-1):
    """The mean over five or six draws of the difference, at least a tenth of a neuron, at log 𝓛=−30."""
    return increases(runs, lambda path: participation(path, at), order, least=0.1)


of_digits.control("the other way round", order=POWERS[::-1])
of_digits.control("at the start, the same for all", at=0)


@observed(
    "features/weights-of-digits",
    on=digits,
    across=("potential", "draw"),
    statement=r"\text{the share of weights below a tenth of their layer's largest falls with } p "
    r"\text{ on handwritten digits}",
    figure="digits-by-potential",
)
def weights_of_digits(runs, order=POWERS[::-1], at=-1):
    """The mean over five or six draws of the difference, at least 0.05, at log 𝓛=−30."""
    return increases(runs, lambda path: sparsity(path, at), order, least=0.05)


weights_of_digits.control("the other way round", order=POWERS)
weights_of_digits.control("at the start, the same for all", at=0)


LEAST = {PAIR: 0.1, TEN: 0.02}  # rises of the alignment


@observed(
    "features/alignment-on-digits",
    on=digits,
    across=True,
    statement=r"A=\frac{\sum_{i\ne j}s_is_j|\cos(w_i,w_j)|}{\sum_{i\ne j}s_is_j} \text{ rises from a small start for "
    r"every potential, for 3 or 5 and for ten digits: neurons turn to each other}",
    source=SOURCE + "; measured here",
    figure="digits-by-potential",
    notes="By 0.1 or more where 3 or 5 is told, by 0.02 or more for ten digits. Filters of nine weights are near to "
    "each other at the start, and some of them turn away: there it is not claimed.",
)
def alignment_on_digits(runs, start=0, end=-1):
    """The mean over the draws of the rise from start to log 𝓛=−30, at least `LEAST`."""
    parts = {}
    for task, least in LEAST.items():
        some = [(case, path) for case, path in runs if case.task == task]
        before, after = (by_potential(some, lambda path, at=at: aligned(path, at)) for at in (start, end))
        parts |= {f"{task}, {name}": paired(before[name], after[name], least) for name in after}
    return parts


alignment_on_digits.control("the other way round", start=-1, end=0)


# --- along the flow ------------------------------------------------------------------------------------------------


@mf.experiment(
    cases=mf.cases.grid(task=(PAIR, FILTERS), potential=("p=1.5", "p=2"), draw=(0,))
    + mf.cases.grid(task=(TEN,), potential=("p=2",), draw=(0,)),
    accuracies=LOOSE,
    slow=True,
)
def along(case, key):
    """One draw of each task to log 𝓛=−30, with points on the way."""
    problem = drawn_images(case.task, jax.random.fold_in(key, case.draw))
    return told_apart(problem, POTENTIALS[case.potential], END, save=7 if case.task == TEN else 21)


@mf.claim(
    "features/margin-of-digits",
    on=along,
    statement=r"\log(1/\mathcal L)/Q^{L/p} \text{ never decreases once } \mathcal L<1:\ "
    r"\mathcal L=\sum_{i,c\ne y_i}e^{-q_{ic}},\ q_{ic}=f_{y_i}-f_c \text{ for ten classes}",
    source=PUBLISHED + " (monotone margin)",
    status="proved",
    tolerance=mf.tolerance(1e-9, because="between saved points it rises by 1e-3 or more"),
    figure="norms-of-digits",
    variables=VARIABLES,
)
def margin_of_digits(case, path, factor=1.0):
    """The smallest rise between saved points, relative to the largest margin."""
    power = float(case.potential.removeprefix("p="))
    margin = np.asarray(mf.observe.smoothed_margin(path, alpha=factor * power))[np.asarray(path.log_loss) < 0]
    return mf.Comparison(predicted=0.0, measured=np.diff(margin).min(), relation="at least", scale=margin.max())


margin_of_digits.control("half of α=p", factor=0.5)


@mf.claim(
    "features/balance-of-filters",
    on=along,
    statement=r"Q(\text{into neuron or channel } j) - Q(\text{out of it}) \text{ is constant}",
    source=PUBLISHED + " (balance from convex duality)",
    status="proved",
    tolerance=EXACT,
    figure="norms-of-digits",
    variables=VARIABLES,
)
def balance_of_filters(case, path, power=None):
    """At all points: rows and columns of two layers, or filters and the weights on all they give."""
    return drift(*sides(path, power=power))


balance_of_filters.control("fourth powers of weights", power=4.0)


# --- Karush–Kuhn–Tucker conditions on digits -----------------------------------------------------------------------

SMALL = 0.02  # of the start: what stays as it was, dead neurons too, falls as SMALL/(log 1/𝓛)^½ in θ/‖θ‖
POINTS = (1, 2, 4, 10, 25, 60)  # log 𝓛 from −42 to −2500
KINK = 1e-6  # of a unit's largest preactivation: what slides is at 1e-10


@mf.experiment(cases=mf.cases.grid(draw=(0, 1, 2)), accuracies=LOOSE, slow=True)
def long(case, key):
    """64-8-1, ten images of 3 and ten of 5, gradient flow to log 𝓛=−2500."""
    problem = drawn_images(PAIR, jax.random.fold_in(key, case.draw), SMALL)
    return told_apart(problem, mf.potentials.Power(2.0), -2500.0, save=61)


def residuals(path, kink=KINK):
    """‖g−Σλ∇q‖/‖g‖ at POINTS."""
    return mf.observe.kkt_residual(path, at=POINTS, kink=kink).residual


@mf.claim(
    "features/kkt-of-digits",
    on=long,
    across=True,
    statement=r"\Big\|\hat\theta-\sum_i\lambda_i\nabla q_i(\hat\theta)\Big\|/\|\hat\theta\| "
    r"\text{ falls along the flow,}\ \le 10^{-2} \text{ at } \log\mathcal L=-2500 \text{ (median of the draws)}",
    source=PUBLISHED + " (characterization)",
    status="published",
    tolerance=mf.tolerance(1e-2, because="the residual that is asked for; of rises, one in a hundred"),
    figure="kkt-along-the-flow",
    variables={r"\hat\theta": "θ scaled to the smallest margin 1", r"\lambda_i": "multipliers ≥ 0", **VARIABLES},
    notes="The median, not every draw: in about one of four, neurons that get weaker do so slowly, and 0.015 to 0.03 "
    "is left. What stays of the start counts too: from 0.1 of the usual start, in place of 0.02, the median of four "
    "draws is 0.018 and 0.014 on two seeds. A single draw may rise for a while, when another image comes to hold the "
    "margin.",
)
def kkt_of_digits(runs, kink=KINK, end=-1, falls=True):
    """The median over the draws at six values of log 𝓛 from −42 to −2500: its relative rises, and the last one."""
    median = np.median([residuals(path, kink) for _, path in runs], axis=0)
    rises = np.diff(np.log(median)) * (1 if falls else -1)
    return {
        "rises": mf.Comparison(predicted=0.0, measured=rises, relation="at most", scale=1.0),
        "end": mf.Comparison(predicted=0.0, measured=median[end], scale=1.0),
    }


kkt_of_digits.control("gates 0 or 1 only, though the path slides", kink=0.0)
kkt_of_digits.control("at log 𝓛=−42 already", end=0)
kkt_of_digits.control("rising", falls=False)
