"""Page 04, feature learning on handwritten digits: two and ten classes, fully connected and convolutional."""

import jax
import numpy as np

import mirrorflow as mf

from ._digits import PAIR, TASKS, drawn_images, told_apart
from ._features import POTENTIALS, POWERS, SOURCE, increases, participation
from ._networks import PUBLISHED, rises
from .features import INTERVAL, VARIABLES
from .homogeneous import EXACT, drift, sides

EXPONENTS = {"entropy": 1.0, "p=1.5": 1.5, "p=2": 2.0, "p=3": 3.0}
LOOSE = (10.0, 1.0)  # accuracies: what is compared differs by far more than steps do
END, SAVE = -30.0, 31


@mf.experiment(
    cases=mf.cases.grid(task=(PAIR,), potential=("entropy", *POWERS), draw=(0, 1, 2, 3))
    + mf.cases.grid(task=tuple(TASKS)[1:], potential=POWERS, draw=(0, 1, 2, 3)),
    accuracies=LOOSE,
    slow=True,
)
def digits(case, key):
    """30 images of 3 and 5, or 40 of ten digits, to log 𝓛=−30."""
    problem = drawn_images(case.task, jax.random.fold_in(key, case.draw))
    return told_apart(problem, POTENTIALS[case.potential], END, SAVE)


@mf.claim(
    "features/digits",
    on=digits,
    across=("potential", "draw"),
    statement=r"N_{3/2} < N_2 < N_3 \text{ on handwritten digits: 3 or 5, by filters too, and ten classes with margins } "
    r"q_{ic}=f_{y_i}-f_c",
    source=SOURCE,
    status="heuristic",
    expects="holds",
    tolerance=INTERVAL,
    figure="features-of-digits",
    variables=VARIABLES,
)
def of_digits(runs, order=POWERS, at=-1):
    """The mean over four draws of the difference, at least a tenth of a neuron, at log 𝓛=−30."""
    return increases(runs, lambda path: participation(path, at), order, least=0.1)


of_digits.control("the other way round", order=POWERS[::-1])
of_digits.control("at the start, the same for all", at=0)


@mf.claim(
    "features/margin-of-digits",
    on=digits,
    statement=r"\log(1/\mathcal L)/Q^{L/\alpha} \text{ never decreases once } \mathcal L<1:\ "
    r"\mathcal L=\sum_{i,c\ne y_i}e^{-q_{ic}},\ q_{ic}=f_{y_i}-f_c \text{ for ten classes}",
    source=PUBLISHED + " (monotone margin)",
    status="proved",
    tolerance=mf.tolerance(1e-9, because="between saved points it rises by 1e-5 or more"),
    figure="norms-of-digits",
    variables={r"\alpha": "p for powers, 1 for hyperbolic entropy", **VARIABLES},
)
def margin_of_digits(case, path, factor=1.0):
    """The largest fall between saved points, relative to the largest margin."""
    return rises(mf.observe.smoothed_margin(path, alpha=factor * EXPONENTS[case.potential]), path.log_loss)


margin_of_digits.control("half of α", factor=0.5)


@mf.claim(
    "features/balance-of-filters",
    on=digits,
    statement=r"Q(\text{into neuron or channel } j) - Q(\text{out of it}) \text{ is constant}",
    source=PUBLISHED + " (balance from convex duality)",
    status="proved",
    tolerance=EXACT,
    variables=VARIABLES,
)
def balance_of_filters(case, path, power=None):
    """At all points: rows and columns of two layers, or filters and the weights on all they give."""
    return drift(*sides(path, power=power))


balance_of_filters.control("fourth powers of weights", power=4.0)


# --- Karush–Kuhn–Tucker conditions on digits -----------------------------------------------------------------------

POINTS = (1, 2, 4, 10, 25, 60)  # log 𝓛 from −42 to −2500
KINK = 1e-6  # of a unit's largest preactivation: what slides is at 1e-10


@mf.experiment(cases=mf.cases.grid(draw=(0, 1, 2, 3)), accuracies=LOOSE, slow=True)
def long(case, key):
    """64-8-1, ten images of 3 and ten of 5, gradient flow to log 𝓛=−2500."""
    problem = drawn_images(PAIR, jax.random.fold_in(key, case.draw), each=10)
    return told_apart(problem, mf.potentials.Power(2.0), -2500.0, 61)


def residuals(path, kink=KINK):
    """‖g−Σλ∇q‖/‖g‖ at POINTS."""
    return mf.observe.kkt_residual(path, at=POINTS, kink=kink).residual


@mf.claim(
    "features/kkt-of-digits",
    on=long,
    across=True,
    statement=r"\Big\|\hat\theta-\sum_i\lambda_i\nabla q_i(\hat\theta)\Big\|/\|\hat\theta\| \text{ falls along the flow,}"
    r"\ \le 10^{-2} \text{ at } \log\mathcal L=-2500 \text{ (median of the draws)}",
    source=PUBLISHED + " (characterization)",
    status="published",
    tolerance=mf.tolerance(1e-2, because="the residual that is asked for; it falls on, and is never quite 0"),
    figure="kkt-along-the-flow",
    variables={r"\hat\theta": "θ scaled to the smallest margin 1", r"\lambda_i": "multipliers ≥ 0", **VARIABLES},
    notes="A single draw may rise for a while, when another image comes to hold the margin.",
)
def kkt_of_digits(runs, kink=KINK, end=-1):
    """The median over the draws at log 𝓛 = −42, −83, −170, −420, −1040, −2500: its rises, and the last one against 0."""
    median = np.median([residuals(path, kink) for _, path in runs], axis=0)
    return {
        "rises": mf.Comparison(predicted=0.0, measured=np.diff(median), relation="at most", scale=1.0),
        "end": mf.Comparison(predicted=0.0, measured=median[end], scale=1.0),
    }


kkt_of_digits.control("gates 0 or 1 only, though the path slides", kink=0.0)
kkt_of_digits.control("at log 𝓛=−42 already", end=0)
