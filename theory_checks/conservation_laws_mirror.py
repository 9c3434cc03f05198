"""Page 07: how many laws mirror flows of factorizations and networks have, and that all are found."""

import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._orbits import gradient_flow, network

models = mf.derive.models
MOST = 40

# --- non-negative factorization --------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.single())
def nonnegative(case, key):
    """UVᵀ with U, V>0 under θ̇=−θ⊙∇, of random sizes (n, m, r) with up to 40 parameters."""
    pool = counts.grid(*[range(1, 5)] * 2, range(1, 7), most=MOST, parameters=lambda n, m, r: r * (n + m))
    always = [(1, 1, 1), (1, 1, 2), (1, 1, 5), (1, 2, 4), (2, 1, 4), (2, 2, 6), (3, 1, 1)]
    return counts.tabulate(
        key,
        counts.draw(key, always, pool),
        lambda size, seed: mf.derive.conservation_laws(models.nonnegative_factorization(*size), seed=seed),
        lambda size: gradient_flow(network(size[0], size[2], size[1], linear=True), lambda theta: theta),
        counts.positive,
    )


def of_columns(rows, columns, rank):
    """One for every pair of columns; 2r−1 where all of θ is one product's line."""
    return 2 * rank - 1 if rows == columns == 1 else rank


@mf.claim(
    "conservation-laws/nonnegative-factorization",
    on=nonnegative,
    statement=r"\dot\theta=-\theta\odot\nabla,\ f=UV^\top:\quad \mathbf 1^\top u_k-\mathbf 1^\top v_k,\ r \text{ of"
    r" them; } 2r-1 \text{ for } n=m=1, \text{ and there are no more}",
    source=f"{counts.MIRROR}; {counts.PAGE} (non-negative factorization)",
    status="published",
    tolerance=counts.EXACT,
    variables=counts.LETTERS | {"n, m, r": "rows of U, rows of V, their columns"},
    notes="At n=m=1 they are u_k−v_k and the quotients that one line of velocities keeps.",
)
def nonnegative_factorization(case, run, formula=of_columns, count=counts.brackets):
    """24 sizes."""
    return counts.agreement(run, formula, count)


nonnegative_factorization.control("r for every size", formula=lambda n, m, r: r)
nonnegative_factorization.control("the brackets left out: D − dim W", count=counts.velocities_alone)

# --- networks that are convex in their input -------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.single())
def input_convex(case, key):
    """Σu_kσ(⟨v_k,x⟩) with U>0 entropic and V Euclidean, of random inputs, neurons and outputs."""
    pool = counts.grid(range(1, 6), range(1, 6), range(1, 4), most=MOST, parameters=lambda n, r, m: r * (n + m))

    def fields(size):
        inner = size[0] * size[1]
        return gradient_flow(network(*size), lambda theta: np.where(np.arange(theta.shape[-1]) < inner, 1.0, theta))

    return counts.tabulate(
        key,
        counts.draw(key, [(1, 1, 1), (1, 4, 1), (3, 1, 1), (1, 3, 3)], pool),
        lambda size, seed: mf.derive.conservation_laws(models.input_convex_network(*size), seed=seed),
        fields,
        counts.positive,
    )


@mf.claim(
    "conservation-laws/input-convex",
    on=input_convex,
    statement=r"\dot U=-U\odot\nabla,\ \dot V=-\nabla:\quad \mathbf 1^\top u_k-\tfrac12\|v_k\|^2 "
    r"\text{ for every neuron, } r \text{ of them, and there are no more}",
    source=f"{counts.MIRROR}; {counts.PAGE} (convex-input net)",
    status="published",
    tolerance=counts.EXACT,
    variables=counts.LETTERS | {"u_k, v_k": "outgoing and incoming weights of a neuron", "r": "the number of neurons"},
)
def input_convex_networks(case, run, formula=lambda inputs, neurons, outputs: neurons, count=counts.brackets):
    """24 sizes; no bracket is needed."""
    return counts.agreement(run, formula, count)


input_convex_networks.control("as many as a linear network has", formula=lambda n, r, m: counts.gram(n, m, r))

# --- any potentials --------------------------------------------------------------------------------------------------

POTENTIALS = {  # with the inverse metric, |θ| as θ·sgn(θ) so that it can be differentiated by a complex step
    "quadratic": (mf.potentials.Quadratic(), np.ones_like),
    "power 3": (mf.potentials.Power(3.0), lambda x: 1 / (2 * size_of(x))),
    "power 3/2": (mf.potentials.Power(1.5), lambda x: 2 * np.sqrt(size_of(x))),
    "hyperbolic entropy": (mf.potentials.HyperbolicEntropy(0.5), lambda x: np.sqrt(x**2 + 0.25)),
    "cosh": (mf.potentials.Cosh(), lambda x: 1 / np.cosh(x)),
    "hyperbolic-aware": (mf.potentials.HyperbolicAware(2.0), lambda x: 1 + 2 * size_of(x)),
    "negative entropy": (mf.potentials.NegativeEntropy(), lambda x: x),
    "log barrier": (mf.potentials.LogBarrier(), lambda x: x**2),
}


def size_of(x):
    """|x|, analytic away from 0."""
    return x * np.sign(x.real)


def of_layers(size):
    """The potentials of both layers, by the numbers at the end of a size."""
    names = tuple(POTENTIALS)
    return [POTENTIALS[names[number - 1]] for number in size[3:]]


@mf.experiment(cases=mf.cases.single())
def potentials(case, key):
    """ReLU networks with one hidden layer, each layer with a potential of its own: random sizes and random pairs."""
    rng = counts.generator(key, 1)
    shapes = [(1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 3), (2, 1, 2), (1, 3, 1)]
    pairs = rng.permutation([(i, j) for i in range(1, 9) for j in range(1, 9)])[:20]
    sizes = [(*shapes[i % len(shapes)], *map(int, pair)) for i, pair in enumerate(pairs)]

    def derive(size, seed):
        metric = dict(zip(("W1", "W2"), (potential for potential, _ in of_layers(size)), strict=True))
        return mf.derive.conservation_laws(models.relu_network(*size[:3]), metric=metric, seed=seed)

    def fields(size):
        inner, (first, second) = size[0] * size[1], [metric for _, metric in of_layers(size)]

        def metric(theta):
            return np.concatenate([first(theta[..., :inner]), second(theta[..., inner:])], axis=-1)

        return gradient_flow(network(*size[:3]), metric)

    return counts.tabulate(key, sizes, derive, fields, counts.positive)


@mf.claim(
    "conservation-laws/any-potentials",
    on=potentials,
    statement=r"d\nabla R_i(W_i)=-\nabla_{W_i}\mathcal L\,dt:\quad Q_1(\text{incoming})-Q_2(\text{outgoing}),\ "
    r"Q=R^*\circ\nabla R, \text{ for every neuron, and there are no more}",
    source=f"{counts.PAGE} (general mirror flow), page 04 (balance from convex duality)",
    status="derived here",
    tolerance=counts.EXACT,
    variables=counts.LETTERS | {"R_i": "the potential of a layer, one of eight"},
)
def any_potentials(case, run, formula=lambda inputs, neurons, *rest: neurons, count=counts.brackets):
    """20 pairs of potentials on networks of up to 6 parameters."""
    return counts.agreement(run, formula, count)


any_potentials.control("one for both layers", formula=lambda *size: 1)
