"""From a configuration to the arguments of `fit`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .. import networks, sparsity
from .._types import Parameters
from ..networks import kernels
from ..networks._weights import NOT_KERNELS
from ._config import MASKED, Config
from ._config_fields import Field
from ._config_tables import OF_EVERY_OPTIMIZER, OPTIMIZERS, PLAIN, SCHEDULES, SPARSITY, groups
from ._recipe import Layout, Recipe

# Streams of one seed.
NETWORK, MASKS, CHOICES, BATCHES = range(4)
# Keys of `[sparsity]` that masks or layouts are made from, and that the optimizer itself is not told.
USED = ("method", "masks", "exclude", "biases")


class Prepared(NamedTuple):
    """The arguments of `fit`: `fit(*prepared[:4], **prepared.options)`; `where`: the arrays that are to be sparse."""

    network: Any
    data: Any
    make_optimizer: Recipe
    numbers: dict[str, Any]
    options: dict[str, Any]
    where: Any


def prepare(config: Config) -> Prepared:
    """Load the data, draw the network and the masks, put the optimizer together.

    **Raises:** `ValueError` where data, network and masks do not fit.
    """
    seed = jax.random.key(config.training["seed"])
    data = load(config)
    network = draw(config, data, jax.random.fold_in(seed, NETWORK))
    where = sparse_arrays(network, config.sparsity.get("exclude", NOT_KERNELS), config.sparsity.get("biases", False))
    numbers, words = settings(config)
    if config.sparsity["method"] in MASKED:
        numbers["sparsity_masks"] = masks_at_start(config.sparsity, network, where, jax.random.fold_in(seed, MASKS))
    if config.sparsity["method"] == "set":
        numbers["sparsity_key"] = jax.random.fold_in(seed, CHOICES)
    recipe = Recipe(
        name=config.optimizer["name"],
        base=config.base.get("name"),
        schedule=config.schedule["name"],
        method=config.sparsity["method"],
        words=tuple(sorted(words.items())),
        layout=layout(network, where),
    )
    options = {name: config.training[name] for name in ("steps", "batch", "evaluate_every") if name in config.training}
    options |= {"key": jax.random.fold_in(seed, BATCHES), "clip": config.optimizer.get("clip"), "where": where}
    return Prepared(network, data, recipe, numbers, options, where)


def load(config: Config) -> Any:
    """The data of a configuration."""
    from . import arrays, characters, digits

    table = {name: value for name, value in config.data.items() if name != "name"}
    if config.data["name"] == "digits":
        return digits(**table)
    if config.data["name"] == "characters":
        return characters(table.pop("source"), **table)
    return arrays(config.folder / table.pop("path"), **table)


def draw(config: Config, data: Any, key: jax.Array) -> Any:
    """The network of a configuration, sized for the data."""
    table = {name: value for name, value in config.network.items() if name != "name"}
    dtype = table.pop("dtype")
    if table.get("normalization") == "none":
        table["normalization"] = None
    make = {
        "perceptron": networks.Perceptron,
        "resnet": networks.ResNet,
        "vit": networks.ViT,
        "transformer": networks.Transformer,
    }[config.network["name"]]
    sizes = (data.classes, data.length) if config.network["name"] == "transformer" else (data.input_shape, data.classes)
    try:
        return make(*sizes, **table, dtype=jnp.dtype(dtype), key=key)
    except ValueError as error:
        raise ValueError(f"[network] {error}") from error


def sparse_arrays(network: Parameters, exclude: tuple[str, ...], biases: bool) -> Any:
    """The arrays that masks may prune: kernels by name, and with `biases` also vectors by name."""
    named = kernels(network, exclude)
    if not biases:
        return named
    # A kernel of every vector, to be asked by name alone.
    square = jax.tree.map(lambda theta: jnp.zeros((1, 1)) if theta.ndim < 2 else theta, network)
    return kernels(square, exclude)


def masks_at_start(table: Mapping[str, Any], network: Parameters, where: Any, key: jax.Array) -> Any:
    """The masks that a configuration starts with."""
    kind = table["masks"]
    try:
        if kind == "magnitude":
            return sparsity.magnitude_masks(network, table["density"], where=where)
        if groups(kind) is None:
            spread = "uniform" if kind == "random" else "erk"
            return sparsity.random_masks(key, network, table["density"], distribution=spread, where=where)
        n, m = groups(kind) or (1, 1)

        def mask(theta: Any, on: bool) -> jax.Array:
            return sparsity.n_m_mask(theta, n, m, axis=min(1, theta.ndim - 1)) if on else jnp.ones(theta.shape, bool)

        return jax.tree.map(mask, network, where)
    except ValueError as error:
        raise ValueError(f"[sparsity] masks {kind!r}: {error}") from error


def settings(config: Config) -> tuple[dict[str, Any], dict[str, Any]]:
    """All numbers that are traced, and all words and counts that are not, under the names that a `Recipe` has them."""
    numbers: dict[str, Any] = {}
    words: dict[str, Any] = {}
    optimizer = {name: field for name, field in OPTIMIZERS[config.optimizer["name"]].items()}
    parts = [
        ("", config.optimizer, optimizer | {"learning_rate": OF_EVERY_OPTIMIZER["learning_rate"]}),
        ("base_", config.base, PLAIN.get(config.base.get("name", ""), {})),
        ("schedule_", config.schedule, SCHEDULES[config.schedule["name"]]),
        ("sparsity_", config.sparsity, SPARSITY[config.sparsity["method"]]),
    ]
    for begin, table, fields in parts:
        for name, value in table.items():
            if name in fields:
                _sort(begin, name, value, fields[name], numbers, words)
    if "steps" in config.schedule:
        numbers["schedule_steps"] = config.schedule["steps"]
    if config.sparsity["method"] in MASKED:  # the masks say it
        words.pop("sparsity_density", None)
    return numbers, words


def _sort(begin: str, name: str, value: Any, field: Field, numbers: dict[str, Any], words: dict[str, Any]) -> None:
    if field.traced:
        numbers[begin + name] = value
    elif not (begin == "sparsity_" and name in USED):
        words[begin + name] = value


def layout(network: Parameters, where: Any) -> Layout:
    """Which arrays are sparse; neurons lie along axis 0, but for embeddings of tokens, whose rows are the tokens."""

    def axis(path: Any, theta: Any) -> int:
        return 1 if jax.tree_util.keystr(path).endswith(".tokens") else 0

    axes = jax.tree.leaves(jax.tree_util.tree_map_with_path(axis, network))
    return Layout(jax.tree.structure(network), tuple(jax.tree.leaves(where)), tuple(axes))
