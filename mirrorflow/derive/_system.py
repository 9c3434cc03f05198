"""A flow as its possible velocities: forces that the loss chooses among, and a drift that it does not."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
    """What moves whatever the loss is; a law h·e^{c∫rate} asks that Σ∂h·drift + c·factor·h vanishes.

    `functions` and `closed`: how the system's functions and its closed functions move, all multiplied by `time_speed`,
    which is then how time itself does; `factor` is rate·time_speed; `rates(degree)`: the c that laws of this degree
    can have.
    """

    rate: sympy.Expr
    functions: Mapping[sympy.Symbol, Polynomial]
    factor: Polynomial
    rates: Callable[[int], tuple[sympy.Expr, ...]]
    time_speed: Polynomial
    closed: Mapping[sympy.Symbol, Polynomial]


@dataclass(frozen=True)
class System:
    """The velocities of a flow, as polynomials.

    **Fields:** `ring`; `variables`: the state (θ, or θ and its velocity); `functions`: what laws may be made of;
    `forces`: for each choice of the loss a sparse vector over owners; `closed`: functions whose motion is a polynomial
    in themselves, in which brackets are taken, None where none are known; `sample` draws consistent residues for
    their symbols; `drift`: None without one, else time is part of the state;
    `constants`: symbols that coefficients of laws may contain, and what they stand for: numbers, or time.
    """

    ring: Ring
    variables: tuple[sympy.Symbol, ...]
    functions: tuple[Moving, ...]
    forces: tuple[Force, ...]
    closed: tuple[Moving, ...] | None
    sample: Callable[[random.Random], dict[sympy.Symbol, int]]
    drift: Drift | None = None
    constants: Mapping[sympy.Symbol, sympy.Expr] = field(default_factory=dict)

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
