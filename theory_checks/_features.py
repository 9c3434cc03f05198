"""One network and one data set under several potentials, and how differences between them are judged over draws."""

import functools
import itertools

import jax
import numpy as np

import mirrorflow as mf

from ._networks import VARIABLES as OF_NETWORKS
from ._networks import drawn, followed

SOURCE = "theory page 04 (feature learning)"
POTENTIALS = {
    "entropy": mf.potentials.HyperbolicEntropy(0.1),
    "p=1.5": mf.potentials.Power(1.5),
    "p=2": mf.potentials.Power(2.0),
    "p=3": mf.potentials.Power(3.0),
    "cosh": mf.potentials.Cosh(),
}
POWERS = ("p=1.5", "p=2", "p=3")
ORDER = tuple(POTENTIALS)  # from few neurons to many
SAMPLES, END, SAVE = 16, -100.0, 60
LOOSE = (100.0, 10.0)  # accuracies: what is compared differs by far more than steps do
VARIABLES = {
    "s_j": "strength |a_j|·‖w_j‖ of neuron j, Euclidean norms unless said otherwise",
    "N": "(Σs_j)²/Σs_j², the participation ratio: about how many neurons count",
    **OF_NETWORKS,
}
# A claim that compares means over draws by `paired`.
observed = functools.partial(
    mf.claim,
    source=SOURCE,
    status="heuristic",
    expects="holds",
    tolerance=mf.tolerance(0.0, because="a difference counts where its 95 % interval lies wholly above the least one"),
    variables=VARIABLES,
)


def learned(key, potential, draw, width, samples=SAMPLES, save=SAVE):
    """A 5-width-1 ReLU network and its samples to log 𝓛=−100; problem and start are the same for every potential."""
    problem, start = drawn(jax.random.fold_in(key, draw), (5, width, 1), samples)
    return followed(problem, start, POTENTIALS[potential], end=END, save=save)


def by_potential(runs, quantity, by=("draw",)):
    """`quantity` of each path, an array over the draws for each potential; `by`: the fields that tell draws apart."""
    found = {}
    for case, path in runs:
        found.setdefault(case.potential, {})[tuple(getattr(case, field) for field in by)] = quantity(path)
    return {name: np.array([values[draw] for draw in sorted(values)]) for name, values in found.items()}


def paired(low, high, least):
    """That `high` exceeds `low` by `least` or more in the mean over draws: its 95 % interval must lie above.

    Draws are paired: the two have the same start and data in each.
    """
    mean, half = mf.observe.interval(high - low)
    return mf.Comparison(
        predicted=float(least),
        measured=mean,
        relation="at least",
        uncertainty=half,
        scale=1.0,
        note=f"{low.mean():.3g} and {high.mean():.3g}; difference ± {half:.2g} (95 %)",
    )


def increases(runs, quantity, order, least):
    """That `quantity` grows by `least` or more from each potential to the next, in the mean over draws."""
    found = by_potential(runs, quantity)
    steps = itertools.pairwise(name for name in order if name in found)
    return {f"{low} to {high}": paired(found[low], found[high], least) for low, high in steps}


def participation(path, at=-1):
    """About how many neurons count."""
    return float(mf.observe.participation_ratio(path)[at])


def sparsity(path, at=-1):
    """The share of weights below a tenth of their layer's largest."""
    return float(mf.observe.weight_sparsity(path, 0.1)[at])


def aligned(path, at=-1):
    """The mean |cosine| between two neurons, weighted by strengths."""
    return float(mf.observe.alignment(path)[at])


def active(path, at=-1):
    """How many neurons have a tenth of the largest strength."""
    return float(mf.observe.active_units(path, 0.1)[at])
