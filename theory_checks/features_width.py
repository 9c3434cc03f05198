"""Page 04, feature learning: five potentials at three widths, and how the number of neurons goes with the width."""

import numpy as np

import mirrorflow as mf

from ._features import (
    END,
    LOOSE,
    ORDER,
    SOURCE,
    VARIABLES,
    active,
    aligned,
    by_potential,
    increases,
    learned,
    observed,
    paired,
    participation,
    sparsity,
)

WIDTHS, SAMPLES, DRAWS = (8, 16, 32), 8, (0, 1, 2, 3)
MORE = (4, 5)  # draws at width 8, where a neuron more or less is a large difference
SPARSE, DENSE = ("entropy", "p=1.5"), ("p=3", "cosh")
WITH_WIDTH = {"m": "number of hidden neurons", **VARIABLES}


@mf.experiment(
    cases=mf.cases.grid(width=WIDTHS, potential=ORDER, draw=DRAWS)
    + mf.cases.grid(width=WIDTHS[:1], potential=ORDER, draw=MORE),
    accuracies=LOOSE,
    ends="any",
    slow=True,
)
def widths(case, key):
    """5-width-1 ReLU networks and 8 samples to log 𝓛=−100, hyperbolic entropy and cosh among the potentials; ends."""
    return learned(key, case.potential, case.draw, case.width, SAMPLES, save=None)


def arrived(runs):
    """The runs of those draws that every potential among them follows to log 𝓛=−100.

    At width 8 a path may end where the loss no longer falls: so it did in 3 of the 30 draws of seeds 0 to 4, and in
    none at the larger widths. Nothing of this page applies to it, and its draw is left out for all potentials. An
    interval over fewer than three draws would say nothing.
    """
    lost = {(case.width, case.draw) for case, path in runs if not path.status.ok}
    kept = [(case, path) for case, path in runs if (case.width, case.draw) not in lost]
    for m in {case.width for case, _ in runs}:
        if len({case.draw for case, _ in kept if case.width == m}) < 3:
            raise RuntimeError(f"Fewer than three draws of width {m} come to log 𝓛={END:g}; lost: {sorted(lost)}.")
    return kept


def about_quadratic(runs, quantity, least, falls):
    """That `quantity` is smaller for the sparse potentials than for p=2, and larger for the dense ones, or falls."""
    parts, runs = {}, arrived(runs)
    for name in (*SPARSE, *DENSE):
        order = (name, "p=2") if (name in SPARSE) != falls else ("p=2", name)
        parts |= increases(runs, quantity, order, least)
    return parts


def above_sparse(found, order, least):
    """That what was found for p=2 lies above that of each sparse potential, or below it for the reversed order."""
    pairs = [(name, "p=2") if order == SPARSE else ("p=2", name) for name in order]
    return {f"{low} to {high}": paired(found[low], found[high], least) for low, high in pairs}


@observed(
    "features/potentials",
    on=widths,
    across=("potential", "draw"),
    statement=r"N: \text{ hyperbolic entropy and } p=3/2 \text{ below } p=2 \text{ below } p=3 \text{ and cosh, "
    r"at widths 8, 16 and 32}",
    figure="feature-sparsity",
    variables=WITH_WIDTH,
    notes="On seed 4, run after all was set, two of twelve intervals reach the least difference: those of hyperbolic "
    "entropy at widths 8 and 16.",
)
def potentials(runs, falls=False, at=-1):
    """The mean over four or six draws of the differences to p=2, at least a tenth of a neuron, at log 𝓛=−100."""
    return about_quadratic(runs, lambda path: participation(path, at), 0.1, falls)


potentials.control("the other way round", falls=True)
potentials.control("at the start, the same for all", at=0)


@observed(
    "features/potentials-and-weights",
    on=widths,
    across=("potential", "draw"),
    statement=r"\text{the share of weights below a tenth of their layer's largest: hyperbolic entropy and } p=3/2 "
    r"\text{ above } p=2 \text{ above } p=3 \text{ and cosh}",
    figure="feature-sparsity",
    variables=WITH_WIDTH,
)
def potentials_and_weights(runs, falls=True, at=-1):
    """The mean over four or six draws of the differences to p=2, at least 0.02, at log 𝓛=−100."""
    return about_quadratic(runs, lambda path: sparsity(path, at), 0.02, falls)


potentials_and_weights.control("the other way round", falls=False)
potentials_and_weights.control("at the start, the same for all", at=0)


def beyond_eight(runs, quantity):
    """`quantity` over the draws at widths 16 and 32 in one array for each potential."""
    wide = arrived([(case, path) for case, path in runs if case.width > 8])
    return by_potential(wide, quantity, by=("width", "draw"))


@observed(
    "features/potentials-and-activity",
    on=widths,
    across=True,
    statement=r"\#\{j: s_j \ge 0.1\max s\}: \text{ hyperbolic entropy and } p=3/2 \text{ below } p=2 \text{ below } "
    r"p=3 \text{ and cosh},\ m \text{ 16 or 32}",
    figure="feature-sparsity",
    variables=WITH_WIDTH,
)
def potentials_and_activity(runs, at=-1, below=SPARSE, above=DENSE):
    """The mean of the differences to p=2 over four draws at each of two widths, at least a neuron, at log 𝓛=−100."""
    found = beyond_eight(runs, lambda path: active(path, at))
    parts = {f"{name} to p=2": paired(found[name], found["p=2"], 1.0) for name in below}
    return parts | {f"p=2 to {name}": paired(found["p=2"], found[name], 1.0) for name in above}


potentials_and_activity.control("the other way round", below=DENSE, above=SPARSE)
potentials_and_activity.control("at the start, the same for all", at=0)


@observed(
    "features/alignment",
    on=widths,
    across=True,
    statement=r"A=\frac{\sum_{i\ne j}s_is_j|\cos(w_i,w_j)|}{\sum_{i\ne j}s_is_j}: \text{ hyperbolic entropy and } "
    r"p=3/2 \text{ below } p=2,\ m \text{ 16 or 32}",
    source=SOURCE + "; measured here",
    figure="feature-sparsity",
    variables=WITH_WIDTH,
    notes="Two parallel neurons cost what one of them costs if p=2, and more if p<2: what is sparse in neurons has no "
    "copies. At width 8 two or three neurons are left, and A says nothing. The least difference was set so that all is "
    "decided on seeds 0 to 3; on seed 4, run afterwards, both intervals reach it (0.10 ± 0.11, 0.05 ± 0.08), "
    "and the control that turns the order round is undecided there.",
)
def alignment(runs, order=SPARSE, at=-1):
    """The mean of the difference over four draws at each of two widths, at least 0.01, at log 𝓛=−100."""
    return above_sparse(beyond_eight(runs, lambda path: aligned(path, at)), order, 0.01)


alignment.control("the other way round", order=SPARSE[::-1])
alignment.control("at the start, the same for all", at=0)


def exponents(runs, quantity):
    """The slopes of log quantity in log width, an array over the draws for each sparse potential."""
    found, runs = {}, arrived([(case, path) for case, path in runs if case.potential in SPARSE])
    seen = {(case.width, case.draw) for case, _ in runs}
    draws = [draw for draw in DRAWS if all((width, draw) in seen for width in WIDTHS)]
    for name in SPARSE:
        values = {(case.width, case.draw): quantity(path) for case, path in runs if case.potential == name}
        logs = np.log([[values[width, draw] for draw in draws] for width in WIDTHS])
        found[name] = np.polyfit(np.log(WIDTHS), logs, 1)[0]
    return found


def neurons(path):
    """All of them, however strong."""
    return float(mf.observe.unit_strengths(path).shape[1])


@observed(
    "features/width",
    on=widths,
    across=True,
    statement=r"N \asymp m^{\kappa},\ \kappa<1, \text{ from } m=8 \text{ to } 32 "
    r"\text{ for hyperbolic entropy and } p=3/2",
    source=SOURCE + "; measured here",
    figure="feature-sparsity",
    variables={r"\kappa": "slope of log N in log m, fitted draw by draw", **WITH_WIDTH},
    notes="Over seeds 0 to 3 the means of κ are 0.1 to 0.5, for p=2 0.8 to 1, as at the start. That p=2 has the larger "
    "one is open with four draws on one seed. On seed 4, run afterwards, κ<0.9 is open for both: with "
    "three draws the intervals of 1−κ are 0.99 ± 0.95 and 0.84 ± 0.81.",
)
def width(runs, quantity=participation, least=0.1, below=True):
    """The mean over four draws of 1−κ, at least 0.1."""
    found, one = exponents(runs, quantity), np.ones(1)
    return {
        f"κ of {name}": paired(kappa, one, least) if below else paired(one, kappa, least)
        for name, kappa in found.items()
    }


width.control("faster than the width", below=False)
width.control("all neurons counted, strong or not", quantity=neurons)
