"""Polynomials through the values and slopes of two steps: between the points of a step, and ahead of it."""

from typing import Any

import diffrax
import jax
import jax.numpy as jnp

from .._types import Anything, Parameters, Real, Scalar


class TwoStepInterpolation(diffrax.AbstractLocalInterpolation):
    """Hermite's quintic through values and slopes at three ends of two steps, in Newton's form.

    With θ=(t−t0)/(t1−t0): `parts` are the divided differences for the nodes 0, 0, 1, 1, −r, −r, where r is the length
    of the step before over that of this one (`ratio`). Without a step before it the last two are 0: Hermite's cubic.
    """

    t0: Any
    t1: Any
    parts: Parameters
    ratio: Scalar

    def evaluate(self, t0: Any, t1: Any = None, left: bool = True) -> Any:
        """The value at t0, or the increment from t0 to t1."""
        if t1 is not None:
            return jax.tree.map(jnp.subtract, self.evaluate(t1), self.evaluate(t0))
        theta = (t0 - self.t0) / (self.t1 - self.t0)
        return jax.tree.map(lambda parts: _newton_form(parts, self.ratio, theta), self.parts)


def two_step_polynomial(start: Real, end: Real, memory: Any, end_slope: Real, length: Scalar) -> Real:
    """The divided differences of `TwoStepInterpolation`, shape (6, size)."""
    ratio = memory.length / length
    nodes = (0.0, 0.0, 1.0, 1.0, -ratio, -ratio)
    values = [jnp.zeros_like(start), end - start, memory.before - start]
    slopes = [length * memory.slope, length * end_slope, length * memory.before_slope]
    parts = _divided(nodes, values, slopes)
    quintic = jnp.stack([start, *parts[1:]])
    return jnp.where((jnp.arange(6) >= 4)[:, None] & ~memory.known, 0.0, quintic)


def extrapolated(start: Real, memory: Any, ahead: Any) -> Real:
    """What the step before says of the points `ahead` of its end, shape (points, size): a cubic, or a straight line."""
    # In units of the step before: from −1 to 0.
    own = jnp.where(memory.known, memory.length, 1.0)
    values, slopes = [jnp.zeros_like(start), memory.before - start], [own * memory.slope, own * memory.before_slope]
    parts = jnp.stack(_divided((0.0, 0.0, -1.0, -1.0), values, slopes))
    parts = jnp.where((jnp.arange(4) >= 2)[:, None] & ~memory.known, 0.0, parts)
    theta = (ahead / own)[:, None]
    return start[None] + theta * (parts[1:2] + theta * (parts[2:3] + (theta + 1) * parts[3:4]))


def _divided(nodes: Any, values: list[Real], slopes: list[Real]) -> list[Real]:
    """Divided differences over nodes that each stand twice."""
    column = [value for value in values for _ in range(2)]
    found = [column[0]]
    for order in range(1, len(nodes)):
        new = []
        for i in range(len(nodes) - order):
            if order == 1 and i % 2 == 0:
                new.append(slopes[i // 2])
            else:
                new.append((column[i + 1] - column[i]) / (nodes[i + order] - nodes[i]))
        column = new
        found.append(column[0])
    return found


def _newton_form(parts: Anything, ratio: Scalar, theta: Scalar) -> Anything:
    nodes = (0.0, 0.0, 1.0, 1.0, -ratio)
    value = parts[5]
    for part, node in zip((parts[4], parts[3], parts[2], parts[1], parts[0]), reversed(nodes), strict=True):
        value = part + (theta - node) * value
    return value
