"""Page 04, feature learning: how many neurons share the work, by potential, on random data."""

import mirrorflow as mf

from ._features import POWERS, VARIABLES, active, increases, learned, observed, participation, sparsity
from .homogeneous import EXACT, sides


@mf.experiment(cases=mf.cases.grid(potential=POWERS, draw=(0, 1, 2, 3, 4, 5)), accuracies=(10.0, 1.0), slow=True)
def powers(case, key):
    """A 5-10-1 ReLU network and 16 samples to log 𝓛=−100, powers |x|^p/p."""
    return learned(key, case.potential, case.draw, 10)


@observed(
    "features/sparsity-of-neurons",
    on=powers,
    across=True,
    statement=r"N \text{ grows with } p:\ N_{3/2} < N_2 < N_3, \text{ in the mean over draws of start and data}",
    figure="neuron-activations",
)
def sparsity_of_neurons(runs, order=POWERS, at=-1):
    """The mean over six draws of the difference, at least a tenth of a neuron, at log 𝓛=−100."""
    return increases(runs, lambda path: participation(path, at), order, least=0.1)


sparsity_of_neurons.control("the other way round", order=POWERS[::-1])
sparsity_of_neurons.control("at the start, the same for all", at=0)


# --- what the penalty is in terms of neurons -----------------------------------------------------------------------


@mf.claim(
    "features/penalty-of-neurons",
    on=powers,
    statement=r"\|\theta\|_p^p = \sum_j\sqrt{4\,(|a_j|\,\|w_j\|_p)^p + b_j^2},\quad b_j=\|w_j\|_p^p-|a_j|^p "
    r"\text{ at the start: } \ell_{p/2} \text{ of the strengths once they are large}",
    source="derived from the balance of neurons, page 04",
    status="derived here",
    tolerance=EXACT,
    variables={"b_j": "balance of neuron j, conserved", **VARIABLES},
    notes="Concave for p<2 and so sparse in neurons, ℓ1 for p=2, strictly convex for p>2 and so dense.",
)
def penalty_of_neurons(case, path, kept=True, power=0.5):
    """At all points, relative to the largest; `power` is that of the radicand."""
    p = float(case.potential.removeprefix("p="))
    into, out_of = (side * p / (p - 1) for side in sides(path))  # Q=(p−1)/p·|x|^p
    balance = (into - out_of)[:1] if kept else 0.0
    predicted = ((4 * into * out_of + balance**2) ** power).sum(axis=1)
    return mf.Comparison(predicted=predicted, measured=(into + out_of).sum(axis=1))


penalty_of_neurons.control("no balances", kept=False)
penalty_of_neurons.control("ℓ_p of the strengths", power=1.0)


@observed(
    "features/active-neurons",
    on=powers,
    across=True,
    statement=r"\#\{j: s_j \ge 0.1\max s\} \text{ grows with } p",
    figure="neuron-activations",
)
def active_neurons(runs, order=POWERS, at=-1):
    """The mean over six draws of the difference, at least a tenth of a neuron, at log 𝓛=−100."""
    return increases(runs, lambda path: active(path, at), order, least=0.1)


active_neurons.control("the other way round", order=POWERS[::-1])


@observed(
    "features/sparsity-of-weights",
    on=powers,
    across=True,
    statement=r"\text{the share of weights below a tenth of their layer's largest falls with } p",
)
def sparsity_of_weights(runs, order=POWERS[::-1], at=-1):
    """The mean over six draws of the difference, at least 0.05, at log 𝓛=−100."""
    return increases(runs, lambda path: sparsity(path, at), order, least=0.05)


sparsity_of_weights.control("the other way round", order=POWERS)
sparsity_of_weights.control("at the start, the same for all", at=0)
