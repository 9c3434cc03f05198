"""A flow as its possible velocities: forces that the loss chooses among, and a drift that it does not."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy

from ._ring import PRIME, Polynomial, Ring

Force = dict[int, Polynomial]


@dataclass(frozen=True)
class Moving:
    """A function of the state: its `symbol` in the ring, what it stands for, and how it moves.

    Along the force F it moves as `speed`·F[owner]; a speed that is not known is None, and the function is in no law.
    """

    symbol: sympy.Symbol
    expression: sympy.Expr
    owner: int
    speed: Polynomial | None


@dataclass(frozen=True)
class Drift:
    """What moves whatever the loss is. A law h·e^{c∫rate} asks that b ↦ Σ∂b·drift + c·factor·b vanish on h.

    Where the rate changes with time as no constant does, the part of the drift that is multiplied by it (`damping`) has
    to be balanced by the factor alone, and the rest has to vanish: two operators. `time_speed`: ṫ in the fields of
    which brackets are taken (they may be multiplied by a function of time); `closed`: the drift of the closed
    functions there.
    """

    rate: sympy.Expr
    operators: tuple[tuple[Mapping[sympy.Symbol, Polynomial], Polynomial], ...]
    rates: Callable[[int], tuple[sympy.Rational, ...]]
    time_speed: Polynomial
    closed: Mapping[sympy.Symbol, Polynomial]


@dataclass(frozen=True)
class System:
    """The velocities of a flow, as polynomials.

    **Fields:** `ring`; `variables`: the state (θ, or θ and its velocity); `functions`: what laws may be made of;
    `forces`: for each choice of the loss a sparse vector over owners; `closed`: functions whose motion is a polynomial
    in themselves, in which brackets are taken, None where none are known; `sample` draws consistent residues for
    their symbols; `drift`: None without one, else time is part of the state.
    """

    ring: Ring
    variables: tuple[sympy.Symbol, ...]
    functions: tuple[Moving, ...]
    forces: tuple[Force, ...]
    closed: tuple[Moving, ...] | None
    sample: Callable[[random.Random], dict[sympy.Symbol, int]]
    drift: Drift | None = None

    @property
    def dimension(self) -> int:
        """The number of variables, and one more for time where there is a drift."""
        return len(self.variables) + (self.drift is not None)

    def draw(self, generator: random.Random) -> list[int]:
        """Residues for all symbols of the ring, in its order; symbols that nothing relates are independent."""
        known = self.sample(generator)
        return [known.get(symbol, generator.randrange(2, PRIME - 1)) for symbol in self.ring.symbols]


def blocks(size: int, forces: tuple[Force, ...]) -> list[list[int]]:
    """The sets of owners that forces couple, each in increasing order."""
    parent = list(range(size))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for force in forces:
        owners = list(force)
        for other in owners[1:]:
            parent[root(other)] = root(owners[0])
    found: dict[int, list[int]] = {}
    for i in range(size):
        found.setdefault(root(i), []).append(i)
    return list(found.values())
