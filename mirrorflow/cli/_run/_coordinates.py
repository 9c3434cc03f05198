"""From what is typed to coordinates: `hyperbolic-entropy:0.01` is a potential, `hadamard:3` a reparameterization."""

import dataclasses
from typing import Any

import numpy as np

from ... import reparameterizations
from ...flows import Flow
from .._potentials import potential_named


@dataclasses.dataclass(frozen=True)
class Coordinates:
    """A potential or a reparameterization, the value x starts from in every feature, and how they were asked for."""

    words: str
    potential: Any
    reparameterization: Any
    balance: float
    start: float

    def flow(self, problem: Any) -> Flow:
        """The flow of a problem in these coordinates."""
        return Flow(problem, potential=self.potential, reparameterization=self.reparameterization)

    def begin(self, flow: Flow) -> Any:
        """Its start."""
        x = np.full(flow.problem.shape, self.start)
        return x if self.potential is not None else flow.lift(x=x, balance=self.balance)

    def potential_of(self, flow: Flow) -> Any:
        """The potential of the mirror flow that it is."""
        return flow.as_mirror_flow(self.begin(flow)).potential


def coordinates(
    potential: str | None, reparameterization: str | None, balance: float, start: float | None
) -> Coordinates:
    """What the options name; the quadratic potential unless they name something.

    **Raises:** `ValueError` with near names, or for a number that is missing or out of range.
    """
    if potential is not None and reparameterization is not None:
        raise ValueError("--potential and --reparameterization are two ways to say one thing; give one of them.")
    if not np.isfinite([balance, start or 0.0]).all():
        raise ValueError(f"--balance and --start must be finite, got {balance:g} and {start or 0.0:g}.")
    if reparameterization is not None:
        name, _, depth = reparameterization.partition(":")
        if name != "hadamard" or not (depth or "2").isdigit():
            raise ValueError(
                f"--reparameterization must be hadamard:DEPTH, such as hadamard:2, got {reparameterization!r}."
            )
        if balance <= 0:
            raise ValueError(f"--balance must be positive, got {balance:g}: factors that start equal stay at 0.")
        made = reparameterizations.Hadamard(int(depth or 2))
        return Coordinates(f"hadamard:{made.depth}, balance {balance:g}", None, made, balance, start or 0.0)
    made = potential_named(potential or "quadratic")
    low, high = made.domain
    value = start if start is not None else 0.0 if low < 0 else 1.0
    if not low < value < high:
        raise ValueError(f"--start must lie inside the domain ({low:g}, {high:g}) of {potential}, got {value:g}.")
    return Coordinates(potential or "quadratic", made, None, balance, value)
