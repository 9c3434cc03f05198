"""What is to be trained, counted before anything runs."""

import dataclasses
import math
import pathlib
from typing import Any

import jax
import numpy as np

from ... import training
from ...networks import weights


@dataclasses.dataclass
class Layer:
    """An array of weights: how many there are, and are kept at the start; `sparse`: whether masks may prune it."""

    name: str
    shape: tuple[int, ...]
    size: int
    kept: int
    sparse: bool


@dataclasses.dataclass
class Plan:
    """A training in numbers: `others` counts the arrays of one axis and what they hold."""

    words: dict[str, str]
    layers: list[Layer]
    others: tuple[int, int]
    state_bytes: int
    target: float | None
    place: pathlib.Path

    @property
    def parameters(self) -> int:
        """All weights."""
        return self.others[1] + sum(layer.size for layer in self.layers)

    @property
    def sparse(self) -> tuple[int, int]:
        """How many weights the sparse arrays keep at the start, and have."""
        chosen = [layer for layer in self.layers if layer.sparse]
        return sum(layer.kept for layer in chosen), sum(layer.size for layer in chosen)

    def record(self) -> dict[str, Any]:
        """The plan as JSON takes it."""
        return {
            **self.words,
            "parameters": self.parameters,
            "layers": [dataclasses.asdict(layer) for layer in self.layers],
            "density": self.sparse[0] / self.sparse[1] if self.sparse[1] else None,
            "target_density": self.target,
            "optimizer_bytes": self.state_bytes,
            "out": str(self.place),
        }


def plan_of(config: training.Config, prepared: training.Prepared, place: pathlib.Path) -> Plan:
    """The plan of a configuration."""
    named, on = weights(prepared.network), jax.tree.leaves(prepared.where)
    masks = prepared.numbers.get("sparsity_masks")
    kept = [None] * len(on) if masks is None else [int(np.sum(mask)) for mask in jax.tree.leaves(masks)]
    layers, others = [], [0, 0]
    for (name, array), sparse, count in zip(named.items(), on, kept, strict=True):
        if array.ndim < 2 and not sparse:
            others = [others[0] + 1, others[1] + array.size]
            continue
        layers.append(Layer(name, array.shape, array.size, array.size if count is None else count, sparse))
    optimizer = prepared.make_optimizer(**prepared.numbers)
    state = jax.eval_shape(optimizer.init, prepared.network)
    size = sum(math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize for leaf in jax.tree.leaves(state))
    target = config.sparsity.get("density")
    return Plan(_words(config), layers, (others[0], others[1]), size, target, place)


def _words(config: training.Config) -> dict[str, str]:
    steps = config.training
    optimizer = _listed({**config.optimizer, **{f"base {k}": v for k, v in config.base.items()}})
    schedule = {name: value for name, value in config.schedule.items() if name != "steps"}
    return {
        "data": _listed(config.data),
        "network": _listed(config.network),
        "optimizer": f"{optimizer}; rate {_listed(schedule)}",
        "sparsity": _listed(config.sparsity, "method"),
        "training": f"{steps['steps']} steps of {steps['batch']}, seed {steps['seed']}",
    }


def _listed(table: dict[str, Any], key: str = "name") -> str:
    """`adamw (learning_rate 0.001, b1 0.9)`"""
    settings = ", ".join(f"{name} {_value(value)}" for name, value in table.items() if name != key)
    return f"{table[key]} ({settings})" if settings else str(table[key])


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
