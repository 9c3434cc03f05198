"""Optimizers that need no other: directions of optax with decoupled decay, and ours that take a learning rate."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import optax
from optax.contrib import MuonDimensionNumbers, muon

from .. import optimizers
from .._types import Parameters
from ..networks import kernels

Wrap = Callable[[optax.GradientTransformation], optax.GradientTransformation]


class Given(NamedTuple):
    """Numbers and words of one table of a configuration."""

    held: Mapping[str, Any]
    said: Mapping[str, Any]

    def part(self, name: str) -> "Given":
        """Those whose names begin with `name_`, under the rest of their names."""
        begin = f"{name}_"
        held, said = ({k[len(begin) :]: v for k, v in part.items() if k.startswith(begin)} for part in self)
        return Given(held, said)

    def number(self, name: str) -> Any:
        """The number of that name."""
        return self.held[name]

    def numbers(self, *names: str) -> dict[str, Any]:
        """Those of the numbers that are given."""
        return {name: self.held[name] for name in names if name in self.held}

    def word(self, name: str, default: Any = None) -> Any:
        """The word of that name."""
        return self.said.get(name, default)

    def words(self, *names: str) -> dict[str, Any]:
        """Those of the words that are given."""
        return {name: self.said[name] for name in names if name in self.said}


def plain(
    name: str, given: Given, rate: Any, exclude: Sequence[str], wrap: Wrap = lambda direction: direction
) -> optax.GradientTransformation:
    """The optimizer `name`, with `wrap` around its direction: inside of its decay, where that stands apart."""
    if name == "horst":
        settings = given.numbers("scale", "weight_decay", "b1", "b2", "eps", "alpha", "beta")
        return wrap(optimizers.horst(rate, **settings, **given.words("driver", "order")))
    if name == "nano_adam":
        settings = given.words("density", "final_density", "decay_steps", "interval")
        settings |= given.numbers("b1", "b2", "eps", "weight_decay")
        return wrap(optimizers.nano_adam(rate, exclude=tuple(exclude), **settings))
    if name == "muon":
        settings = given.numbers("beta", "weight_decay")
        return wrap(muon(rate, muon_weight_dimension_numbers=lambda params: _matrices(params, exclude), **settings))
    parts = [] if "l2" not in given.held else [optax.add_decayed_weights(given.number("l2"))]
    parts.append(wrap(_direction(name, given)))
    if "weight_decay" in given.held:
        parts.append(optax.add_decayed_weights(given.number("weight_decay")))
    return optax.chain(*parts, optax.scale_by_learning_rate(rate))


def _direction(name: str, given: Given) -> optax.GradientTransformation:
    if name in ("adam", "adamw"):
        return optax.scale_by_adam(**given.numbers("b1", "b2", "eps"))
    momentum = given.held.get("momentum")
    parts = [] if momentum is None else [optax.trace(momentum, nesterov=bool(given.word("nesterov", False)))]
    last = optax.scale_by_sign() if name == "sign" else optax.identity()
    return optax.chain(*parts, last)


def _matrices(params: Parameters, exclude: Sequence[str]) -> Any:
    """How kernels are matrices (out, everything else); None for what Adam is to train."""

    def leaf(theta: Any, on: bool) -> MuonDimensionNumbers | None:
        return MuonDimensionNumbers(tuple(range(1, theta.ndim)), 0) if on else None

    return jax.tree.map(leaf, params, kernels(params, exclude))
