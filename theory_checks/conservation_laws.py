"""Page 07: gradient flow of linear networks, how many laws it has, and that the tool finds them all."""

import itertools

import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._orbits import gradient_flow, network

mf.claims.paper("2307.00144", "Abide by the Law and Follow the Flow: Conservation Laws for Gradient Flows")
mf.claims.paper("2405.12888", "Keep the Momentum: Conservation Laws beyond Euclidean Gradient Flows")
mf.claims.paper("2506.06194", "Transformative or Conservative? Conservation laws for ResNets and Transformers")

models = mf.derive.models
MOST = 40

# --- two layers ------------------------------------------------------------------------------------------------------

DEGENERATE = [(1, 1, 1), (1, 1, 2), (1, 1, 5), (1, 2, 4), (2, 1, 6), (2, 2, 6), (1, 4, 1), (4, 4, 4)]


@mf.experiment(cases=mf.cases.single())
def two_layers(case, key):
    """UVᵀ of random sizes (n, m, r) with up to 40 parameters; always the degenerate ones, r>n+m among them."""
    pool = counts.grid(*[range(1, 6)] * 2, range(1, 8), most=MOST, parameters=lambda n, m, r: r * (n + m))
    return counts.tabulate(
        key,
        counts.draw(key, DEGENERATE, pool),
        lambda size, seed: mf.derive.conservation_laws(models.matrix_factorization(*size), seed=seed),
        lambda size: gradient_flow(network(size[0], size[2], size[1], linear=True)),
        counts.generic,
    )


@mf.claim(
    "conservation-laws/two-layers",
    on=two_layers,
    statement=r"f=UV^\top:\quad U^\top U-V^\top V,\quad D-\dim\mathrm{Lie}(W)=\tfrac12k(2r-k+1),\ k=\min(n+m,r),"
    r"\ \text{and there are no more}",
    source=f"{counts.MARCOTTE}; {counts.PAGE} (linear, two layers)",
    status="published",
    tolerance=counts.EXACT,
    figure="conservation-counts",
    variables=counts.LETTERS | {"n, m, r": "rows of U, rows of V, their columns"},
)
def two(case, run, formula=counts.gram, count=counts.brackets):
    """24 sizes: found, counted modulo a prime, left by orbits in floating point, and the formula."""
    return counts.agreement(run, formula, count)


two.control("r(r+1)/2 for every size", formula=lambda n, m, r: r * (r + 1) // 2)
two.control("the brackets left out: D − dim W", count=counts.velocities_alone)


# --- deep ------------------------------------------------------------------------------------------------------------

DEEP = [(1, 1, 1, 1), (1, 2, 2, 1), (1, 3, 3, 1), (1, 2, 2, 2, 1), (2, 1, 2, 3, 1), (2, 1, 3, 2), (2, 4, 2)]


def deep_sizes():
    """Widths, ends included, of networks with two to four layers."""
    for depth in (3, 4, 5):
        for widths in itertools.product(range(1, 5), repeat=depth):
            if counts.weights(*widths) <= MOST:
                yield widths


@mf.experiment(cases=mf.cases.single())
def deep(case, key):
    """Linear networks of two to four layers and random widths, up to 40 parameters; width 1 at ends and inside."""
    return counts.tabulate(
        key,
        counts.draw(key, DEEP, deep_sizes(), total=21),
        lambda size, seed: mf.derive.conservation_laws(models.linear_network(*size), degree=2, seed=seed),
        lambda size: gradient_flow(network(*size, linear=True)),
        counts.generic,
    )


def rank_of_gradients(*widths):
    """The rank of all ∇(W_iW_iᵀ − W_{i+1}ᵀW_{i+1}) at a random point, in floating point."""
    rng = np.random.default_rng(widths)
    layers = [rng.standard_normal((after, before)) for before, after in itertools.pairwise(widths)]
    columns = []
    for moved, layer in enumerate(layers):
        for place in np.ndindex(layer.shape):
            step = np.zeros_like(layer)
            step[place] = 1.0
            change = [np.zeros((width, width)) for width in widths]
            change[moved + 1] += step @ layer.T + layer @ step.T
            change[moved] -= step.T @ layer + layer.T @ step
            columns.append(np.concatenate([entry.ravel() for entry in change[1:-1]] or [np.zeros(1)]))
    return int(np.linalg.matrix_rank(np.array(columns)))


def scalar_parts(widths):
    """The widths between any two neighbouring layers of width 1."""
    ones = [i for i, width in enumerate(widths) if width == 1]
    return [widths[i : j + 1] for i, j in itertools.pairwise(ones)]


def corrected(*widths, layers=None):
    """The rank of the gradients, made up to D−1 in every part (of so many layers) between layers of width 1."""
    parts = [part for part in scalar_parts(widths) if layers is None or len(part) == layers + 1]
    return rank_of_gradients(*widths) + sum(counts.weights(*part) - 1 - rank_of_gradients(*part) for part in parts)


def one_more(*widths):
    """The rank of the gradients, and one more between scalars that are three layers apart."""
    return rank_of_gradients(*widths) + (widths[0] == widths[-1] == 1 and len(widths) > 3)


WIDTHS = counts.LETTERS | {"W_i": "the layers", "n_0, …, n_L": "the widths, of input and output too"}


@mf.claim(
    "conservation-laws/deep-linear",
    on=deep,
    statement=r"f=W_L\cdots W_1:\quad D-\dim\mathrm{Lie}(W)=\mathrm{rank}\,"
    r"\nabla(W_iW_i^\top-W_{i+1}^\top W_{i+1})_i,\ \text{ but } D'-1 \text{ for each part, of } D' \text{ parameters,}"
    r"\text{ between two layers of width 1}",
    source=f"{counts.MARCOTTE}; {counts.PAGE} (linear, deep); the parts between layers of width 1 are derived here",
    status="derived here",
    tolerance=counts.EXACT,
    variables=WIDTHS,
    notes="A part between layers of width 1 enters f through one number, so that its velocities are one line, and all "
    "functions of D'−1 coordinates that this line keeps are laws. Those beyond the matrices are no polynomials: "
    "between three layers the tool knows them as integrals, and elsewhere it says how many are missing.",
)
def deep_linear(case, run, formula=corrected, count=counts.brackets):
    """21 networks: counted against the formula and the orbits; found against what is known in closed form."""
    counted, parts = count(run), counts.agreement(run, formula, count)
    found, complete = np.asarray(run["found"]), np.asarray(run["complete"]).astype(bool)
    known = np.array([corrected(*widths, layers=3) for widths in counts.sizes_of(run)])
    parts["found = the matrices, and integrals between scalars three layers apart"] = mf.Comparison(known, found)
    parts["complete exactly where it is"] = mf.Comparison(counted == found, complete)
    del parts["found = counted"]
    return parts


deep_linear.control("the brackets left out: D − dim W", count=counts.velocities_alone)
deep_linear.control("the rank of the gradients between scalars too", formula=rank_of_gradients)


@mf.claim(
    "conservation-laws/one-more-between-scalars",
    on=deep,
    statement=r"D-\dim\mathrm{Lie}(W)=\mathrm{rank}\,\nabla(W_iW_i^\top-W_{i+1}^\top W_{i+1})_i,"
    r"\text{ and one more when } n_0=n_L=1",
    source=f"{counts.PAGE} (linear, deep)",
    status="derived here",
    expects="refuted",
    erratum="Between scalars all of D−1 (as the page's own examples have it): for widths (1,3,3,1) and (1,2,2,2,1) "
    "that is two more than the rank of the gradients. And the same for parts of a network between two layers of width "
    "1: (2,1,2,3,1) has one more, with an input that is no scalar.",
    tolerance=counts.EXACT,
    variables=WIDTHS,
)
def one_more_between_scalars(case, run, formula=one_more):
    """The networks that are always there."""
    counted = counts.brackets(run)[: len(DEEP)]
    return {
        "-".join(map(str, size)): mf.Comparison(formula(*size), int(count))
        for size, count in zip(DEEP, counted, strict=True)
    }


one_more_between_scalars.control("D−1 in every part between layers of width 1", formula=corrected)


# --- products --------------------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.single())
def products(case, key):
    """x₁⋯x_D for D from 1 to 20, and for 40."""
    return counts.tabulate(
        key,
        [(size,) for size in (*range(1, 21), 40)],
        lambda size, seed: mf.derive.conservation_laws(models.linear_network(*[1] * (size[0] + 1)), seed=seed),
        lambda size: gradient_flow(network(*[1] * (size[0] + 1))),
        counts.gentle,
    )


@mf.claim(
    "conservation-laws/products",
    on=products,
    statement=r"f=x_1\cdots x_D:\quad x_i^2-x_j^2,\ D-1 \text{ of them, and there are no more}",
    source=f"{counts.MARCOTTE}; {counts.PAGE} (x₁⋯x_D)",
    status="published",
    tolerance=counts.EXACT,
    variables=counts.LETTERS,
)
def products_of_all(case, run, formula=lambda size: size - 1, count=counts.brackets):
    """21 sizes."""
    return counts.agreement(run, formula, count)


products_of_all.control("one for every pair", formula=lambda size: size * (size - 1) // 2)
