"""Networks with ReLU, or any activation that is positively homogeneous, between dense layers."""

import itertools

from .._model import Model
from ._features import incoming, layers, norm_differences, outgoing, path_products
from ._linear import checked_widths

DEEP = (
    "With more than one hidden layer, data sets may see less than all path products at some θ (a dead neuron is an "
    "example): laws of the path products hold everywhere, and there may be more of them in such places."
)
LINE = (
    "Inputs from a line through the origin have two activation patterns, so that data sees sums of path products over "
    "all neurons of one sign: laws of the path products hold, and there may be more."
)


def relu_network(*widths: int, biases: bool = False) -> Model:
    """f(x) = W_Lσ(W_{L−1}⋯σ(W_1x + b_1)⋯) + b_L with σ=max(·,0), θ = {"W1": (n₁, n₀), "b1": (n₁,), …}.

    Where no neuron stands at its kink, f is a sum over the paths that are active, of the product along the path (from
    an input or a bias to an output) times the input. So data sees path products: the features. With one hidden layer
    it sees each of them, since two neighbouring regions of inputs differ by one neuron (with one input and no biases
    there are no such neighbours). With more hidden layers a data set sees sums of path products, and the span of all
    may be smaller at some θ: laws found are laws, and a complete list is complete for the path products. Gradient flow
    keeps ‖incoming_k‖² + b_k² − ‖outgoing_k‖² of every hidden neuron, as scaling one by c and the other by 1/c does not
    change f. All of it holds for any σ(z) = az for z>0 and bz for z<0, a≠b (leaky ReLU).

    **Arguments:** `widths`: n₀, …, n_L, at least two; `biases`: whether every layer, the last included, adds one.

    **Raises:** `ValueError` for fewer than two widths, or one below 1.

    **Source:** Marcotte, Gribonval, Peyré (arXiv:2307.00144); theory page 07.

    >>> from mirrorflow.derive.models import relu_network
    >>> network = relu_network(2, 1, 1)
    >>> network.features, list(network.forms[0].entries)
    ((W1_11*W2_11, W1_12*W2_11), [W1_11**2 + W1_12**2 - W2_11**2])
    """
    sizes = checked_widths(widths)
    arrays = layers([(out, into) for into, out in itertools.pairwise(sizes)], biases)
    weights = [arrays[f"W{i}"] for i in range(1, len(sizes))]
    shifts = [arrays[f"b{i}"] for i in range(1, len(sizes))] if biases else []
    forms = []
    for i in range(1, len(weights)):
        before = incoming(weights[i - 1], shifts[i - 1] if biases else None)
        text, latex = neuron_words("W", i, f"W{i + 1}", f"W_{{{i + 1}}}", biases)
        forms.append(norm_differences(text, latex, before, outgoing(weights[i])))
    name = f"ReLU network {'-'.join(map(str, sizes))}{' with biases' if biases else ''}"
    features = tuple(path_products(weights, shifts))
    return Model(name, arrays, features, tuple(forms), caveat=seen_less(sizes[0], sizes[1:-1], biases))


def neuron_words(weight: str, i: int, after: str, after_latex: str, biases: bool) -> tuple[str, str]:
    """The names of ‖incoming_k‖² + b_k² − ‖outgoing_k‖² in layer i, in text and in LaTeX."""
    text, latex = (f" + b{i}[k]²", f" + (b_{{{i}}})_k^2") if biases else ("", "")
    return (
        f"‖{weight}{i}[k,:]‖²{text} − ‖{after}[:,k]‖²",
        f"\\|({weight}_{{{i}}})_{{k\\cdot}}\\|^2{latex} - \\|({after_latex})_{{\\cdot k}}\\|^2",
    )


def seen_less(fan_in: int, hidden: tuple[int, ...], biases: bool) -> str:
    """The caveat of path products: none for one hidden layer whose neurons have kinks at different inputs."""
    if len(hidden) > 1:
        return DEEP
    return LINE if hidden and hidden[0] > 1 and fan_in == 1 and not biases else ""
