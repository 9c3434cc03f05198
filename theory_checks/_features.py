"""One network and one data set under several potentials, and how differences between them are judged over draws."""

import itertools

import jax
import numpy as np

import mirrorflow as mf

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


def learned(key, potential, draw, width):
    """A 5-width-1 ReLU network and 16 samples to log 𝓛=−100; problem and start are the same for every potential."""
    problem, start = drawn(jax.random.fold_in(key, draw), (5, width, 1), SAMPLES)
    return followed(problem, start, POTENTIALS[potential], end=END, save=SAVE)


def by_potential(runs, quantity):
    """`quantity` of each path, an array over the draws for each potential."""
    found = {}
    for case, path in runs:
        found.setdefault(case.potential, {})[case.draw] = quantity(path)
    return {name: np.array([values[draw] for draw in sorted(values)]) for name, values in found.items()}


def interval(values):
    """The mean over the draws and half the width of its 95 % interval (Student)."""
    from scipy.special import stdtrit

    count = len(values)
    return np.mean(values, axis=0), stdtrit(count - 1, 0.975) * np.std(values, axis=0, ddof=1) / np.sqrt(count)


def increases(runs, quantity, order, least):
    """That `quantity` grows by `least` or more from each potential to the next, draw by draw, in the mean over draws.

    Draws are paired: both potentials have the same start and data. The interval of the mean must lie above `least`.
    """
    found = by_potential(runs, quantity)
    parts = {}
    for low, high in itertools.pairwise(name for name in order if name in found):
        mean, half = interval(found[high] - found[low])
        parts[f"{low} to {high}"] = mf.Comparison(
            predicted=float(least),
            measured=mean,
            relation="at least",
            uncertainty=half,
            scale=1.0,
            note=f"{found[low].mean():.3g} and {found[high].mean():.3g}; difference ± {half:.2g} (95 %)",
        )
    return parts


def participation(path, at=-1):
    """About how many neurons count."""
    return float(mf.observe.participation_ratio(path)[at])
