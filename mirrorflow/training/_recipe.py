"""An optimizer as a configuration has it: words that decide the program, apart from the numbers it is given."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from .. import optimizers, sparsity
from ..networks import kernels
from ._plain import Given, plain


@dataclasses.dataclass(frozen=True)
class Layout:
    """Of a network's arrays, in the order of its leaves: which are sparse, and along which axis neurons lie."""

    structure: Any
    sparse: tuple[bool, ...]
    axes: tuple[int, ...]

    def where(self) -> Any:
        """`sparse` as a tree like params."""
        return jax.tree.unflatten(self.structure, self.sparse)

    def neuron_axis(self) -> Any:
        """`axes` as a tree like params."""
        return jax.tree.unflatten(self.structure, self.axes)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """`recipe(**numbers)` is the optimizer; two that are equal share a compiled program.

    `words`: what is no number, by name; numbers of the base of an optimizer have names with `base_` in front, those of
    the schedule and of the sparsity `schedule_` and `sparsity_`.
    """

    name: str
    base: str | None
    schedule: str
    method: str
    words: tuple[tuple[str, Any], ...]
    layout: Layout

    def __call__(self, **numbers: Any) -> optax.GradientTransformation:
        """The optimizer with these numbers."""
        given = Given(numbers, dict(self.words))
        rate = _rate(self.schedule, numbers)
        return self._sparse(self._dense(given, rate), given.part("sparsity"))

    def _dense(self, given: Given, rate: Any) -> optax.GradientTransformation:
        exclude = given.word("exclude", ())
        if self.base is None:
            return plain(self.name, given, rate, exclude)
        base, where = given.part("base"), lambda params: kernels(params, exclude)
        if self.name == "sparse_opt":
            return self._after_scaling(base, rate, given.word("correct", "update"), exclude)
        inner = plain(self.base, base, rate, exclude)
        if self.name == "ham":
            return optimizers.ham(inner, learning_rate=rate, where=where, **given.numbers("alpha", "beta"))
        if self.name == "pilot":
            return optimizers.pilot(inner, where=where, **given.numbers("balance", "decay"))
        every = given.word("reset_every")
        return optimizers.sign_in(inner, reset_every=every, where=where, **given.numbers("balance", "decay"))

    def _after_scaling(self, base: Given, rate: Any, correct: str, exclude: Any) -> optax.GradientTransformation:
        """SparseOpt between the direction, which adapts, and the decay, which is the same for all weights."""
        assert self.base is not None

        def corrected(direction: optax.GradientTransformation) -> optax.GradientTransformation:
            return optimizers.sparse_opt(direction, neuron_axis=self.layout.neuron_axis(), correct=correct)

        return plain(self.base, base, rate, exclude, corrected)

    def _sparse(self, optimizer: optax.GradientTransformation, given: Given) -> optax.GradientTransformation:
        if self.method == "static":
            return sparsity.masked(optimizer, given.number("masks"))
        if self.method in ("set", "rigl"):
            settings = {"interval": given.word("interval"), "stop": given.word("stop"), **given.numbers("fraction")}
            masks = given.number("masks")
            if self.method == "rigl":
                return sparsity.rigl(optimizer, masks, **settings)
            return sparsity.sparse_evolution(optimizer, masks, key=given.number("key"), **settings)
        where = self.layout.where()
        if self.method == "gradual":
            return sparsity.gradual(optimizer, where=where, **given.words("density", "begin", "end", "interval"))
        if self.method == "ac_dc":
            phases = given.words("density", "warmup", "compressed", "dense", "end")
            return sparsity.ac_dc(optimizer, where=where, **phases)
        if self.method == "str":
            return sparsity.learned_threshold(optimizer, where=where, **given.numbers("initial", "decay"))
        return optimizer


def _rate(schedule: str, numbers: Mapping[str, Any]) -> Any:
    """The learning rate: a number, or a function of the step.

    It rises linearly over the first `warmup` steps; then it stays, or falls to the share `final` at step `steps`, along
    a line or a cosine.
    """
    rate, warmup = numbers["learning_rate"], numbers.get("schedule_warmup")
    if schedule == "constant" and warmup is None:
        return rate

    def at(count: jax.Array) -> jax.Array:
        rise = 1.0 if warmup is None else jnp.minimum(1.0, (count + 1) / (warmup + 1))
        if schedule == "constant":
            return rate * rise
        begin = 0 if warmup is None else warmup
        final, steps = numbers["schedule_final"], numbers["schedule_steps"]
        passed = jnp.clip((count - begin) / jnp.maximum(steps - begin, 1), 0.0, 1.0)
        left = 1 - passed if schedule == "linear" else (1 + jnp.cos(jnp.pi * passed)) / 2
        return rate * rise * (final + (1 - final) * left)

    return at
