"""Page 07: laws of heavy-ball flow, of which few of gradient flow's are left, and those fade with the damping."""

import itertools

import numpy as np
import sympy

import mirrorflow as mf

from . import _law_counts as counts
from ._orbits import momentum_flow, network

models = mf.derive.models
DAMPING = 0.4
LETTERS = counts.LETTERS | {"D": "parameters, velocities and time", r"\tau": "the damping"}


def moving(rng, size):
    """A start of the state (θ, θ̇, t)."""
    return np.append(counts.generic(rng, size - 1), 0.3)


def mass(*widths):
    """The number of numbers in the state of a network."""
    return 2 * counts.weights(*widths) + 1


def rates(laws):
    """The rates of laws in units of the damping."""
    tau = sympy.Symbol("tau", positive=True)
    return [float(sympy.simplify(law.rate / tau)) for law in laws]


# --- two layers ------------------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.single(), slow=True)
def two_layers(case, key):
    """UVᵀ under θ̈+τθ̇=−∇𝓛, of random sizes (n, m, r); the state has up to 41 numbers."""
    pool = counts.grid(*[range(1, 4)] * 2, range(1, 6), most=41, parameters=lambda n, m, r: mass(n, r, m))
    always = [*((1, 1, r) for r in range(1, 6)), (2, 1, 1), (2, 1, 2), (1, 2, 2), (2, 2, 2)]
    fading = []

    def derive(size, seed):
        laws = mf.derive.conservation_laws(models.matrix_factorization(*size), momentum="heavy-ball", seed=seed)
        fading.extend(rates(laws))
        return laws

    def fields(size):
        return momentum_flow(network(size[0], size[2], size[1], linear=True), DAMPING)

    table = counts.tabulate(key, counts.draw(key, always, pool, total=22), derive, fields, moving)
    return table | {"rates": np.array(fading)}


def rotations(n, m, r):
    """The page's k(2r−k−1)/2, k=min(r, 2(n+m)), and what is measured for n=m=1."""
    k = min(r, 2 * (n + m))
    return max(4 * r - 6, 0) if n == m == 1 else k * (2 * r - k - 1) // 2


@mf.claim(
    "conservation-laws/momentum",
    on=two_layers,
    statement=r"\ddot\theta+\tau\dot\theta=-\nabla,\ f=UV^\top:\quad e^{\tau t}\left(\langle\dot u_k,u_l\rangle"
    r"-\langle u_k,\dot u_l\rangle+\langle\dot v_k,v_l\rangle-\langle v_k,\dot v_l\rangle\right),\ "
    r"\tfrac12k(2r-k-1) \text{ of them, } k=\min(r,2(n+m));\ 4r-6 \text{ for } n=m=1<r",
    source=f"{counts.MIRROR}; {counts.PAGE} (linear, heavy-ball momentum); the number for n=m=1 is derived here",
    status="derived here",
    tolerance=counts.EXACT,
    variables=LETTERS | {"n, m, r": "rows of U, rows of V, their columns"},
    notes="At n=m=1 an orbit has 7 dimensions whatever r ≥ 2 is, and the state 4r+1.",
)
def momentum(case, run, formula=rotations, count=counts.brackets, rate=1.0):
    """22 sizes, and the rate of every law in units of τ."""
    parts = counts.agreement(run, formula, count)
    return parts | {"rates": mf.Comparison(rate, np.asarray(run["rates"]), relation="identical")}


momentum.control("k(2r−k−1)/2 for n=m=1 too", formula=lambda n, m, r: (k := min(r, 2 * (n + m))) * (2 * r - k - 1) // 2)
momentum.control("those of gradient flow", formula=counts.gram)
momentum.control("the brackets left out: D − dim W", count=counts.velocities_alone)
momentum.control("no weight of time", rate=0.0)

# --- ReLU ------------------------------------------------------------------------------------------------------------


def relu_sizes():
    """Widths, ends included, of networks with one or two hidden layers."""
    for depth in (3, 4):
        for widths in itertools.product(range(1, 4), repeat=depth):
            if mass(*widths) <= 33:
                yield widths


@mf.experiment(cases=mf.cases.single(), slow=True)
def relu(case, key):
    """ReLU networks of random widths under θ̈+τθ̇=−∇𝓛."""
    return counts.tabulate(
        key,
        counts.draw(key, [(1, 1, 1), (1, 2, 1), (2, 1, 1), (1, 1, 1, 1)], relu_sizes(), total=20),
        lambda size, seed: mf.derive.conservation_laws(models.relu_network(*size), momentum="heavy-ball", seed=seed),
        lambda size: momentum_flow(network(*size), DAMPING),
        moving,
    )


@mf.claim(
    "conservation-laws/momentum-relu",
    on=relu,
    statement=r"\ddot\theta+\tau\dot\theta=-\nabla,\ \mathrm{ReLU}:\quad \text{no law}",
    source=f"{counts.MIRROR}; {counts.PAGE} (ReLU, momentum)",
    status="published",
    tolerance=counts.EXACT,
    variables=LETTERS,
)
def momentum_relu(case, run, formula=lambda *widths: 0, count=counts.brackets):
    """20 networks: velocities and brackets span everything."""
    return counts.agreement(run, formula, count)


momentum_relu.control("one for every hidden neuron, as without momentum", formula=lambda *widths: sum(widths[1:-1]))
momentum_relu.control("the brackets left out: D − dim W", count=counts.velocities_alone)
