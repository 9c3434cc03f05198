"""The weights of a network by name, and which of them are kernels."""

from collections.abc import Sequence
from typing import Any

import jax

from .._types import Parameters

NOT_KERNELS = ("norm", "embedding", "head")


def kernels(network: Parameters, exclude: Sequence[str] = NOT_KERNELS) -> Any:
    """True at the arrays of two or more axes whose name contains no word of `exclude`: weight matrices and filters.

    A pytree of booleans like the network: `where` for masks, HAM and PILoT. The names are those of `weights`; the words
    "norm", "embedding" and "head" stand for what all networks here call their normalizations, embeddings of patches,
    tokens and positions, and last layers; "stem" for the first convolution of a `ResNet`.

    **Raises:** `ValueError` for words that are no text.

    >>> network = mf.networks.ResNet((1, 8, 8), 10, width=4, blocks=(1,), key=jax.random.key(0))
    >>> masks = mf.sparsity.random_masks(jax.random.key(1), network, 0.1, where=mf.networks.kernels(network))
    >>> int(masks.blocks[0].first.convolution.weight.sum()), bool(masks.head.weight.all())
    (14, True)
    """
    if isinstance(exclude, str) or not all(isinstance(word, str) for word in exclude):
        raise ValueError(f"exclude must be a sequence of words, got {exclude!r}.")

    def kernel(path: Any, array: Any) -> bool:
        name = _name(path).lower()
        return array.ndim >= 2 and not any(word.lower() in name for word in exclude)

    return jax.tree_util.tree_map_with_path(kernel, network)


def weights(network: Parameters, where: Any = None) -> dict[str, Any]:
    """The arrays of a network by name, in the order of its leaves.

    **Arguments:** `where`: a pytree of booleans like the network, such as `kernels(network)`; by default all arrays.

    **Raises:** `ValueError` for `where` of another structure.

    >>> network = mf.networks.Perceptron((4,), 2, (3,), key=jax.random.key(0))
    >>> {name: array.shape for name, array in mf.networks.weights(network).items()}
    {'layers.0.linear.weight': (3, 4), 'layers.0.linear.bias': (3,), 'head.weight': (2, 3), 'head.bias': (2,)}
    >>> list(mf.networks.weights(network, mf.networks.kernels(network)))
    ['layers.0.linear.weight']
    """
    named, structure = jax.tree_util.tree_flatten_with_path(network)
    if where is None:
        return {_name(path): array for path, array in named}
    if jax.tree.structure(where) != structure:
        raise ValueError(f"where must be a pytree of booleans like the network, got {jax.tree.structure(where)}.")
    return {_name(path): array for (path, array), on in zip(named, jax.tree.leaves(where), strict=True) if on}


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")
