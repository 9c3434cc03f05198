"""Page 07: how many laws gradient flow of ReLU networks, attention and softmax layers has, and that all are found."""

import itertools

import numpy as np

import mirrorflow as mf

from . import _law_counts as counts
from ._orbits import gradient_flow, network, side_by_side

models = mf.derive.models
MOST = 40

# --- ReLU ------------------------------------------------------------------------------------------------------------

ALWAYS = [(1, 1, 1), (1, 3, 1), (2, 3), (2, 1, 1, 1), (1, 2, 2, 1), (5, 4, 1), (3, 3, 3, 1)]


def relu_sizes():
    """Widths, ends included, of networks with none to three hidden layers."""
    for depth in (2, 3, 4, 5):
        for widths in itertools.product(range(1, 5), repeat=depth):
            if counts.weights(*widths, biases=True) <= MOST:
                yield widths


@mf.experiment(cases=mf.cases.grid(biases=(False, True)))
def relu(case, key):
    """ReLU networks of any depth and random widths, up to 40 parameters, as data sees them: by products along paths."""

    def derive(size, seed):
        return mf.derive.conservation_laws(models.relu_network(*size, biases=case.biases), seed=seed)

    sizes = counts.draw(key, ALWAYS, relu_sizes())
    return counts.tabulate(
        key, sizes, derive, lambda size: gradient_flow(network(*size, biases=case.biases)), counts.generic
    )


def hidden(*widths):
    """One law for every hidden neuron."""
    return sum(widths[1:-1])


def of_a_linear_network(*widths):
    """The independent entries of W_iW_iᵀ − W_{i+1}ᵀW_{i+1}, k(2n_i−k+1)/2 in layer i."""
    inner = zip(widths[:-2], widths[1:-1], widths[2:], strict=True)
    return sum(counts.gram(before, after, here) for before, here, after in inner)


@mf.claim(
    "conservation-laws/relu",
    on=relu,
    statement=r"\mathrm{ReLU}:\quad \|u_k\|^2-\|v_k\|^2\ (-\,b_k^2) \text{ for every hidden neuron, "
    r"and there are no more}",
    source=f"{counts.MARCOTTE}; {counts.PAGE} (ReLU, any depth)",
    status="published",
    tolerance=counts.EXACT,
    variables=counts.LETTERS | {"u_k, v_k, b_k": "outgoing and incoming weights and bias of a neuron"},
    notes="Of the products along paths. With one hidden layer data sees each of them (unless inputs lie on a line "
    "through the origin); with more there may be fewer at special points, as where a neuron is dead.",
)
def relu_networks(case, run, formula=hidden, count=counts.brackets):
    """24 networks, with biases and without; no bracket is needed."""
    return counts.agreement(run, formula, count)


relu_networks.control("the matrices that linear networks keep", formula=of_a_linear_network)
relu_networks.control("one for every layer", formula=lambda *widths: len(widths) - 2)

# --- attention -------------------------------------------------------------------------------------------------------

ONE_HEAD = [(1, 1, 1), (1, 3, 1), (1, 10, 1), (2, 1, 1), (2, 5, 1), (3, 3, 1)]
HEADS = [(1, 1, 2), (1, 1, 5), (1, 4, 2), (1, 2, 5), (2, 2, 2)]


@mf.experiment(cases=mf.cases.single())
def attention(case, key):
    """Heads of random width d_h on tokens of random width d, one to five of them, up to 40 parameters."""
    pool = counts.grid(*[range(1, 6), range(1, 8), range(1, 6)], most=MOST, parameters=lambda d, h, n: 4 * d * h * n)

    def fields(size):
        width, head, heads = size
        # K and Q enter by KᵀQ, as the layers of a linear network do.
        return gradient_flow(side_by_side(*[network(width, head, width, linear=True)] * (2 * heads)))

    def derive(size, seed):
        return mf.derive.conservation_laws(models.attention(*size), seed=seed)

    return counts.tabulate(key, counts.draw(key, ONE_HEAD + HEADS, pool), derive, fields, counts.generic)


def of_all_heads(width, head, heads):
    """Two products of d_h×d matrices in every head."""
    return 2 * heads * counts.gram(width, width, head)


@mf.claim(
    "conservation-laws/attention",
    on=attention,
    statement=r"QQ^\top-KK^\top,\ VV^\top-OO^\top \text{ for each of } H \text{ heads: } "
    r"H\,k(2d_h-k+1),\ k=\min(2d,d_h),\text{ and there are no more}",
    source=f"{counts.MODULES}; {counts.PAGE} (one attention head: counted)",
    status="derived here",
    tolerance=counts.EXACT,
    variables=counts.LETTERS | {"d, d_h": "widths of tokens and of heads", "H": "the number of heads"},
)
def attention_heads(case, run, formula=of_all_heads, count=counts.brackets):
    """24 sizes, single heads and several."""
    return counts.agreement(run, formula, count)


attention_heads.control("the brackets left out: D − dim W", count=counts.velocities_alone)
attention_heads.control("one matrix for all heads together", formula=lambda d, h, n: 2 * counts.gram(d, d, h * n))

# --- softmax ---------------------------------------------------------------------------------------------------------


@mf.experiment(cases=mf.cases.grid(transposed=(False, True)))
def softmax(case, key):
    """Layers of random numbers of classes and features under a softmax, logits θx or θᵀx; one class among them."""
    pool = counts.grid(range(1, 8), range(1, 8), most=MOST, parameters=lambda classes, features: classes * features)
    sizes = counts.draw(key, [(1, 1), (1, 4), (2, 1), (6, 1), (6, 6)], pool)

    def derive(size, seed):
        return mf.derive.conservation_laws(models.softmax_layer(*size, transposed=case.transposed), seed=seed)

    return counts.tabulate(
        key, sizes, derive, lambda size: constant(differences(*size, case.transposed)), counts.generic
    )


def differences(classes, features, transposed):
    """Rows: of θ, all differences of the logits' coefficients of one feature."""
    shape = (features, classes) if transposed else (classes, features)
    rows = [np.zeros((1, classes * features))]
    for feature in range(features):
        for k in range(1, classes):
            row = np.zeros(shape)
            plus, minus = ((feature, k), (feature, 0)) if transposed else ((k, feature), (0, feature))
            row[plus], row[minus] = 1.0, -1.0
            rows.append(row.reshape(1, -1))
    return np.concatenate(rows)


def constant(rows):
    """Fields that do not depend on θ."""
    return lambda theta: theta[..., :1, None] * 0 + rows


@mf.claim(
    "conservation-laws/softmax",
    on=softmax,
    statement=r"\mathrm{softmax}(\theta x): \mathbf 1^\top\theta;\ \mathrm{softmax}(\theta^\top x): \theta\mathbf 1:"
    r"\quad \text{one law for every feature, and there are no more}",
    source=f"{counts.MODULES}; {counts.PAGE} (softmax layer)",
    status="published",
    tolerance=counts.EXACT,
    variables=counts.LETTERS | {r"\theta": "classes × features, or features × classes"},
)
def softmax_layers(case, run, formula=lambda classes, features: features, count=counts.brackets):
    """24 sizes, both ways."""
    return counts.agreement(run, formula, count)


softmax_layers.control("one for every class", formula=lambda classes, features: classes)
